"""The table of moves: action → from which stages, to which stage, who may, and what must be given.

Assembled from public systems (domain notes §4.2; each row names its number); no text of a national standard was seen
for a single move. Everything that moves a case reads this table: services, pages, API, simulator. What a city may
change about it (roles, approvals, limits, photos) is a workflow (``grid.rules.workflow``), versioned data.
"""

from collections.abc import Iterable

from grid.rules.actions import ANY_PENDING, UNDECIDED, Action, Move, Pending
from grid.rules.stages import FINAL_STAGES, Stage

__all__ = ["MOVES", "UNDECIDED", "Action", "Move", "Pending"]

S = Stage
BEFORE_CLOSING = frozenset(S) - FINAL_STAGES
"""Every open stage."""
WITH_DEPARTMENT = (S.DISPATCHED, S.HANDLING)


def _move(
    action: Action, step: str, origin: Iterable[Stage], to: Stage | None, permission: str, **more: object
) -> Move:
    return Move(action, step, frozenset(origin), to, permission, **more)  # type: ignore[arg-type]


def _application(pending: Pending, step: str, *, rows: tuple[int, ...], **more: object) -> Move:
    """The row with which a department applies for something; the case stays where it is."""
    settings: dict[str, object] = {
        "roles": ("department",),
        "step_role": "05",
        "inputs": ("opinion",),
        "optional": (),
        "by_department": True,
        "applies": pending,
        **more,
    }
    return _move(Action(f"apply_{pending}"), step, WITH_DEPARTMENT, None, "grid.handle_case", rows=rows, **settings)


DECIDERS = ("dispatcher", "duty_leader", "leader", "acceptor")


def _decision(action: Action, step: str, pending: Pending, to: Stage | None, **more: object) -> Move:
    """The row with which somebody else decides an application."""
    settings: dict[str, object] = {
        "roles": DECIDERS,
        "step_role": "04",
        "in_pending": frozenset({pending}),
        "decides": pending,
        **more,
    }
    origin = more.pop("origin", WITH_DEPARTMENT)
    settings.pop("origin", None)
    return _move(action, step, origin, to, "grid.decide_application", **settings)  # type: ignore[arg-type]


_REFUSAL: dict[str, object] = {"inputs": ("opinion",), "optional": ()}
_COLLECTORS: dict[str, object] = {"roles": ("collector", "inspector"), "step_role": "01"}
_DESK: dict[str, object] = {"roles": ("acceptor", "duty_leader"), "step_role": "02"}
_LEADER: dict[str, object] = {"roles": ("duty_leader",), "step_role": "03", "inputs": ("opinion",), "optional": ()}
_DISPATCHER: dict[str, object] = {"roles": ("dispatcher",), "step_role": "04"}
_DEPARTMENT: dict[str, object] = {"roles": ("department",), "step_role": "05", "by_department": True}

_INTAKE = (
    _move(
        Action.REPORT,
        "01",
        (),
        S.REPORTED,
        "grid.register_case",
        roles=("collector", "acceptor", "hotline", "monitor"),
        step_role="09",
        inputs=("class_code", "longitude", "latitude", "description", "address"),
        limit="accept",
        rows=(1,),
    ),
    _move(Action.ACCEPT, "04", (S.REPORTED,), S.ACCEPTED, "grid.accept_case", **_DESK, limit="file", rows=(5,)),
    _move(
        Action.SEND_VERIFY,
        "02",
        (S.REPORTED,),
        S.VERIFYING,
        "grid.accept_case",
        **_DESK,
        optional=("opinion", "assignee"),
        limit="verify",
        rows=(2,),
    ),
    _move(
        Action.VERIFY_TRUE,
        "03",
        (S.VERIFYING,),
        S.ACCEPTED,
        "grid.verify_case",
        **_COLLECTORS,
        limit="file",
        rows=(3,),
    ),
    _move(
        Action.VERIFY_FALSE,
        "26",
        (S.VERIFYING,),
        S.REJECTED,
        "grid.verify_case",
        **_COLLECTORS,
        inputs=("opinion",),
        optional=(),
        rows=(4,),
    ),
    _move(
        Action.FILE,
        "05",
        (S.ACCEPTED,),
        S.FILED,
        "grid.file_case",
        roles=("duty_leader", "acceptor"),
        step_role="03",
        inputs=("rule",),
        limit="dispatch",
        rows=(9,),
    ),
    _move(
        Action.REJECT,
        "06",
        (S.REPORTED, S.ACCEPTED),
        S.REJECTED,
        "grid.reject_case",
        **_DESK,
        inputs=("reason",),
        rows=(6,),
    ),
    _move(
        Action.MERGE,
        "27",
        (S.REPORTED, S.ACCEPTED),
        S.MERGED,
        "grid.merge_case",
        **_DESK,
        inputs=("main_case",),
        rows=(7,),
    ),
    _move(
        Action.SEND_BACK,
        "28",
        (S.ACCEPTED,),
        S.REPORTED,
        "grid.review_case",
        **_LEADER,
        limit="accept",
        rows=(8,),
    ),
    _move(
        Action.SELF_HANDLE,
        "25",
        (S.REPORTED,),
        S.SELF_CLOSED,
        "grid.self_handle",
        roles=("collector",),
        step_role="01",
        rows=(32,),
    ),
    _move(
        Action.CORRECT,
        "47",
        (S.REPORTED, S.ACCEPTED),
        None,
        "grid.accept_case",
        **_DESK,
        optional=("opinion", "class_code", "kind", "description", "address", "longitude", "latitude"),
    ),
)
_DISPATCH = (
    _move(
        Action.DISPATCH,
        "07",
        (S.FILED,),
        S.DISPATCHED,
        "grid.dispatch_case",
        **_DISPATCHER,
        inputs=("duty_org",),
        optional=("opinion", "assist_orgs"),
        rows=(10,),
    ),
    _move(
        Action.ASSIGN_DISTRICT,
        "43",
        (S.FILED,),
        None,
        "grid.dispatch_case",
        **_DISPATCHER,
        limit="dispatch",
    ),
    _move(
        Action.RETURN_TO_FILING,
        "29",
        (S.FILED,),
        S.ACCEPTED,
        "grid.dispatch_case",
        **_DISPATCHER,
        inputs=("opinion",),
        optional=(),
        limit="file",
        rows=(11,),
    ),
    _move(
        Action.DISPATCH_AGAIN,
        "08",
        (S.RETURNED,),
        S.DISPATCHED,
        "grid.dispatch_case",
        **_DISPATCHER,
        inputs=("duty_org", "opinion"),
        optional=("assist_orgs",),
        rows=(15,),
    ),
)
_HANDLING = (
    _move(
        Action.SIGN,
        "09",
        (S.DISPATCHED,),
        S.HANDLING,
        "grid.handle_case",
        **_DEPARTMENT,
        optional=("opinion", "handler"),
        rows=(13,),
    ),
    _move(
        Action.FEED_BACK,
        "10",
        (S.HANDLING,),
        S.FEEDBACK,
        "grid.handle_case",
        **_DEPARTMENT,
        inputs=("opinion",),
        optional=(),
        in_pending=frozenset({Pending.NONE, Pending.DELAY}),
        limit="send_check",
        rows=(23,),
    ),
    _application(Pending.RETURN, "32", limit="decide", rows=(14,)),
    _decision(Action.APPROVE_RETURN, "11", Pending.RETURN, S.RETURNED, is_agreed=True, limit="dispatch", rows=(15,)),
    _decision(Action.REFUSE_RETURN, "33", Pending.RETURN, S.DISPATCHED, **_REFUSAL, rows=(16,)),
    _application(Pending.DELAY, "12", rows=(17,)),
    _decision(Action.APPROVE_DELAY, "13", Pending.DELAY, None, is_agreed=True, rows=(18,)),
    _decision(Action.REFUSE_DELAY, "34", Pending.DELAY, None, **_REFUSAL, rows=(19,)),
    _application(Pending.SUSPENSION, "14", inputs=("opinion", "why", "until"), rows=(20,)),
    _decision(Action.APPROVE_SUSPENSION, "15", Pending.SUSPENSION, S.SUSPENDED, is_agreed=True, rows=(21,)),
    _decision(Action.REFUSE_SUSPENSION, "35", Pending.SUSPENSION, None, **_REFUSAL, rows=(21,)),
    _move(Action.RESUME, "16", (S.SUSPENDED,), S.HANDLING, "grid.dispatch_case", **_DISPATCHER, rows=(22,)),
)
_VOIDING = (
    _move(
        Action.APPLY_VOID,
        "30",
        BEFORE_CLOSING,
        None,
        "grid.apply_void",
        roles=("dispatcher", "acceptor", "duty_leader"),
        step_role="04",
        inputs=("opinion",),
        optional=(),
        applies=Pending.VOID,
        rows=(12,),
    ),
    _decision(Action.APPROVE_VOID, "23", Pending.VOID, S.VOIDED, origin=BEFORE_CLOSING, is_agreed=True, rows=(12, 31)),
    _decision(Action.REFUSE_VOID, "31", Pending.VOID, None, origin=BEFORE_CLOSING, **_REFUSAL, rows=(12,)),
    _move(
        Action.WITHDRAW,
        "46",
        BEFORE_CLOSING | {S.CLOSED},
        None,
        "grid.view_case",
        roles=("department", "dispatcher", "acceptor", "duty_leader"),
        step_role="05",
        in_pending=UNDECIDED,
    ),
)
_CLOSING = (
    _move(
        Action.SEND_CHECK,
        "17",
        (S.FEEDBACK,),
        S.CHECKING,
        "grid.send_check",
        roles=("acceptor", "dispatcher"),
        step_role="02",
        optional=("opinion", "assignee"),
        limit="check",
        rows=(25,),
    ),
    _move(
        Action.REWORK,
        "36",
        (S.FEEDBACK,),
        S.DISPATCHED,
        "grid.send_check",
        roles=("dispatcher", "acceptor"),
        step_role="04",
        inputs=("opinion",),
        optional=(),
        rows=(24,),
    ),
    _move(
        Action.PASS_CHECK,
        "18",
        (S.CHECKING,),
        S.TO_CLOSE,
        "grid.check_case",
        **_COLLECTORS,
        limit="close",
        by_other_than_handler=True,
        rows=(26,),
    ),
    _move(
        Action.FAIL_CHECK,
        "19",
        (S.CHECKING,),
        S.DISPATCHED,
        "grid.check_case",
        **_COLLECTORS,
        inputs=("opinion",),
        optional=(),
        by_other_than_handler=True,
        rows=(27,),
    ),
    _move(
        Action.CLOSE,
        "20",
        (S.TO_CLOSE,),
        S.CLOSED,
        "grid.close_case",
        roles=("duty_leader", "acceptor"),
        step_role="03",
        by_other_than_handler=True,
        rows=(28,),
    ),
    _move(
        Action.RETURN_TO_CHECK,
        "37",
        (S.TO_CLOSE,),
        S.CHECKING,
        "grid.review_case",
        **_LEADER,
        limit="check",
        by_other_than_handler=True,
        rows=(29,),
    ),
    _move(
        Action.FORCE_CLOSE,
        "38",
        BEFORE_CLOSING,
        S.CLOSED,
        "grid.force_close",
        roles=("leader",),
        step_role="07",
        inputs=("opinion",),
        optional=(),
        by_other_than_handler=True,
        in_pending=ANY_PENDING,
        rows=(30,),
    ),
)
_WATCHING = (
    _move(
        Action.URGE,
        "22",
        BEFORE_CLOSING,
        None,
        "grid.urge_case",
        roles=("dispatcher", "duty_leader", "leader"),
        step_role="04",
        in_pending=ANY_PENDING,
        rows=(33,),
    ),
    _move(
        Action.SUPERVISE,
        "21",
        BEFORE_CLOSING,
        None,
        "grid.supervise_case",
        roles=("leader", "duty_leader"),
        step_role="07",
        inputs=("opinion", "due_at"),
        optional=(),
        in_pending=ANY_PENDING,
        rows=(34,),
    ),
    _move(
        Action.ANSWER_SUPERVISION,
        "39",
        frozenset(S) - {S.REPORTED, S.VERIFYING, S.ACCEPTED, S.REJECTED, S.MERGED, S.FILED},
        None,
        "grid.handle_case",
        **_DEPARTMENT,
        inputs=("opinion",),
        optional=(),
        in_pending=ANY_PENDING,
        rows=(34,),
    ),
)
_AFTERWARDS = (
    _move(
        Action.APPEAL,
        "40",
        (S.CLOSED,),
        None,
        "grid.handle_case",
        **_DEPARTMENT,
        inputs=("opinion",),
        optional=(),
        applies=Pending.APPEAL,
        rows=(35,),
    ),
    _decision(Action.APPROVE_APPEAL, "41", Pending.APPEAL, None, origin=(S.CLOSED,), is_agreed=True, rows=(35,)),
    _decision(Action.REFUSE_APPEAL, "42", Pending.APPEAL, None, origin=(S.CLOSED,), **_REFUSAL, rows=(35,)),
    _move(Action.REOPEN, "44", (S.CLOSED,), None, "grid.review_case", **_LEADER, rows=(36,)),
    _move(
        Action.RETURN_VISIT,
        "45",
        (S.CLOSED, S.REJECTED, S.SELF_CLOSED),
        None,
        "grid.visit_back",
        roles=("hotline", "acceptor"),
        step_role="02",
        inputs=("satisfaction",),
        in_pending=ANY_PENDING,
    ),
)
MOVES: dict[Action, Move] = {
    move.action: move for move in (*_INTAKE, *_DISPATCH, *_HANDLING, *_CLOSING, *_VOIDING, *_WATCHING, *_AFTERWARDS)
}
BY_STEP = {move.step_code: move for move in MOVES.values()}
HANDLING_STEPS = frozenset({MOVES[Action.SIGN].step_code, MOVES[Action.FEED_BACK].step_code})
"""Steps that make a person a handler of the case."""
BACKWARD_STEPS = frozenset(
    MOVES[action].step_code for action in (Action.SEND_BACK, Action.RETURN_TO_FILING, Action.RETURN_TO_CHECK)
)
"""Steps that give a case back to the desk before; it cannot be pushed forward again unchanged."""
BY_DEPARTMENT = frozenset(move.action for move in MOVES.values() if move.by_department)
"""Moves that belong to the department which has the case."""
LIMIT_OF_STAGE = {
    move.to_stage: move.limit
    for move in MOVES.values()
    if move.limit and move.to_stage is not None and not move.applies
}
"""Stage → the stage limit that runs in it; in stages that are not here the case's own limit runs."""
REJECT_REASONS = ("01", "02", "03", "04", "05", "06")
"""Codes of CL_REJECT; their words are in ``selectors.moves``."""
SUSPENSION_REASONS = ("season", "engineering", "conditions")
"""Why a case may be suspended: season, engineering works, missing conditions (row 20)."""


def reachable() -> dict[Stage, frozenset[Stage]]:
    """Stage → the stages that one move leads to; every stage is a key."""
    return {
        stage: frozenset(move.target(stage) for move in MOVES.values() if stage in move.from_stages) for stage in Stage
    }


def moves_from(stage: Stage, pending: Pending | str = Pending.NONE) -> tuple[Move, ...]:
    """The moves that a case standing at ``stage`` can make, in the order of the table."""
    return tuple(move for move in MOVES.values() if stage in move.from_stages and pending in move.in_pending)


def can_move(stage: Stage, action: Action, pending: Pending | str = Pending.NONE) -> bool:
    """Whether the table has this move from this stage and sub-state."""
    return stage in MOVES[action].from_stages and pending in MOVES[action].in_pending


def may_handle(action: Action, *, by_orgs: Iterable[str], duty_org: str) -> bool:
    """Whether a person's organisations let it make the move: what the department does is done by the one that has the
    case, or by an organisation above it.

    ``by_orgs`` are the person's own organisation and those under it.
    """
    return action not in BY_DEPARTMENT or duty_org in set(by_orgs)


def is_own_work(*, by: int | None, by_orgs: Iterable[str], handlers: Iterable[int], duty_org: str) -> bool:
    """Whether a person would judge the own work: handled the case, or belongs to the department that did.

    ``by_orgs`` are the person's own organisation and those under it, ``handlers`` the people who signed or fed back.
    """
    return (by is not None and by in set(handlers)) or (bool(duty_org) and duty_org in set(by_orgs))
