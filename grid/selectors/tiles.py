"""Vector tiles (Mapbox Vector Tile 2.1) of divisions, unit grids, components and cases, within a person's scope.

Every layer starts from ``visible_to(user)``, so a tile cannot show what a list would hide. Geometry is the stored
Web Mercator column; features carry a code, a class and a light, nothing else. Far out, points are counted per cell
and grids are left away: a tile stays readable and small at every zoom.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.gis.db.models import GeometryField, PolygonField
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Case as Choose
from django.db.models import Count, F, Func, IntegerField, Max, OuterRef, Q, QuerySet, Subquery, Value, When
from django.utils import timezone
from psycopg.pq import Format

from cityops.regions.models import WEB_MERCATOR, Division
from cityops.regions.rules import Level
from grid.models import Case, Component, UnitGrid
from grid.rules.clock import Light
from grid.selectors.lights import WORDS

EXTENT = 4096
"""Units along the edge of a tile."""
BUFFER = 64
MAX_ZOOM = 20
FEATURE_LIMIT = 20_000
"""No tile carries more features; the newest or lowest codes come first."""
POINTS_FROM = 13
"""Zoom from which cases are always single points; below it only where a tile holds few of them."""
FEW = 2_500
"""So many cases in one tile can still be told apart."""
COMPONENTS_FROM = 15
GRIDS_FROM = 13
CELLS = 12
"""Cells along the edge of a tile in which points are counted."""
WORLD = 40_075_016.685_578_49
SEVERITY = {Light.NONE: 0, Light.GREEN: 1, Light.PAUSED: 2, Light.YELLOW: 3, Light.RED: 4}
"""Which light a cell shows: the worst of its cases."""
LEVELS = (
    (4, (Level.PROVINCE,)),
    (6, (Level.PROVINCE, Level.CITY)),
    (10, (Level.PROVINCE, Level.CITY, Level.COUNTY)),
    (13, (Level.CITY, Level.COUNTY, Level.STREET)),
    (MAX_ZOOM + 1, (Level.COUNTY, Level.STREET, Level.COMMUNITY)),
)
"""(below this zoom, the levels of divisions that are drawn)."""


@dataclass(frozen=True)
class Tile:
    """Address of a tile, as {z}/{x}/{y} with y from the north."""

    z: int
    x: int
    y: int

    @property
    def exists(self) -> bool:
        """Whether there is such a tile."""
        return 0 <= self.z <= MAX_ZOOM and 0 <= self.x < 2**self.z and 0 <= self.y < 2**self.z

    @property
    def metres(self) -> float:
        """Length of an edge in metres of the projection."""
        return float(WORLD / 2**self.z)

    def envelope(self, margin: float = 0.0) -> Any:
        """The tile's square as an SQL expression; ``margin`` is a share of the edge added on every side."""
        numbers = [Value(number, output_field=IntegerField()) for number in (self.z, self.x, self.y)]
        square: Func = Func(*numbers, function="ST_TileEnvelope", output_field=PolygonField(srid=WEB_MERCATOR))
        if not margin:
            return square
        wider = Value(margin * self.metres)
        return Func(square, wider, function="ST_Expand", output_field=PolygonField(srid=WEB_MERCATOR))


Narrow = Callable[[QuerySet[Any]], QuerySet[Any]]
Parts = list[tuple[str, QuerySet[Any]]]


def tile_bytes(layer: str, tile: Tile, user: Any, narrow: Narrow | None = None) -> bytes:
    """The tile of one layer, ready to send; empty bytes where nothing lies. ``narrow`` applies a list's filters.

    Raises KeyError for a layer that does not exist.
    """
    at = timezone.now()
    return b"".join(_encode(name, rows) for name, rows in _parts(layer, tile, user, at, narrow))


def _parts(layer: str, tile: Tile, user: Any, at: datetime, narrow: Narrow | None) -> Parts:
    rows = _SOURCES[layer](user, at)
    return LAYERS[layer](tile, narrow(rows) if narrow else rows)


def _encode(name: str, rows: QuerySet[Any]) -> bytes:
    try:
        sql, params = rows.query.sql_with_params()
    except EmptyResultSet:  # known without asking: a department's person without a department
        return b""
    statement = f"SELECT ST_AsMVT(t, %s, {EXTENT}, 'geometry') FROM ({sql}) t"
    with connection.cursor() as cursor:
        cursor.cursor.format = Format.BINARY  # as text a tile comes as hexadecimal digits, twice as long
        cursor.execute(statement, [name, *params])
        row = cursor.fetchone()
    return bytes(row[0]) if row and row[0] else b""


def _drawn(tile: Tile, column: Any) -> Func:
    return Func(
        column,
        tile.envelope(),
        Value(EXTENT),
        Value(BUFFER),
        function="ST_AsMVTGeom",
        output_field=GeometryField(srid=WEB_MERCATOR),
    )


def _single(rows: QuerySet[Any], tile: Tile, column: str, *fields: str, **more: Any) -> QuerySet[Any]:
    """Features as they are, at most FEATURE_LIMIT of them."""
    inside = rows.filter(**{f"{column}__bboverlaps": tile.envelope(BUFFER / EXTENT)})
    return inside.annotate(geometry=_drawn(tile, F(column)), **more).values("geometry", *fields, *more)[:FEATURE_LIMIT]


def _cells(rows: QuerySet[Any], tile: Tile, column: str, **more: Any) -> QuerySet[Any]:
    """One point per cell of the tile, in the middle of what lies there, with ``count`` and what else is counted."""
    edge = tile.metres / CELLS
    cell = Func(F(column), Value(edge), function="ST_SnapToGrid", output_field=GeometryField(srid=WEB_MERCATOR))
    counted = rows.filter(**{f"{column}__bboverlaps": tile.envelope()}).order_by().annotate(cell=cell).values("cell")
    return (
        counted.annotate(count=Count("pk"), **more)
        .annotate(geometry=_drawn(tile, F("cell")))
        .values("geometry", "count", *more)
    )


def _are_many(rows: QuerySet[Any], tile: Tile) -> bool:
    return rows.filter(geom_3857__bboverlaps=tile.envelope()).order_by()[: FEW + 1].count() > FEW


def _cases(tile: Tile, rows: QuerySet[Any]) -> Parts:
    if tile.z < POINTS_FROM and _are_many(rows, tile):
        ranked = [When(light_now=light.value, then=Value(rank)) for light, rank in SEVERITY.items()]
        worst = Max(Choose(*ranked, default=Value(0), output_field=IntegerField()))
        lit = {light.value: Count("pk", filter=Q(light_now=light.value)) for light in WORDS}
        return [("cells", _cells(rows, tile, "geom_3857", worst=worst, **lit))]
    named = {"no": F("case_no"), "light": F("light_now"), "name": F("matter_name")}
    return [("cases", _single(rows.order_by("-reported_at"), tile, "geom_3857", **named))]


def _components(tile: Tile, rows: QuerySet[Any]) -> Parts:
    if tile.z < COMPONENTS_FROM:
        return [("cells", _cells(rows, tile, "geom_3857"))]
    return [("components", _single(rows.order_by(), tile, "geom_3857", "obj_id", "obj_name", "state"))]


def _grids(tile: Tile, rows: QuerySet[Any]) -> Parts:
    if tile.z < GRIDS_FROM:
        return []
    return [("grids", _single(rows.order_by(), tile, "geom_3857", "grid_code", "name"))]


def _load(tile: Tile, rows: QuerySet[Any]) -> Parts:
    if tile.z < GRIDS_FROM:
        return []
    return [("load", _single(rows.order_by(), tile, "geom_3857", "grid_code", "open"))]


def _loaded_grids(user: Any, at: datetime) -> QuerySet[Any]:
    """Grids in which the person sees open cases, with how many."""
    cases = Case.objects.visible_to(user).open().filter(grid_code=OuterRef("grid_code")).order_by()
    counted = cases.values("grid_code").annotate(number=Count("pk")).values("number")
    return UnitGrid.objects.in_force().visible_to(user).annotate(open=Subquery(counted)).filter(open__gt=0)


def _divisions(tile: Tile, rows: QuerySet[Any]) -> Parts:
    """Boundaries of the levels that fit the zoom, thinned to a pixel, and their centres for the names."""
    levels = next(levels for below, levels in LEVELS if tile.z < below)
    rows = rows.filter(level__in=[level.value for level in levels]).order_by("level")
    thinned = Func(
        F("boundary_3857"),
        Value(tile.metres / 512),
        Value(True),
        function="ST_Simplify",
        output_field=GeometryField(srid=WEB_MERCATOR),
    )
    inside = rows.filter(boundary_3857__bboverlaps=tile.envelope(BUFFER / EXTENT))
    areas = inside.annotate(geometry=_drawn(tile, thinned)).values("geometry", "code", "level")
    centre = Func(
        F("center"), Value(WEB_MERCATOR), function="ST_Transform", output_field=GeometryField(srid=WEB_MERCATOR)
    )
    within = Func(tile.envelope(), Value(4490), function="ST_Transform", output_field=PolygonField(srid=4490))
    names = (
        rows.filter(center__bboverlaps=within)
        .annotate(geometry=_drawn(tile, centre))
        .values("geometry", "code", "level", "name")
    )
    return [("divisions", areas), ("names", names)]


LAYERS: dict[str, Callable[[Tile, QuerySet[Any]], Parts]] = {
    "divisions": _divisions,
    "grids": _grids,
    "load": _load,
    "components": _components,
    "cases": _cases,
}
_SOURCES: dict[str, Callable[[Any, datetime], QuerySet[Any]]] = {
    "divisions": lambda user, at: Division.objects.current().visible_to(user),
    "grids": lambda user, at: UnitGrid.objects.in_force().visible_to(user),
    "load": _loaded_grids,
    "components": lambda user, at: Component.objects.visible_to(user),
    "cases": lambda user, at: Case.objects.visible_to(user).with_light(at),
}
PERMISSIONS: dict[str, str] = {
    "divisions": "",
    "grids": "grid.view_unitgrid",
    "load": "grid.view_case",
    "components": "grid.view_component",
    "cases": "grid.view_case",
}
"""What a person needs to see a layer; divisions are public to everyone who is signed in."""
