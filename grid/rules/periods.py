"""Periods 统计期: a day, week, month, quarter, half or year of the calendar, in the time zone of the instance.

A period is written ``2026-10-05``, ``2026W41`` (the week of ISO 8601, from Monday), ``2026-10``, ``2011Q3``,
``2026H2`` or ``2026``. It begins at local midnight of its first day and ends before local midnight of the first day
after it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum


class Kind(StrEnum):
    """Length of a period."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    HALF = "half"
    YEAR = "year"


DAYS = {Kind.DAY: 1, Kind.WEEK: 7}
MONTHS = {Kind.MONTH: 1, Kind.QUARTER: 3, Kind.HALF: 6, Kind.YEAR: 12}
FIRST_YEAR, LAST_YEAR = 1990, 2199


class InvalidPeriod(ValueError):
    """The text names no period; ``text`` is what was written. Whoever tells people words it."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} is no period.")
        self.text = text


@dataclass(frozen=True, order=True)
class Period:
    """One period: its first day and its kind."""

    first: date
    kind: Kind

    @property
    def after(self) -> date:
        """The first day after the period."""
        return self.shift(1).first

    @property
    def key(self) -> str:
        """The period as it is written."""
        if self.kind is Kind.YEAR:
            return f"{self.first.year:04d}"
        if self.kind is Kind.QUARTER:
            return f"{self.first.year:04d}Q{self.quarter}"
        if self.kind is Kind.HALF:
            return f"{self.first.year:04d}H{self.half}"
        if self.kind is Kind.WEEK:
            year, week, _day = self.first.isocalendar()
            return f"{year:04d}W{week:02d}"
        return f"{self.first:%Y-%m}" if self.kind is Kind.MONTH else f"{self.first:%Y-%m-%d}"

    @property
    def quarter(self) -> int:
        """Number of the quarter in which the period begins, 1 to 4."""
        return (self.first.month + 2) // 3

    @property
    def half(self) -> int:
        """Number of the half year in which the period begins, 1 or 2."""
        return (self.first.month + 5) // 6

    def bounds(self, zone: tzinfo) -> tuple[datetime, datetime]:
        """The first moment of the period and the first one after it."""
        return datetime.combine(self.first, time(), zone), datetime.combine(self.after, time(), zone)

    def shift(self, count: int) -> "Period":
        """The period ``count`` periods later; earlier for a negative count."""
        if self.kind in DAYS:
            return Period(self.first + timedelta(days=count * DAYS[self.kind]), self.kind)
        return Period(_add_months(self.first, MONTHS[self.kind] * count), self.kind)

    def series(self, count: int) -> list["Period"]:
        """The last ``count`` periods up to and with this one, oldest first."""
        return [self.shift(number - count + 1) for number in range(count)]

    def parts(self) -> Iterator["Period"]:
        """The next shorter periods inside: quarters of a year or half, months of a quarter, days of a month or week,
        none of a day.
        """
        shorter = PARTS.get(self.kind)
        part = Period(self.first, shorter) if shorter else None
        while part is not None and part.first < self.after:
            yield part
            part = part.shift(1)

    def year_before(self) -> "Period":
        """The same period of the year before: of a week the same number or the last, of 29 February the 28th."""
        if self.kind is Kind.WEEK:
            year, week, _day = self.first.isocalendar()
            return Period(date.fromisocalendar(year - 1, min(week, weeks_of(year - 1)), 1), self.kind)
        if self.kind is Kind.DAY:
            last = (_add_months(self.first.replace(day=1), -11) - timedelta(days=1)).day
            return Period(self.first.replace(year=self.first.year - 1, day=min(self.first.day, last)), self.kind)
        return self.shift(-12 // MONTHS[self.kind])

    def __str__(self) -> str:
        return self.key


PARTS = {
    Kind.YEAR: Kind.QUARTER,
    Kind.HALF: Kind.QUARTER,
    Kind.QUARTER: Kind.MONTH,
    Kind.MONTH: Kind.DAY,
    Kind.WEEK: Kind.DAY,
}
"""Kind → the next shorter one that divides it."""


def weeks_of(year: int) -> int:
    """How many weeks a year of ISO 8601 has, 52 or 53."""
    return date(year, 12, 28).isocalendar().week


def _add_months(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


_FORM = re.compile(
    r"(?P<year>\d{4})"
    r"(?:Q(?P<quarter>[1-4])|H(?P<half>[12])|W(?P<week>\d{2})|-(?P<month>\d{2})(?:-(?P<day>\d{2}))?)?",
    re.ASCII,
)


def parse_period(text: str) -> Period:
    """Read ``2026``, ``2026H2``, ``2011Q3``, ``2026-10``, ``2026W41`` or ``2026-10-05``.

    Raises InvalidPeriod for anything else.
    """
    found = _FORM.fullmatch(text.strip().upper())
    if found is None or not FIRST_YEAR <= int(found["year"]) <= LAST_YEAR:
        raise InvalidPeriod(text)
    year = int(found["year"])
    try:
        if found["day"]:
            return Period(date(year, int(found["month"]), int(found["day"])), Kind.DAY)
        if found["week"]:
            return Period(date.fromisocalendar(year, int(found["week"]), 1), Kind.WEEK)
        return _of_months(year, found)
    except ValueError:
        raise InvalidPeriod(text) from None


def _of_months(year: int, found: "re.Match[str]") -> Period:
    if found["quarter"]:
        return Period(date(year, int(found["quarter"]) * 3 - 2, 1), Kind.QUARTER)
    if found["half"]:
        return Period(date(year, int(found["half"]) * 6 - 5, 1), Kind.HALF)
    if found["month"]:
        return Period(date(year, int(found["month"]), 1), Kind.MONTH)
    return Period(date(year, 1, 1), Kind.YEAR)


def period_of(day: date, kind: Kind) -> Period:
    """The period of a kind in which a day lies."""
    if kind is Kind.DAY:
        return Period(day, kind)
    if kind is Kind.WEEK:
        return Period(day - timedelta(days=day.weekday()), kind)
    months = MONTHS[kind]
    return Period(date(day.year, (day.month - 1) // months * months + 1, 1), kind)
