"""The wall of a command centre."""

from django.urls import path

from cityops.accounts.guards import requires
from cityops.web import views

urlpatterns = [path("wall/", requires("grid.view_case", "evaluation.view_figure")(views.wall), name="wall")]
