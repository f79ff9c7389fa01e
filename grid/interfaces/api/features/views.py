"""The resources of OGC API Features."""

import json
from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from cityops.foundation import audit
from cityops.foundation.errors import NotThere
from grid.interfaces.api.features import documents, openapi
from grid.interfaces.api.features.base import HTML, FeatureView
from grid.interfaces.api.features.documents import GEOJSON_TYPE, HTML_TYPE, OPENAPI_TYPE, address, link
from grid.interfaces.api.features.query import (
    LARGEST_LIMIT,
    LARGEST_PAGE,
    crs_of,
    known_parameters,
    question_of,
)
from grid.interfaces.rules.crs import Crs
from grid.interfaces.selectors import features
from grid.interfaces.selectors.collections import BY_ID, Collection, open_to

BULK = 1000
"""Features in one answer from which reading is an export."""


class Landing(FeatureView):
    """The landing page."""

    def get(self, request: Request) -> HttpResponseBase:
        """Where everything is."""
        document = documents.landing(request)
        return self.answer(request, document, title=document["title"])


class Conformance(FeatureView):
    """What the interface conforms to."""

    def get(self, request: Request) -> HttpResponseBase:
        """The classes of conformance."""
        return self.answer(request, documents.conformance(request), title=_("符合的规范"))


class ApiDocument(FeatureView):
    """The definition of the interface."""

    def get(self, request: Request) -> HttpResponseBase:
        """OpenAPI 3.0 of what this person may read."""
        document = openapi.document(request, open_to(request.user))
        return self.answer(request, document, title=_("接口定义 (OpenAPI)"), media_type=OPENAPI_TYPE)


class Collections(FeatureView):
    """The collections this person may read."""

    def get(self, request: Request) -> HttpResponseBase:
        """All of them with their extents."""
        found = [documents.collection_document(request, collection) for collection in open_to(request.user)]
        document = {"links": documents.both(request, "ogc-collections", _("要素集")), "collections": found}
        return self.answer(request, document, title=_("要素集"))


class OfCollection(FeatureView):
    """A resource of one collection, whose id stands in the URL table."""

    collection_id = ""

    @property
    def collection(self) -> Collection:
        """The collection."""
        return BY_ID[self.collection_id]


class CollectionOne(OfCollection):
    """One collection."""

    def get(self, request: Request) -> HttpResponseBase:
        """Its title, extent, coordinate systems and links."""
        document = documents.collection_document(request, self.collection)
        return self.answer(request, document, title=document["title"])


class Items(OfCollection):
    """The features of a collection, page by page."""

    def known_parameters(self) -> frozenset[str]:
        """Those of every collection, and the properties of this one."""
        return known_parameters(self.collection)

    def get(self, request: Request) -> HttpResponseBase:
        """One page; ``next`` leads to the following one."""
        is_page = self.form == HTML
        question = question_of(request, self.collection, LARGEST_PAGE if is_page else LARGEST_LIMIT)
        page = features.page_of(self.collection, request.user, question)
        if page.returned >= BULK and not question.after:
            self._note_bulk(request)
        head: dict[str, Any] = {"type": "FeatureCollection", "timeStamp": timezone.now().isoformat()}
        if not question.after:
            is_whole = not page.has_more
            count = page.returned if is_whole else features.count_of(self.collection, request.user, question)
            head["numberMatched"] = count
        head |= {"numberReturned": page.returned, "links": self._links(request, page)}
        if is_page:
            return self._page(request, head, page)
        text = f'{json.dumps(head, ensure_ascii=False)[:-1]}, "features": [{page.features}]}}'
        return _geojson(text, question.crs)

    def _note_bulk(self, request: Request) -> None:
        """Reading so much at once is an export; the first page of it leaves an entry, as every export does."""
        asked = {name: value[:100] for name, value in request.query_params.items()}
        with transaction.atomic():
            audit.record("features.read", kind="collection", key=self.collection_id, after={"asked": asked})

    def _links(self, request: Request, page: features.Page) -> list[dict[str, str]]:
        asked = {name: value for name, value in request.query_params.items() if name != "f"}
        items = address(request, f"ogc-{self.collection_id}-items")
        here = f"?{urlencode(asked)}" if asked else ""
        found = [
            link(f"{items}{here}", "self", GEOJSON_TYPE, _("本页")),
            link(f"{items}?{urlencode({**asked, 'f': 'html'})}", "alternate", HTML_TYPE, _("本页")),
            link(address(request, f"ogc-{self.collection_id}"), "collection", "application/json", _("要素集")),
        ]
        if page.has_more:
            following = urlencode({**asked, "after": page.last})
            found.append(link(f"{items}?{following}", "next", GEOJSON_TYPE, _("下一页")))
        return found

    def _page(self, request: Request, head: dict[str, Any], page: features.Page) -> HttpResponseBase:
        rows = json.loads(f"[{page.features}]")
        following = next((one["href"] for one in head["links"] if one["rel"] == "next"), "")
        shown = {
            "title": self.collection.title,
            "collection": self.collection,
            "head": head,
            "heads": [self.collection.column(name).verbose_name for name in self.collection.fields],
            "rows": [{"id": row["id"], "cells": list(row["properties"].values())} for row in rows],
            "following": f"{following}&f=html" if following else "",
            "route": f"ogc-{self.collection_id}-item",
        }
        return render(request._request, "interfaces/features.html", shown)


class Item(OfCollection):
    """One feature."""

    known = frozenset({"f", "crs"})

    def get(self, request: Request, feature_id: str) -> HttpResponseBase:
        """The feature; 404 where there is none or where the person may not see it."""
        crs = crs_of(request)
        text = features.one_of(self.collection, request.user, feature_id, crs)
        if text is None:
            raise NotThere(
                _("要素集 %(collection)s 中没有 %(id)s,或者不在您的可见范围内。")
                % {"collection": self.collection_id, "id": feature_id[:64]}
            )
        own = f"ogc-{self.collection_id}-item"
        links = [
            link(address(request, own, feature_id), "self", GEOJSON_TYPE, feature_id),
            link(address(request, own, feature_id, f="html"), "alternate", HTML_TYPE, feature_id),
            link(address(request, f"ogc-{self.collection_id}"), "collection", "application/json", _("要素集")),
        ]
        if self.form == HTML:
            return self._page(request, json.loads(text), links)
        return _geojson(f'{text[:-1]}, "links": {json.dumps(links, ensure_ascii=False)}}}', crs)

    def _page(self, request: Request, feature: dict[str, Any], links: list[dict[str, str]]) -> HttpResponseBase:
        facts = [
            (self.collection.column(name).verbose_name, name, value) for name, value in feature["properties"].items()
        ]
        shown = {
            "title": f"{self.collection.title} {feature['id']}",
            "collection": self.collection,
            "facts": facts,
            "geometry": json.dumps(feature["geometry"]),
            "links": links,
        }
        return render(request._request, "interfaces/feature.html", shown)


class Unknown(FeatureView):
    """An address below the landing page where nothing is."""

    def get(self, request: Request, rest: str) -> HttpResponseBase:
        """404 in the form of the standard."""
        ids = "、".join(collection.id for collection in open_to(request.user))
        raise NotThere(_("没有地址 %(rest)s;您可用的要素集:%(ids)s。") % {"rest": rest[:80], "ids": ids or "—"})


def _geojson(text: str, crs: Crs) -> HttpResponse:
    return HttpResponse(text.encode(), content_type=GEOJSON_TYPE, headers={"Content-Crs": f"<{crs.value}>"})
