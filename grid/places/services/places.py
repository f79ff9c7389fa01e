"""What people change about places: make, edit, retire. Each with its audit entry."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.conf import settings
from django.contrib.gis.geos import Point
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.accounts.services.limits import inside_scope, reason_given
from cityops.foundation import audit
from cityops.foundation.errors import InvalidInput, NotThere, Refused
from cityops.regions.models import CGCS2000
from grid.models import UnitGrid
from grid.places.models import Place
from grid.places.rules.writing import normalise
from grid.places.services.keys import next_place_id, set_keys

TEXTS = ("place_name", "place_type", "std_address", "alias", "source")
DATES = ("valid_from",)
SPOT = ("longitude", "latitude")
EDITABLE = (*TEXTS, *DATES, *SPOT)
"""What may be given by hand; grid and community follow from the point."""


@transaction.atomic
def create_place(actor: User, values: Mapping[str, Any]) -> Place:
    """Make a place; ``values`` are of EDITABLE. Its number is made here, its grid and community follow from the point.

    Raises InvalidInput for a point in no unit grid or outside the actor's division, and for values that are none.
    """
    _only_for_cities()
    _known_fields(values)
    place = Place(**{name: values[name] for name in (*TEXTS, *DATES) if name in values})
    _name_given(place)
    _put(place, values)
    inside_scope(actor, place.division_code)
    place.place_id = next_place_id(place.division_code[:6])
    place.source_crs = "CGCS2000"
    set_keys(place)
    place.save(force_insert=True)
    _audit("place.create", place, None, _facts(place))
    return place


@transaction.atomic
def edit_place(actor: User, place_id: str, values: Mapping[str, Any], *, keeps_old_name: bool = False) -> Place:
    """Change what is given; with ``keeps_old_name`` a changed name stays findable as a historical one.

    Raises NotThere, InvalidInput as ``create_place``, Refused for a place of another node or one that is retired.
    """
    _known_fields(values)
    place = _locked(actor, place_id)
    before, old = _facts(place), place.place_name
    for name in (*TEXTS, *DATES):
        if name in values:
            setattr(place, name, values[name])
    _name_given(place)
    if {name: values[name] for name in SPOT if name in values}:
        _put(place, {**dict(zip(SPOT, place.point, strict=True)), **values})
        inside_scope(actor, place.division_code)
    after = _facts(place)
    if after == before:
        return place
    set_keys(place)
    place.save()
    if keeps_old_name and place.place_name != old:
        _keep_old_name(place, old)
    changed = {name for name in after if after[name] != before[name]}
    _audit("place.edit", place, {n: before[n] for n in changed}, {n: after[n] for n in changed})
    return place


@transaction.atomic
def retire_place(actor: User, place_id: str, *, reason: str, successor_id: str = "", on: date | None = None) -> Place:
    """Take a place out of use; it stays findable, with the note what it is now where ``successor_id`` names that.

    Raises NotThere, InvalidInput without a reason or for a successor that is none, Refused for a place of another
    node. A place that is retired already is left as it is.
    """
    reason = reason_given(reason)
    place = _locked(actor, place_id, retired_too=True)
    if place.is_historical:
        return place
    successor = _successor(actor, place, successor_id) if successor_id else None
    place.valid, place.valid_to, place.historic_of = Place.Valid.NO, on or timezone.localdate(), successor
    place.save(update_fields=["valid", "valid_to", "historic_of"])
    after = {"valid": place.valid, "valid_to": str(place.valid_to), "historic_of": successor_id}
    _audit("place.retire", place, {"valid": Place.Valid.YES.value}, after, reason)
    return place


def _only_for_cities() -> None:
    if settings.CITYOPS_TIER != "municipal":
        raise Refused(_("只有市级平台维护地点；上级平台经数据交换获得。"))


def _known_fields(values: Mapping[str, Any]) -> None:
    if unknown := sorted(set(values) - set(EDITABLE)):
        raise InvalidInput(
            _("不能修改 %(fields)s；网格和社区由坐标得出。") % {"fields": "、".join(unknown)},
            errors=[{"field": name, "code": "fixed"} for name in unknown],
        )


def _locked(actor: User, place_id: str, *, retired_too: bool = False) -> Place:
    rows = Place.objects.workable_by(actor).select_for_update(of=("self",))
    found: Place | None = rows.filter(place_id=place_id).first()
    if found is None:
        raise NotThere
    if found.is_replica:
        raise Refused(_("该地点归节点 %(node)s 所有，此处只读。") % {"node": found.origin_code})
    if found.is_historical and not retired_too:
        raise Refused(_("该地点已停用，不能修改；请新建地点或修改现地点。"))
    return found


def _name_given(place: Place) -> None:
    """A place has a name and a type that searches can go by. Raises InvalidInput."""
    if not normalise(place.place_name):
        raise _wrong("place_name", _("地点名称应含汉字、字母或数字。"))
    if place.place_type not in Place.Type.values:
        raise _wrong("place_type", _("没有地点类别代码“%(code)s”。") % {"code": place.place_type})
    if not place.std_address:
        raise _wrong("std_address", _("请填写标准地址。"))


def _put(place: Place, values: Mapping[str, Any]) -> None:
    """Put a place on its point; grid and community follow. Raises InvalidInput for a point in no unit grid."""
    try:
        lon, lat = (float(values[name]) for name in SPOT)
    except (KeyError, TypeError, ValueError) as error:
        raise _wrong("longitude", _("请填写经度和纬度(十进制度数)。")) from error
    point = Point(lon, lat, srid=CGCS2000)
    found = None
    if abs(lon) <= 180 and abs(lat) < 90:
        grids = UnitGrid.objects.in_force().filter(geom__covers=point).order_by("grid_code")
        found = grids.values_list("grid_code", "division_code").first()
    if found is None:
        raise _wrong(
            "longitude", _("坐标不在任何单元网格内：核对经纬度是否对调、坐标系是否为 CGCS2000，或先补画该处的网格。")
        )
    place.geom = point
    place.grid_code, place.division_code = found


def _successor(actor: User, place: Place, successor_id: str) -> Place:
    found: Place | None = Place.objects.visible_to(actor).in_force().filter(place_id=successor_id).first()
    if found is None or found.pk == place.pk:
        raise _wrong("successor_id", _("现地点 %(id)s 不存在、已停用或就是本地点。") % {"id": successor_id})
    return found


def _keep_old_name(place: Place, name: str) -> None:
    """The name that a place had, as a retired place of its own."""
    former = Place(
        place_id=next_place_id(place.division_code[:6]),
        place_name=name,
        place_type=place.place_type,
        std_address=place.std_address,
        geom=place.geom,
        grid_code=place.grid_code,
        division_code=place.division_code,
        valid=Place.Valid.NO,
        valid_to=timezone.localdate(),
        source=place.source,
        historic_of=place,
        source_crs=place.source_crs,
    )
    set_keys(former)
    former.save(force_insert=True)


def _wrong(field: str, detail: str) -> InvalidInput:
    return InvalidInput(detail, errors=[{"field": field, "code": f"invalid_{field}", "detail": detail}])


def _facts(place: Place) -> dict[str, Any]:
    """What the trail tells of a place."""
    lon, lat = place.point
    return {
        **{name: getattr(place, name) for name in TEXTS},
        "valid_from": str(place.valid_from or ""),
        "longitude": round(lon, 7),
        "latitude": round(lat, 7),
        "grid_code": place.grid_code,
    }


def _audit(
    action: str, place: Place, before: Mapping[str, Any] | None, after: Mapping[str, Any], reason: str = ""
) -> None:
    audit.record(
        action,
        kind="Place",
        key=place.place_id,
        division_code=place.division_code,
        before=dict(before) if before is not None else None,
        after=dict(after),
        reason=reason,
    )
