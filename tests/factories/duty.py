"""Builders of duty: a row of unit grids, responsibility grids on them, shifts, entries of the roster, visits."""

import datetime as dt

from django.utils import timezone

from cityops.accounts.models import User
from grid.duty.models import Assignment, DutyGrid, PatrolPlan, Shift, Visit
from grid.duty.rules.shifts import window_of
from grid.duty.services.areas import Drawn, create_duty_grid
from tests.factories.grid import COMMUNITY, SOUTH, WEST, city, unit_grid
from tests.factories.people import organisation, person

ORG = "DUTYORG00000000001"


def unit(number: int) -> str:
    """Code of the ``number``-th unit grid of the test community."""
    return f"{COMMUNITY}{number:03d}"


def ground(count: int = 4) -> list[str]:
    """A city with unit grids in a row from west to east, each beside the next; their codes."""
    city()
    for number in range(1, count + 1):
        unit_grid(unit(number), west=WEST + 0.01 * (number - 1), south=SOUTH)
    organisation(ORG, name="测试环卫所")
    return [unit(number) for number in range(1, count + 1)]


def duty_grid(codes: list[str], *, actor: User | None = None, **fields) -> DutyGrid:
    """A responsibility grid of these unit grids, in force since a month ago."""
    good = {"name": "一号责任网格", "org_code": ORG, "valid_from": timezone.localdate() - dt.timedelta(days=30)}
    return create_duty_grid(actor or person("duty_leader"), Drawn(**{**good, **fields}, codes=tuple(codes)))


def shift(name: str = "早班", starts: str = "08:00", ends: str = "16:00", **fields) -> Shift:
    """A shift of every day."""
    times = {"starts_at": dt.time.fromisoformat(starts), "ends_at": dt.time.fromisoformat(ends)}
    return Shift.objects.create(name=name, **times, **fields)


def running_shift(name: str = "全天") -> Shift:
    """A shift that runs now, whatever time it is, and ends in hours."""
    now = timezone.localtime()
    start = (now - dt.timedelta(hours=2)).time().replace(microsecond=0)
    end = (now + dt.timedelta(hours=6)).time().replace(microsecond=0)
    return Shift.objects.create(name=name, starts_at=start, ends_at=end)


def day_of(running: Shift) -> dt.date:
    """The day that a running shift belongs to."""
    today = timezone.localdate()
    start, _end = window_of(running.hours, today, timezone.get_default_timezone())
    return today if start <= timezone.now() else today - dt.timedelta(days=1)


def assignment(grid: DutyGrid, on: Shift, day: dt.date | None = None, who: User | None = None) -> Assignment:
    """An entry of the roster, past every rule of planning."""
    day = day or day_of(on)
    who = who or person("collector")
    start, end = window_of(on.hours, day, timezone.get_default_timezone())
    return Assignment.objects.create(
        day=day, shift=on, duty_grid=grid, supervisor=who, on_duty=who, starts_at=start, ends_at=end
    )


def visit(code: str, at: dt.datetime | None = None, who: User | None = None, **fields) -> Visit:
    """Somebody was there."""
    return Visit.objects.create(
        visitor=who or person("collector"),
        grid_code=code,
        division_code=code[:12],
        at=at or timezone.now(),
        **{"source": "tap", **fields},
    )


def plan(codes: list[str], **fields) -> PatrolPlan:
    """A patrol plan, in force."""
    good = {"name": "主干道", "times": 2, "per": "day", "valid_from": timezone.localdate()}
    return PatrolPlan.objects.create(grid_codes=codes, division_code=codes[0][:12], **{**good, **fields})
