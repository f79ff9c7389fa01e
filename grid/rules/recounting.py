"""What becomes of the running deadlines of a case when the calendar that they were counted with has changed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from grid.rules.clock import add_length, shared, used_between
from grid.rules.moving import Desk
from grid.rules.runs import Run, RunStep, run_of
from grid.rules.transitions import MOVES

DEADLINES = ("stage_due_at", "dispose_deadline", "close_deadline")
WARNING = "stage_warn_at"
FIELDS = (*DEADLINES, WARNING)
LIMIT_OF_STEP = {move.step_code: move.limit for move in MOVES.values() if move.limit}
"""Step code (CL_ACTION) → the stage limit that starts to run with it."""


class Running(Protocol):
    """What counting anew reads of a case."""

    limit_value: Decimal | None
    limit_unit: str
    stage_due_at: datetime | None
    stage_warn_at: datetime | None
    dispose_deadline: datetime | None
    close_deadline: datetime | None
    disposed_at: datetime | None


def recounted(
    case: Running, steps: Sequence[RunStep], desk: Desk, *, only_warnings: bool = False
) -> dict[str, datetime]:
    """The fields of a case that come out otherwise with ``desk``; empty where nothing does.

    The disposal deadline is counted from the steps, pauses and delays included; that of a disposal that was fed back
    stays. A deadline that is on record while the case pauses is the one it would have without that pause. The desk's
    stage is counted from the step that it began with, by the stage limit that holds now. ``only_warnings`` moves no
    deadline: the share at which lights turn yellow has changed.
    """
    if case.stage_due_at is None:  # not counted here: an imported deadline stays as it is
        return {}
    run = None
    if case.limit_value is not None and case.dispose_deadline is not None:
        run = run_of(steps, case.limit_value, case.limit_unit, desk.calendar)
    found = _warning(case, steps, run, desk) if only_warnings else _deadlines(case, steps, run, desk)
    return {name: value for name, value in found.items() if value != getattr(case, name)}


def _deadlines(case: Running, steps: Sequence[RunStep], run: Run | None, desk: Desk) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    disposal = case.dispose_deadline
    if run is not None and disposal is not None:
        if case.disposed_at is None:
            disposal = found["dispose_deadline"] = run.due_if_running(desk.calendar)
        if case.close_deadline is not None:
            found["close_deadline"] = desk.close_deadline(disposal)
    began = _stage_step(steps)
    if began is None:
        return found
    if stage := LIMIT_OF_STEP.get(began.action):
        found["stage_due_at"] = desk.stage_end(stage, began.at)
        found[WARNING] = desk.stage_warning(stage, began.at)
    elif run is not None and case.disposed_at is None:
        found["stage_due_at"] = run.due_if_running(desk.calendar)
        found[WARNING] = run.warn_at(desk.calendar)
    return found


def _warning(case: Running, steps: Sequence[RunStep], run: Run | None, desk: Desk) -> dict[str, datetime]:
    began = _stage_step(steps)
    if began is None or case.stage_due_at is None:
        return {}
    stage = LIMIT_OF_STEP.get(began.action)
    if stage is None:
        return {} if run is None else {WARNING: run.warn_at(desk.calendar)}
    unit = desk.limit_of(stage)[1]
    length = shared(used_between(began.at, case.stage_due_at, unit, desk.calendar), desk.calendar.yellow_share)
    return {WARNING: add_length(began.at, length or timedelta(0), desk.calendar, is_worked=desk.is_worked(stage))}


def _stage_step(steps: Sequence[RunStep]) -> RunStep | None:
    """The step with which the limit began that runs now: the last one that carries a deadline."""
    return next((step for step in reversed(steps) if step.deadline is not None), None)


def touches(began: datetime, old: datetime, new: datetime, days: tuple[datetime, datetime]) -> bool:
    """Whether a limit that began at ``began`` and ended at ``old``, now at ``new``, ran on changed days (from, to)."""
    first, last = days
    return began < last and max(old, new) >= first
