"""Tasks on the street: a case that is sent to be verified or checked becomes a task of a collector."""

from collections.abc import Callable
from datetime import datetime

from grid.models import Case, CaseTask
from grid.rules.transitions import Action

Assigner = Callable[[Case, str, datetime, frozenset[int]], int | None]
ASSIGNERS: list[Assigner] = []
"""Who chooses the collector: (case, kind, moment, people that may not) → person's pk or None. Filled by apps above;
the first that knows somebody is asked no further. Without any, whoever is near takes the task."""
SENT_BY = {
    Action.SEND_VERIFY: CaseTask.Kind.VERIFY,
    Action.SEND_CHECK: CaseTask.Kind.CHECK,
    Action.RETURN_TO_CHECK: CaseTask.Kind.CHECK,
}
ANSWERS = frozenset({Action.VERIFY_TRUE, Action.VERIFY_FALSE, Action.PASS_CHECK, Action.FAIL_CHECK})
DROPPED = "dropped"


def assigned(case: Case, kind: str, at: datetime, excluded: frozenset[int]) -> int | None:
    """The collector chosen for a task; None for whoever is near."""
    for choose in ASSIGNERS:
        found = choose(case, kind, at, excluded)
        if found is not None:
            return found
    return None


def send(case: Case, kind: str, at: datetime, *, assignee: int | None, excluded: frozenset[int]) -> CaseTask:
    """Make the task of a case; an open one is dropped first."""
    finish(case, DROPPED, at)
    chosen = assignee if assignee is not None else assigned(case, kind, at, excluded)
    return CaseTask.objects.create(case=case, kind=kind, assignee_id=chosen, sent_at=at, due_at=case.stage_due_at)


def finish(case: Case, result: str, at: datetime) -> None:
    """End the open task of a case, if there is one."""
    CaseTask.objects.filter(case=case, done_at__isnull=True).update(done_at=at, result=result)


def follow(case: Case, action: Action, at: datetime, *, assignee: int | None, excluded: frozenset[int]) -> None:
    """What a move means for tasks: sent, answered, or dropped because the case went on without."""
    if action in SENT_BY:
        send(case, SENT_BY[action], at, assignee=assignee, excluded=excluded)
    elif action in ANSWERS:
        finish(case, action.value, at)
        if action is Action.PASS_CHECK and case.state == Case.State.CHECKING:
            send(case, CaseTask.Kind.CHECK, at, assignee=None, excluded=excluded)
    elif case.state not in (Case.State.VERIFYING, Case.State.CHECKING):
        finish(case, DROPPED, at)
