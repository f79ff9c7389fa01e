"""Pages of interfaces."""

from django.urls import URLPattern, URLResolver, path

from cityops.accounts.guards import requires
from grid.interfaces.web import overview

urlpatterns: list[URLPattern | URLResolver] = [
    path("interfaces/", requires("interfaces.view_interface")(overview.overview), name="interfaces"),
]
