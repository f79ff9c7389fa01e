"""Addresses of unit grids and components: what every tier that has them may read."""

from django.urls import path

from cityops.accounts.guards import requires
from grid.web import completeness, ground

urlpatterns = [
    path("grids/", requires("grid.view_unitgrid")(ground.grid_list), name="grid-list"),
    path("grids/export/", requires("grid.view_unitgrid", "grid.export_ground")(ground.grid_export), name="grid-export"),
    path("grids/<str:grid_code>/", requires("grid.view_unitgrid")(ground.grid_detail), name="grid-detail"),
    path("components/", requires("grid.view_component")(ground.component_list), name="component-list"),
    path(
        "components/export/",
        requires("grid.view_component", "grid.export_ground")(ground.component_export),
        name="component-export",
    ),
    path("components/<str:obj_id>/", requires("grid.view_component")(ground.component_detail), name="component-detail"),
    path(
        "completeness/",
        requires("grid.view_component")(completeness.completeness_report),
        name="inventory-completeness",
    ),
]
