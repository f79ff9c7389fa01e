"""What a move does to a case: the fields it sets, by the clock. Services and the simulator both ask here."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

from grid.rules.clock import WORKING_UNITS, Unit, WorkCalendar, add_length, add_limit, used_between, warn_at
from grid.rules.stages import FINAL_STAGES
from grid.rules.transitions import MOVES, Action, Move

YES = "1"
DISPOSED = "1"
"""CL_CLOSETYPE: closed after disposal."""
CLOSING_CHAIN = ("send_check", "check", "close")
"""Stage limits that follow the disposal limit until the case is due to be closed."""
DEFAULT_LIMITS: dict[str, tuple[Decimal, str]] = {
    "accept": (Decimal(15), "minute"),
    "file": (Decimal(1), "work_hour"),
    "dispatch": (Decimal(15), "minute"),
    "send_check": (Decimal(15), "minute"),
    "check": (Decimal(30), "minute"),
    "close": (Decimal(15), "minute"),
    "verify": (Decimal(30), "minute"),
    "decide": (Decimal(4), "work_hour"),
    "supervise_answer": (Decimal(1), "work_day"),
}
"""Stage limits where the city has set none: a local sample (Yuncheng, Fuzhou), no national values.

``decide`` is an application that waits (return, delay, suspension, void); ``supervise_answer`` the answer to a
supervision 督办. No source gives those two; they are ours.
"""


@dataclass(frozen=True)
class FilingRule:
    """The filing condition 立案条件 a case is filed under, with its disposal limit 处置时限."""

    filing_condition: str
    limit_value: Decimal
    limit_unit: str
    deadline_class: str = ""


DEFAULT_RULE = FilingRule("", Decimal(3), "work_day")
"""For a class without any disposal rule: three work days, the middle of the sample set."""


@dataclass(frozen=True)
class Desk:
    """What deadlines are counted with: the working calendar and the stage limits (stage → value, unit).

    ``area_limits`` holds those of one class of area (stage, class) where they differ; ``for_area`` applies them.
    """

    calendar: WorkCalendar
    limits: Mapping[str, tuple[Decimal, str]] = field(default_factory=lambda: DEFAULT_LIMITS)
    area_limits: Mapping[tuple[str, str], tuple[Decimal, str]] = field(default_factory=dict)

    def for_area(self, area_class: str) -> "Desk":
        """The desk of one class of area 区域类别 (A, B, C): its own stage limits where there are any."""
        own = {stage: limit for (stage, area), limit in self.area_limits.items() if area == area_class}
        return replace(self, limits={**self.limits, **own}) if own else self

    def limit_of(self, stage: str) -> tuple[Decimal, str]:
        """The limit of a stage and its unit; the sample where the city has set none."""
        return self.limits.get(stage, DEFAULT_LIMITS[stage])

    def is_worked(self, stage: str) -> bool:
        """Whether the limit of a stage runs in working time."""
        return Unit(self.limit_of(stage)[1]) in WORKING_UNITS

    def stage_end(self, stage: str, start: datetime) -> datetime:
        """When the limit of a stage that starts at ``start`` is used up."""
        return add_limit(start, *self.limit_of(stage), self.calendar)

    def stage_warning(self, stage: str, start: datetime) -> datetime:
        """When the yellow share of it is used up."""
        return warn_at(start, *self.limit_of(stage), self.calendar)

    def close_deadline(self, dispose_deadline: datetime) -> datetime:
        """When a case must be closed: the disposal deadline, then the limits of sending, checking and closing."""
        end = dispose_deadline
        for stage in CLOSING_CHAIN:
            end = self.stage_end(stage, end)
        return end


class Movable(Protocol):
    """What a move reads of a case."""

    state: str
    case_no: str
    version: int
    rework_count: int
    return_count: int
    duty_org: str
    updated_at: datetime
    limit_value: Decimal | None
    limit_unit: str
    dispatched_at: datetime | None
    dispose_deadline: datetime | None


def changes_of(case: Movable, action: Action, at: datetime, desk: Desk, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that a move sets, without asking whether it is allowed. ``at`` is the moment of the move."""
    move = MOVES[action]
    changed = {
        "state": move.to_stage.value,
        "updated_at": at,
        "version": case.version + 1,
        **_EFFECTS.get(action, _nothing)(case, at, desk, inputs),
    }
    return {**_stage_clock(case, move, at, desk, changed), **changed}


def disposal_warning(case: Movable, due: datetime | None, desk: Desk) -> datetime | None:
    """When four fifths of the disposal limit that ends at ``due`` are used up; None where no limit is known.

    A limit that paused ends later than counted from dispatch; its warning is later by as much.
    """
    if case.dispatched_at is None or case.limit_value is None or due is None:
        return None
    limit = case.limit_value, case.limit_unit
    paused = used_between(add_limit(case.dispatched_at, *limit, desk.calendar), due, case.limit_unit, desk.calendar)
    return _counted(warn_at(case.dispatched_at, *limit, desk.calendar), paused, case.limit_unit, desk)


def _counted(start: datetime, length: timedelta, unit: str, desk: Desk) -> datetime:
    """The moment at which ``length`` of the disposal clock has run since ``start``."""
    return add_length(start, length, desk.calendar, is_worked=Unit(unit) in WORKING_UNITS)


def step_deadline(changed: Mapping[str, Any]) -> datetime | None:
    """The deadline that a step carries 本步时限: that of the stage the case has entered."""
    due: datetime | None = changed.get("stage_due_at")
    return due


def _stage_clock(
    case: Movable, move: Move, at: datetime, desk: Desk, changed: Mapping[str, Any]
) -> dict[str, datetime | None]:
    """When the stage that the move enters is due, and when its light turns yellow."""
    if move.to_stage in FINAL_STAGES:
        return {"stage_due_at": None, "stage_warn_at": None}
    if move.limit:
        return {
            "stage_due_at": desk.stage_end(move.limit, at),
            "stage_warn_at": desk.stage_warning(move.limit, at),
        }
    return {}


def _nothing(case: Movable, at: datetime, desk: Desk, inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {}


def _accept(case: Movable, at: datetime, desk: Desk, inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {"accepted_at": at}


def _reject(case: Movable, at: datetime, desk: Desk, inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {"rejected_at": at, "reject_reason": inputs["reason"]}


def _file(case: Movable, at: datetime, desk: Desk, inputs: Mapping[str, Any]) -> dict[str, Any]:
    rule: FilingRule = inputs["rule"]
    return {
        "filed_at": at,
        "task_no": case.case_no[6:],
        "filing_condition": rule.filing_condition,
        "limit_value": rule.limit_value,
        "limit_unit": rule.limit_unit,
        "deadline_class": rule.deadline_class,
    }


def _dispatch(case: Movable, at: datetime, desk: Desk, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The disposal clock starts at dispatch, not at signing; an imported case without a limit keeps its deadlines."""
    changed: dict[str, Any] = {"dispatched_at": at, "duty_org": inputs["duty_org"]}
    if case.limit_value is None:
        return {**changed, "stage_due_at": case.dispose_deadline, "stage_warn_at": None}
    due = add_limit(at, case.limit_value, case.limit_unit, desk.calendar)
    return {
        **changed,
        "dispose_deadline": due,
        "close_deadline": desk.close_deadline(due),
        "stage_due_at": due,
        "stage_warn_at": warn_at(at, case.limit_value, case.limit_unit, desk.calendar),
    }


def _return(case: Movable, at: datetime, desk: Desk, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The dispatcher has it again; the department's deadlines stand until it is dispatched anew."""
    return {"return_count": case.return_count + 1}


def _dispatch_again(case: Movable, at: datetime, desk: Desk, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Another department begins with a whole limit; the same one goes on with what was left when it sent it back."""
    due = case.dispose_deadline
    if inputs["duty_org"] != case.duty_org or due is None or case.limit_value is None:
        return _dispatch(case, at, desk, inputs)
    if due > case.updated_at:  # the moment of the return
        left = used_between(case.updated_at, due, case.limit_unit, desk.calendar)
        due = _counted(at, left, case.limit_unit, desk)
    return {
        "dispose_deadline": due,
        "close_deadline": desk.close_deadline(due),
        "stage_due_at": due,
        "stage_warn_at": disposal_warning(case, due, desk),
    }


def _feed_back(case: Movable, at: datetime, desk: Desk, inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {"disposed_at": at}


def _pass_check(case: Movable, at: datetime, desk: Desk, inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {"checked_at": at}


def _fail_check(case: Movable, at: datetime, desk: Desk, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Rework 返工: the same department keeps the case, and its clock has never stopped."""
    return {
        "rework_count": case.rework_count + 1,
        "disposed_at": None,
        "stage_due_at": case.dispose_deadline,
        "stage_warn_at": disposal_warning(case, case.dispose_deadline, desk),
    }


def _close(case: Movable, at: datetime, desk: Desk, inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {"closed_at": at, "close_type": DISPOSED}


_EFFECTS = {
    Action.ACCEPT: _accept,
    Action.REJECT: _reject,
    Action.FILE: _file,
    Action.DISPATCH: _dispatch,
    Action.RETURN: _return,
    Action.DISPATCH_AGAIN: _dispatch_again,
    Action.FEED_BACK: _feed_back,
    Action.PASS_CHECK: _pass_check,
    Action.FAIL_CHECK: _fail_check,
    Action.CLOSE: _close,
}
