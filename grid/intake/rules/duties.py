"""The duty table 责任表: which organisation a case goes to, by class, place and time; the most specific row wins."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

ALL_DAYS = (1, 2, 3, 4, 5, 6, 7)
"""Monday is 1, Sunday 7."""


@dataclass(frozen=True)
class Duty:
    """One row. Empty parts mean any."""

    org_code: str
    kind: str = ""
    """CL_KIND; only together with a class."""
    class_code: str = ""
    """Two digits of a major class 大类, or a whole small class 小类."""
    area: str = ""
    """The first digits of a division or unit grid: 6 county, 9 street, 12 community, 15 grid."""
    weekdays: tuple[int, ...] = ()
    starts_at: time | None = None
    ends_at: time | None = None
    """The window of a day; one that ends before it starts runs over midnight. Times of day are the city's."""
    valid_from: date = date.min
    valid_to: date | None = None
    pk: int = 0

    @property
    def rank(self) -> tuple[int, int, bool, bool, date]:
        """How specific it is: class before place, place before time of day, then days, then the later beginning."""
        return (
            len(self.class_code),
            len(self.area),
            self.starts_at is not None,
            bool(self.weekdays) and set(self.weekdays) != set(ALL_DAYS),
            self.valid_from,
        )

    @property
    def specificity(self) -> tuple[int, int, bool, bool]:
        """The rank without the beginning: rows alike in it stand against each other."""
        return self.rank[:4]


@dataclass(frozen=True)
class Facts:
    """What is asked for: a class at a place at a moment (local time)."""

    kind: str
    class_code: str
    division_code: str
    grid_code: str
    at: datetime


def holds(duty: Duty, facts: Facts) -> bool:
    """Whether a row speaks of these facts."""
    return (
        duty.kind in ("", facts.kind)
        and facts.class_code.startswith(duty.class_code)
        and (facts.division_code.startswith(duty.area) or facts.grid_code.startswith(duty.area))
        and duty.valid_from <= facts.at.date()
        and (duty.valid_to is None or facts.at.date() <= duty.valid_to)
        and _in_hours(duty, facts.at)
    )


def _in_hours(duty: Duty, at: datetime) -> bool:
    """Whether the window is open; the part after midnight belongs to the day it began on."""
    start, end = duty.starts_at, duty.ends_at
    days = duty.weekdays or ALL_DAYS
    if start is None or end is None:
        return at.isoweekday() in days
    now = at.time()
    if start <= end:
        return at.isoweekday() in days and start <= now < end
    if now >= start:
        return at.isoweekday() in days
    return now < end and (at.isoweekday() - 2) % 7 + 1 in days


def best_first(duties: Sequence[Duty], facts: Facts) -> list[Duty]:
    """The rows that hold, the most specific first; each organisation once, by its best row."""
    found: dict[str, Duty] = {}
    for duty in sorted(duties, key=lambda one: one.rank, reverse=True):
        if duty.org_code not in found and holds(duty, facts):
            found[duty.org_code] = duty
    return list(found.values())


def overlap(one: Duty, other: Duty) -> str:
    """How two rows of different organisations meet: "" not at all, "refines" where the more specific one wins,
    "conflict" where nothing but the later beginning (or nothing at all) decides."""
    if one.org_code == other.org_code or not _may_meet(one, other):
        return ""
    return "conflict" if one.specificity == other.specificity else "refines"


def _may_meet(one: Duty, other: Duty) -> bool:
    return (
        _same_line(one.class_code, other.class_code)
        and (one.kind in ("", other.kind) or other.kind == "")
        and _same_line(one.area, other.area)
        and bool(set(one.weekdays or ALL_DAYS) & set(other.weekdays or ALL_DAYS))
        and _hours_meet(one, other)
        and one.valid_from <= (other.valid_to or date.max)
        and other.valid_from <= (one.valid_to or date.max)
    )


def _same_line(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _hours_meet(one: Duty, other: Duty) -> bool:
    return any(a < d and c < b for a, b in _spans(one) for c, d in _spans(other))


def _spans(duty: Duty) -> list[tuple[int, int]]:
    """The window as minutes of a day; one over midnight as its two parts."""
    if duty.starts_at is None or duty.ends_at is None:
        return [(0, 1440)]
    start = duty.starts_at.hour * 60 + duty.starts_at.minute
    end = duty.ends_at.hour * 60 + duty.ends_at.minute
    return [(start, end)] if start <= end else [(start, 1440), (0, end)]
