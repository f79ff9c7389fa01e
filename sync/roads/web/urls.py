"""Pages of the roads."""

from django.urls import path

from cityops.accounts.guards import requires
from cityops.foundation.bodies import takes_body
from sync.roads.web import views

seen = requires("roads.view_bundle")
carried = requires("roads.view_bundle", "roads.carry_bundle")

urlpatterns = [
    path("", seen(views.road_list), name="road-list"),
    path("<str:peer>/export/", carried(views.road_export), name="road-export"),
    path("take/", takes_body(views.LARGEST_FILE + (1 << 20), carried(views.road_take)), name="road-take"),
]
