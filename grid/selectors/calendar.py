"""The working calendar and the stage limits, as the rules take them."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.utils import timezone

from grid.models import CalendarDay, ClockSetting, StageLimit, WorkingPeriod
from grid.models.calendar import KEPT_SECONDS
from grid.rules.clock import STANDARD_HOURS, WorkCalendar, WorkingHours
from grid.rules.moving import DEFAULT_LIMITS, Desk

LOCAL_SOURCE = "本市调整"
"""Source of a day that the city itself changed; such a day alone does not make a year official."""
FIRST_YEAR, LAST_YEAR = 2004, 2099
"""The years that may be asked for."""


@dataclass
class _Kept:
    desk: Desk | None = None
    until: float = 0.0


_kept = _Kept()


def _hours(periods: Iterable[WorkingPeriod]) -> tuple[WorkingHours, ...]:
    by_day = groupby(periods, key=lambda period: (period.valid_from, period.is_yearly))
    hours = tuple(
        WorkingHours(day, tuple((p.starts_at, p.ends_at) for p in group), is_yearly)
        for (day, is_yearly), group in by_day
    )
    return hours or (WorkingHours(date.min, STANDARD_HOURS),)


def work_calendar() -> WorkCalendar:
    """The working calendar as it is stored; without hours of its own, a city works 08:00–12:00 and 14:00–18:00."""
    days = list(CalendarDay.objects.all())
    return WorkCalendar(
        zone=timezone.get_default_timezone(),
        hours=_hours(WorkingPeriod.objects.order_by("valid_from", "starts_at")),
        days={row.day: row.is_workday for row in days},
        official_years=frozenset(row.day.year for row in days if row.source != LOCAL_SOURCE),
        yellow_share=ClockSetting.yellow_share(),
    )


def days_of(year: int) -> list[CalendarDay]:
    """The days of a year that differ from their weekday, each with ``is_local``: changed by the city itself."""
    days = list(CalendarDay.objects.filter(day__year=year))
    for row in days:
        row.is_local = row.source == LOCAL_SOURCE  # type: ignore[attr-defined]
    return days


def read_desk() -> Desk:
    """What deadlines are counted with, read from the database: four queries."""
    rows = list(StageLimit.objects.all())
    common = {row.stage: (row.value, row.unit) for row in rows if not row.area_class}
    of_areas = {(row.stage, row.area_class): (row.value, row.unit) for row in rows if row.area_class}
    return Desk(work_calendar(), {**DEFAULT_LIMITS, **common}, of_areas)


def current_desk() -> Desk:
    """The same, kept in the process for a short while: a registration must not read a calendar."""
    if _kept.desk is None or time.monotonic() > _kept.until:
        _kept.desk = read_desk()
        _kept.until = time.monotonic() + KEPT_SECONDS
    return _kept.desk


def forget_desk() -> None:
    """Read the calendar anew at the next question; called when it was changed here."""
    _kept.desk = None
    ClockSetting.forget()
