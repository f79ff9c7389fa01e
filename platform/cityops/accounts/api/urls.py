"""API routes of organisations, people and the caller; open at every tier."""

from django.urls import path

from cityops.accounts.api import views

urlpatterns = [
    path("me/", views.MeView.as_view(), name="me"),
    path("organisations/", views.OrganisationList.as_view(), name="organisation-list"),
    path("organisations/<str:org_code>/", views.OrganisationDetail.as_view(), name="organisation-detail"),
    path("people/", views.PersonList.as_view(), name="person-list"),
    path("people/<str:username>/", views.PersonDetail.as_view(), name="person-detail"),
]
