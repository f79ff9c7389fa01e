"""Why a step is not open: a word for each reason, so that a greyed button can say it."""

from enum import StrEnum

from grid.rules.actions import Move, Pending
from grid.rules.stages import Stage


class Why(StrEnum):
    """What stands against a move."""

    STAGE = "stage"
    """The case stands elsewhere."""
    WAITING = "waiting"
    """An application waits for its decision."""
    NOTHING_WAITS = "nothing_waits"
    """It decides an application, and none waits."""
    OFF = "off"
    """The workflow has switched it off."""
    PERMISSION = "permission"
    """Another post does it."""
    CONDITION = "condition"
    """A condition of the case or person (own work, another department, not the applicant)."""


def why_not(move: Move, *, stage: Stage, pending: str, is_on: bool, is_permitted: bool) -> Why:
    """The first thing that stands against a move which is not open, the one that changes last first said."""
    if not is_on:
        return Why.OFF
    if stage not in move.from_stages:
        return Why.STAGE
    if pending not in move.in_pending:
        return Why.NOTHING_WAITS if pending == Pending.NONE else Why.WAITING
    return Why.CONDITION if is_permitted else Why.PERMISSION
