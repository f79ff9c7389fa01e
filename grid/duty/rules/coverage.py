"""Coverage of unit grids 单元网格巡查覆盖率 and fulfilment of patrol plans 巡查计划, counted from visits.

A visit is a moment at which somebody was in a unit grid; there are no tracks, and nothing is counted per person.
"""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

APART = dt.timedelta(minutes=30)
"""Two visits of a grid closer together than this are one round."""


@dataclass(frozen=True)
class Coverage:
    """So many of the scheduled unit grids were visited, each counted once per shift."""

    visited: int
    scheduled: int

    @property
    def rate_percent(self) -> Decimal | None:
        """Visited ÷ scheduled in percent with two decimals; None where nothing was scheduled: no data, not 0 or 100."""
        if not self.scheduled:
            return None
        return (Decimal(self.visited) * 100 / self.scheduled).quantize(Decimal("0.01"), ROUND_HALF_UP)

    @property
    def missing(self) -> int:
        """Scheduled unit grids without a visit."""
        return self.scheduled - self.visited

    def __add__(self, other: "Coverage") -> "Coverage":
        return Coverage(self.visited + other.visited, self.scheduled + other.scheduled)


NOTHING = Coverage(0, 0)


def total(parts: Iterable[Coverage]) -> Coverage:
    """The coverage of several shifts or areas together: counts are added, never rates."""
    return sum(parts, NOTHING)


def patrol_area(scheduled: Iterable[Collection[str]]) -> frozenset[str]:
    """Where a supervisor patrols 巡查范围: the unit grids of all responsibility grids scheduled for the day."""
    return frozenset(code for grid in scheduled for code in grid)


def coverage_of(scheduled: Collection[str], visited: Iterable[str]) -> Coverage:
    """How much of the scheduled unit grids the visits of the shift cover; visits elsewhere count for nothing."""
    wanted = set(scheduled)
    return Coverage(len(wanted & set(visited)), len(wanted))


class Span(StrEnum):
    """Within what a patrol plan asks for its visits."""

    SHIFT = "shift"
    DAY = "day"
    WEEK = "week"


def span_around(
    span: Span, at: dt.datetime, zone: dt.tzinfo, shift: tuple[dt.datetime, dt.datetime] | None = None
) -> tuple[dt.datetime, dt.datetime] | None:
    """From when to when a plan counts at a moment: the shift, the local day, the week from Monday.

    None for a plan per shift where no shift runs.
    """
    if span is Span.SHIFT:
        return shift
    day = at.astimezone(zone).date()
    length = 1
    if span is Span.WEEK:
        day, length = day - dt.timedelta(days=day.weekday()), 7
    last = day + dt.timedelta(days=length)
    return dt.datetime.combine(day, dt.time(), zone), dt.datetime.combine(last, dt.time(), zone)


def rounds(moments: Iterable[dt.datetime], apart: dt.timedelta = APART) -> int:
    """How many rounds visits of one grid make: what follows within ``apart`` of a round's first visit belongs to it."""
    count, since = 0, None
    for moment in sorted(moments):
        if since is None or moment - since >= apart:
            count, since = count + 1, moment
    return count


@dataclass(frozen=True)
class Due:
    """One unit grid of a plan: how often it must be visited, and how often it was."""

    grid_code: str
    needed: int
    done: int

    @property
    def missing(self) -> int:
        """Visits that are still to be made."""
        return max(0, self.needed - self.done)

    @property
    def is_fulfilled(self) -> bool:
        """Whether the plan is kept here."""
        return not self.missing


def due_list(codes: Iterable[str], needed: int, done: dict[str, list[dt.datetime]]) -> list[Due]:
    """The unit grids of a plan, those that miss most first; ``done`` are the moments of visits by unit grid."""
    found = [Due(code, needed, rounds(done.get(code, ()))) for code in set(codes)]
    return sorted(found, key=lambda due: (-due.missing, due.grid_code))
