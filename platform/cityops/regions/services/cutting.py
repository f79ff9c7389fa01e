"""Derive outlines that no public source has: streets and communities cut out of a county's real outline.

A county is halved again and again across its longer side, by area, until there is one piece for each street, and each
street likewise for its communities. The pieces fill the county without gap or overlap, which is what unit grids need,
but they are no survey: their ``source`` says ``derived:`` and pages say 示意. An operator replaces them with
``load_regions --file``.
"""

import math
from collections.abc import Sequence

import shapely
from shapely import Geometry, MultiPolygon

from cityops.foundation.coordinates import CoordinateSystem
from cityops.regions.rules import Level
from cityops.regions.services.packages import as_multipolygon
from cityops.regions.services.rows import DERIVED, LISTED, DivisionRow

COMMUNITIES_OF_A_STREET = 6
FIRST_COMMUNITY = 901
"""Derived communities are numbered from here: real ones use 001 to 599, so the two are never taken for each other."""
STREET_ENDINGS = ("街道", "镇", "乡")


def cut(shape: Geometry, count: int) -> list[MultiPolygon]:
    """Cut a polygon into ``count`` pieces of about equal area; they share their cut lines."""
    if count == 1:
        piece = as_multipolygon(shape)
        return [piece] if piece is not None else []
    first = count // 2
    low, high = _halve(shape, first / count)
    return [*cut(low, first), *cut(high, count - first)]


def _halve(shape: Geometry, share: float) -> tuple[Geometry, Geometry]:
    """The two sides of a straight cut, north-south or east-west across the longer side; the first has ``share``."""
    west, south, east, north = shape.bounds
    across = (east - west) * math.cos(math.radians((south + north) / 2)) >= north - south

    def sides(at: float) -> tuple[Geometry, Geometry]:
        if across:
            return (
                shapely.clip_by_rect(shape, west - 1, south - 1, at, north + 1),
                shapely.clip_by_rect(shape, at, south - 1, east + 1, north + 1),
            )
        return (
            shapely.clip_by_rect(shape, west - 1, south - 1, east + 1, at),
            shapely.clip_by_rect(shape, west - 1, at, east + 1, north + 1),
        )

    low, high = (west, east) if across else (south, north)
    wanted = shape.area * share
    for _step in range(12):
        middle = (low + high) / 2
        if sides(middle)[0].area < wanted:
            low = middle
        else:
            high = middle
    return sides(round((low + high) / 2, 7))


def _stem(name: str) -> str:
    for ending in STREET_ENDINGS:
        if name.endswith(ending) and len(name) > len(ending):
            return name.removesuffix(ending)
    return name


def derive_below(rows: list[DivisionRow], prefixes: Sequence[str], named: list[DivisionRow]) -> list[DivisionRow]:
    """Cut streets and communities inside the counties under ``prefixes``.

    Sets the outlines of their streets, and returns the communities: the ``named`` ones where a list has them, invented
    ones (名称带“示意”) elsewhere. ``named`` outside the prefixes come back without an outline.
    """
    communities: dict[str, list[DivisionRow]] = {}
    for row in named:
        communities.setdefault(row.parent_code, []).append(row)
    streets: dict[str, list[DivisionRow]] = {}
    for row in rows:
        if row.level == Level.STREET and row.code.startswith(tuple(prefixes)):
            streets.setdefault(row.parent_code, []).append(row)
    derived: list[DivisionRow] = []
    for county in rows:
        if county.code in streets and county.level == Level.COUNTY and county.boundary is not None:
            inside = sorted(streets[county.code], key=lambda row: row.code)
            for street, piece in zip(inside, cut(county.boundary, len(inside)), strict=True):
                _set_derived(street, piece, county)
                derived += _communities(street, communities.pop(street.code, []) or _invented(street))
    return derived + [row for rest in communities.values() for row in rest]


def _set_derived(row: DivisionRow, piece: MultiPolygon, county: DivisionRow) -> None:
    row.boundary, row.source_crs = piece, CoordinateSystem.CGCS2000
    listed = row.source.partition("; " + DERIVED)[0]
    known = f"; {listed}" if listed and not listed.startswith(LISTED) else ""
    row.source = f"{DERIVED} cut from {county.code}{known}"
    if listed.startswith(LISTED):
        row.source = f"{listed}; {row.source}"


def _invented(street: DivisionRow) -> list[DivisionRow]:
    stem = _stem(street.name)
    return [
        DivisionRow(
            f"{street.prefix}{FIRST_COMMUNITY + number:03d}", f"{stem}第{number + 1}社区(示意)", Level.COMMUNITY
        )
        for number in range(COMMUNITIES_OF_A_STREET)
    ]


def _communities(street: DivisionRow, rows: list[DivisionRow]) -> list[DivisionRow]:
    for row, piece in zip(rows, cut(street.boundary, len(rows)), strict=True):
        row.parent_code, row.full_name = street.code, street.full_name + row.name
        row.valid_from = street.valid_from
        _set_derived(row, piece, street)
    return rows
