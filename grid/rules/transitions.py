"""The table of moves: action → from which stages, to which stage, who may, and what must be given.

Assembled from public systems (domain notes §4.2, rows 1, 5, 6, 9, 10, 13-15, 23, 25-28); no text of a national
standard was seen for a single move. Everything that moves a case reads this table: services, pages, API, simulator.
A return needs no approval: the dispatcher decides with the next dispatch, to another department or, with a reason, to
the same one (row 16). A further move of the loop (delay, suspension, void …) is one more row.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from grid.rules.stages import Stage


class Action(StrEnum):
    """What a person may do with a case; the value is the word in addresses and in the API."""

    REPORT = "report"
    ACCEPT = "accept"
    REJECT = "reject"
    FILE = "file"
    DISPATCH = "dispatch"
    SIGN = "sign"
    RETURN = "return"
    DISPATCH_AGAIN = "dispatch_again"
    FEED_BACK = "feed_back"
    SEND_CHECK = "send_check"
    PASS_CHECK = "pass_check"  # noqa: S105 — a check that is passed
    FAIL_CHECK = "fail_check"
    CLOSE = "close"


@dataclass(frozen=True)
class Move:
    """One row of the table."""

    action: Action
    step_code: str
    """Code of the step that is written down (CL_ACTION)."""
    from_stages: frozenset[Stage]
    to_stage: Stage
    permission: str
    roles: tuple[str, ...]
    """Codes of the roles that do this; the first one that a person has signs the step (CL_ROLE)."""
    step_role: str
    """CL_ROLE code written where the person has none of the roles (an integration, an administrator)."""
    inputs: tuple[str, ...] = ()
    """What must be given."""
    optional: tuple[str, ...] = ("opinion",)
    limit: str = ""
    """Name of the stage limit that starts to run with this move; empty where the case's own deadline runs."""
    by_other_than_handler: bool = False
    """True where a person may not judge the own work."""


def _move(action: Action, step: str, origin: Iterable[Stage], to: Stage, permission: str, **more: object) -> Move:
    return Move(action, step, frozenset(origin), to, permission, **more)  # type: ignore[arg-type]


MOVES: dict[Action, Move] = {
    move.action: move
    for move in (
        _move(
            Action.REPORT,
            "01",
            (),
            Stage.REPORTED,
            "grid.register_case",
            roles=("collector", "acceptor", "hotline", "monitor"),
            step_role="09",
            inputs=("class_code", "longitude", "latitude", "description", "address"),
            limit="accept",
        ),
        _move(
            Action.ACCEPT,
            "04",
            (Stage.REPORTED,),
            Stage.ACCEPTED,
            "grid.accept_case",
            roles=("acceptor", "duty_leader"),
            step_role="02",
            limit="file",
        ),
        _move(
            Action.REJECT,
            "06",
            (Stage.REPORTED, Stage.ACCEPTED),
            Stage.REJECTED,
            "grid.reject_case",
            roles=("acceptor", "duty_leader"),
            step_role="02",
            inputs=("reason",),
        ),
        _move(
            Action.FILE,
            "05",
            (Stage.ACCEPTED,),
            Stage.FILED,
            "grid.file_case",
            roles=("duty_leader", "acceptor"),
            step_role="03",
            inputs=("rule",),
            limit="dispatch",
        ),
        _move(
            Action.DISPATCH,
            "07",
            (Stage.FILED,),
            Stage.DISPATCHED,
            "grid.dispatch_case",
            roles=("dispatcher",),
            step_role="04",
            inputs=("duty_org",),
        ),
        _move(
            Action.SIGN,
            "09",
            (Stage.DISPATCHED,),
            Stage.HANDLING,
            "grid.handle_case",
            roles=("department",),
            step_role="05",
        ),
        _move(
            Action.RETURN,
            "11",
            (Stage.DISPATCHED, Stage.HANDLING),
            Stage.RETURNED,
            "grid.handle_case",
            roles=("department",),
            step_role="05",
            inputs=("opinion",),
            optional=(),
            limit="dispatch",
        ),
        _move(
            Action.DISPATCH_AGAIN,
            "08",
            (Stage.RETURNED,),
            Stage.DISPATCHED,
            "grid.dispatch_case",
            roles=("dispatcher",),
            step_role="04",
            inputs=("duty_org", "opinion"),
            optional=(),
        ),
        _move(
            Action.FEED_BACK,
            "10",
            (Stage.HANDLING,),
            Stage.FEEDBACK,
            "grid.handle_case",
            roles=("department",),
            step_role="05",
            inputs=("opinion",),
            optional=(),
            limit="send_check",
        ),
        _move(
            Action.SEND_CHECK,
            "17",
            (Stage.FEEDBACK,),
            Stage.CHECKING,
            "grid.send_check",
            roles=("acceptor", "dispatcher"),
            step_role="02",
            limit="check",
        ),
        _move(
            Action.PASS_CHECK,
            "18",
            (Stage.CHECKING,),
            Stage.TO_CLOSE,
            "grid.check_case",
            roles=("collector", "inspector"),
            step_role="01",
            limit="close",
            by_other_than_handler=True,
        ),
        _move(
            Action.FAIL_CHECK,
            "19",
            (Stage.CHECKING,),
            Stage.DISPATCHED,
            "grid.check_case",
            roles=("collector", "inspector"),
            step_role="01",
            inputs=("opinion",),
            optional=(),
            by_other_than_handler=True,
        ),
        _move(
            Action.CLOSE,
            "20",
            (Stage.TO_CLOSE,),
            Stage.CLOSED,
            "grid.close_case",
            roles=("duty_leader", "acceptor"),
            step_role="03",
            by_other_than_handler=True,
        ),
    )
}
BY_STEP = {move.step_code: move for move in MOVES.values()}
HANDLING_STEPS = frozenset({MOVES[Action.SIGN].step_code, MOVES[Action.FEED_BACK].step_code})
"""Steps that make a person a handler of the case."""
BY_DEPARTMENT = frozenset({Action.SIGN, Action.RETURN, Action.FEED_BACK})
"""Moves that belong to the department which has the case."""
LIMIT_OF_STAGE = {move.to_stage: move.limit for move in MOVES.values() if move.limit}
"""Stage → the stage limit that runs in it; in stages that are not here the case's own limit runs."""
REJECT_REASONS = ("01", "02", "03", "04", "05", "06")
"""Codes of CL_REJECT; their words are in ``selectors.moves``."""


def reachable() -> dict[Stage, frozenset[Stage]]:
    """Stage → the stages that one move leads to; every stage is a key."""
    return {stage: frozenset(move.to_stage for move in MOVES.values() if stage in move.from_stages) for stage in Stage}


def moves_from(stage: Stage) -> tuple[Move, ...]:
    """The moves that a case standing at ``stage`` can make, in the order of the table."""
    return tuple(move for move in MOVES.values() if stage in move.from_stages)


def can_move(stage: Stage, action: Action) -> bool:
    """Whether the table has this move from this stage."""
    return stage in MOVES[action].from_stages


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
