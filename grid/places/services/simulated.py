"""Places of a simulated city: communities, estates, streets with their doors, and what stands on a corner."""

from collections import defaultdict
from collections.abc import Iterator
from random import Random
from typing import Any

from django.db import connection

from cityops.foundation.records import local_node
from cityops.regions.models import CGCS2000
from grid.models import UnitGrid
from grid.places.models import Place
from grid.places.services.keys import SEQUENCE, key_rows
from grid.rules.tempo import random_of
from grid.selectors.places import city_prefix
from grid.services.simulator.bulk import copy_rows
from grid.services.simulator.ground import FIRST_DAY, rid_of
from grid.services.simulator.world import STREETS, place_names

DOORS = tuple(number for start in range(1, 480, 16) for number in (start, start + 1))
"""Door numbers of a street: every eighth on either side, so that any other has a neighbour near by."""
KINDS = (
    ("小区", Place.Type.ESTATE),
    ("农贸市场", Place.Type.INTEREST),
    ("卫生服务站", Place.Type.INTEREST),
    ("中心小学", Place.Type.INTEREST),
    ("文化广场", Place.Type.LANDMARK),
    ("社区服务中心", Place.Type.INTEREST),
    ("公交首末站", Place.Type.INTEREST),
    ("街心公园", Place.Type.LANDMARK),
)
MADE_BY = "模拟数据"
Drawn = tuple[str, Place.Type, str, str, tuple[float, float]]
"""Name, type, address, grid, point."""


def build_places(seed: int) -> int:
    """Draw the places of the city, where it has none; returns how many."""
    prefix = city_prefix()
    if Place.objects.filter(division_code__startswith=prefix).exists():
        return 0
    rows = UnitGrid.objects.in_force().filter(division_code__startswith=prefix).order_by("grid_code")
    grids = [(code, geom.extent) for code, geom in rows.values_list("grid_code", "geom")]
    drawn = list(_draw(grids, place_names(), random_of(seed, "places")))
    keys = key_rows((number, name, "", address) for number, (name, _kind, address, *_rest) in enumerate(drawn, 1))
    made = copy_rows(Place, _rows(drawn, keys))
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(%s, greatest(%s, (SELECT last_value FROM " + SEQUENCE + ")))", [SEQUENCE, made])
    return made


def _draw(
    grids: list[tuple[str, tuple[float, float, float, float]]], names: dict[str, str], rng: Random
) -> Iterator[Drawn]:
    by_street: dict[str, list[tuple[str, tuple[float, float, float, float]]]] = defaultdict(list)
    for code, bounds in grids:
        by_street[code[:9]].append((code, bounds))
    for street, cells in by_street.items():
        head = "".join(names.get(street[:digits].ljust(12, "0"), "") for digits in (6, 9))
        for number, road in enumerate(STREETS):
            code, bounds = cells[number % len(cells)]
            yield from _road(road, head, code, bounds, number / len(STREETS))
        for number, (code, bounds) in enumerate(cells):
            community = names.get(code[:12], code[:12])
            word, kind = KINDS[number % len(KINDS)]
            again = number // len(KINDS)
            name = f"{_bare(community)}{word}" if not again else f"{_bare(community)}第{again + 1}{word}"
            yield (
                name,
                kind,
                f"{head}{community}{name}",
                code,
                _at(bounds, rng.uniform(0.3, 0.7), rng.uniform(0.3, 0.7)),
            )
        for community in dict.fromkeys(code[:12] for code, _bounds in cells):
            code, bounds = next(cell for cell in cells if cell[0].startswith(community))
            name = names.get(community, community)
            yield name, Place.Type.AREA, f"{head}{name}", code, _at(bounds, 0.5, 0.5)


def _road(road: str, head: str, code: str, bounds: tuple[float, float, float, float], height: float) -> Iterator[Drawn]:
    """A street across a cell from west to east, odd numbers on its north side."""
    up = 0.2 + 0.6 * height
    yield road, Place.Type.STREET, f"{head}{road}", code, _at(bounds, 0.5, up)
    for number in DOORS:
        side = 0.03 if number % 2 else -0.03
        spot = _at(bounds, 0.15 + 0.7 * number / 480, up + side)
        yield f"{road}{number}号", Place.Type.DOOR, f"{head}{road}{number}号", code, spot


def _at(bounds: tuple[float, float, float, float], across: float, up: float) -> tuple[float, float]:
    west, south, east, north = bounds
    return round(west + across * (east - west), 7), round(south + up * (north - south), 7)


def _bare(community: str) -> str:
    for suffix in ("社区居委会", "村委会", "居委会", "社区", "村"):
        if community.endswith(suffix) and len(community) > len(suffix) + 1:
            return community.removesuffix(suffix)
    return community


def _rows(drawn: list[Drawn], keys: Iterator[tuple[int, list[str], str, str]]) -> Iterator[dict[str, Any]]:
    for (number, names, door, search), (name, kind, address, grid, (lon, lat)) in zip(keys, drawn, strict=True):
        place_id = f"{grid[:6]}{number:012d}"
        yield {
            "rid": rid_of("place", place_id),
            "origin_code": local_node(),
            "place_id": place_id,
            "place_name": name[:100],
            "place_type": kind.value,
            "std_address": address[:300],
            "alias": "",
            "geom": f"SRID={CGCS2000};POINT({lon:.7f} {lat:.7f})",
            "grid_code": grid,
            "division_code": grid[:12],
            "valid": Place.Valid.YES.value,
            "valid_from": FIRST_DAY,
            "valid_to": None,
            "source": MADE_BY,
            "parent_id": None,
            "historic_of_id": None,
            "source_crs": "CGCS2000",
            "names": names,
            "door": door,
            "search": search,
        }
