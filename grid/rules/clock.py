"""The clock of cases: how limits are counted, on which hours, and what light that gives (domain notes §4.5).

Urgent units and minutes run through nights, weekends and holidays. Work hours run only inside the working periods
of working days; a work day is eight of them. Every moment is an aware ``datetime``; a calendar carries the zone in
which its days and hours are meant. All counting happens in UTC, so it holds where clocks change.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

HOURS_PER_WORK_DAY = 8
YELLOW_SHARE = Fraction(4, 5)
"""Share of the limit after which the light turns yellow where the city has set none; red comes after all of it."""
STANDARD_HOURS = ((time(8), time(12)), (time(14), time(18)))
"""Working periods where the city has set none: eight hours with a break at noon."""
MAX_DAYS = 3660
"""A limit that is not reached in ten years means a calendar without working hours."""


class Unit(StrEnum):
    """Unit of a limit 时限单位."""

    URGENT_HOUR = "urgent_hour"
    URGENT_DAY = "urgent_day"
    WORK_HOUR = "work_hour"
    WORK_DAY = "work_day"
    MINUTE = "minute"


SECONDS = {
    Unit.MINUTE: 60,
    Unit.URGENT_HOUR: 3600,
    Unit.URGENT_DAY: 86400,
    Unit.WORK_HOUR: 3600,
    Unit.WORK_DAY: HOURS_PER_WORK_DAY * 3600,
}
WORKING_UNITS = frozenset({Unit.WORK_HOUR, Unit.WORK_DAY})


_TICK = timedelta(microseconds=1)


class Light(StrEnum):
    """灯号: how much of a limit is used."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    PAUSED = "paused"
    NONE = "none"
    """No clock runs: the case is finished, or no limit was set."""


class CalendarWithoutHours(ValueError):
    """The calendar has no working hours in reach, so a limit in work hours cannot end."""


@dataclass(frozen=True)
class WorkingHours:
    """Working periods 工作时段 of a working day, valid from a day on; ordered, not overlapping.

    Yearly hours (summer, winter) begin anew on the same day of each year, the first time on ``valid_from``.
    """

    valid_from: date
    periods: tuple[tuple[time, time], ...]
    is_yearly: bool = False

    def begun_by(self, day: date) -> date | None:
        """The day on which these hours last began to hold, up to ``day``; None where they never did.

        29 February begins on the 28th in a year without one.
        """
        if self.valid_from > day:
            return None
        if not self.is_yearly:
            return self.valid_from
        begun = _in_year(self.valid_from, day.year)
        return begun if begun <= day else max(_in_year(self.valid_from, day.year - 1), self.valid_from)


def _in_year(day: date, year: int) -> date:
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


@dataclass(frozen=True)
class WorkCalendar:
    """A working calendar 工作日历: special days, hours, the zone, and the years with an official notice.

    ``days`` says for a day that differs from its weekday whether it is worked. A year that is not in
    ``official_years`` falls back to weekends. Before the first ``valid_from`` the first hours hold.
    """

    zone: tzinfo
    hours: tuple[WorkingHours, ...]
    days: Mapping[date, bool] = field(default_factory=dict)
    official_years: frozenset[int] = frozenset()
    yellow_share: Fraction = YELLOW_SHARE
    """Share of a limit after which its light turns yellow; it stands here because whoever counts has the calendar."""
    _spans: dict[date, tuple[tuple[datetime, datetime], ...]] = field(default_factory=dict, repr=False, compare=False)
    _lengths: dict[date, timedelta] = field(default_factory=dict, repr=False, compare=False)

    def is_workday(self, day: date) -> bool:
        """Whether a day is worked: by notice, otherwise Monday to Friday."""
        return self.days.get(day, day.weekday() < 5)

    def is_official(self, day: date) -> bool:
        """Whether an official notice says which days of this year are worked."""
        return day.year in self.official_years

    def periods_on(self, day: date) -> tuple[tuple[time, time], ...]:
        """The working periods that hold on a day, whether or not it is worked: those that began last.

        Of two that began on the same day those hold that were set for the later year.
        """
        begun = [(start, hours.valid_from, hours.periods) for hours in self.hours if (start := hours.begun_by(day))]
        if begun:
            return max(begun, key=lambda one: one[:2])[2]
        return self.hours[0].periods if self.hours else ()

    def spans_on(self, day: date) -> tuple[tuple[datetime, datetime], ...]:
        """The worked spans of a day in UTC; none on a day off."""
        spans = self._spans.get(day)
        if spans is None:
            spans = self._spans[day] = tuple(
                (_at(day, start, self.zone), _at(day, end, self.zone))
                for start, end in (self.periods_on(day) if self.is_workday(day) else ())
            )
        return spans

    def length_on(self, day: date) -> timedelta:
        """How long a day is worked."""
        length = self._lengths.get(day)
        if length is None:
            spans = self.spans_on(day)
            length = self._lengths[day] = sum((closes - opens for opens, closes in spans), timedelta())
        return length


def _at(day: date, clock: time, zone: tzinfo) -> datetime:
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)


def limit_length(value: Decimal | float, unit: Unit | str) -> timedelta:
    """The length of a limit: natural time for urgent units and minutes, worked time for work hours and days."""
    return timedelta(seconds=round(Decimal(str(value)) * SECONDS[Unit(unit)]))


def _worked_spans(start: datetime, calendar: WorkCalendar) -> Iterator[tuple[date, datetime, datetime]]:
    """Worked spans from ``start`` on, the first one cut at ``start``; (local day, from, to)."""
    day = start.astimezone(calendar.zone).date()
    for _ in range(MAX_DAYS):
        for opens, closes in calendar.spans_on(day):
            if closes > start:
                yield day, max(opens, start), closes
        day += timedelta(days=1)
    raise CalendarWithoutHours(f"No working hours within {MAX_DAYS} days after {start:%F}.")


def add_length(start: datetime, length: timedelta, calendar: WorkCalendar, *, is_worked: bool) -> datetime:
    """The first moment at which ``length`` has run since ``start``; ``start`` itself for no length."""
    start = start.astimezone(UTC)
    if not is_worked or length <= timedelta(0):
        return start + max(length, timedelta(0))
    for _, opens, closes in _worked_spans(start, calendar):
        if closes - opens >= length:
            return opens + length
        length -= closes - opens
    raise AssertionError  # pragma: no cover — the spans never end quietly


def add_limit(start: datetime, value: Decimal | float, unit: Unit | str, calendar: WorkCalendar) -> datetime:
    """The moment at which a limit that starts at ``start`` is used up, in UTC.

    A limit that ends with a working period ends there (12:00), not with the start of the next (14:00).
    Raises CalendarWithoutHours where a work limit meets no working hours.
    """
    unit = Unit(unit)
    return add_length(start, limit_length(value, unit), calendar, is_worked=unit in WORKING_UNITS)


def worked_between(start: datetime, end: datetime, calendar: WorkCalendar) -> timedelta:
    """Working time between two moments; zero where ``end`` is not after ``start``."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    worked = timedelta(0)
    if end <= start:
        return worked
    first, last = start.astimezone(calendar.zone).date(), end.astimezone(calendar.zone).date()
    for day in {first, last}:
        for opens, closes in calendar.spans_on(day):
            worked += max(min(closes, end) - max(opens, start), timedelta(0))
    between = (last - first).days - 1
    return sum((calendar.length_on(first + timedelta(days=n + 1)) for n in range(between)), worked)


def spans_between(start: datetime, end: datetime, calendar: WorkCalendar) -> Iterator[tuple[date, datetime, datetime]]:
    """The worked spans between two moments, cut at both: (local day, from, to) in UTC, in order."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    day, last = (moment.astimezone(calendar.zone).date() for moment in (start, end))
    while day <= last:
        for opens, closes in calendar.spans_on(day):
            if closes > start and opens < end:
                yield day, max(opens, start), min(closes, end)
        day += timedelta(days=1)


def used_between(start: datetime, end: datetime, unit: Unit | str, calendar: WorkCalendar) -> timedelta:
    """How much of a limit in ``unit`` two moments use up: worked time for work units, natural time otherwise."""
    if Unit(unit) in WORKING_UNITS:
        return worked_between(start, end, calendar)
    return max(end - start, timedelta(0))


@dataclass(frozen=True)
class ClockStep:
    """One line of an explanation: what was counted on a day, and what was left after it."""

    day: date
    starts_at: datetime
    ends_at: datetime
    counted: timedelta
    left: timedelta
    is_official: bool
    """False where the year has no official notice yet, so that weekends decide."""


def share_used(
    start: datetime, at: datetime, value: Decimal | float, unit: Unit | str, calendar: WorkCalendar
) -> Fraction:
    """Used share of a limit at a moment; 1 is all of it. A limit of nothing is used up at once."""
    length = limit_length(value, unit)
    used = used_between(start, at, unit, calendar)
    return Fraction(used // _TICK, length // _TICK) if length else Fraction(1)


def explain(start: datetime, value: Decimal | float, unit: Unit | str, calendar: WorkCalendar) -> list[ClockStep]:
    """How ``add_limit`` comes to its result, one line per counted span, in local time."""
    unit, start = Unit(unit), start.astimezone(UTC)
    left = limit_length(value, unit)
    local = calendar.zone
    if unit not in WORKING_UNITS:
        end = start + left
        day = start.astimezone(local).date()
        return [ClockStep(day, start.astimezone(local), end.astimezone(local), left, timedelta(0), True)]
    steps: list[ClockStep] = []
    for day, opens, closes in _worked_spans(start, calendar):
        counted = min(closes - opens, left)
        left -= counted
        end = (opens + counted).astimezone(local)
        steps.append(ClockStep(day, opens.astimezone(local), end, counted, left, calendar.is_official(day)))
        if not left:
            break
    return steps


def warn_at(start: datetime, value: Decimal | float, unit: Unit | str, calendar: WorkCalendar) -> datetime:
    """The moment at which the yellow share of a limit (four fifths, unless the city set another) is used up.

    It is the last green moment.
    """
    unit = Unit(unit)
    length = shared(limit_length(value, unit), calendar.yellow_share)
    return add_length(start, length, calendar, is_worked=unit in WORKING_UNITS)


def shared(length: timedelta, share: Fraction) -> timedelta:
    """A share of a length of time."""
    return length * share.numerator / share.denominator


def resumed_due(
    due: datetime, paused_at: datetime, resumed_at: datetime, unit: Unit | str, calendar: WorkCalendar
) -> datetime:
    """When a limit that was due at ``due`` is used up after a pause: what was left when it paused runs on.

    A pause that begins at or after ``due`` changes nothing: the limit was used up before.
    """
    if paused_at >= due:
        return due
    left = used_between(paused_at, due, unit, calendar)
    return add_length(max(resumed_at, paused_at), left, calendar, is_worked=Unit(unit) in WORKING_UNITS)


def delayed_due(due: datetime, value: Decimal | float, unit: Unit | str, calendar: WorkCalendar) -> datetime:
    """When a limit is used up that was due at ``due`` and got ``value`` in ``unit`` more 延期."""
    return add_limit(due, value, unit, calendar)


def light_at(
    at: datetime, *, warn: datetime | None, due: datetime | None, is_paused: bool = False, is_finished: bool = False
) -> Light:
    """The light at a moment: green up to the yellow share, yellow up to the limit, red beyond; paused shows none.

    ``warn`` is the moment at which the yellow share is used (still green), ``due`` the one at which all of it is
    (still yellow). Without ``due`` no clock runs.
    """
    if is_finished:
        return Light.NONE
    if is_paused:
        return Light.PAUSED
    if due is None:
        return Light.NONE
    if at > due:
        return Light.RED
    return Light.YELLOW if warn is not None and at > warn else Light.GREEN
