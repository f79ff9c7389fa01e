"""Builders of the ground, of the dictionaries a case needs, and of cases."""

import datetime as dt
import itertools
from decimal import Decimal

from django.contrib.gis.geos import MultiPolygon, Polygon
from django.utils import timezone

from cityops.accounts.models import Organisation
from cityops.regions.rules import Level
from grid.models import Case, UnitGrid
from grid.rules.codes import CURRENT
from grid.services import cases as case_services
from sync.standard.models import ClassEntry, DictionaryVersion, DisposalRule
from tests.factories.people import HANGZHOU, division, organisation, person

COMMUNITY = "330102001001"
LITTER = "06001"
WEST, SOUTH, EAST, NORTH = 120.0, 30.0, 120.4, 30.4
"""The square that stands for the city in tests; its first grid is the south-west hundredth of a degree."""
_numbers = itertools.count(1)


def box(west: float, south: float, east: float, north: float) -> Polygon:
    """A rectangle in CGCS2000."""
    return Polygon.from_bbox((west, south, east, north)).__class__(
        ((west, south), (east, south), (east, north), (west, north), (west, south)), srid=4490
    )


def city(code: str = HANGZHOU) -> None:
    """A city with a boundary, one county, and the current divisions down to one community."""
    ground = division(code, name="测试市")
    ground.boundary = MultiPolygon(box(WEST, SOUTH, EAST, NORTH), srid=4490)
    ground.save()
    division(COMMUNITY, level=Level.COMMUNITY, name="测试社区")


def unit_grid(code: str = COMMUNITY + "001", *, west: float = WEST, south: float = SOUTH, **fields) -> UnitGrid:
    """A grid of a hundredth of a degree."""
    shape = box(west, south, west + 0.01, south + 0.01)
    fields = {"area_m2": 1_000_000, "init_date": dt.date(2026, 1, 1), **fields}
    return UnitGrid.objects.create(grid_code=code, geom=shape, **fields)


def class_entry(code: str = LITTER, *, kind: str = "2", name: str = "暴露垃圾", **fields) -> ClassEntry:
    """A class of the current standard."""
    fields = {"big_code": code[:2], **fields}
    return ClassEntry.objects.get_or_create(
        version=fields.pop("version", CURRENT), kind=kind, class_code=code, defaults={"class_name": name, **fields}
    )[0]


def rule_set() -> DictionaryVersion:
    """The default set of disposal rules; made if it is not there."""
    return DictionaryVersion.objects.filter(kind="rules", is_default=True).first() or DictionaryVersion.objects.create(
        kind="rules",
        code="test",
        title="规则",
        source="tests",
        provenance="designed",
        valid_from=dt.date(2026, 1, 1),
        is_default=True,
        content_sha=b"\0" * 32,
    )


def class_version() -> DictionaryVersion:
    """The current class standard as the default one, so that its classes are in force."""
    return DictionaryVersion.objects.get_or_create(
        kind="classes",
        code=CURRENT,
        defaults={
            "title": "分类",
            "source": "tests",
            "provenance": "designed",
            "valid_from": dt.date(2026, 1, 1),
            "is_default": True,
            "content_sha": b"\0" * 32,
        },
    )[0]


def disposal_rule(code: str = LITTER, *, number: int = 1, value: str = "4", unit: str = "work_hour") -> DisposalRule:
    """A filing condition of a matter with its limit."""
    return DisposalRule.objects.create(
        rule_set=rule_set(),
        kind="2",
        class_code=code[:2] + code[3:],
        class_name="暴露垃圾",
        matter_codes=[code],
        condition_no=number,
        filing_condition=f"立案条件{number}",
        level="ordinary",
        limit_value=Decimal(value),
        limit_unit=unit,
    )


def ready_city() -> None:
    """A city in which a report can be made: ground, class, rule, authority."""
    city()
    unit_grid()
    class_entry()
    disposal_rule()
    organisation("ZG0000000000000001", name="测试城管局", org_type=Organisation.Type.AUTHORITY)


def report(**fields) -> case_services.Report:
    """A good report in the first grid of ``ready_city``."""
    good = {
        "class_code": LITTER,
        "longitude": WEST + 0.005,
        "latitude": SOUTH + 0.005,
        "description": "路口有暴露垃圾",
        "address": "测试路1号",
    }
    return case_services.Report(**{**good, **fields})


def registered(user=None, *, at: dt.datetime | None = None, **fields) -> Case:
    """A case that was registered by a collector (or ``user``) in ``ready_city``."""
    answer = case_services.register(user or person("collector"), report(**fields), at=at)
    return Case.objects.get(pk=answer.rid)


def stored_case(**fields) -> Case:
    """A case written past every rule, as an import or an exchange leaves it."""
    number = next(_numbers)
    good = {
        "case_no": f"330100{20260101}{number:010d}",
        "kind": "2",
        "std_ref": CURRENT,
        "class_code": LITTER,
        "matter_name": "暴露垃圾",
        "dept_code1": "",
        "dept_name1": "",
        "source": "01",
        "description": "路口有暴露垃圾",
        "address": "测试路1号",
        "geom": f"SRID=4490;POINT({WEST + 0.005} {SOUTH + 0.005})",
        "grid_code": COMMUNITY + "001",
        "division_code": COMMUNITY,
        "reporter_type": "1",
        "reported_at": timezone.now(),
        "state": "10",
    }
    return Case.objects.create(**{**good, **fields})
