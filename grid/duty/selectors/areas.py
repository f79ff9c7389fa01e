"""Questions about responsibility grids 责任网格 and evaluation grids 评价网格."""

import datetime as dt
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.gis.db.models.functions import AsGeoJSON
from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from cityops.accounts.models import Organisation, User
from cityops.accounts.scoping import may_work_on
from cityops.foundation.errors import NotThere
from grid.duty.models import DutyGrid, DutyGridUnit, EvaluationGrid
from grid.models import UnitGrid
from grid.selectors.ground import division_prefix

TOLERANCE = 3e-6
"""Degrees, a third of a metre: edges of neighbours that lie closer than this are one edge."""
SHORTEST_EDGE = 9e-6
"""Degrees, about a metre: grids that share less of an edge meet in a corner only."""
NEIGHBOURS = """
SELECT a.grid_code, b.grid_code FROM grid_unitgrid a JOIN grid_unitgrid b
ON a.grid_code < b.grid_code AND ST_DWithin(a.geom, b.geom, %(near)s::float8)
WHERE a.grid_code = ANY(%(codes)s::varchar[]) AND b.grid_code = ANY(%(codes)s::varchar[])
AND ST_Area(ST_Intersection(ST_Buffer(a.geom, %(near)s::float8), ST_Buffer(b.geom, %(near)s::float8)))
    > 2 * %(near)s::float8 * %(edge)s::float8
ORDER BY a.grid_code, b.grid_code
"""
SHAPES = 3_000
"""A map is given no more outlines than this."""


def neighbours(codes: Collection[str]) -> list[tuple[str, str]]:
    """The pairs among these unit grids that share an edge, in order of their codes; a corner is not enough."""
    with connection.cursor() as cursor:
        cursor.execute(NEIGHBOURS, {"codes": list(codes), "near": TOLERANCE, "edge": SHORTEST_EDGE})
        return list(cursor.fetchall())


def visible_duty_grids(user: User) -> QuerySet[DutyGrid]:
    """The responsibility grids a person may see, by code, without their outlines, with the number of unit grids."""
    today = timezone.localdate()
    current = Q(units__since__lte=today) & (Q(units__until__isnull=True) | Q(units__until__gte=today))
    found: QuerySet[DutyGrid] = (
        DutyGrid.objects.visible_to(user)
        .defer("geom", "unit_grids")
        .annotate(unit_count=Count("units", filter=current))
        .order_by("grid_code")
    )
    return found


def filter_duty_grids(
    grids: QuerySet[Any], *, q: str = "", division: str = "", kind: str = "", state: str = ""
) -> QuerySet[Any]:
    """Grids whose code begins with or whose name holds ``q``, in a division, of a kind; in force, or retired."""
    if q:
        grids = grids.filter(grid_code__startswith=q) if q.isdigit() else grids.filter(name__icontains=q)
    if division:
        grids = grids.filter(division_code__startswith=division_prefix(division))
    if kind:
        grids = grids.filter(grid_kind=kind)
    today = timezone.localdate()
    if state == "current":
        return grids.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=today))
    return grids.filter(valid_to__lt=today) if state == "retired" else grids


def get_duty_grid(user: User, code: str) -> DutyGrid:
    """One responsibility grid. Raises NotThere where the person may not see it."""
    found: DutyGrid | None = DutyGrid.objects.visible_to(user).filter(grid_code=code).first()
    if found is None:
        raise NotThere
    return found


def duty_grid_to_change(user: User, code: str) -> DutyGrid:
    """One that is the person's to change. Raises NotThere, also where it may only be seen."""
    found = get_duty_grid(user, code)
    if not may_work_on(user, found):
        raise NotThere
    return found


@dataclass(frozen=True)
class DutyGridDetail:
    """A responsibility grid with what its page shows."""

    grid: DutyGrid
    units: list[UnitGrid]
    org_name: str
    area_km2: float
    bounds: tuple[float, float, float, float] | None
    is_in_force: bool
    may_change: bool


def duty_grid_detail(user: User, code: str) -> DutyGridDetail:
    """A responsibility grid with its unit grids. Raises NotThere."""
    grid = get_duty_grid(user, code)
    units = list(UnitGrid.objects.filter(grid_code__in=grid.unit_codes).defer("geom", "geom_3857"))
    return DutyGridDetail(
        grid=grid,
        units=units,
        org_name=organisation_names([grid.org_code]).get(grid.org_code, grid.org_code),
        area_km2=float(sum(unit.area_m2 for unit in units)) / 1e6,
        bounds=grid.geom.extent if grid.geom else None,
        is_in_force=grid.holds_on(timezone.localdate()),
        may_change=not grid.is_replica and may_work_on(user, grid),
    )


def organisation_names(codes: Iterable[str]) -> dict[str, str]:
    """Organisation code → name."""
    return dict(Organisation.objects.filter(org_code__in=set(codes)).values_list("org_code", "name"))


def units_on(grid_pks: Iterable[Any], day: dt.date) -> dict[Any, list[str]]:
    """Responsibility grid → codes of the unit grids that belonged to it on a day."""
    found: dict[Any, list[str]] = {}
    rows = DutyGridUnit.objects.on(day).filter(duty_grid__in=list(grid_pks)).values_list("duty_grid_id", "grid_code")
    for pk, code in rows:
        found.setdefault(pk, []).append(code)
    return found


def visible_evaluation_grids(user: User) -> QuerySet[EvaluationGrid]:
    """The evaluation grids a person may see, the newest year first, without their outlines."""
    found: QuerySet[EvaluationGrid] = EvaluationGrid.objects.visible_to(user).defer("geom")
    return found


def get_evaluation_grid(user: User, pk: Any) -> EvaluationGrid:
    """One evaluation grid. Raises NotThere where the person may not see it."""
    found: EvaluationGrid | None = EvaluationGrid.objects.visible_to(user).filter(pk=pk).first()
    if found is None:
        raise NotThere
    return found


def shapes_of(rows: QuerySet[Any], *, label: str = "name", values: dict[str, dict[str, Any]] | None = None) -> Any:
    """Outlines for a map, as GeoJSON: of each row the code, the name, and what ``values`` says for its code."""
    drawn = rows.annotate(shape=AsGeoJSON("geom", precision=6)).values_list("grid_code", label, "shape")
    features = [
        {
            "type": "Feature",
            "geometry": json.loads(shape),
            "properties": {"code": code, "name": name or code, **((values or {}).get(code) or {})},
        }
        for code, name, shape in drawn[:SHAPES]
        if shape
    ]
    return {"type": "FeatureCollection", "features": features}
