"""Which case counts for what, in plain Python: the definition that the database's conditions are tested against.

``start`` and ``end`` are the first moment of the period and the first one after it. With ``cohort`` a case belongs
to the period in which it was opened (reported), and what happened to it counts whenever it happened.
"""

from dataclasses import dataclass
from datetime import datetime

VOID_STATES = frozenset({"90", "91"})
"""作废, 并案: such a case is not to be closed."""
REJECTED_STATE = "31"
SUSPENDED_STATE = "52"


@dataclass(frozen=True)
class CaseFacts:
    """What the figures look at in a case."""

    reported_at: datetime
    state: str
    filed_at: datetime | None = None
    rejected_at: datetime | None = None
    dispatched_at: datetime | None = None
    disposed_at: datetime | None = None
    close_deadline: datetime | None = None
    closed_at: datetime | None = None
    rework_count: int = 0
    is_hung: bool = False
    is_void: bool = False
    is_in_grid: bool = True
    """Whether a unit grid was found at its place."""


@dataclass(frozen=True)
class Window:
    """A period's moments, and whether the cohort opened in it is meant."""

    start: datetime
    end: datetime
    cohort: bool = False

    def holds(self, moment: datetime | None, case: CaseFacts) -> bool:
        """Whether ``moment`` happened and lies in the period; for a cohort, whether the case was opened in it."""
        if moment is None:
            return False
        placed = case.reported_at if self.cohort else moment
        return self.start <= placed < self.end

    def is_over_for(self, moment: datetime | None) -> bool:
        """Whether ``moment`` came before the end of the period; for a cohort, whether it came at all."""
        return moment is not None and (self.cohort or moment < self.end)


def counts_of(case: CaseFacts, window: Window) -> dict[str, int]:
    """What one case adds to every input of every indicator: 0 or 1, and seconds for ``handling_seconds``."""
    return {**_filing(case, window), **_closing(case, window), **_disposal(case, window)}


def _filing(case: CaseFacts, window: Window) -> dict[str, int]:
    filed = window.holds(case.filed_at, case)
    rejected = case.filed_at is None and window.holds(case.rejected_at, case)
    return {"filed": int(filed), "rejected": int(rejected), "decided": int(filed or rejected)}


def can_close(case: CaseFacts) -> bool:
    """Whether the case is one to be closed: filed or closed, not void, merged or rejected, and not paused now."""
    if case.filed_at is None and case.closed_at is None:
        return False
    if case.is_void or case.state in VOID_STATES or case.state == REJECTED_STATE:
        return False
    return case.closed_at is not None or not (case.is_hung or case.state == SUSPENDED_STATE)


def is_needed(case: CaseFacts, window: Window) -> bool:
    """应结案: the deadline falls in the period, or the case was closed in it; of a cohort, every case to be closed."""
    if not can_close(case):
        return False
    if window.cohort:
        return window.holds(case.reported_at, case)
    return window.holds(case.close_deadline, case) or window.holds(case.closed_at, case)


def _closing(case: CaseFacts, window: Window) -> dict[str, int]:
    needed = is_needed(case, window)
    closed = needed and window.is_over_for(case.closed_at)
    due = case.close_deadline is not None
    on_time = bool(closed and case.close_deadline and case.closed_at and case.closed_at <= case.close_deadline)
    return {
        "needed": int(needed),
        "closed": int(closed),
        "needed_with_deadline": int(needed and due),
        "closed_with_deadline": int(closed and due),
        "on_time": int(on_time),
        "in_no_grid": int(needed and not case.is_in_grid),
    }


def _disposal(case: CaseFacts, window: Window) -> dict[str, int]:
    disposed = window.holds(case.disposed_at, case)
    seconds = 0
    if window.holds(case.closed_at, case) and case.dispatched_at and case.disposed_at:
        handled = True
        seconds = max(int((case.disposed_at - case.dispatched_at).total_seconds()), 0)
    else:
        handled = False
    return {
        "disposed": int(disposed),
        "reworked": int(disposed and case.rework_count > 0),
        "handled": int(handled),
        "handling_seconds": seconds,
    }
