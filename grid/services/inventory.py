"""Components one by one and many at a time: record a new one, move one, change the state of several."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.contrib.gis.geos import GEOSException, GEOSGeometry, Point
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import Organisation, User
from cityops.accounts.services import limits
from cityops.foundation import audit
from cityops.foundation.coordinates import CoordinateFault, CoordinateSystem, convert, parse_system
from cityops.foundation.errors import CityOpsError, InvalidInput, NotThere, Refused, field_fault
from cityops.foundation.locks import hold
from cityops.regions.models import CGCS2000
from grid.models import CodeAlias, Component, ComponentChange, UnitGrid
from grid.rules.codes import CURRENT, build_component_id
from grid.selectors.ground import division_names
from grid.services.component_history import note
from grid.services.components import change_state, locked
from sync.standard.models import ClassEntry

MOST_AT_ONCE = 500
"""Components whose state changes in one act."""
UNITS = ("1", "2", "3")
"""主管部门, 权属单位, 养护单位."""


@dataclass(frozen=True)
class NewComponent:
    """What somebody knows of a component that is not in the record. Degrees, in ``coordinate_system``."""

    class_code: str
    longitude: float
    latitude: float
    std_ref: str = CURRENT
    obj_name: str = ""
    """Empty for the name of the class."""
    units: Mapping[str, str] = field(default_factory=dict)
    """``dept_code1`` … ``dept_name3``; where one of code and name is given the other is completed."""
    data_source: str = ""
    note: str = ""
    precision_class: str = ""
    coordinate_system: str = CoordinateSystem.CGCS2000


@transaction.atomic
def create(user: User, given: NewComponent, *, case_no: str = "") -> Component:
    """Record a component by hand: its id is the next free one of county and class, its grid the one it stands in.

    Raises InvalidInput for a class that is not in force, a place outside all grids or outside the person's division,
    or an authority that nobody knows.
    """
    entry = ClassEntry.objects.in_force().filter(kind="1", version=given.std_ref, class_code=given.class_code).first()
    if entry is None:
        raise field_fault("class_code", "unknown_class", _("没有部件分类 %s；请从分类表中选择。") % given.class_code)
    spot = _spot(given.longitude, given.latitude, given.coordinate_system)
    grid = _grid_of(user, spot)
    units = complete_units(given.units)
    if not (units["dept_code1"] and units["dept_name1"]):
        raise field_fault("dept_code1", "required", _("主管部门的代码和名称必填；机构表中有的，填一项另一项自动补全。"))
    component = Component.objects.create(
        obj_id=next_id(grid.grid_code[:6], given.class_code, given.std_ref),
        obj_name=(given.obj_name or entry.class_name)[:30],
        class_code=given.class_code,
        std_ref=given.std_ref,
        geom=spot,
        init_date=timezone.localdate(),
        data_source=given.data_source,
        note=given.note,
        precision_class=given.precision_class,
        source_crs=str(given.coordinate_system),
        **units,
        **_place(grid),
    )
    note(component, ComponentChange.Kind.CREATED, case_no=case_no)
    _audit("component.create", component, None, {"class_code": component.class_code, "grid_code": component.grid_code})
    return component


def next_id(county: str, class_code: str, std_ref: str) -> str:
    """The id after the highest that county and class ever had, former codes with it; waits for who takes one just now.

    Raises Refused after the last sequence.
    """
    stem = f"{county}{class_code}"
    hold(f"component:{stem}")
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT coalesce(max(right(code, 6)::int), 0) + 1 FROM (SELECT obj_id AS code FROM "
            f"{Component._meta.db_table} UNION ALL SELECT old FROM {CodeAlias._meta.db_table} WHERE kind = 'component'"
            ") AS c WHERE code LIKE %s AND length(code) = %s",
            [f"{stem}%", len(stem) + 6],
        )
        number: int = cursor.fetchone()[0]
    if number > 999_999:
        raise Refused(_("%s 的顺序号已用完。") % stem)
    return build_component_id(county, class_code, number, std_ref)


def complete_units(given: Mapping[str, str]) -> dict[str, str]:
    """The codes and names of the three units; the code fills in the name and a name that only one has fills the code.

    Raises InvalidInput where a code is given that no organisation here has and no name with it.
    """
    units: dict[str, str] = {}
    for number in UNITS:
        code, name = (given.get(f"dept_{part}{number}", "").strip() for part in ("code", "name"))
        if code and not name:
            name = Organisation.objects.filter(org_code=code).values_list("name", flat=True).first() or ""
            if not name:
                told = _("没有代码为 %s 的机构；请核对代码，或同时填写名称。") % code
                raise field_fault(f"dept_code{number}", "unknown_unit", told)
        elif name and not code:
            codes = list(Organisation.objects.filter(name=name).values_list("org_code", flat=True)[:2])
            code = codes[0] if len(codes) == 1 else ""
        units[f"dept_code{number}"], units[f"dept_name{number}"] = code[:18], name[:100]
    return units


def _spot(longitude: float, latitude: float, system: str) -> Point:
    try:
        return Point(*convert(longitude, latitude, parse_system(system)), srid=CGCS2000)
    except CoordinateFault as fault:
        raise field_fault("longitude", fault.rule, str(fault)) from fault


def grid_around(spot: GEOSGeometry) -> UnitGrid:
    """The unit grid in force around a place (CGCS2000). Raises InvalidInput outside of all."""
    grid = UnitGrid.objects.in_force().filter(geom__covers=spot.point_on_surface).order_by("grid_code").first()
    if grid is None:
        told = _("这一点不在任何单元网格内；请核对坐标，或先补画该处的网格。")
        raise field_fault("longitude", "no_grid", told)
    return grid


def _grid_of(user: User, spot: GEOSGeometry) -> UnitGrid:
    """The same, within the person's division."""
    grid = grid_around(spot)
    limits.inside_scope(user, grid.division_code)
    return grid


def _place(grid: UnitGrid) -> dict[str, str]:
    """The columns that follow from the grid."""
    street, community = grid.division_code[:9], grid.division_code
    names = division_names({street.ljust(12, "0"), community})
    return {
        "grid_code": grid.grid_code,
        "division_code": community,
        "street_code": street,
        "street_name": names.get(street.ljust(12, "0"), "")[:50],
        "community_name": names.get(community, "")[:50],
    }


@transaction.atomic
def move(user: User, obj_id: str, shape: GEOSGeometry, *, reason: str, case_no: str = "") -> Component:
    """Give a component another place (CGCS2000); grid, community and street follow. The reason is demanded.

    Raises NotThere, Refused for a replica or a place in another county (its id begins with the county), InvalidInput.
    """
    reason = limits.reason_given(reason)
    component = locked(user, obj_id)
    _sound(component, shape)
    grid = _grid_of(user, shape)
    if grid.grid_code[:6] != component.obj_id[:6]:
        raise Refused(
            _("新位置在另一个县级区划(%s)，标识码不能沿用：请把原部件变更为“移除”，在新位置另建部件。")
            % grid.grid_code[:6]
        )
    after = {"geom": shape, **_place(grid), "change_date": timezone.localdate()}
    before = {name: getattr(component, name) for name in after}
    if before["geom"].equals_exact(shape):
        return component
    for name, value in after.items():
        setattr(component, name, value)
    component.save(update_fields=list(after))
    changed = {name for name in after if before[name] != after[name]} | {"geom"}
    before, after = ({name: kept[name] for name in changed} for kept in (before, after))
    written = note(component, ComponentChange.Kind.MOVED, before, after, reason=reason, case_no=case_no)
    _audit("component.move", component, written.before, written.after, reason)
    return component


def _sound(component: Component, shape: GEOSGeometry) -> None:
    if shape.empty or not shape.valid:
        raise field_fault("wkt", "invalid_geometry", _("图形无效；请给出有效的点、线或面。"))
    if shape.geom_typeid != component.geom.geom_typeid:
        told = _("原图形是 %(old)s，新图形是 %(new)s；请给出同类的图形。")
        kinds = {"old": component.geom.geom_type, "new": shape.geom_type}
        raise field_fault("wkt", "geometry_kind", told % kinds)


def point_at(longitude: float, latitude: float, system: str = CoordinateSystem.CGCS2000) -> Point:
    """A point for ``move``. Raises InvalidInput for what is no position."""
    return _spot(longitude, latitude, system)


def shape_of(wkt: str) -> GEOSGeometry:
    """A shape for ``move``, written as WKT in CGCS2000. Raises InvalidInput for what is none."""
    try:
        return GEOSGeometry(wkt, srid=CGCS2000)
    except (GEOSException, ValueError) as error:
        told = _("不是有效的 WKT；例如：LINESTRING(120.1 30.1, 120.2 30.1)。")
        raise field_fault("wkt", "wkt", told) from error


@dataclass(frozen=True)
class Changed:
    """What came of a change of several components."""

    changed: list[str]
    same: list[str]
    """Ids of those that were in that state already."""
    refused: dict[str, str]
    """Id → why it stays as it is."""


@transaction.atomic
def change_states(user: User, obj_ids: Iterable[str], state: str, reason: str) -> Changed:
    """Change the state of several components for one reason; those that cannot are told, the others change.

    Raises InvalidInput without a reason, for an unknown state, none or more than MOST_AT_ONCE components.
    """
    reason = limits.reason_given(reason)
    wanted = list(dict.fromkeys(obj_ids))
    if not wanted:
        raise field_fault("obj_ids", "required", _("请先选择部件。"))
    if len(wanted) > MOST_AT_ONCE:
        raise field_fault("obj_ids", "too_many", _("一次最多变更 %s 个部件；请分批办理。") % MOST_AT_ONCE)
    changed: list[str] = []
    same: list[str] = []
    refused: dict[str, str] = {}
    known = dict(Component.objects.workable_by(user).filter(obj_id__in=wanted).values_list("obj_id", "state"))
    for obj_id in sorted(wanted):  # one order for everybody: no two acts wait for each other
        try:
            change_state(user=user, obj_id=obj_id, state=state, reason=reason)
        except InvalidInput:
            raise
        except NotThere:
            refused[obj_id] = _("没有这个部件，或不在您的范围内。")
        except CityOpsError as error:
            refused[obj_id] = error.detail
        else:
            (same if known.get(obj_id) == state else changed).append(obj_id)
    return Changed(changed, same, refused)


def _audit(
    action: str, component: Component, before: Mapping[str, object] | None, after: Mapping[str, object] | None,
    reason: str = "",
) -> None:  # fmt: skip
    audit.record(
        action,
        kind="Component",
        key=component.obj_id,
        division_code=component.division_code,
        before=dict(before) if before is not None else None,
        after=dict(after) if after is not None else None,
        reason=reason,
    )
