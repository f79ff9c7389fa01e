"""The operations between platforms (domain notes §4.3) on top of our own moves, and what is told of which event."""

from dataclasses import dataclass
from enum import StrEnum

from grid.rules.stages import Stage
from grid.rules.transitions import Action, Pending

DIRECT, REPLY = "direct", "reply"
"""0: an application holds at once; 1: it waits for an answer."""
APPLICATIONS = (Pending.RETURN.value, Pending.DELAY.value, Pending.VOID.value, Pending.APPEAL.value)
"""Kinds that platforms apply for with each other: rollback, postpone, cancel, evaluation."""
FLAGS = ("accident", "unstable", "repeat_call", "return_visit")
"""Flags that are kept beside the case; the others follow from the case itself."""


class Event(StrEnum):
    """What is told."""

    REGISTERED = "case.registered"
    ASSIGNED = "case.assigned"
    MOVED = "case.moved"
    WITHDRAWN = "case.withdrawn"
    NOTICE = "notice.issued"
    TEST = "test.ping"


EVENTS = (Event.REGISTERED.value, Event.ASSIGNED.value, Event.MOVED.value, Event.WITHDRAWN.value, Event.NOTICE.value)
"""What can be chosen."""


class Side(StrEnum):
    """Whose case it is from where the partner stands."""

    REPORTED = "reported"
    """It reported the case to us: it watches, decides what we apply for, asks."""
    ASSIGNED = "assigned"
    """We gave the case to it: it handles, applies, feeds back."""


@dataclass(frozen=True)
class Operation:
    """One operation: the move it makes, whose it is, and the fields it takes beside opinion and photos."""

    name: str
    action: Action
    sides: tuple[Side, ...]
    otherwise: Action | None = None
    """The move for ``agreed`` or ``passed`` false."""
    fields: tuple[str, ...] = ()
    opinion: bool = True
    """Whether an opinion is taken."""
    brings_to: Stage | None = None
    """The case is first signed for, where it was not yet."""
    applies: str = ""
    """Kind of application, whose mode decides whether it holds at once."""


_ASSIGNED, _REPORTED, _BOTH = (Side.ASSIGNED,), (Side.REPORTED,), (Side.ASSIGNED, Side.REPORTED)
_CORRECTIONS = ("class_code", "kind", "description", "address", "longitude", "latitude")
_TABLE = (
    Operation("sign", Action.SIGN, _ASSIGNED, brings_to=Stage.DISPATCHED),
    Operation("dispose_feedback", Action.FEED_BACK, _ASSIGNED, brings_to=Stage.HANDLING),
    Operation(
        "rollback_apply", Action.APPLY_RETURN, _ASSIGNED, applies=Pending.RETURN.value, brings_to=Stage.DISPATCHED
    ),
    Operation("postpone_apply", Action.APPLY_DELAY, _ASSIGNED, applies=Pending.DELAY.value, brings_to=Stage.DISPATCHED),
    Operation("cancel_apply", Action.APPLY_VOID, _BOTH, applies=Pending.VOID.value),
    Operation("evaluation_apply", Action.APPEAL, _ASSIGNED, applies=Pending.APPEAL.value),
    Operation("withdraw_apply", Action.WITHDRAW, _BOTH),
    Operation("rollback_reply", Action.APPROVE_RETURN, _REPORTED, Action.REFUSE_RETURN, ("agreed",)),
    Operation("postpone_reply", Action.APPROVE_DELAY, _REPORTED, Action.REFUSE_DELAY, ("agreed",)),
    Operation("cancel_reply", Action.APPROVE_VOID, _REPORTED, Action.REFUSE_VOID, ("agreed",)),
    Operation("evaluation_reply", Action.APPROVE_APPEAL, _REPORTED, Action.REFUSE_APPEAL, ("agreed",)),
    Operation("check_feedback", Action.PASS_CHECK, _BOTH, Action.FAIL_CHECK, ("passed",)),
    Operation("finish", Action.CLOSE, _REPORTED),
    Operation("urge", Action.URGE, _REPORTED),
    Operation("supervise", Action.SUPERVISE, _REPORTED, fields=("due_at",)),
    Operation("supervise_answer", Action.ANSWER_SUPERVISION, _ASSIGNED),
    Operation("update", Action.CORRECT, _REPORTED, fields=_CORRECTIONS),
)
OPERATIONS: dict[str, Operation] = {one.name: one for one in _TABLE}
"""Name in the address → operation."""


def missing_moves(stage: Stage, wanted: Stage) -> tuple[Action, ...]:
    """The moves that lead to ``wanted`` (dispatched or handling) from where an assigned case stands; none where it is
    there, or elsewhere on its way."""
    way = {
        (Stage.FILED, Stage.DISPATCHED): (Action.DISPATCH,),
        (Stage.FILED, Stage.HANDLING): (Action.DISPATCH, Action.SIGN),
        (Stage.DISPATCHED, Stage.HANDLING): (Action.SIGN,),
    }
    return way.get((stage, wanted), ())


@dataclass(frozen=True)
class Reaction:
    """What this platform does when the other one has made a move: an operation under the partner's account."""

    operation: str
    takes_photos: bool = False


_OF_ASSIGNED: dict[str, Reaction] = {
    Action.DISPATCH: Reaction("take"),
    Action.DISPATCH_AGAIN: Reaction("take"),
    Action.SIGN: Reaction("sign"),
    Action.CLOSE: Reaction("dispose_feedback", takes_photos=True),
    Action.FORCE_CLOSE: Reaction("dispose_feedback", takes_photos=True),
    Action.SELF_HANDLE: Reaction("dispose_feedback", takes_photos=True),
    Action.REJECT: Reaction("rollback_apply"),
    Action.VERIFY_FALSE: Reaction("rollback_apply"),
    Action.APPROVE_VOID: Reaction("rollback_apply"),
    Action.APPROVE_DELAY: Reaction("postpone_apply"),
    Action.ANSWER_SUPERVISION: Reaction("supervise_answer"),
}
_OF_REPORTED: dict[str, Reaction] = {
    Action.URGE: Reaction("urge"),
    Action.SUPERVISE: Reaction("supervise"),
    Action.REWORK: Reaction("again"),
    Action.FAIL_CHECK: Reaction("again"),
    Action.REOPEN: Reaction("again"),
    Action.APPROVE_VOID: Reaction("cancel_apply"),
}


def reaction_to(action: str, side: Side) -> Reaction | None:
    """What a move of the other platform asks of us; None where it is news only."""
    table = _OF_ASSIGNED if side is Side.ASSIGNED else _OF_REPORTED
    return table.get(action)
