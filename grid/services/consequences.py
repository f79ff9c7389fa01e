"""What a move brings about beside the case itself: ledgers, supervision, tasks, assisting units, component, round."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cityops.accounts.models import User
from grid.models import Case, CaseApplication, CaseAssist, CaseSupervision
from grid.rules.transitions import Action
from grid.selectors.calendar import current_desk
from grid.services import case_tasks
from grid.services.components import mended
from grid.services.guards import Attempt
from grid.services.rounds import begin_round

UNTIL_DECIDED = "decide"


def follow(attempt: Attempt, inputs: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    """Write what follows from a move that was just made; ``before`` are the former values of what it changed."""
    case, action, at = attempt.case, attempt.move.action, attempt.at
    if attempt.move.applies:
        _apply(attempt, inputs)
    elif attempt.application is not None:
        _settle(attempt, inputs, before)
    if action is Action.RESUME:
        case.applications.filter(kind=CaseApplication.Kind.SUSPENSION, ended_at__isnull=True).update(ended_at=at)
    if action in (Action.DISPATCH, Action.DISPATCH_AGAIN):
        _assist(case, inputs.get("assist_orgs", ()))
    elif action is Action.SUPERVISE:
        _supervise(case, attempt.user, inputs, at)
    elif action is Action.ANSWER_SUPERVISION:
        _answer(case, attempt.user, inputs["opinion"], at)
    elif action is Action.CLOSE and case.component_id:
        mended(case, at)
    elif action is Action.REOPEN:
        begin_round(attempt.user, case, at, inputs["opinion"])
    case_tasks.follow(
        case,
        action,
        at,
        assignee=inputs.get("assignee"),
        excluded=attempt.past.handlers,
    )


def _organisation(user: User | None) -> str:
    return user.organisation.org_code if user is not None and user.organisation else ""


def _apply(attempt: Attempt, inputs: Mapping[str, Any]) -> None:
    CaseApplication.objects.create(
        case=attempt.case,
        kind=attempt.move.applies.value,
        reason_code=inputs.get("why", ""),
        reason=inputs["opinion"],
        applied_by=attempt.user,
        applied_org=_organisation(attempt.user),
        applied_at=attempt.at,
        from_state=attempt.case.state,
        until=inputs.get("until"),
        due_at=current_desk().for_area(attempt.case.deadline_class).stage_end(UNTIL_DECIDED, attempt.at),
        old_deadline=attempt.case.dispose_deadline,
    )


def _settle(attempt: Attempt, inputs: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    """The waiting application after this move: one level further, decided, taken back, or overtaken."""
    application, move = attempt.application, attempt.move
    if application is None:
        return
    states = CaseApplication.State
    if move.is_agreed and move.decides:
        application.level += 1
        application.state = states.PENDING if application.level < len(attempt.levels) else states.APPROVED
    elif move.decides:
        application.state = states.REFUSED
    elif move.action is Action.WITHDRAW:
        application.state = states.WITHDRAWN
    elif not attempt.case.pending:
        application.state = states.DROPPED
    else:
        return
    application.decided_by = attempt.user
    application.decided_org = _organisation(attempt.user)
    application.opinion = inputs["opinion"]
    if application.state != states.PENDING:
        application.decided_at = attempt.at
        application.new_deadline = attempt.case.dispose_deadline
    application.save()


def _assist(case: Case, codes: tuple[str, ...]) -> None:
    CaseAssist.objects.filter(case=case).exclude(org_code__in=codes).delete()
    CaseAssist.objects.bulk_create([CaseAssist(case=case, org_code=code) for code in codes], ignore_conflicts=True)


def _supervise(case: Case, user: User | None, inputs: Mapping[str, Any], at: datetime) -> None:
    """A leader of the city supervises, or (``source``, ``task_no``, ``issued_node``) a superior tier does."""
    from_above = {name: inputs[name] for name in ("source", "task_no", "issued_node") if name in inputs}
    CaseSupervision.objects.create(
        case=case, opinion=inputs["opinion"], issued_by=user, issued_at=at, due_at=inputs["due_at"], **from_above
    )


def _answer(case: Case, user: User, text: str, at: datetime) -> None:
    waiting = case.supervisions.open()
    waiting.update(answer=text, answered_by=user, answered_at=at)
