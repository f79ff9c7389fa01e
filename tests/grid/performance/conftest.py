"""Cases of one month with steps, in two districts and two departments."""

import datetime as dt

import pytest

from cityops.accounts.models import Organisation
from cityops.regions.rules import Level
from grid.models import Case, CaseStep
from tests.factories.grid import COMMUNITY, city, stored_case, unit_grid
from tests.factories.people import HANGZHOU, division, organisation, person

EAST = "330106001001"
ROADS, PARKS = "DW0000000000000001", "DW0000000000000002"
ZONE = dt.timezone(dt.timedelta(hours=8))


def at(day: int, hour: int = 9, *, month: int = 10) -> dt.datetime:
    """A moment of October 2026 in local time."""
    return dt.datetime(2026, month, day, hour, tzinfo=ZONE)


def case(day: int = 5, *, closed: int | None = None, due: int | None = None, **fields):
    """A filed and dispatched case reported on a day of October, disposed and closed on another."""
    times = {
        "reported_at": at(day),
        "filed_at": at(day, 10),
        "dispatched_at": at(day, 11),
        "dispose_deadline": at(due or day + 2, 12),
        "close_deadline": at(due or day + 2, 17),
        "duty_org": ROADS,
        "state": "50",
        "updated_at": at(day, 11),
    }
    if closed is not None:
        times |= {"disposed_at": at(closed, 11), "closed_at": at(closed, 16), "state": "80", "close_type": "1"}
        times["updated_at"] = at(closed, 16)
    return stored_case(**{**times, **fields})


def steps(of, *rows):
    """Write steps: (action, moment, role, deadline, organisation)."""
    number = of.steps.count()
    CaseStep.objects.bulk_create(
        CaseStep(
            case=of,
            origin_code=of.origin_code,
            seq=number + place,
            action=action,
            to_state="50",
            operator_role=role,
            operator_org=more[1] if len(more) > 1 else "",
            operated_at=moment,
            deadline=more[0] if more else None,
        )
        for place, (action, moment, role, *more) in enumerate(rows, start=1)
    )
    return of


@pytest.fixture
def ground(db):
    """A city of two districts with a street each, and two departments."""
    city()
    division(HANGZHOU, name="测试市")
    for code, name in (("330102000000", "西区"), ("330106000000", "东区")):
        division(code, name=name)
    division(COMMUNITY[:9] + "000", level=Level.STREET, name="西街")
    division(EAST[:9] + "000", level=Level.STREET, name="东街")
    unit_grid()
    for code, name in ((ROADS, "道路处"), (PARKS, "园林处")):
        organisation(code, name=name, org_type=Organisation.Type.DEPARTMENT)


@pytest.fixture
def month(ground):
    """October: eight cases of every kind that counts."""
    return {
        "on_time": case(5, closed=6),
        "late": case(5, closed=20, rework_count=1, postpone_count=1),
        "open": case(6),
        "paused": case(7, is_hung="1"),
        "void": case(8, state="90", is_void="1"),
        "forced": case(
            9, closed=10, close_type="3", division_code=EAST, grid_code="", duty_org=PARKS, satisfaction="2"
        ),
        "public": case(12, closed=13, source="03", division_code=EAST, grid_code="", satisfaction="5"),
        "reported": stored_case(reported_at=at(14), state="31", rejected_at=at(15), updated_at=at(15)),
    }


@pytest.fixture
def evaluator(ground):
    """Somebody who evaluates the whole city."""
    return person("evaluator")


@pytest.fixture
def roads_person(ground):
    """Somebody of the road department."""
    return person("department", organisation=Organisation.objects.get(org_code=ROADS))


@pytest.fixture
def desks(ground):
    """A case that went over all desks, one stage late and one act without a limit."""
    one = case(5, closed=6)
    team = "ZX0000000000000001"
    steps(
        one,
        ("01", at(5, 9), "01", at(5, 10), team),
        ("02", at(5, 9), "02", at(5, 11), team),
        ("03", at(5, 12), "01", at(5, 13), team),
        ("04", at(5, 13), "02", at(5, 14), team),
        ("05", at(5, 15), "03", at(5, 16), team),
        ("07", at(5, 16), "04", at(6, 12), team),
        ("13", at(5, 17), "04", at(7, 12), team),
        ("10", at(6, 11), "05"),
        ("17", at(6, 12), "02", at(6, 15), team),
        ("18", at(6, 14), "01", at(6, 16), team),
        ("20", at(6, 16), "03", None, team),
        ("22", at(6, 16), "07"),
    )
    Case.objects.filter(pk=one.pk).update(updated_at=at(6, 17))
    return team
