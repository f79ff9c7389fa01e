"""Addresses of OGC API Features. Every collection has its own, so that its permission stands in the table of routes."""

from typing import Any

from django.urls import URLPattern, path, re_path

from cityops.accounts.api.permissions import HasPermission
from grid.interfaces.api.features import views
from grid.interfaces.selectors.collections import COLLECTIONS, Collection


def _of(collection: Collection) -> list[URLPattern]:
    base, name = f"collections/{collection.id}", f"ogc-{collection.id}"
    given: dict[str, Any] = {
        "collection_id": collection.id,
        "permission_classes": [HasPermission(collection.permission)],
    }
    return [
        path(base, views.CollectionOne.as_view(**given), name=name),
        path(f"{base}/items", views.Items.as_view(**given), name=f"{name}-items"),
        path(f"{base}/items/<str:feature_id>", views.Item.as_view(**given), name=f"{name}-item"),
    ]


urlpatterns: list[URLPattern] = [
    path("", views.Landing.as_view(), name="ogc-landing"),
    path("conformance", views.Conformance.as_view(), name="ogc-conformance"),
    path("api", views.ApiDocument.as_view(), name="ogc-api"),
    path("collections", views.Collections.as_view(), name="ogc-collections"),
    *(pattern for collection in COLLECTIONS for pattern in _of(collection)),
    re_path(r"^(?P<rest>.+)$", views.Unknown.as_view(), name="ogc-unknown"),
]
