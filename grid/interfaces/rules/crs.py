"""Coordinate reference systems of OGC API Features (Part 2: Coordinate Reference Systems by Reference, OGC 18-058r1).

A system is named by its URI. In CRS84 and in Web Mercator the first number goes east; EPSG:4490 and EPSG:4326 are
defined with latitude first, so their coordinates, and boxes given in them, have the latitude first. CGCS2000 and
WGS 84 differ by less than a metre and are taken as equal, as everywhere on this platform.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

MERCATOR_RADIUS = 6_378_137.0
"""Metres: the sphere of EPSG:3857."""
MERCATOR_NORTH = 85.06
"""Degrees: the projection ends here; further north or south is drawn at the edge."""
SLACK = 1e-6
"""Metres that a box is made larger, so that what lies on its edge is not lost to the rounding of the projection."""
Box = tuple[float, float, float, float]
"""West, south, east, north in metres of EPSG:3857."""


class Crs(StrEnum):
    """The systems that are offered."""

    CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
    CGCS2000 = "http://www.opengis.net/def/crs/EPSG/0/4490"
    WGS84 = "http://www.opengis.net/def/crs/EPSG/0/4326"
    MERCATOR = "http://www.opengis.net/def/crs/EPSG/0/3857"

    @property
    def has_latitude_first(self) -> bool:
        """Whether the first number of a position is the latitude."""
        return self in (Crs.CGCS2000, Crs.WGS84)

    @property
    def is_projected(self) -> bool:
        """Whether the numbers are metres."""
        return self is Crs.MERCATOR


class QueryFault(ValueError):
    """A parameter of the query is not what it should be; ``name`` is the parameter, ``rule`` is stable."""

    def __init__(self, name: str, rule: str, **facts: str) -> None:
        super().__init__(f"{name}: {rule} {facts}")
        self.name, self.rule, self.facts = name, rule, facts


def parse_crs(name: str, text: str) -> Crs:
    """The system of a URI, also in the safe CURIE of the form ``[EPSG:4490]``. Raises QueryFault."""
    plain = text.strip()
    if plain.startswith("[") and plain.endswith("]"):
        authority, _, code = plain[1:-1].partition(":")
        plain = (
            Crs.CRS84
            if (authority, code) == ("OGC", "CRS84")
            else f"http://www.opengis.net/def/crs/{authority}/0/{code}"
        )
    try:
        return Crs(plain)
    except ValueError as error:
        raise QueryFault(name, "crs_unknown", given=text[:80], known=" ".join(Crs)) from error


@dataclass(frozen=True)
class Rectangle:
    """A rectangle as it was given, with the first axis going east: degrees, or metres of EPSG:3857."""

    west: float
    south: float
    east: float
    north: float
    crs: Crs

    @property
    def boxes(self) -> list[Box]:
        """The same in EPSG:3857: one box, or two where it crosses the 180th meridian (west is larger than east)."""
        if self.crs.is_projected:
            return [_wider(self.west, self.south, self.east, self.north)]
        south, north = mercator_y(self.south), mercator_y(self.north)
        spans = [(self.west, self.east)] if self.west <= self.east else [(self.west, 180.0), (-180.0, self.east)]
        return [_wider(mercator_x(west), south, mercator_x(east), north) for west, east in spans]


def _wider(west: float, south: float, east: float, north: float) -> Box:
    return west - SLACK, south - SLACK, east + SLACK, north + SLACK


def mercator_x(longitude: float) -> float:
    """Metres east of Greenwich in EPSG:3857."""
    return MERCATOR_RADIUS * math.radians(longitude)


def mercator_y(latitude: float) -> float:
    """Metres north of the equator in EPSG:3857; beyond the end of the projection, its end."""
    kept = max(-MERCATOR_NORTH, min(MERCATOR_NORTH, latitude))
    return MERCATOR_RADIUS * math.log(math.tan(math.pi / 4 + math.radians(kept) / 2))


def parse_bbox(text: str, crs: Crs) -> Rectangle:
    """The rectangle of a ``bbox``: four numbers, or six with heights, which are not looked at. Raises QueryFault."""
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise QueryFault("bbox", "bbox_form") from error
    if len(numbers) == 6:
        numbers = [*numbers[:2], *numbers[3:5]]
    if len(numbers) != 4 or not all(math.isfinite(number) for number in numbers):
        raise QueryFault("bbox", "bbox_form")
    first_low, second_low, first_high, second_high = numbers
    if crs.has_latitude_first:
        found = Rectangle(second_low, first_low, second_high, first_high, crs)
    else:
        found = Rectangle(first_low, second_low, first_high, second_high, crs)
    _check(found)
    return found


def _check(box: Rectangle) -> None:
    """Refuse a rectangle that is upside down, or degrees that are none. Raises QueryFault."""
    if box.south > box.north or (box.crs.is_projected and box.west > box.east):
        raise QueryFault("bbox", "bbox_order")
    if box.crs.is_projected:
        return
    if max(abs(box.west), abs(box.east)) > 180 or max(abs(box.south), abs(box.north)) > 90:
        raise QueryFault("bbox", "bbox_range")
