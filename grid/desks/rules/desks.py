"""Desks 工作台 as data: what each post sees, in which tabs, what it does there and with which key.

A tab is a union of branches; each branch is answered by one index, so a queue costs the same in a city of a hundred
thousand cases and in one of five million. Everything is sorted alike: least time left first, then the oldest report.
"""

from dataclasses import dataclass

from grid.rules.actions import Action, Pending
from grid.rules.stages import Stage

S, A, P = Stage, Action, Pending


@dataclass(frozen=True)
class Branch:
    """Cases of one kind: at one stage, with one kind of application waiting, supervised, or beyond their limit."""

    stage: Stage | None = None
    pending: Pending | None = None
    is_supervised: bool = False
    is_late: bool = False


@dataclass(frozen=True)
class Tab:
    """One tab of a queue."""

    key: str
    branches: tuple[Branch, ...]


@dataclass(frozen=True)
class Desk:
    """The desk of a post."""

    key: str
    permission: str
    """Who holds it may open the desk; what may be done there is decided by each move's own permission."""
    tabs: tuple[Tab, ...]
    actions: tuple[Action, ...]
    """In the order in which they are shown; the others that are open follow."""
    bulk: tuple[Action, ...]
    """What may be done with several cases at once."""

    def tab(self, key: str) -> Tab:
        """The tab that is asked for; the first one for a key that there is not."""
        return next((tab for tab in self.tabs if tab.key == key), self.tabs[0])


def _at(key: str, *stages: Stage) -> Tab:
    return Tab(key, tuple(Branch(stage=stage) for stage in stages))


def _waiting(*kinds: Pending) -> Tab:
    return Tab("decide", tuple(Branch(pending=kind) for kind in kinds))


ACCEPTOR = Desk(
    "acceptor",
    "grid.accept_case",
    (
        _at("accept", S.REPORTED),
        _at("file", S.ACCEPTED),
        _at("verifying", S.VERIFYING),
        _at("send_check", S.FEEDBACK),
        _at("close", S.TO_CLOSE),
    ),
    (A.ACCEPT, A.FILE, A.SEND_VERIFY, A.MERGE, A.REJECT, A.CORRECT, A.SEND_CHECK, A.REWORK, A.CLOSE),
    (A.ACCEPT, A.FILE, A.SEND_VERIFY, A.SEND_CHECK, A.CLOSE),
)
DUTY_LEADER = Desk(
    "duty_leader",
    "grid.review_case",
    (
        _at("file", S.ACCEPTED),
        _at("close", S.TO_CLOSE),
        _waiting(P.VOID, P.DELAY, P.SUSPENSION, P.APPEAL),
        Tab("late", (Branch(is_late=True),)),
    ),
    (A.FILE, A.SEND_BACK, A.CLOSE, A.RETURN_TO_CHECK, A.URGE, A.SUPERVISE, A.REJECT, A.APPLY_VOID),
    (A.FILE, A.CLOSE, A.URGE),
)
DISPATCHER = Desk(
    "dispatcher",
    "grid.dispatch_case",
    (
        _at("dispatch", S.FILED, S.RETURNED),
        _waiting(P.RETURN, P.DELAY, P.SUSPENSION, P.APPEAL),
        _at("with_department", S.DISPATCHED, S.HANDLING),
        _at("send_check", S.FEEDBACK),
        _at("suspended", S.SUSPENDED),
    ),
    (A.DISPATCH, A.DISPATCH_AGAIN, A.RETURN_TO_FILING, A.ASSIGN_DISTRICT, A.SEND_CHECK, A.REWORK, A.RESUME, A.URGE),
    (A.DISPATCH, A.SEND_CHECK, A.URGE),
)
DEPARTMENT = Desk(
    "department",
    "grid.handle_case",
    (
        _at("sign", S.DISPATCHED),
        _at("handle", S.HANDLING),
        Tab("supervised", (Branch(is_supervised=True),)),
        _waiting(P.RETURN, P.DELAY, P.SUSPENSION, P.APPEAL),
        _at("suspended", S.SUSPENDED),
    ),
    (A.SIGN, A.FEED_BACK, A.APPLY_DELAY, A.APPLY_RETURN, A.APPLY_SUSPENSION, A.ANSWER_SUPERVISION, A.WITHDRAW),
    (A.SIGN,),
)
SUPERVISION = Desk(
    "supervision",
    "grid.supervise_case",
    (
        Tab("late", (Branch(is_late=True),)),
        Tab("supervised", (Branch(is_supervised=True),)),
        _waiting(P.DELAY, P.SUSPENSION, P.VOID, P.APPEAL),
    ),
    (A.SUPERVISE, A.URGE, A.FORCE_CLOSE),
    (A.URGE, A.SUPERVISE),
)
DESKS: dict[str, Desk] = {desk.key: desk for desk in (ACCEPTOR, DUTY_LEADER, DISPATCHER, DEPARTMENT, SUPERVISION)}

KEYS: dict[Action, str] = {
    A.ACCEPT: "a",
    A.FILE: "f",
    A.SEND_VERIFY: "v",
    A.MERGE: "m",
    A.REJECT: "r",
    A.CORRECT: "c",
    A.SEND_BACK: "b",
    A.DISPATCH: "d",
    A.DISPATCH_AGAIN: "d",
    A.RETURN_TO_FILING: "b",
    A.ASSIGN_DISTRICT: "i",
    A.SEND_CHECK: "s",
    A.REWORK: "w",
    A.RESUME: "o",
    A.CLOSE: "e",
    A.RETURN_TO_CHECK: "b",
    A.URGE: "u",
    A.SUPERVISE: "p",
    A.FORCE_CLOSE: "z",
    A.SIGN: "g",
    A.FEED_BACK: "f",
    A.APPLY_DELAY: "y",
    A.APPLY_RETURN: "t",
    A.APPLY_SUSPENSION: "h",
    A.ANSWER_SUPERVISION: "n",
    A.WITHDRAW: "q",
    A.APPLY_VOID: "x",
    A.APPROVE_RETURN: "y",
    A.REFUSE_RETURN: "n",
    A.APPROVE_DELAY: "y",
    A.REFUSE_DELAY: "n",
    A.APPROVE_SUSPENSION: "y",
    A.REFUSE_SUSPENSION: "n",
    A.APPROVE_VOID: "y",
    A.REFUSE_VOID: "n",
    A.APPROVE_APPEAL: "y",
    A.REFUSE_APPEAL: "n",
}
"""Action → its letter. Two that can be open at once on one case never share one; J, K and the digits are the desk's."""


def desks_of(permissions: frozenset[str] | set[str]) -> list[Desk]:
    """The desks that somebody with these permissions may open, in the order of the loop."""
    return [desk for desk in DESKS.values() if desk.permission in permissions]
