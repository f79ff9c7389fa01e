"""Routes of the pages of divisions; guarded here, because regions lies below accounts."""

from django.urls import path

from cityops.accounts.guards import requires
from cityops.regions.web import views

may_view = requires("regions.view_division")
urlpatterns = [
    path("", may_view(views.division_list), name="division-list"),
    path("<str:code>/", may_view(views.division_detail), name="division-detail"),
]
