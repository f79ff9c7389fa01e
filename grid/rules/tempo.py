"""The tempo of the people of a simulated city: what a move is, and how long desks, streets and departments take."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from decimal import Decimal
from random import Random
from typing import Protocol

from grid.rules.clock import WORKING_UNITS, Unit, limit_length
from grid.rules.transitions import Action

NIGHT = (22, 6)
"""From this hour to that one a desk has fewer people."""
OUTDOORS = (time(6, 30), time(21, 0))
"""Collectors are outside."""
DEFAULT_LIMIT = (Decimal(3), "work_day")


@dataclass(frozen=True)
class NextMove:
    """What happens next with a case, and when; ``reason`` where it is rejected (CL_REJECT)."""

    action: Action
    at: datetime
    reason: str = ""


class Living(Protocol):
    """What behaviour reads of a case."""

    state: str
    pending: str
    version: int
    source: str
    updated_at: datetime
    dispatched_at: datetime | None
    limit_value: Decimal | None
    limit_unit: str
    rework_count: int
    return_count: int
    postpone_count: int
    class_code: str
    satisfaction: str
    appeal: str
    disposed_at: datetime | None
    dispose_deadline: datetime | None


def random_of(*parts: object) -> Random:
    """A generator of its own for what ``parts`` name; the same on every machine."""
    return Random("/".join(map(str, parts)))  # noqa: S311 (a story, not a secret)


def lag(rng: Random, median_minutes: float, spread: float = 0.7) -> timedelta:
    """A waiting time: most are short, a few are long."""
    return timedelta(seconds=round(60 * rng.lognormvariate(math.log(median_minutes), spread)))


def at_desk(rng: Random, since: datetime, median_minutes: float, zone: tzinfo) -> datetime:
    """When a desk that never closes acts; at night it takes longer."""
    hour = since.astimezone(zone).hour
    slow = 2.2 if hour >= NIGHT[0] or hour < NIGHT[1] else 1.0
    return since + lag(rng, median_minutes * slow)


def outside(rng: Random, since: datetime, median_minutes: float, zone: tzinfo) -> datetime:
    """When somebody on the street acts: by day only."""
    at = (since + lag(rng, median_minutes)).astimezone(zone)
    opens, closes = OUTDOORS
    if at.time() < opens or at.time() > closes:
        day = at.date() + timedelta(days=at.time() > closes)
        at = datetime.combine(day, opens, tzinfo=zone) + lag(rng, median_minutes)
    return at.astimezone(UTC)


def is_worked_limit(case: Living) -> bool:
    """Whether only working time counts for a case."""
    return Unit(case.limit_unit or DEFAULT_LIMIT[1]) in WORKING_UNITS


def limit_of(case: Living) -> timedelta:
    """The length of the disposal limit of a case."""
    value = DEFAULT_LIMIT[0] if case.limit_value is None else case.limit_value
    return limit_length(value, case.limit_unit or DEFAULT_LIMIT[1])
