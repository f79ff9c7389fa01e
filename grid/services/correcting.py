"""Correct a report before it is filed 更正: its class, place or words; looked up as at its registration."""

from collections.abc import Mapping
from typing import Any

from django.contrib.gis.geos import Point
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.foundation.errors import field_fault
from cityops.regions.models import CGCS2000
from grid.models import Case
from grid.selectors.classes import classes_in_force
from grid.selectors.extents import grid_at

LENGTHS = {"description": 2000, "address": 256}


def corrected(user: User, case: Case, given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a case that a correction sets. Raises InvalidInput for nothing given, or what cannot be."""
    changes: dict[str, Any] = {}
    for name, length in LENGTHS.items():
        if name in given:
            text = str(given[name]).strip()
            if not 0 < len(text) <= length:
                raise field_fault(name, "length", _("请填写 1 至 %d 个字。") % length)
            changes[name] = text
    if "class_code" in given:
        changes.update(_class(case, str(given["class_code"]), str(given.get("kind") or case.kind)))
    if "longitude" in given or "latitude" in given:
        changes.update(_place(user, case, given))
    if not changes:
        raise field_fault("class_code", "required", _("请给出要更正的内容:分类、位置或描述。"))
    return changes


def _class(case: Case, code: str, kind: str) -> dict[str, Any]:
    entry = classes_in_force().filter(kind=kind, class_code=code).first()
    if entry is None:
        raise field_fault("class_code", "class_unknown", _("没有现行的分类 %s;请从分类表中选择。") % code)
    return {
        "kind": entry.kind,
        "std_ref": entry.version,
        "class_code": entry.class_code,
        "matter_name": entry.class_name[:30],
        "matter_code": case.division_code[:6] + entry.class_code,
        "component_id": case.component_id if entry.class_code == case.class_code else "",
    }


def _place(user: User, case: Case, given: Mapping[str, Any]) -> dict[str, Any]:
    try:
        lon = float(given.get("longitude", case.geom.x))
        lat = float(given.get("latitude", case.geom.y))
    except (TypeError, ValueError):
        raise field_fault("longitude", "number", _("经纬度须是数字,如 120.17。")) from None
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise field_fault("longitude", "range", _("经度在 -180 至 180 之间,纬度在 -90 至 90 之间。"))
    place = grid_at(user, lon, lat)
    if place is None:
        raise field_fault(
            "longitude",
            "outside",
            _("位置 %(lon).5f, %(lat).5f 不在您区划的任何单元网格内;请在地图上核对。")
            % {
                "lon": lon,
                "lat": lat,
            },
        )
    return {
        "geom": Point(lon, lat, srid=CGCS2000),
        "grid_code": place.grid_code,
        "division_code": place.grid_code[:12],
    }
