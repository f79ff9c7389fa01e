"""Map tiles: one route for all layers."""

from django.urls import path

from cityops.accounts.guards import requires
from grid.web import tiles

urlpatterns = [
    path("<slug:layer>/<int:z>/<int:x>/<int:y>.mvt", requires()(tiles.tile), name="tile"),
]
