"""Addresses that change the ground of a city: only where the command system runs."""

from django.urls import path

from cityops.accounts.guards import requires
from cityops.foundation.bodies import takes_body
from grid.services.imports.uploads import LARGEST_REQUEST
from grid.web import checks, clock_settings, completeness, inventory, upkeep

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
    path(
        "components/<str:obj_id>/place/",
        requires("grid.change_component")(inventory.component_move),
        name="component-place-edit",
    ),
    path("new-component/", requires("grid.change_component")(inventory.component_new), name="component-new"),
    path(
        "component-states/",
        requires("grid.change_component_state")(inventory.component_states),
        name="component-states",
    ),
    path("checks/", requires("grid.view_component")(checks.check_list), name="inventory-check-list"),
    path("checks/new/", requires("grid.raise_check")(checks.check_new), name="inventory-check-new"),
    path("checks/<int:pk>/", requires("grid.view_component")(checks.check_detail), name="inventory-check-detail"),
    path(
        "checks/<int:pk>/assign/",
        requires("grid.settle_check")(checks.check_assign),
        name="inventory-check-assign",
    ),
    path(
        "checks/<int:pk>/settle/",
        requires("grid.settle_check")(checks.check_settle),
        name="inventory-check-settle",
    ),
    path(
        "codes/",
        requires("grid.view_codeconversion")(completeness.conversions),
        name="inventory-conversion-list",
    ),
    path(
        "codes/try/",
        requires("grid.view_codeconversion", "grid.try_codeconversion")(completeness.conversion_try),
        name="inventory-conversion-try",
    ),
    path(
        "codes/<int:pk>/",
        requires("grid.view_codeconversion")(completeness.conversion_detail),
        name="inventory-conversion-detail",
    ),
    path("imports/", requires("grid.import_data")(upkeep.import_list), name="import-list"),
    path(
        "imports/new/",
        takes_body(LARGEST_REQUEST, requires("grid.import_data")(upkeep.import_new)),
        name="import-new",
    ),
    path("imports/<int:pk>/", requires("grid.import_data")(upkeep.import_detail), name="import-detail"),
    path("imports/<int:pk>/issues.csv", requires("grid.import_data")(upkeep.import_issues), name="import-issues"),
]
