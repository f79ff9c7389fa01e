"""Move a case along the table of moves: one verb, one locked row, one step, one audit entry, one transaction."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.foundation import audit
from cityops.foundation.errors import InvalidInput, NotAllowed, NotThere, Refused
from grid import events
from grid.models import Case, CaseApplication, CaseMedia, CaseStep
from grid.rules.moving import changes_of, step_deadline
from grid.rules.stages import Stage
from grid.rules.transitions import HANDLING_STEPS, MOVES, Action, Move, Pending, is_own_work, may_handle
from grid.rules.workflow import Workflow
from grid.selectors.calendar import current_desk
from grid.selectors.moves import label_of
from grid.selectors.workflows import active_workflow, workflow_of
from grid.services import consequences, evidence, guards
from grid.services.correcting import corrected
from grid.services.guards import Attempt, Past
from grid.services.move_inputs import CORRECTIONS, is_said_before, read_inputs

SYSTEM_ROLE = "09"
"""CL_ROLE of a step that nobody made: the system."""


def act(
    user: User,
    case: Case | str | uuid.UUID,
    action: Action | str,
    *,
    at: datetime | None = None,
    version: int | None = None,
    media: Iterable[uuid.UUID | str] = (),
    **fields: Any,
) -> Case:
    """Let a person make one move with a case (given itself, by number or by ``rid``); returns it as it now stands.

    ``fields`` are the inputs of the move (see ``MOVES``), ``media`` the ids of photos uploaded before. With
    ``version`` the move is refused if the case has changed since. The same move by the same person with the same
    inputs, sent again, changes nothing.

    Raises NotThere where the case is not the person's to work on; NotAllowed without the permission, for judging the
    own work, for deciding the own application, or for handling the case of another department; Refused where the case
    stands elsewhere, belongs to another node, or a condition of the move is not met; InvalidInput for wrong fields or
    missing photos.
    """
    move = _move(action)
    if not user.has_perm(move.permission):
        raise NotAllowed(_("您没有“%s”的权限。") % label_of(move.action))
    with transaction.atomic():
        case = _locked(user, case)
        past = past_of(case)
        if _was_done(case, move, past, user) and _is_same(user, case, move, past, fields):
            return case
        workflow = workflow_of(case)
        _check_stage(case, move, version, workflow)
        _check_person(case, move, past, user)
        waiting = case.applications.waiting().select_for_update().first() if case.pending else None
        attempt = Attempt(user, case, move, workflow, past, at or timezone.now(), waiting)
        inputs = _inputs(attempt, fields)
        guards.check(attempt, inputs)
        photos = evidence.taken(user, case.pk, media)
        evidence.require(workflow, move.action, photos)
        _make(attempt, inputs, photos)
    return case


def act_by_system(case: Case, action: Action, at: datetime, opinion: str, **inputs: Any) -> Case:
    """Let the system make a move that falls due (a suspension that ends), came from above, or was agreed beforehand (an
    application that holds at once; one call is one level of its decision). The case is locked here.

    Raises Refused where the case stands elsewhere by now.
    """
    move = _move(action)
    with transaction.atomic():
        locked = Case.objects.select_for_update().get(pk=case.pk)
        workflow = workflow_of(locked)
        _check_stage(locked, move, None, workflow)
        waiting = locked.applications.waiting().select_for_update().first() if move.decides else None
        attempt = Attempt(None, locked, move, workflow, past_of(locked), at, waiting)  # type: ignore[arg-type]
        _make(attempt, {**inputs, "opinion": opinion}, [])
    return locked


def _move(action: Action | str) -> Move:
    if action not in set(Action) - {Action.REPORT}:
        known = "、".join(a for a in Action if a is not Action.REPORT)
        raise InvalidInput(
            _("没有动作 %(action)s;可用:%(known)s。") % {"action": action, "known": known},
            errors=[{"field": "action", "code": "code", "detail": known}],
        )
    return MOVES[Action(action)]


def _locked(user: User, case: Case | str | uuid.UUID) -> Case:
    key: dict[str, Any] = {"pk": case.pk} if isinstance(case, Case) else {"case_no": case}
    if isinstance(case, uuid.UUID):
        key = {"pk": case}
    found = Case.objects.workable_by(user).select_for_update().filter(**key).order_by().first()
    if found is None:
        raise NotThere(_("没有这个案件。"))
    if found.is_replica:
        raise Refused(
            _("案件 %(no)s 归 %(node)s 所有,这里只能查看。") % {"no": found.case_no, "node": found.origin_code},
            owner=found.origin_code,
        )
    locked: Case = found
    return locked


def past_of(case: Case) -> Past:
    """What the steps of a case say."""
    steps = list(case.steps.order_by("seq").values_list("seq", "action", "operator_id", "opinion"))
    handlers = frozenset(who for _seq, action, who, _said in steps if action in HANDLING_STEPS and who is not None)
    actions = tuple(action for _seq, action, _who, _said in steps)
    return Past(*(steps[-1] if steps else (0, "", None, "")), handlers, actions)


def _was_done(case: Case, move: Move, past: Past, user: User) -> bool:
    """Whether this very move was the last thing that happened, by the same person: a repeated click."""
    return (
        move.to_stage is not None
        and case.state == move.to_stage
        and past.last_action == move.step_code
        and past.last_operator == user.pk
        and case.state not in move.from_stages
    )


def _is_same(user: User, case: Case, move: Move, past: Past, fields: Mapping[str, Any]) -> bool:
    """Whether inputs are those that the last move was made with. Raises InvalidInput for a wrong one."""
    return is_said_before(case, read_inputs(case, move, user, fields), fields, past.last_opinion)


def _check_stage(case: Case, move: Move, version: int | None, workflow: Workflow) -> None:
    if version is not None and version != case.version:
        raise Refused(_("案件 %s 已被他人办理,请刷新后再试。") % case.case_no, state=case.state, version=case.version)
    if move.action not in workflow.moves:
        raise Refused(
            _("流程版本 %(code)s 没有启用“%(action)s”。") % {"code": workflow.code, "action": label_of(move.action)},
            state=case.state,
            action=move.action.value,
        )
    facts = {
        "no": case.case_no,
        "state": case.get_state_display(),
        "action": label_of(move.action),
        "waiting": CaseApplication.Kind(case.pending).label if case.pending else "",
    }
    if case.state not in move.from_stages:
        wanted = "、".join(str(Case.State(stage.value).label) for stage in Stage if stage in move.from_stages)
        text = _("案件 %(no)s 现为“%(state)s”,“%(action)s”只能在“%(wanted)s”时进行。") % {**facts, "wanted": wanted}
        raise Refused(text, state=case.state, action=move.action.value)
    if case.pending not in move.in_pending:
        raise Refused(
            _why_pending(case, move) % facts, state=case.state, action=move.action.value, pending=case.pending
        )


def _why_pending(case: Case, move: Move) -> str:
    if case.pending == Pending.NONE:
        return _("案件 %(no)s 没有待审批的申请,不能“%(action)s”。")
    if move.applies == case.pending:
        return _("案件 %(no)s 已申请过,正在等待审批,请勿重复“%(action)s”。")
    return _("案件 %(no)s 有待审批的申请(%(waiting)s),审批或撤回之前不能“%(action)s”。")


def _check_person(case: Case, move: Move, past: Past, user: User) -> None:
    """Raise NotAllowed where the department's work is another's, or a judgement would be of the own work."""
    orgs = user.organisation_codes if move.by_other_than_handler or move.by_department else ()
    if not may_handle(move.action, by_orgs=orgs, duty_org=case.duty_org):
        raise NotAllowed(
            _("案件 %(no)s 由 %(org)s 处置;只有该单位或其上级单位的人员才能“%(action)s”。")
            % {"no": case.case_no, "org": case.duty_org or "—", "action": label_of(move.action)}
        )
    if move.by_other_than_handler and is_own_work(
        by=user.pk, by_orgs=orgs, handlers=past.handlers, duty_org=case.duty_org
    ):
        raise NotAllowed(_("处置单位的人员不能核查或结案自己办理的案件;请由其他人员办理。"))


def _inputs(attempt: Attempt, fields: Mapping[str, Any]) -> dict[str, Any]:
    inputs = read_inputs(attempt.case, attempt.move, attempt.user, fields)
    if attempt.move.action is Action.CORRECT:
        given = {name: fields[name] for name in CORRECTIONS if fields.get(name) not in (None, "")}
        inputs["corrected"] = corrected(attempt.user, attempt.case, given)
    return inputs


def _make(attempt: Attempt, inputs: dict[str, Any], photos: list[CaseMedia]) -> None:
    """Write the move, its step, its audit entry and what follows; tell listeners once it is committed."""
    case, move = attempt.case, attempt.move
    if move.action is Action.FILE:
        attempt = replace(attempt, workflow=_kept_or_active(case))
    changed = _changes(attempt, inputs)
    before = {name: getattr(case, name) for name in changed}
    Case.objects.filter(pk=case.pk).update(**changed)
    for name, value in changed.items():
        setattr(case, name, value)
    _step(attempt, before["state"], changed, inputs["opinion"])
    consequences.follow(attempt, inputs, before)
    evidence.attach(case, photos, move.action, attempt.past.seq + 1)
    _tell(attempt, before, changed, inputs["opinion"])


def _kept_or_active(case: Case) -> Workflow:
    """A case is filed under the version that is active then, and keeps it when it is filed again."""
    return workflow_of(case) if case.workflow else active_workflow()


def _changes(attempt: Attempt, inputs: Mapping[str, Any]) -> dict[str, Any]:
    case, move = attempt.case, attempt.move
    if move.is_agreed and not attempt.is_last_level:  # the next level has the say
        return {"state": case.state, "updated_at": attempt.at, "version": case.version + 1}
    return changes_of(
        case, move.action, attempt.at, current_desk().for_area(case.deadline_class), inputs, workflow=attempt.workflow
    )


def _step(attempt: Attempt, before: str, changed: Mapping[str, Any], opinion: str) -> None:
    case, user, move = attempt.case, attempt.user, attempt.move
    CaseStep.objects.create(
        case=case,
        origin_code=case.origin_code,
        seq=attempt.past.seq + 1,
        action=move.step_code,
        from_state=before,
        to_state=case.state,
        operator_role=user.signs_as(move.roles, move.step_role) if user else SYSTEM_ROLE,
        operator_org=user.organisation.org_code if user and user.organisation else "",
        operator_id=user.pk if user else None,
        operated_at=attempt.at,
        deadline=step_deadline(changed),
        opinion=opinion,
    )


def _tell(attempt: Attempt, before: Mapping[str, Any], changed: Mapping[str, Any], opinion: str) -> None:
    case, action = attempt.case, attempt.move.action
    audit.record(
        f"case.{action.value}",
        kind="case",
        key=case.case_no,
        division_code=case.division_code,
        before={"state": before["state"]},
        after={name: _plain(value) for name, value in changed.items() if name not in _UNTOLD},
        reason=opinion,
    )
    transaction.on_commit(
        partial(
            events.case_moved.send_robust,
            Case,
            case_pk=case.pk,
            action=action,
            from_stage=before["state"],
            to_stage=case.state,
            by=attempt.user.pk if attempt.user else None,
        )
    )


_UNTOLD = frozenset({"updated_at", "version", "stage_warn_at", "stage_due_at"})
"""Fields that follow from the move and need no place in the audit trail."""


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | str | None) else str(value)
