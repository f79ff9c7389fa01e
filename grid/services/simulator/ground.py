"""Draw the ground of a simulated city: unit grids inside real outlines, components along their streets."""

import math
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any

import shapely
from shapely.geometry import MultiPolygon, Polygon, box
from shapely.geometry.base import BaseGeometry
from shapely.ops import nearest_points
from shapely.prepared import prep

from cityops.foundation.records import local_node
from cityops.regions.models import CGCS2000, Division
from cityops.regions.rules import Level, scope_prefix
from grid.models.ground import CodeState
from grid.rules.codes import CURRENT, build_component_id, build_grid_code

SIDE_METRES = 210
"""Side of a cell; its 44,100 m² lie in the band that a unit grid may have (2,000 to 50,000 m²)."""
MOST_CELLS = 14
"""Cells of one community; a larger one is drawn around its middle only."""
SMALLEST_SHARE = 0.25
"""A cell of which the community's edge leaves less is not drawn."""
METRES_PER_DEGREE = 111_195.0
FIRST_DAY = date(2026, 1, 5)
NAMESPACE = uuid.UUID("b2a7a1f4-3c1d-5f0e-9f35-6a4c1d5e7a10")
WEIGHTS: tuple[tuple[str, float], ...] = (
    ("路灯", 34.0),
    ("行道树", 34.0),
    ("雨水箅", 26.0),
    ("果皮箱", 12.0),
    ("雨水井盖", 14.0),
    ("污水井盖", 14.0),
    ("井盖", 5.0),
    ("消火栓", 6.0),
    ("交通信号灯", 5.0),
    ("护栏", 4.0),
    ("公交", 4.0),
    ("标志牌", 6.0),
    ("座椅", 4.0),
    ("古树", 0.2),
)
"""How many of a class a street has, by what its name contains; the first that fits counts."""
ORDINARY = 0.35


@dataclass(frozen=True)
class Cell:
    """One drawn unit grid."""

    code: str
    community: str
    county: str
    shape: Polygon
    area_m2: float


@dataclass(frozen=True)
class ClassName:
    """A class as the ground needs it."""

    code: str
    name: str


def rid_of(*parts: object) -> uuid.UUID:
    """The name of a simulated record: the same in every run of the same city and seed."""
    return uuid.uuid5(NAMESPACE, "/".join(map(str, (local_node(), *parts))))


def draw_grids(city: Division, per_county: int) -> list[Cell]:
    """Unit grids in every county of a city, around the county's middle; about ``per_county`` in each.

    Codes run from west to east and from north to south inside a community. Empty where no community has an outline.
    """
    prefix = scope_prefix(city.code, city.level)
    rows = Division.objects.current().filter(code__startswith=prefix, boundary__isnull=False)
    counties = list(rows.filter(level=Level.COUNTY).order_by("code"))
    outlines: dict[str, list[tuple[str, BaseGeometry]]] = {}
    for code, boundary in rows.filter(level=Level.COMMUNITY).order_by("code").values_list("code", "boundary"):
        if boundary is not None:
            outlines.setdefault(code[:6], []).append((code, shapely.from_wkb(bytes(boundary.wkb))))
    cells: list[Cell] = []
    for county in counties:
        middle = county.center or (county.boundary.centroid if county.boundary else None)
        if middle is None:
            continue
        spot = shapely.Point(middle.x, middle.y)
        near = sorted(outlines.get(county.code[:6], []), key=lambda item: item[1].distance(spot))
        drawn: list[Cell] = []
        for code, outline in near:
            if len(drawn) >= per_county:
                break
            drawn += _cut(code, outline, spot)[: per_county - len(drawn) + 2]
        cells += drawn
    return cells


def _cut(community: str, outline: BaseGeometry, spot: BaseGeometry) -> list[Cell]:
    """The cells of one community: a lattice common to the whole city, clipped at the community's edge."""
    shapely.prepare(outline)
    anchor = nearest_points(outline.representative_point(), spot)[0]
    row_height = SIDE_METRES / METRES_PER_DEGREE
    latitude = round(anchor.y, 1)
    column_width = row_height / math.cos(math.radians(latitude))
    row0, column0 = math.floor(anchor.y / row_height), math.floor(anchor.x / column_width)
    found: list[tuple[int, int, Polygon]] = []
    around = sorted(
        ((row, column) for row in range(-4, 5) for column in range(-4, 5)), key=lambda rc: rc[0] ** 2 + rc[1] ** 2
    )
    for row, column in around:
        if len(found) >= MOST_CELLS:
            break
        west, south = (column0 + column) * column_width, (row0 + row) * row_height
        piece = _largest(box(west, south, west + column_width, south + row_height).intersection(outline))
        if piece is not None and piece.area >= SMALLEST_SHARE * row_height * column_width:
            found.append((-row, column, piece))
    metres = METRES_PER_DEGREE**2 * math.cos(math.radians(latitude))
    return [
        Cell(build_grid_code(community, number), community, community[:6], piece, round(piece.area * metres, 2))
        for number, (_row, _column, piece) in enumerate(sorted(found, key=lambda item: item[:2]), start=1)
    ]


def _largest(shape: BaseGeometry) -> Polygon | None:
    if isinstance(shape, Polygon) and not shape.is_empty:
        return shape
    parts = [part for part in shape.geoms if isinstance(part, Polygon)] if isinstance(shape, MultiPolygon) else []
    return max(parts, key=lambda part: part.area, default=None)


def grid_rows(cells: Iterable[Cell], names: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Cells as rows of the table of unit grids."""
    for cell in cells:
        yield {
            "rid": rid_of("grid", cell.code),
            "origin_code": local_node(),
            "grid_code": cell.code,
            "name": f"{names.get(cell.community, cell.community)}{int(cell.code[12:])}号网格",
            "division_code": cell.community,
            "geom": f"SRID={CGCS2000};{cell.shape.wkt}",
            "area_m2": cell.area_m2,
            "boundary_desc": "",
            "is_paved": "1",
            "init_date": FIRST_DAY,
            "change_date": None,
            "status": CodeState.VALID.value,
            "note": "",
            "source_crs": "CGCS2000",
            "area_class": "B",
        }


def weight_of(name: str) -> float:
    """How often a class of components stands on a street."""
    return next((weight for part, weight in WEIGHTS if part in name), ORDINARY)


@dataclass(frozen=True)
class Owners:
    """Who is responsible for the components of a city: (code, name) of authority, and of owner by class and county."""

    authority: tuple[str, str]
    owner: dict[tuple[str, str], tuple[str, str]]
    """(county, class code) → the department that owns and maintains."""


def component_rows(
    cells: list[Cell], classes: list[ClassName], *, per_grid: float, rng: Random, owners: Owners, names: dict[str, str]
) -> Iterator[dict[str, Any]]:
    """Components along the edges of the cells, where the streets are."""
    weights = [weight_of(entry.name) for entry in classes]
    numbers: Counter[tuple[str, str]] = Counter()
    for cell in cells:
        wanted = max(6, round(rng.lognormvariate(math.log(per_grid), 0.35)))
        inside = prep(cell.shape)
        for entry in rng.choices(classes, weights=weights, k=wanted):
            spot = _along_a_street(cell.shape, inside, rng)
            if spot is None:
                continue
            numbers[cell.county, entry.code] += 1
            obj_id = build_component_id(cell.county, entry.code, numbers[cell.county, entry.code], CURRENT)
            owner = owners.owner.get((cell.county, entry.code), ("", ""))
            yield _component(
                obj_id, entry=entry, cell=cell, spot=spot, rng=rng, orgs=(owners.authority, owner), names=names
            )


def _along_a_street(shape: Polygon, inside: Any, rng: Random) -> tuple[float, float] | None:
    """A point some metres inside one of the four sides of a cell."""
    west, south, east, north = shape.bounds
    metre = 1 / METRES_PER_DEGREE
    for _ in range(6):
        inset, along = rng.uniform(4, 13) * metre, rng.random()
        lon, lat = west + along * (east - west), south + along * (north - south)
        spot = rng.choice(((lon, south + inset), (lon, north - inset), (west + inset, lat), (east - inset, lat)))
        if inside.contains(shapely.Point(spot)):
            return spot
    return None


def _component(
    obj_id: str,
    *,
    entry: ClassName,
    cell: Cell,
    spot: tuple[float, float],
    rng: Random,
    orgs: tuple[tuple[str, str], tuple[str, str]],
    names: dict[str, str],
) -> dict[str, Any]:
    authority, owner = orgs
    return {
        "rid": rid_of("component", obj_id),
        "origin_code": local_node(),
        "obj_id": obj_id,
        "obj_name": entry.name[:30],
        "dept_code1": authority[0],
        "dept_name1": authority[1],
        "dept_code2": owner[0],
        "dept_name2": owner[1],
        "dept_code3": owner[0],
        "dept_name3": owner[1],
        "grid_code": cell.code,
        "division_code": cell.community,
        "state": rng.choices(("01", "02", "03"), weights=(970, 24, 6))[0],
        "init_date": FIRST_DAY,
        "change_date": None,
        "data_source": "99",
        "note": "模拟数据",
        "street_code": cell.community[:9],
        "street_name": names.get(cell.community[:9].ljust(12, "0"), "")[:50],
        "community_name": names.get(cell.community, "")[:50],
        "class_code": entry.code,
        "std_ref": CURRENT,
        "geom": f"SRID={CGCS2000};POINT({spot[0]:.7f} {spot[1]:.7f})",
        "precision_class": "B",
        "extra": "{}",
        "source_crs": "CGCS2000",
    }
