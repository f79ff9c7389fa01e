"""Pages of an upper tier: the cities side by side, one city."""

from django.urls import path

from cityops.accounts.guards import requires
from cityops.web import city_views

urlpatterns = [
    path("", requires("evaluation.view_figure")(city_views.city_list), name="city-list"),
    path("<str:code>/", requires("evaluation.view_figure")(city_views.city_detail), name="city-detail"),
]
