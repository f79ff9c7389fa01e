"""What a move does to a case: the fields it sets, by the clock. Services and the simulator both ask here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

from grid.rules.clock import (
    WORKING_UNITS,
    Unit,
    WorkCalendar,
    add_length,
    add_limit,
    limit_length,
    resumed_due,
    shared,
    used_between,
    warn_at,
)
from grid.rules.stages import FINAL_STAGES, Stage
from grid.rules.transitions import MOVES, Action, Move, Pending
from grid.rules.workflow import DEFAULT_WORKFLOW, Workflow

YES, NO = "1", "0"
DISPOSED, SELF_HANDLED, FORCED = "1", "2", "3"
"""CL_CLOSETYPE: closed after disposal, by the collector on the spot, by a leader."""
NOT_THERE = "03"
"""CL_REJECT: nothing was found at the place."""
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
    division_code: str
    version: int
    rework_count: int
    return_count: int
    postpone_count: int
    checks_passed: int
    duty_org: str
    pending: str
    updated_at: datetime
    limit_value: Decimal | None
    limit_unit: str
    run_seconds: int | None
    dispatched_at: datetime | None
    dispose_deadline: datetime | None
    paused_at: datetime | None


def changes_of(
    case: Movable,
    action: Action,
    at: datetime,
    desk: Desk,
    inputs: Mapping[str, Any],
    *,
    workflow: Workflow = DEFAULT_WORKFLOW,
) -> dict[str, Any]:
    """The fields that a move sets, without asking whether it is allowed. ``at`` is the moment of the move.

    A decision is taken as the last one: what earlier levels agree to changes nothing.
    """
    move = MOVES[action]
    stage = move.target(Stage(case.state))
    changed: dict[str, Any] = {
        "state": stage.value,
        "pending": _pending_after(case, move, stage),
        "updated_at": at,
        "version": case.version + 1,
    }
    changed.update(_stage_clock(move, stage, at, desk))
    changed.update(_EFFECTS.get(action, _nothing)(Turn(case, at, desk, inputs, workflow)))
    return changed


@dataclass(frozen=True)
class Turn:
    """One move that is being made: the case before it, the moment, what is counted with, what was given."""

    case: Movable
    at: datetime
    desk: Desk
    inputs: Mapping[str, Any]
    workflow: Workflow


def _pending_after(case: Movable, move: Move, stage: Stage) -> str:
    if move.applies:
        return move.applies.value
    is_over = move.decides or move.action is Action.WITHDRAW or stage is not Stage(case.state)
    return Pending.NONE.value if is_over else case.pending


def disposal_warning(
    case: Movable, due: datetime | None, desk: Desk, *, run: timedelta | None = None
) -> datetime | None:
    """When four fifths of the disposal limit that ends at ``due`` are used up; None where no limit is known.

    ``run`` is the length of the limit with its delays, by default that of the case. A limit that paused ends later
    than counted from dispatch; its warning is later by as much.
    """
    if case.dispatched_at is None or case.limit_value is None or due is None:
        return None
    length = run if run is not None else run_length(case)
    unit, start = case.limit_unit, case.dispatched_at
    paused = used_between(_counted(start, length, unit, desk), due, unit, desk.calendar)
    share = shared(length, desk.calendar.yellow_share)
    return _counted(_counted(start, share, unit, desk), paused, unit, desk)


def run_length(case: Movable) -> timedelta:
    """The length of the disposal limit of the present run, granted delays included."""
    if case.run_seconds is not None:
        return timedelta(seconds=case.run_seconds)
    return limit_length(case.limit_value or 0, case.limit_unit or Unit.WORK_DAY)


def _counted(start: datetime, length: timedelta, unit: str, desk: Desk) -> datetime:
    """The moment at which ``length`` of the disposal clock has run since ``start``."""
    return add_length(start, length, desk.calendar, is_worked=Unit(unit) in WORKING_UNITS)


def step_deadline(changed: Mapping[str, Any]) -> datetime | None:
    """The deadline that a step carries 本步时限: that of the stage the case has entered."""
    due: datetime | None = changed.get("stage_due_at")
    return due


def _stage_clock(move: Move, stage: Stage, at: datetime, desk: Desk) -> dict[str, datetime | None]:
    """When the stage that the move enters is due, and when its light turns yellow."""
    if stage in FINAL_STAGES or stage is Stage.SUSPENDED:
        return {"stage_due_at": None, "stage_warn_at": None}
    return _limit(move.limit, at, desk) if move.limit else {}


def _limit(name: str, at: datetime, desk: Desk) -> dict[str, datetime | None]:
    return {"stage_due_at": desk.stage_end(name, at), "stage_warn_at": desk.stage_warning(name, at)}


def _due(turn: Turn, due: datetime | None, *, run: timedelta | None = None) -> dict[str, Any]:
    """The disposal deadline, and what follows from it while the department has the case."""
    return {
        "dispose_deadline": due,
        "close_deadline": turn.desk.close_deadline(due) if due else None,
        "stage_due_at": due,
        "stage_warn_at": disposal_warning(turn.case, due, turn.desk, run=run),
        "paused_at": None,
    }


def _resumed(turn: Turn) -> dict[str, Any]:
    """The disposal clock goes on with what was left when it was stopped; one that was used up stays overdue."""
    case, due = turn.case, turn.case.dispose_deadline
    stopped = case.paused_at or case.updated_at
    if due is not None and case.limit_unit:
        due = resumed_due(due, stopped, turn.at, case.limit_unit, turn.desk.calendar)
    return _due(turn, due)


def _nothing(turn: Turn) -> dict[str, Any]:
    return {}


def _accept(turn: Turn) -> dict[str, Any]:
    return {"accepted_at": turn.at}


def _reject(turn: Turn) -> dict[str, Any]:
    return {"rejected_at": turn.at, "reject_reason": turn.inputs["reason"]}


def _verify_false(turn: Turn) -> dict[str, Any]:
    return {"rejected_at": turn.at, "reject_reason": NOT_THERE}


def _merge(turn: Turn) -> dict[str, Any]:
    return {"merged_into": turn.inputs["main_case"]}


def _send_back(turn: Turn) -> dict[str, Any]:
    return {"accepted_at": None}


def _file(turn: Turn) -> dict[str, Any]:
    rule: FilingRule = turn.inputs["rule"]
    return {
        "filed_at": turn.at,
        "task_no": turn.case.case_no[6:],
        "filing_condition": rule.filing_condition,
        "limit_value": rule.limit_value,
        "limit_unit": rule.limit_unit,
        "workflow": turn.workflow.code,
        **({"deadline_class": rule.deadline_class} if rule.deadline_class else {}),
    }


def _return_to_filing(turn: Turn) -> dict[str, Any]:
    return {"filed_at": None, "district_code": ""}


def _self_handle(turn: Turn) -> dict[str, Any]:
    """Settled on the spot: a valid report, disposed and closed in time at that moment (row 32)."""
    moments = dict.fromkeys(("accepted_at", "disposed_at", "closed_at", "close_deadline"), turn.at)
    return {**moments, "close_type": SELF_HANDLED}


def _assign_district(turn: Turn) -> dict[str, Any]:
    return {"district_code": turn.case.division_code[:6]}


def _dispatch(turn: Turn) -> dict[str, Any]:
    case, at = turn.case, turn.at
    if case.limit_value is None:
        raise ValueError("A case is filed under a limit before it is dispatched.")
    due = add_limit(at, case.limit_value, case.limit_unit, turn.desk.calendar)
    return {
        "dispatched_at": at,
        "duty_org": turn.inputs["duty_org"],
        "dispose_deadline": due,
        "close_deadline": turn.desk.close_deadline(due),
        "stage_due_at": due,
        "stage_warn_at": warn_at(at, case.limit_value, case.limit_unit, turn.desk.calendar),
        "run_seconds": int(limit_length(case.limit_value, case.limit_unit).total_seconds()),
        "paused_at": None,
        "handler_id": None,
    }


def _dispatch_again(turn: Turn) -> dict[str, Any]:
    """Another department begins with a whole limit; the same one goes on with what was left when it sent it back."""
    case = turn.case
    if turn.inputs["duty_org"] != case.duty_org or case.dispose_deadline is None or case.limit_value is None:
        return _dispatch(turn)
    return {**_resumed(turn), "handler_id": None}


def _sign(turn: Turn) -> dict[str, Any]:
    return {"handler_id": turn.inputs["handler"]} if turn.inputs.get("handler") else {}


def _apply_return(turn: Turn) -> dict[str, Any]:
    """The disposal clock stands until it is decided, and nobody in the department has the case meanwhile."""
    return {"paused_at": turn.at, "handler_id": None}


def _approve_return(turn: Turn) -> dict[str, Any]:
    """The dispatcher has it again: a wrong dispatch; the clock goes on standing."""
    return {"return_count": turn.case.return_count + 1}


def _refuse_return(turn: Turn) -> dict[str, Any]:
    return _resumed(turn)


def _withdraw(turn: Turn) -> dict[str, Any]:
    return _resumed(turn) if turn.case.pending == Pending.RETURN else {}


def _approve_delay(turn: Turn) -> dict[str, Any]:
    """Each delay adds one original limit to the deadline (row 18)."""
    case = turn.case
    if case.dispose_deadline is None or case.limit_value is None:
        return {"postpone_count": case.postpone_count + 1}
    more = limit_length(case.limit_value, case.limit_unit)
    run = run_length(case) + more
    due = _counted(case.dispose_deadline, more, case.limit_unit, turn.desk)
    return {
        **_due(turn, due, run=run),
        "run_seconds": int(run.total_seconds()),
        "postpone_count": case.postpone_count + 1,
    }


def _approve_suspension(turn: Turn) -> dict[str, Any]:
    return {"is_hung": YES, "paused_at": turn.at}


def _resume(turn: Turn) -> dict[str, Any]:
    return {**_resumed(turn), "is_hung": NO}


def _feed_back(turn: Turn) -> dict[str, Any]:
    return {"disposed_at": turn.at}


def _rework(turn: Turn) -> dict[str, Any]:
    """Rework 返工: the same department keeps the case; its clock has never stopped, unless the city starts it anew."""
    case = turn.case
    counted = {"rework_count": case.rework_count + 1, "disposed_at": None, "checks_passed": 0}
    if turn.workflow.given["rework_clock"] == "restarts" and case.limit_value is not None:
        return {**_dispatch(replace(turn, inputs={"duty_org": case.duty_org})), **counted}
    due = case.dispose_deadline
    return {**counted, "stage_due_at": due, "stage_warn_at": disposal_warning(case, due, turn.desk)}


def _pass_check(turn: Turn) -> dict[str, Any]:
    """Where there are two levels, the district's check is followed by the city's."""
    passed = turn.case.checks_passed + 1
    if passed < turn.workflow.checks_needed:
        return {"state": Stage.CHECKING.value, "checks_passed": passed, **_limit("check", turn.at, turn.desk)}
    return {"checked_at": turn.at, "checks_passed": passed}


def _return_to_check(turn: Turn) -> dict[str, Any]:
    return {"checked_at": None, "checks_passed": max(turn.case.checks_passed - 1, 0)}


def _close(turn: Turn) -> dict[str, Any]:
    return {"closed_at": turn.at, "close_type": DISPOSED}


def _force_close(turn: Turn) -> dict[str, Any]:
    return {"closed_at": turn.at, "close_type": FORCED, "is_hung": NO, "paused_at": None}


def _approve_void(turn: Turn) -> dict[str, Any]:
    return {"is_void": YES, "is_hung": NO, "paused_at": None}


def _supervise(turn: Turn) -> dict[str, Any]:
    return {"is_supervised": YES}


def _approve_appeal(turn: Turn) -> dict[str, Any]:
    return {"appeal": YES}


def _refuse_appeal(turn: Turn) -> dict[str, Any]:
    return {"appeal": NO}


def _return_visit(turn: Turn) -> dict[str, Any]:
    return {"satisfaction": turn.inputs["satisfaction"]}


def _correct(turn: Turn) -> dict[str, Any]:
    return dict(turn.inputs.get("corrected", {}))


_EFFECTS: dict[Action, Callable[[Turn], dict[str, Any]]] = {
    Action.CORRECT: _correct,
    Action.ACCEPT: _accept,
    Action.VERIFY_TRUE: _accept,
    Action.VERIFY_FALSE: _verify_false,
    Action.REJECT: _reject,
    Action.MERGE: _merge,
    Action.SEND_BACK: _send_back,
    Action.FILE: _file,
    Action.SELF_HANDLE: _self_handle,
    Action.RETURN_TO_FILING: _return_to_filing,
    Action.ASSIGN_DISTRICT: _assign_district,
    Action.DISPATCH: _dispatch,
    Action.DISPATCH_AGAIN: _dispatch_again,
    Action.SIGN: _sign,
    Action.APPLY_RETURN: _apply_return,
    Action.APPROVE_RETURN: _approve_return,
    Action.REFUSE_RETURN: _refuse_return,
    Action.APPROVE_DELAY: _approve_delay,
    Action.APPROVE_SUSPENSION: _approve_suspension,
    Action.RESUME: _resume,
    Action.WITHDRAW: _withdraw,
    Action.FEED_BACK: _feed_back,
    Action.REWORK: _rework,
    Action.PASS_CHECK: _pass_check,
    Action.FAIL_CHECK: _rework,
    Action.CLOSE: _close,
    Action.RETURN_TO_CHECK: _return_to_check,
    Action.FORCE_CLOSE: _force_close,
    Action.APPROVE_VOID: _approve_void,
    Action.SUPERVISE: _supervise,
    Action.APPROVE_APPEAL: _approve_appeal,
    Action.REFUSE_APPEAL: _refuse_appeal,
    Action.RETURN_VISIT: _return_visit,
}
