"""Routes that change the ground of a city: only where the command system runs."""

from django.urls import path

from cityops.foundation.bodies import takes_body
from grid.api import ground, imports, inventory
from grid.services.imports.uploads import LARGEST_REQUEST

urlpatterns = [
    path("components/<str:obj_id>/fields/", ground.ComponentFields.as_view(), name="component-edit"),
    path("components/<str:obj_id>/state/", ground.ComponentState.as_view(), name="component-state"),
    path("components/<str:obj_id>/place/", inventory.ComponentPlace.as_view(), name="component-place-edit"),
    path("components/<str:obj_id>/changes/", inventory.ComponentChanges.as_view(), name="component-changes"),
    path("components/<str:obj_id>/as-of/", inventory.ComponentAsOf.as_view(), name="component-as-of"),
    path("ground/components/", inventory.ComponentCreate.as_view(), name="component-new"),
    path("ground/component-states/", inventory.ComponentStates.as_view(), name="component-states"),
    path("component-checks/", inventory.CheckList.as_view(), name="inventory-check-list"),
    path("component-checks/<int:pk>/", inventory.CheckDetail.as_view(), name="inventory-check-detail"),
    path("component-checks/<int:pk>/assign/", inventory.CheckAssign.as_view(), name="inventory-check-assign"),
    path("component-checks/<int:pk>/settle/", inventory.CheckSettle.as_view(), name="inventory-check-settle"),
    path("code-conversions/", inventory.ConversionList.as_view(), name="inventory-conversion-list"),
    path("code-conversions/<int:pk>/", inventory.ConversionDetail.as_view(), name="inventory-conversion-detail"),
    path("imports/", takes_body(LARGEST_REQUEST, imports.ImportList.as_view()), name="import-list"),
    path("imports/<int:pk>/", imports.ImportDetail.as_view(), name="import-detail"),
    path("imports/<int:pk>/issues/", imports.ImportIssues.as_view(), name="import-issues"),
]
