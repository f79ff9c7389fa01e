"""How far two points on the ground are from each other."""

import math

MEAN_RADIUS = 6_371_008.8
"""Mean radius of the Earth, metres (IUGG)."""


def metres_between(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Great-circle distance of two points (longitude, latitude in degrees), in metres; within 0.6 % of the true one."""
    lon1, lat1, lon2, lat2 = (math.radians(value) for value in (*one, *other))
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * MEAN_RADIUS * math.asin(min(1.0, math.sqrt(half)))
