"""Move a case along the table of moves: one verb, one locked row, one step, one audit entry, one transaction."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import Organisation, User
from cityops.foundation import audit
from cityops.foundation.errors import InvalidInput, NotAllowed, NotThere, Refused
from grid.models import Case, CaseStep
from grid.rules.moving import DEFAULT_RULE, FilingRule, changes_of, step_deadline
from grid.rules.stages import Stage
from grid.rules.transitions import BY_DEPARTMENT, HANDLING_STEPS, MOVES, Action, Move, is_own_work, may_handle
from grid.selectors.calendar import current_desk
from grid.selectors.moves import DISPOSAL_TYPES, REASONS, label_of, rules_of
from grid.selectors.places import city_prefix
from grid.services.components import mended

OPINION_LENGTH = 2000


@dataclass(frozen=True)
class Past:
    """What the steps of a case say: the last step with its number, and who handled it."""

    seq: int
    last_action: str
    last_operator: int | None
    last_opinion: str
    handlers: frozenset[int]


def act(
    user: User,
    case: Case | str | uuid.UUID,
    action: Action | str,
    *,
    at: datetime | None = None,
    version: int | None = None,
    **fields: Any,
) -> Case:
    """Let a person make one move with a case (given itself, by number or by ``rid``); returns it as it now stands.

    ``fields`` are the inputs of the move (see ``MOVES``): ``opinion``; ``reason`` (CL_REJECT) to reject; ``rule`` (pk
    of a disposal rule of the class) to file; ``duty_org`` (organisation code) to dispatch, also again. With
    ``version`` the move is refused if the case has changed since. The same move by the same person with the same
    inputs, sent again, changes nothing.

    Raises NotThere where the case is not the person's to work on; NotAllowed without the permission, for judging the
    own work, or for handling the case of another department; Refused where the case stands elsewhere or belongs to
    another node; InvalidInput for wrong fields.
    """
    move = _move(action)
    if not user.has_perm(move.permission):
        raise NotAllowed(_("您没有“%s”的权限。") % label_of(move.action))
    with transaction.atomic():
        case = _locked(user, case)
        past = _past(case)
        if _was_done(case, move, past, user) and _is_same(case, move, past, fields):
            return case
        _check_stage(case, move, version)
        _check_person(case, move, past, user)
        inputs = _inputs(case, move, fields)
        at = at or timezone.now()
        _write(case, move, past, user=user, at=at, inputs=inputs)
        if move.action is Action.CLOSE and case.component_id:
            mended(case, at)
    return case


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


def _past(case: Case) -> Past:
    steps = list(case.steps.order_by("seq").values_list("seq", "action", "operator_id", "opinion"))
    handlers = frozenset(who for _seq, action, who, _said in steps if action in HANDLING_STEPS and who is not None)
    return Past(*(steps[-1] if steps else (0, "", None, "")), handlers)


def _was_done(case: Case, move: Move, past: Past, user: User) -> bool:
    """Whether this very move was the last thing that happened, by the same person: a repeated click."""
    return (
        case.state == move.to_stage and past.last_action == move.step_code and past.last_operator == user.pk
    ) and case.state not in move.from_stages


def _is_same(case: Case, move: Move, past: Past, fields: Mapping[str, Any]) -> bool:
    """Whether inputs are those that the last move was made with; a rule that is not given is any.

    Raises InvalidInput for a wrong one.
    """
    given = _inputs(case, move, fields)
    if fields.get("rule") in (None, ""):
        given.pop("rule", None)
    stored = {
        "opinion": past.last_opinion,
        "reason": case.reject_reason,
        "duty_org": case.duty_org,
        "rule": FilingRule(case.filing_condition, case.limit_value or Decimal(0), case.limit_unit, case.deadline_class),
    }
    return all(stored[name] == value for name, value in given.items())


def _check_stage(case: Case, move: Move, version: int | None) -> None:
    if version is not None and version != case.version:
        raise Refused(_("案件 %s 已被他人办理,请刷新后再试。") % case.case_no, state=case.state, version=case.version)
    if case.state not in move.from_stages:
        wanted = "、".join(str(Case.State(stage.value).label) for stage in Stage if stage in move.from_stages)
        raise Refused(
            _("案件 %(no)s 现为“%(state)s”,“%(action)s”只能在“%(wanted)s”时进行。")
            % {
                "no": case.case_no,
                "state": case.get_state_display(),
                "action": label_of(move.action),
                "wanted": wanted,
            },
            state=case.state,
            action=move.action.value,
        )


def _check_person(case: Case, move: Move, past: Past, user: User) -> None:
    """Raise NotAllowed where the department's work is another's, or a judgement would be of the own work."""
    orgs = user.organisation_codes if move.by_other_than_handler or move.action in BY_DEPARTMENT else ()
    if not may_handle(move.action, by_orgs=orgs, duty_org=case.duty_org):
        raise NotAllowed(
            _("案件 %(no)s 由 %(org)s 处置;只有该单位或其上级单位的人员才能“%(action)s”。")
            % {"no": case.case_no, "org": case.duty_org or "—", "action": label_of(move.action)}
        )
    if move.by_other_than_handler and is_own_work(
        by=user.pk, by_orgs=orgs, handlers=past.handlers, duty_org=case.duty_org
    ):
        raise NotAllowed(_("处置单位的人员不能核查或结案自己办理的案件;请由其他人员办理。"))


def _fault(name: str, rule: str, text: str) -> InvalidInput:
    return InvalidInput(text, errors=[{"field": name, "code": rule, "detail": text}])


def _reason(case: Case, value: Any) -> str:
    if value not in REASONS:
        known = _("、").join(f"{code} {text}" for code, text in REASONS.items())
        raise _fault("reason", "code", _("请选择不予立案原因:%s。") % known)
    return str(value)


def _rule(case: Case, value: Any) -> FilingRule:
    """The disposal rule that a case is filed under; without one given, the first of the class."""
    rules = rules_of(case)
    if value in (None, ""):
        chosen = rules[0] if rules else None
    else:
        chosen = next((rule for rule in rules if str(rule.pk) == str(getattr(value, "pk", value))), None)
        if chosen is None:
            raise _fault("rule", "unknown", _("该立案条件不属于分类 %s;请从列表中选择。") % case.class_code)
    if chosen is None or chosen.limit_value is None:
        return replace(DEFAULT_RULE, deadline_class=case.deadline_class)
    value, unit = chosen.limit_for(case.deadline_class)
    return FilingRule(chosen.filing_condition, value or chosen.limit_value, unit, case.deadline_class)


def _duty_org(case: Case, value: Any) -> str:
    code = str(getattr(value, "org_code", value) or "")
    found = Organisation.objects.active().filter(
        org_code=code, org_type__in=DISPOSAL_TYPES, division_code__startswith=city_prefix()
    )
    if not code or not found.exists():
        raise _fault("duty_org", "unknown", _("没有可派遣的处置单位 %s;请从列表中选择。") % (code or "—"))
    return code


def _opinion(case: Case, value: Any) -> str:
    text = str(value or "").strip()
    if not text:
        raise _fault("opinion", "required", _("请填写意见。"))
    return text


_READERS: dict[str, Callable[[Case, Any], Any]] = {
    "reason": _reason,
    "rule": _rule,
    "duty_org": _duty_org,
    "opinion": _opinion,
}


def _inputs(case: Case, move: Move, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs of a move, checked. Raises InvalidInput for a wrong, missing or unknown one."""
    unknown = sorted(set(fields) - set(move.inputs) - set(move.optional) - {"opinion"})
    if unknown:
        raise _fault(unknown[0], "unknown", _("“%s”不需要此项。") % label_of(move.action))
    given = {name: _READERS[name](case, fields.get(name)) for name in move.inputs}
    opinion = given.pop("opinion", str(fields.get("opinion") or "").strip())
    if len(opinion) > OPINION_LENGTH:
        raise _fault("opinion", "too_long", _("意见最多 %s 个字。") % OPINION_LENGTH)
    return {**given, "opinion": opinion}


def _write(case: Case, move: Move, past: Past, *, user: User, at: datetime, inputs: dict[str, Any]) -> None:
    opinion = inputs.pop("opinion")
    before = case.state
    changed = changes_of(case, move.action, at, current_desk().for_area(case.deadline_class), inputs)
    Case.objects.filter(pk=case.pk).update(**changed)
    for name, value in changed.items():
        setattr(case, name, value)
    CaseStep.objects.create(
        case=case,
        origin_code=case.origin_code,
        seq=past.seq + 1,
        action=move.step_code,
        from_state=before,
        to_state=case.state,
        operator_role=user.signs_as(move.roles, move.step_role),
        operator_org=user.organisation.org_code if user.organisation else "",
        operator_id=user.pk,
        operated_at=at,
        deadline=step_deadline(changed),
        opinion=opinion,
    )
    audit.record(
        f"case.{move.action.value}",
        kind="case",
        key=case.case_no,
        division_code=case.division_code,
        before={"state": before},
        after={name: _plain(value) for name, value in changed.items() if name not in _UNTOLD},
        reason=opinion,
    )


_UNTOLD = frozenset({"updated_at", "version", "stage_warn_at", "stage_due_at"})
"""Fields that follow from the move and need no place in the audit trail."""


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | str | None) else str(value)
