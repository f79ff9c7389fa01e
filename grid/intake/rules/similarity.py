"""Similar cases 相似案件: how near in class, place and time two reports are (grid.md §4.2, duplicate hint).

Cities differ widely (1 m and 30 minutes; 50 m and 24 hours), so reach and time are a setting.
"""

import math
from dataclasses import dataclass

EARTH_RADIUS = 6_371_008.8
"""Mean radius in metres."""
CLASS_WEIGHT = {"same": 1.0, "confusable": 0.7, "other": 0.4}
"""A class that is easily taken for the other counts nearly as the same."""


@dataclass(frozen=True)
class Reach:
    """How far one looks. Metres 1 to 2000, hours 1 to 2160."""

    metres: int = 50
    hours: int = 24
    with_confusable: bool = True
    """Also classes that are taken for each other."""


def distance_m(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Metres between two points in degrees, along the sphere."""
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    half = (
        math.sin((phi2 - phi1) / 2) ** 2
        + math.cos(phi1) * math.cos(phi2) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    )
    return 2 * EARTH_RADIUS * math.asin(math.sqrt(half))


def similarity(*, metres: float, hours: float, reach: Reach, kinship: str) -> int:
    """How likely two reports are one matter, 0 to 100: 60 parts the distance, 40 the time, times the class's weight.

    Both fall evenly to nothing at the edge of the reach; beyond it the answer is 0.
    """
    if metres > reach.metres or hours > reach.hours:
        return 0
    near = 1 - metres / reach.metres
    fresh = 1 - max(hours, 0) / reach.hours
    return max(1, round(CLASS_WEIGHT[kinship] * (60 * near + 40 * fresh)))
