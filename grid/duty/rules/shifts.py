"""Shifts 班次: when one runs, which one it is at a moment, and who is booked twice."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Days(StrEnum):
    """On which days a shift runs."""

    EVERY = "every"
    WORKDAYS = "workdays"
    WEEKDAYS = "weekdays"


@dataclass(frozen=True)
class Hours:
    """A shift as the rules see it: local times; an end at or before the start lies on the next day."""

    starts_at: dt.time
    ends_at: dt.time
    days: Days = Days.EVERY
    weekdays: str = ""
    """Digits 1 (Monday) to 7 (Sunday), where ``days`` is WEEKDAYS."""

    @property
    def passes_midnight(self) -> bool:
        """Whether it ends on the day after it began."""
        return self.ends_at <= self.starts_at


def window_of(hours: Hours, day: dt.date, zone: dt.tzinfo) -> tuple[dt.datetime, dt.datetime]:
    """From when to when (not any more) the shift of a day runs."""
    start = dt.datetime.combine(day, hours.starts_at, zone)
    ends_on = day + dt.timedelta(days=1) if hours.passes_midnight else day
    return start, dt.datetime.combine(ends_on, hours.ends_at, zone)


def runs_on(hours: Hours, day: dt.date, *, is_workday: bool) -> bool:
    """Whether the shift begins on this day; ``is_workday`` as the working calendar says."""
    if hours.days is Days.WORKDAYS:
        return is_workday
    if hours.days is Days.WEEKDAYS:
        return str(day.isoweekday()) in hours.weekdays
    return True


def day_at(hours: Hours, at: dt.datetime, zone: dt.tzinfo) -> dt.date | None:
    """The day whose shift it is at a moment: in the small hours that of yesterday; None outside the shift."""
    today = at.astimezone(zone).date()
    for day in (today, today - dt.timedelta(days=1)):
        start, end = window_of(hours, day, zone)
        if start <= at < end:
            return day
    return None


@dataclass(frozen=True)
class Booking:
    """Somebody's time: who, from when, to when (not any more)."""

    person: int
    starts_at: dt.datetime
    ends_at: dt.datetime


def collides(one: Booking, other: Booking) -> bool:
    """Whether one person is in two places; shifts that follow each other do not collide."""
    return one.person == other.person and one.starts_at < other.ends_at and other.starts_at < one.ends_at


def collisions(wanted: Sequence[Booking], present: Iterable[Booking] = ()) -> list[tuple[Booking, Booking]]:
    """Pairs of bookings that collide, each pair once: of the wanted with those there are, and among themselves."""
    by_person: dict[int, list[Booking]] = {}
    for booking in present:
        by_person.setdefault(booking.person, []).append(booking)
    found = []
    for booking in wanted:
        known = by_person.setdefault(booking.person, [])
        found += [(booking, other) for other in known if collides(booking, other)]
        known.append(booking)
    return found


def repeated(pattern: Sequence[int], day: dt.date) -> int | None:
    """What a week's pattern says for a day: the entry of its weekday; None where the week leaves it free.

    ``pattern`` has seven entries from Monday, 0 for free.
    """
    return pattern[day.weekday()] or None


def days_of_month(year: int, month: int) -> list[dt.date]:
    """All days of a month."""
    first = dt.date(year, month, 1)
    following = (first + dt.timedelta(days=32)).replace(day=1)
    return [first + dt.timedelta(days=number) for number in range((following - first).days)]
