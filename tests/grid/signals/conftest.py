"""Photos, checks and cases to be looked at."""

import datetime as dt
import itertools
import uuid

import pytest
from django.contrib.gis.geos import Point
from django.utils import timezone

from grid.models import CaseMedia
from grid.rules.distance import metres_between
from tests.factories import grid as ground

HASH = "123456789abcdef0"
OTHER = "fedcba9876543210"
_minutes = itertools.count(1)


@pytest.fixture
def city():
    """A city with one grid, where reports can be made."""
    ground.ready_city()


def case_at(lon: float = 120.005, lat: float = 30.005, **fields):
    """A case somewhere."""
    return ground.stored_case(geom=f"SRID=4490;POINT({lon} {lat})", **fields)


def photo(case, *, phash: str = "", usage: str = "report", at: dt.datetime | None = None, by=None, spot=None):
    """A photo of a case as it is kept; ``spot`` is where it says it was taken."""
    at = at or timezone.now() - dt.timedelta(hours=20) + dt.timedelta(minutes=next(_minutes))
    here = (case.geom.x, case.geom.y) if not isinstance(case.geom, str) else None
    if here is None:
        case.refresh_from_db()
        here = (case.geom.x, case.geom.y)
    return CaseMedia.objects.create(
        media_id=uuid.uuid4(), case=case, usage=usage, taken_at=at, uploaded_at=at, sha256=uuid.uuid4().hex * 2,
        phash=phash, uploaded_by=by, geom=Point(*spot, srid=4490) if spot else None,
        distance_m=round(metres_between(spot, here), 1) if spot else None,
    )  # fmt: skip
