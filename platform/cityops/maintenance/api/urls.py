"""API routes of the nodes."""

from django.urls import path

from cityops.maintenance.api import views

urlpatterns = [
    path("nodes/", views.NodeList.as_view(), name="node-list"),
    path("nodes/<slug:node_code>/", views.NodeDetail.as_view(), name="node-detail"),
]
