"""Reverse geocoding 反向地理编码: from a point to the places around it, its unit grid and its community."""

import math
from dataclasses import dataclass

from django.contrib.gis.db.models.functions import GeometryDistance
from django.contrib.gis.geos import Point, Polygon
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.foundation.errors import field_fault
from cityops.regions.models import CGCS2000
from grid.models import UnitGrid
from grid.places.models import Place
from grid.places.rules.bearings import distance_m, side_of
from grid.places.selectors.areas import area_names
from grid.places.selectors.geocoding import places_for
from grid.places.selectors.words import bearing_words

REACH_M = 500.0
"""How far a place may lie from the point."""
METRES_PER_DEGREE = 111_195.0


@dataclass(frozen=True)
class Nearby:
    """A place around a point."""

    place: Place
    metres: float
    side: str
    """The side of the place on which the point lies, one of ``rules.bearings.SIDES``; empty at the place."""

    @property
    def words(self) -> str:
        """As people say it: 西湖文化广场东侧 30 米."""
        return bearing_words(self.place.place_name, self.side, self.metres)


@dataclass(frozen=True)
class Spot:
    """What is known about a point."""

    longitude: float
    latitude: float
    grid_code: str
    """Empty where the point lies in no unit grid that the person may see."""
    division_code: str
    community: str
    nearby: tuple[Nearby, ...]
    """The nearest first."""

    @property
    def address(self) -> str:
        """The spot in words: community, then where it lies by the nearest place; empty where nothing is known."""
        return self.community + (self.nearby[0].words if self.nearby else "")


def around(user: User | None, longitude: float, latitude: float, *, limit: int = 5, reach_m: float = REACH_M) -> Spot:
    """The places around a point in degrees (CGCS2000), its unit grid and its community; three queries.

    Raises InvalidInput for what can be no point.
    """
    if not (abs(longitude) <= 180 and abs(latitude) < 85):
        told = _("经度应在 -180 到 180 之间，纬度应在 -85 到 85 之间。")
        raise field_fault("lon", "bad_coordinate", told)
    spot = (longitude, latitude)
    point = Point(longitude, latitude, srid=CGCS2000)
    up = reach_m / METRES_PER_DEGREE
    across = up / math.cos(math.radians(latitude))
    box = Polygon.from_bbox((longitude - across, latitude - up, longitude + across, latitude + up))
    box.srid = CGCS2000
    rows = places_for(user).filter(valid=Place.Valid.YES, geom__bboverlaps=box)
    # in degrees a metre eastwards counts for more than one northwards: take more, then measure
    rows = rows.order_by(GeometryDistance("geom", point))[: limit * 3]
    found = [Nearby(place, distance_m(place.point, spot), side_of(place.point, spot)) for place in rows]
    near = sorted((one for one in found if one.metres <= reach_m), key=lambda one: (one.metres, one.place.place_id))
    grids = UnitGrid.objects.all() if user is None else UnitGrid.objects.visible_to(user)
    grid = grids.in_force().filter(geom__covers=point).order_by("grid_code").values_list("grid_code", "division_code")
    grid_code, division = grid.first() or ("", near[0].place.division_code if near else "")
    names = area_names([division]) if division else {}
    return Spot(longitude, latitude, grid_code, division, names.get(division, ""), tuple(near[:limit]))
