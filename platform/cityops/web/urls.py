"""Pages of the shell: home and wall."""

from django.urls import path

from cityops.accounts.guards import requires
from cityops.web import views
from tiers.systems import is_active

urlpatterns = [
    path("", views.home, name="home"),
]
if is_active("command"):
    urlpatterns.append(path("wall/", requires("grid.view_case")(views.wall), name="wall"))
