"""The OpenAPI 3.0 document of the interface, made from the collections: what GDAL and QGIS read before they ask."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.request import Request

from grid.interfaces.api.features.documents import GEOJSON_TYPE, address
from grid.interfaces.api.features.query import DEFAULT_LIMIT, LARGEST_LIMIT
from grid.interfaces.rules.crs import Crs
from grid.interfaces.selectors.collections import Collection, json_type


def _parameter(name: str, text: str, schema: dict[str, Any], place: str = "query") -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": name,
        "in": place,
        "description": text,
        "required": place == "path",
        "schema": schema,
    }
    if schema.get("type") == "array":
        found |= {"style": "form", "explode": False}
    return found


def _form() -> dict[str, Any]:
    return _parameter("f", _("回答的形式"), {"type": "string", "enum": ["json", "html"]})


def _crs(name: str, text: str) -> dict[str, Any]:
    uris = [crs.value for crs in Crs]
    return _parameter(name, text, {"type": "string", "format": "uri", "enum": uris, "default": Crs.CRS84.value})


def _items_parameters(collection: Collection) -> list[dict[str, Any]]:
    numbers = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6}
    limit = {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": DEFAULT_LIMIT}
    filters = [
        _parameter(name, str(collection.column(name).verbose_name), json_type(collection.column(name)))
        for name in collection.filters
    ]
    return [
        _form(),
        _parameter("limit", _("一页最多多少个要素"), limit),
        _parameter("bbox", _("只要与这个矩形相交的要素"), numbers),
        _crs("bbox-crs", _("bbox 的坐标系")),
        _crs("crs", _("回答的坐标系")),
        _parameter("datetime", str(collection.moment_title), {"type": "string"}),
        _parameter("division", _("区划代码,包括其下各级"), {"type": "string", "pattern": "^[0-9]{2,12}$"}),
        _parameter("after", _("上一页最后一个要素;由 next 链接给出"), {"type": "string"}),
        *filters,
    ]


def _answers(text: str, media_type: str, schema: dict[str, Any], *, names: bool = False) -> dict[str, Any]:
    refusal = {
        "description": _("拒绝:code 和 description 说明原因和改法"),
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/exception"}}},
    }
    good = {
        "description": text,
        "content": {media_type: {"schema": schema}, "text/html": {"schema": {"type": "string"}}},
    }
    statuses = ("400", "401", "403", *(("404",) if names else ()))
    return {"200": good, **dict.fromkeys(statuses, refusal)}


def _feature_schema(collection: Collection) -> dict[str, Any]:
    properties = {
        name: {
            **json_type(collection.column(name)),
            "title": str(collection.column(name).verbose_name),
            "nullable": True,
        }
        for name in collection.fields
    }
    geometry = {
        "type": "object",
        "properties": {"type": {"type": "string"}, "coordinates": {"type": "array", "items": {}}},
    }
    return {
        "type": "object",
        "required": ["type", "id", "geometry", "properties"],
        "properties": {
            "type": {"type": "string", "enum": ["Feature"]},
            "id": {"type": "string"},
            "geometry": geometry,
            "properties": {"type": "object", "properties": properties},
        },
    }


def _of_collection(collection: Collection) -> dict[str, Any]:
    feature = {"$ref": f"#/components/schemas/{collection.id}"}
    features = {
        "type": "object",
        "properties": {
            "type": {"type": "string", "enum": ["FeatureCollection"]},
            "numberMatched": {"type": "integer"},
            "numberReturned": {"type": "integer"},
            "timeStamp": {"type": "string", "format": "date-time"},
            "links": {"type": "array", "items": {"type": "object"}},
            "features": {"type": "array", "items": feature},
        },
    }
    title, base = str(collection.title), f"/collections/{collection.id}"
    one = [_form(), _crs("crs", _("回答的坐标系")), _parameter("featureId", "id", {"type": "string"}, "path")]
    return {
        base: _get(
            f"describe-{collection.id}", title, [_form()], _answers(title, "application/json", {"type": "object"})
        ),
        f"{base}/items": _get(
            f"items-{collection.id}", title, _items_parameters(collection), _answers(title, GEOJSON_TYPE, features)
        ),
        f"{base}/items/{{featureId}}": _get(
            f"item-{collection.id}", title, one, _answers(title, GEOJSON_TYPE, feature, names=True)
        ),
    }


def _get(operation: str, title: str, parameters: list[dict[str, Any]], responses: dict[str, Any]) -> dict[str, Any]:
    return {"get": {"operationId": operation, "summary": title, "parameters": parameters, "responses": responses}}


def document(request: Request, collections: list[Collection]) -> dict[str, Any]:
    """The document of what this person may read."""
    plain = {
        "/": _("本页"),
        "/conformance": _("符合的规范"),
        "/collections": _("要素集"),
        "/api": _("接口定义 (OpenAPI)"),
    }
    paths: dict[str, Any] = {
        path: _get(
            path.strip("/") or "landing", title, [_form()], _answers(title, "application/json", {"type": "object"})
        )
        for path, title in plain.items()
    }
    for collection in collections:
        paths |= _of_collection(collection)
    exception = {
        "type": "object",
        "required": ["code"],
        "properties": {"code": {"type": "string"}, "description": {"type": "string"}},
    }
    return {
        "openapi": "3.0.3",
        "info": {"title": _("城市运行管理服务平台 地理要素接口"), "version": "1.0.0"},
        "servers": [{"url": address(request, "ogc-landing").rstrip("/")}],
        "security": [{"bearer": []}, {"basic": []}],
        "paths": paths,
        "components": {
            "schemas": {"exception": exception, **{one.id: _feature_schema(one) for one in collections}},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic"},
            },
        },
    }
