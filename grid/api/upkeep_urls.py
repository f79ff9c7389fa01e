"""Routes that change the ground of a city: only where the command system runs."""

from django.urls import path

from cityops.foundation.bodies import takes_body
from grid.api import ground, imports
from grid.services.imports.uploads import LARGEST_REQUEST

urlpatterns = [
    path("components/<str:obj_id>/fields/", ground.ComponentFields.as_view(), name="component-edit"),
    path("components/<str:obj_id>/state/", ground.ComponentState.as_view(), name="component-state"),
    path("imports/", takes_body(LARGEST_REQUEST, imports.ImportList.as_view()), name="import-list"),
    path("imports/<int:pk>/", imports.ImportDetail.as_view(), name="import-detail"),
    path("imports/<int:pk>/issues/", imports.ImportIssues.as_view(), name="import-issues"),
]
