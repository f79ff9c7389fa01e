"""Routes of divisions in the API; guarded here, because regions lies below accounts."""

from typing import Any

from django.urls import path

from cityops.accounts.api.permissions import HasPermission
from cityops.regions.api.views import DivisionDetail, DivisionList

MAY_VIEW: list[Any] = [HasPermission("regions.view_division")]
urlpatterns = [
    path("divisions/", DivisionList.as_view(permission_classes=MAY_VIEW), name="division-list"),
    path("divisions/<str:code>/", DivisionDetail.as_view(permission_classes=MAY_VIEW), name="division-detail"),
]
