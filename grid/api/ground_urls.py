"""Routes of unit grids and components in the API: what every tier that has them may read."""

from django.urls import path

from grid.api import ground, inventory

urlpatterns = [
    path("grids/", ground.GridList.as_view(), name="grid-list"),
    path("grids/<str:grid_code>/", ground.GridDetail.as_view(), name="grid-detail"),
    path("components/", ground.ComponentList.as_view(), name="component-list"),
    path("components/<str:obj_id>/", ground.ComponentDetail.as_view(), name="component-detail"),
    path("completeness/", inventory.CompletenessReport.as_view(), name="inventory-completeness"),
]
