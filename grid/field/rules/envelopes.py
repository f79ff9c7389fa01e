"""What may be done from a phone, and when an action that waited without a network no longer fits its case."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from grid.rules.transitions import Action

REPORT, SELF_HANDLE = Action.REPORT.value, Action.SELF_HANDLE.value
REPORTS = frozenset({REPORT, SELF_HANDLE})
"""Kinds that make a case; the others move one."""
ON_THE_STREET = (Action.VERIFY_TRUE, Action.VERIFY_FALSE, Action.PASS_CHECK, Action.FAIL_CHECK)
"""What answers a task of a collector or inspector."""
BY_THE_DEPARTMENT = (
    Action.SIGN,
    Action.FEED_BACK,
    Action.APPLY_RETURN,
    Action.APPLY_DELAY,
    Action.APPLY_SUSPENSION,
    Action.WITHDRAW,
    Action.ANSWER_SUPERVISION,
)
"""What the people of the department do on the spot."""
KINDS: tuple[str, ...] = (REPORT, SELF_HANDLE, *(action.value for action in (*ON_THE_STREET, *BY_THE_DEPARTMENT)))
MOST_AT_ONCE = 50
"""Actions of one batch."""
LATE = timedelta(hours=24)
"""An action that came in so long after its claimed time is marked (as a photo is)."""
AHEAD = timedelta(minutes=10)
"""So far a phone's clock may differ before it is marked."""


@dataclass(frozen=True)
class Since:
    """A step of a case that was made after the phone last saw it."""

    by: int | None
    from_state: str
    to_state: str


def moved_on(since: Iterable[Since], *, by: int) -> bool:
    """Whether somebody else brought the case to another stage since the phone saw it.

    The person's own steps do not count: who signs without a network feeds back after it from the same sight of the
    case. Steps that leave the stage (urging, supervision, a correction) do not make the work wrong.
    """
    return any(step.by != by and step.from_state != step.to_state for step in since)


def is_late(claimed: datetime, received: datetime) -> bool:
    """Whether an action waited so long that its reader should know."""
    return received - claimed > LATE


def is_clock_off(ahead_seconds: int | None) -> bool:
    """Whether the phone's clock differed so much that its times mislead."""
    return ahead_seconds is not None and abs(ahead_seconds) > AHEAD.total_seconds()
