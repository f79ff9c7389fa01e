"""Addresses that change the ground of a city: only where the command system runs."""

from django.urls import path

from cityops.accounts.guards import requires
from cityops.foundation.bodies import takes_body
from grid.services.imports.uploads import LARGEST_REQUEST
from grid.web import clock_settings, upkeep

urlpatterns = [
    path(
        "components/<str:obj_id>/edit/",
        requires("grid.change_component")(upkeep.component_edit),
        name="component-edit",
    ),
    path(
        "components/<str:obj_id>/state/",
        requires("grid.change_component_state")(upkeep.component_state),
        name="component-state",
    ),
    path("areas/", requires("grid.change_unitgrid")(clock_settings.area_page), name="grid-areas"),
    path("imports/", requires("grid.import_data")(upkeep.import_list), name="import-list"),
    path(
        "imports/new/",
        takes_body(LARGEST_REQUEST, requires("grid.import_data")(upkeep.import_new)),
        name="import-new",
    ),
    path("imports/<int:pk>/", requires("grid.import_data")(upkeep.import_detail), name="import-detail"),
    path("imports/<int:pk>/issues.csv", requires("grid.import_data")(upkeep.import_issues), name="import-issues"),
]
