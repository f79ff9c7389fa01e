"""Where things lie: the extent a map opens with, and names of divisions by code."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.gis.db.models import Extent
from django.contrib.gis.geos import Point
from django.core.cache import cache

from cityops.regions.models import CGCS2000, Division
from cityops.regions.rules import DIGITS, Level, scope_prefix
from grid.models import UnitGrid
from grid.selectors.cases import place_of

Bounds = tuple[float, float, float, float]
"""West, south, east, north in degrees."""
CORNER = 0.25
"""Grids that span less than this part of their division's extent are shown for themselves."""


def bounds_of(prefix: str) -> Bounds | None:
    """The extent of the division whose codes begin with ``prefix``; None without any.

    A city and below with grids in one corner only opens there; where they are spread over much of it, or where there
    are none, the whole boundary is shown.

    Kept for five minutes, as boundaries change once a year.
    """
    key = f"places:bounds:{prefix}"
    kept: list[float] | None = cache.get(key)
    if kept is not None:
        west, south, east, north = kept
        return (west, south, east, north)
    found = _measure(prefix)
    if found is not None:
        cache.set(key, found, 300)
    return found


def _measure(prefix: str) -> Bounds | None:
    level = next(level for level, digits in DIGITS.items() if digits >= len(prefix))
    own = Division.objects.current().filter(code=prefix.ljust(12, "0"), level=level.value)
    whole: Bounds | None = own.aggregate(extent=Extent("boundary"))["extent"]
    if level >= Level.CITY:
        grids = UnitGrid.objects.filter(division_code__startswith=prefix)
        part: Bounds | None = grids.aggregate(extent=Extent("geom"))["extent"]
        return part if part and (whole is None or _size(part) < CORNER * _size(whole)) else whole
    if whole is None and level is Level.NATION:
        provinces = Division.objects.current().filter(level=Level.PROVINCE.value)
        whole = provinces.aggregate(extent=Extent("boundary"))["extent"]
    return whole


def _size(bounds: Bounds) -> float:
    west, south, east, north = bounds
    return (east - west) * (north - south)


def names_of(codes: Iterable[str], level: Level) -> dict[str, str]:
    """Prefix of ``level`` → name, for the divisions that ``codes`` lie in; one query."""
    wanted = {scope_prefix(code, level) for code in codes if code}
    padded = [prefix.ljust(12, "0") for prefix in wanted]
    rows = Division.objects.current().filter(code__in=padded, level=level.value).values_list("code", "name")
    return {scope_prefix(code, level): name for code, name in rows}


def extent_of(points: Iterable[Point], least: float = 0.01) -> Bounds | None:
    """The extent of some points, at least ``least`` degrees wide; None without any."""
    found = list(points)
    if not found:
        return None
    west, east = min(point.x for point in found), max(point.x for point in found)
    south, north = min(point.y for point in found), max(point.y for point in found)
    wide, high = max(0.0, least - (east - west)) / 2, max(0.0, least - (north - south)) / 2
    return (west - wide, south - high, east + wide, north + high)


@dataclass(frozen=True)
class Place:
    """Where a point lies."""

    grid_code: str
    names: str


def grid_at(user: Any, longitude: float, latitude: float) -> Place | None:
    """The unit grid at a point (CGCS2000) that the person may see; None outside of all."""
    point = Point(longitude, latitude, srid=CGCS2000)
    found = UnitGrid.objects.in_force().visible_to(user).filter(geom__covers=point).only("grid_code").first()
    if found is None:
        return None
    return Place(found.grid_code, place_of(found.grid_code[:12]))
