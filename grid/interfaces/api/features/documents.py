"""The documents of OGC API Features: landing page, conformance, collections, links."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from grid.interfaces.rules.crs import Crs
from grid.interfaces.selectors.collections import Collection
from grid.interfaces.selectors.features import extent_of

GEOJSON_TYPE = "application/geo+json"
HTML_TYPE = "text/html"
OPENAPI_TYPE = "application/vnd.oai.openapi+json;version=3.0"
_CORE = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/"
CONFORMS_TO = (
    *(f"{_CORE}{part}" for part in ("core", "oas30", "html", "geojson")),
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
)


def address(request: Request, name: str, *arguments: str, **query: str) -> str:
    """The full address of a resource."""
    found = request.build_absolute_uri(reverse(name, args=arguments))
    return f"{found}?{'&'.join(f'{key}={value}' for key, value in query.items())}" if query else found


def link(href: str, rel: str, media_type: str, title: str) -> dict[str, str]:
    """One link."""
    return {"href": href, "rel": rel, "type": media_type, "title": title}


def both(request: Request, name: str, title: str, *arguments: str) -> list[dict[str, str]]:
    """The resource itself, and the same as a page."""
    return [
        link(address(request, name, *arguments), "self", "application/json", title),
        link(address(request, name, *arguments, f="html"), "alternate", HTML_TYPE, title),
    ]


def landing(request: Request) -> dict[str, Any]:
    """The landing page."""
    return {
        "title": str(_("城市运行管理服务平台 地理要素接口")),
        "description": str(_("%s 的单元网格、管理部件和案件;只给出您有权查看的区划。")) % settings.CITYOPS_NODE,
        "links": [
            *both(request, "ogc-landing", _("本页")),
            link(address(request, "ogc-api"), "service-desc", OPENAPI_TYPE, _("接口定义 (OpenAPI)")),
            link(address(request, "ogc-api", f="html"), "service-doc", HTML_TYPE, _("接口说明")),
            link(address(request, "ogc-conformance"), "conformance", "application/json", _("符合的规范")),
            link(address(request, "ogc-collections"), "data", "application/json", _("要素集")),
        ],
    }


def conformance(request: Request) -> dict[str, Any]:
    """What is conformed to."""
    return {"conformsTo": list(CONFORMS_TO), "links": both(request, "ogc-conformance", _("符合的规范"))}


def collection_document(request: Request, collection: Collection) -> dict[str, Any]:
    """One collection, with the extent of what this person may see of it."""
    extent = extent_of(collection, request.user)
    known: dict[str, Any] = {"temporal": {"interval": [extent["times"]]}}
    if extent["box"] is not None:
        known["spatial"] = {"bbox": [extent["box"]], "crs": Crs.CRS84.value}
    items = f"ogc-{collection.id}-items"
    return {
        "id": collection.id,
        "title": str(collection.title),
        "description": f"{collection.description} {_('时间')}: {collection.moment_title}。",
        "itemType": "feature",
        "extent": known,
        "crs": [crs.value for crs in Crs],
        "storageCrs": Crs.CGCS2000.value,
        "links": [
            *both(request, f"ogc-{collection.id}", str(collection.title)),
            link(address(request, items), "items", GEOJSON_TYPE, _("要素")),
            link(address(request, items, f="html"), "items", HTML_TYPE, _("要素")),
        ],
    }
