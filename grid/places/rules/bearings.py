"""How far, and on which side: between two points in degrees (CGCS2000; on the sphere, exact to half a percent)."""

import math

EARTH_RADIUS_M = 6_371_008.8
SIDES = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
AT_IT_M = 5.0
"""Within this distance a point is at the place and on no side of it."""


def distance_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Metres between two points (longitude, latitude)."""
    (lon1, lat1), (lon2, lat2) = (tuple(map(math.radians, point)) for point in (a, b))
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(half)))


def side_of(place: tuple[float, float], point: tuple[float, float]) -> str:
    """On which side of a place a point lies, one of SIDES; empty within AT_IT_M of it."""
    if distance_m(place, point) < AT_IT_M:
        return ""
    east = (point[0] - place[0]) * math.cos(math.radians((place[1] + point[1]) / 2))
    degrees = math.degrees(math.atan2(east, point[1] - place[1])) % 360
    return SIDES[round(degrees / 45) % 8]
