"""Coordinate systems 坐标系: CGCS2000, WGS-84, GCJ-02 and BD-09, and the way between them.

Inside the platform everything is CGCS2000 longitude and latitude in degrees (EPSG:4490). Conversion happens once, at
the border, and the system that something came in is kept beside it. CGCS2000 and WGS-84 differ by less than a metre
and are taken as equal. GCJ-02 is the offset that maps published in China carry; BD-09 is Baidu's offset on top of it.
Both are published as one-way formulas; the way back is found by iteration, to better than 1e-9 degrees (0.1 mm).
"""

import math
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _

Point = tuple[float, float]
"""Longitude, latitude, in degrees."""
Bounds = tuple[float, float, float, float]
"""West, south, east, north, in degrees."""

CHINA: Bounds = (72.004, 0.8293, 137.8347, 55.8271)
"""The rectangle in which GCJ-02 is offset; outside it GCJ-02 equals WGS-84."""
DEEPEST = 4
"""Lists within lists of a MultiPolygon, the deepest geometry of GeoJSON."""
_AXIS = 6378245.0
"""Semi-major axis of the Krasovsky ellipsoid, metres."""
_ECCENTRICITY = 0.00669342162296594323
_BD_ANGLE = math.pi * 3000.0 / 180.0
_BD_SHIFT = (0.0065, 0.006)


class CoordinateSystem(StrEnum):
    """坐标系, as written into ``source_crs`` of what is imported."""

    CGCS2000 = "CGCS2000"
    WGS84 = "WGS-84"
    GCJ02 = "GCJ-02"
    BD09 = "BD-09"


_ALIASES = {
    "EPSG4490": CoordinateSystem.CGCS2000,
    "EPSG4326": CoordinateSystem.WGS84,
    "CRS84": CoordinateSystem.WGS84,
    "BD09LL": CoordinateSystem.BD09,
    **{system.replace("-", ""): system for system in CoordinateSystem},
}


class CoordinateFault(ValueError):
    """A coordinate is not what it should be; ``rule`` is stable, ``remedy`` says how to mend it."""

    def __init__(self, rule: str, message: str, remedy: str) -> None:
        super().__init__(f"{message} {remedy}")
        self.rule = rule
        self.message = message
        self.remedy = remedy


def parse_system(text: str) -> CoordinateSystem:
    """The system meant by ``text``: its name in any spelling, or its EPSG code. Raises CoordinateFault."""
    key = text.strip().upper().replace("-", "").replace("_", "").replace(":", "").replace(" ", "")
    if key in _ALIASES:
        return _ALIASES[key]
    known = ", ".join(CoordinateSystem)
    raise CoordinateFault(
        "crs_unknown",
        _("不认识坐标系“%(text)s”。") % {"text": text},
        _("请使用其中之一：%(known)s。") % {"known": known},
    )


def _swapped(lon: float, lat: float) -> CoordinateFault:
    return CoordinateFault(
        "swapped",
        _("经度 %(lon)s、纬度 %(lat)s 疑似颠倒。") % {"lon": lon, "lat": lat},
        _("请交换两列：经度在前，纬度在后。"),
    )


def check_point(lon: float, lat: float) -> None:
    """Refuse what cannot be longitude and latitude in degrees.

    Raises CoordinateFault: ``not_a_number``; ``swapped`` (the latitude is beyond 90 and the longitude would fit);
    ``projected`` (metres of a projection); ``out_of_range``.
    """
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise CoordinateFault("not_a_number", _("坐标不是数字。"), _("请填写十进制度数，例如 120.1551, 30.2741。"))
    if abs(lat) <= 90 and abs(lon) <= 180:
        return
    if abs(lat) <= 180 and abs(lon) <= 90:
        raise _swapped(lon, lat)
    if abs(lon) > 1000 or abs(lat) > 1000:
        raise CoordinateFault(
            "projected",
            _("坐标 %(lon)s, %(lat)s 看起来是以米为单位的投影坐标。") % {"lon": lon, "lat": lat},
            _("请先换算为 CGCS2000 经纬度(度)。"),
        )
    raise CoordinateFault(
        "out_of_range",
        _("坐标 %(lon)s, %(lat)s 超出范围。") % {"lon": lon, "lat": lat},
        _("经度应在 -180 到 180 度之间，纬度应在 -90 到 90 度之间。"),
    )


def within(lon: float, lat: float, bounds: Bounds) -> bool:
    """Whether a point lies in the rectangle, edges included."""
    west, south, east, north = bounds
    return west <= lon <= east and south <= lat <= north


def check_inside(lon: float, lat: float, bounds: Bounds) -> None:
    """Refuse a point outside ``bounds``, and say what is most likely wrong with it.

    Raises CoordinateFault: what ``check_point`` finds; ``swapped`` where exchanging the two would fit;
    ``wrong_crs`` where the point fits once it is read as GCJ-02 or BD-09; otherwise ``outside``.
    """
    check_point(lon, lat)
    if within(lon, lat, bounds):
        return
    if within(lat, lon, bounds):
        raise _swapped(lon, lat)
    for system in (CoordinateSystem.GCJ02, CoordinateSystem.BD09):
        if within(*convert(lon, lat, system), bounds):
            raise CoordinateFault(
                "wrong_crs",
                _("坐标 %(lon)s, %(lat)s 在范围之外，按 %(system)s 读取则在范围之内。")
                % {"lon": lon, "lat": lat, "system": system},
                _("请在映射文件中写明来源坐标系。"),
            )
    raise CoordinateFault(
        "outside",
        _("坐标 %(lon)s, %(lat)s 不在允许的范围内。") % {"lon": lon, "lat": lat},
        _("请核对位置和坐标系：经度应在 %(west).4f 到 %(east).4f 之间，纬度应在 %(south).4f 到 %(north).4f 之间。")
        % {"west": bounds[0], "south": bounds[1], "east": bounds[2], "north": bounds[3]},
    )


def _waves(x: float, y: float, along: float) -> float:
    """The part of both offsets that varies with longitude, plus the terms of the axis ``along``."""
    total = 20.0 * math.sin(6.0 * x * math.pi) + 20.0 * math.sin(2.0 * x * math.pi)
    total += 20.0 * math.sin(along * math.pi) + 40.0 * math.sin(along / 3.0 * math.pi)
    return total * 2.0 / 3.0


def _offset(lon: float, lat: float) -> Point:
    """How far GCJ-02 lies from WGS-84 here, in degrees."""
    x, y = lon - 105.0, lat - 35.0
    root = math.sqrt(abs(x))
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + _waves(x, y, y)
    north += (160.0 * math.sin(y / 12.0 * math.pi) + 320.0 * math.sin(y * math.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + _waves(x, y, x)
    east += (150.0 * math.sin(x / 12.0 * math.pi) + 300.0 * math.sin(x / 30.0 * math.pi)) * 2.0 / 3.0
    angle = math.radians(lat)
    magic = 1.0 - _ECCENTRICITY * math.sin(angle) ** 2
    meridian = _AXIS * (1.0 - _ECCENTRICITY) / (magic * math.sqrt(magic))
    parallel = _AXIS / math.sqrt(magic) * math.cos(angle)
    return math.degrees(east / parallel), math.degrees(north / meridian)


def _wgs84_to_gcj02(lon: float, lat: float) -> Point:
    if not within(lon, lat, CHINA):
        return lon, lat
    east, north = _offset(lon, lat)
    return lon + east, lat + north


def _gcj02_to_bd09(lon: float, lat: float) -> Point:
    radius = math.hypot(lon, lat) + 0.00002 * math.sin(lat * _BD_ANGLE)
    angle = math.atan2(lat, lon) + 0.000003 * math.cos(lon * _BD_ANGLE)
    return radius * math.cos(angle) + _BD_SHIFT[0], radius * math.sin(angle) + _BD_SHIFT[1]


def _invert(forward: Callable[[float, float], Point], lon: float, lat: float) -> Point:
    """The point that ``forward`` brings to (lon, lat).

    By fixed-point iteration: the offsets change slowly, so each round is some hundred times closer. At the very edge
    of the rectangle of GCJ-02 some points have no origin; they come back as they are.
    """
    x, y = lon, lat
    for _round in range(20):
        fx, fy = forward(x, y)
        dx, dy = lon - fx, lat - fy
        x, y = x + dx, y + dy
        if abs(dx) < 1e-10 and abs(dy) < 1e-10:
            return x, y
    return lon, lat


def _to_wgs84(lon: float, lat: float, source: CoordinateSystem) -> Point:
    if source is CoordinateSystem.BD09:
        lon, lat = _invert(_gcj02_to_bd09, lon, lat)
        source = CoordinateSystem.GCJ02
    return _invert(_wgs84_to_gcj02, lon, lat) if source is CoordinateSystem.GCJ02 else (lon, lat)


def convert(
    lon: float, lat: float, source: CoordinateSystem, target: CoordinateSystem = CoordinateSystem.CGCS2000
) -> Point:
    """A point of one system in another, in degrees. Raises CoordinateFault for what is no longitude and latitude."""
    check_point(lon, lat)
    if source is target:
        return lon, lat
    lon, lat = _to_wgs84(lon, lat, source)
    if target in (CoordinateSystem.GCJ02, CoordinateSystem.BD09):
        lon, lat = _wgs84_to_gcj02(lon, lat)
    return _gcj02_to_bd09(lon, lat) if target is CoordinateSystem.BD09 else (lon, lat)


def convert_coordinates(
    coordinates: Any,
    source: CoordinateSystem,
    target: CoordinateSystem = CoordinateSystem.CGCS2000,
    *,
    depth: int = DEEPEST,
) -> Any:
    """The ``coordinates`` member of a GeoJSON geometry, converted; a height is dropped.

    Raises CoordinateFault for a position outside the world; TypeError, ValueError or IndexError for what is not made of
    lists of numbers, at most ``depth`` deep.
    """
    if not isinstance(coordinates, list | tuple):
        raise TypeError(_("坐标应为数字的列表"))
    if coordinates and isinstance(coordinates[0], int | float):
        return list(convert(float(coordinates[0]), float(coordinates[1]), source, target))
    if depth == 1:
        raise ValueError(_("坐标的层数过多"))
    return [convert_coordinates(part, source, target, depth=depth - 1) for part in coordinates]
