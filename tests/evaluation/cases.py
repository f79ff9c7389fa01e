"""Cases for tests of the figures: only what the figures look at matters."""

import itertools
import uuid
from datetime import datetime
from zoneinfo import ZoneInfo

from django.contrib.gis.geos import Point

from grid.models import Case

SHANGHAI = ZoneInfo("Asia/Shanghai")
COMMUNITY = "330102001001"
_numbers = itertools.count(1)


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    """A moment in local time, as ``2026-10-05 09:30``."""
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def case(division_code: str = COMMUNITY, **fields) -> Case:
    """A case, not saved."""
    number = next(_numbers)
    known = {
        "rid": uuid.UUID(int=number),
        "case_no": f"{division_code[:6]}20261005{number:010d}",
        "kind": "2",
        "std_ref": "GB/T 47678.5-2026",
        "class_code": "06001",
        "matter_name": "暴露垃圾",
        "dept_code1": "x",
        "dept_name1": "x",
        "source": "01",
        "description": "x",
        "address": "x",
        "geom": Point(120.15, 30.25, srid=4490),
        "division_code": division_code,
        "reporter_type": "1",
        "reported_at": at("2026-10-05 09:00"),
        "state": "50",
    }
    return Case(**{**known, **fields})


def save(*cases: Case) -> list[Case]:
    """Put them into the database at once."""
    return Case.objects.bulk_create(cases)
