"""Routes that change the ground of a city: only where the command system runs."""

from django.urls import path

from grid.api import ground, imports

urlpatterns = [
    path("components/<str:obj_id>/fields/", ground.ComponentFields.as_view(), name="component-edit"),
    path("components/<str:obj_id>/state/", ground.ComponentState.as_view(), name="component-state"),
    path("imports/", imports.ImportList.as_view(), name="import-list"),
    path("imports/<int:pk>/", imports.ImportDetail.as_view(), name="import-detail"),
    path("imports/<int:pk>/issues/", imports.ImportIssues.as_view(), name="import-issues"),
]
