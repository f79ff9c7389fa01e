"""Conditions of single moves beyond stage, permission and inputs; each refusal says what is allowed instead."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.gis.db.models.functions import Distance
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.accounts.roles import ROLES
from cityops.foundation.errors import NotAllowed, Refused, field_fault
from grid.models import Case, CaseApplication, CaseStep
from grid.rules.transitions import BACKWARD_STEPS, BY_STEP, MOVES, Action, Move
from grid.rules.workflow import Workflow
from grid.selectors.moves import deciding_roles, may_withdraw


@dataclass(frozen=True)
class Past:
    """What the steps of a case say: the last step with its number, and who handled it."""

    seq: int
    last_action: str
    last_operator: int | None
    last_opinion: str
    handlers: frozenset[int]
    actions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Attempt:
    """A move somebody wants to make."""

    user: User
    case: Case
    move: Move
    workflow: Workflow
    past: Past
    at: datetime
    application: CaseApplication | None = None
    """The application that waits, where there is one."""

    @property
    def levels(self) -> tuple[frozenset[str], ...]:
        """The levels that decide the application."""
        kind = self.application.kind if self.application else ""
        return self.workflow.levels(kind, earlier=self.case.postpone_count)

    @property
    def is_last_level(self) -> bool:
        """Whether an agreement now is the last one needed."""
        return self.application is None or self.application.level + 1 >= len(self.levels)


def check(attempt: Attempt, inputs: Mapping[str, Any]) -> None:
    """Raise Refused, NotAllowed or InvalidInput where a condition of the move is not met."""
    if attempt.move.decides:
        _may_decide(attempt)
    _is_explained(attempt, inputs)
    guard = _GUARDS.get(attempt.move.action)
    if guard is not None:
        guard(attempt, inputs)


def _refused(attempt: Attempt, text: str) -> Refused:
    return Refused(text, state=attempt.case.state, action=attempt.move.action.value)


def _may_decide(attempt: Attempt) -> None:
    """Applying and deciding are two people's; so are the levels of a decision; each level has its roles."""
    application, user = attempt.application, attempt.user
    if application is None:
        raise _refused(attempt, _("没有待审批的申请。"))
    if application.applied_by_id == user.pk:
        raise NotAllowed(_("申请人不能审批自己的申请;请由其他人员审批。"))
    if application.level and application.decided_by_id == user.pk:
        raise NotAllowed(_("上一级审批由您作出;本级须由其他人员审批。"))
    wanted = deciding_roles(attempt.case, application, attempt.workflow)
    if not wanted & {role.code for role in user.roles}:
        names = {role.code: str(role.name) for role in ROLES}
        raise NotAllowed(_("这一级审批由%s作出。") % _("、").join(sorted(names.get(code, code) for code in wanted)))


def _is_explained(attempt: Attempt, inputs: Mapping[str, Any]) -> None:
    """What was given back cannot be pushed forward again unchanged: it is corrected, or the opinion says why."""
    if not attempt.workflow.given["explain_after_return"] or attempt.past.last_action not in BACKWARD_STEPS:
        return
    move = attempt.move
    is_forward = move.to_stage is not None and move.step_code not in BACKWARD_STEPS and not move.decides
    if is_forward and not inputs.get("opinion"):
        said = CaseStep.Action(attempt.past.last_action).label
        raise field_fault("opinion", "required", _("案件刚被“%s”;请先更正,或在意见中说明为何原样再报。") % said)


def _self_handle(attempt: Attempt, inputs: Mapping[str, Any]) -> None:
    case = attempt.case
    if not attempt.workflow.may_self_handle(case.class_code):
        raise _refused(attempt, _("%s 不在可自行处置的小类清单内;请按正常流程上报。") % case.matter_name)
    first = case.steps.order_by("seq").values_list("operator_id", flat=True).first()
    if first != attempt.user.pk:
        raise NotAllowed(_("只有上报人本人可以登记自行处置。"))


def _merge(attempt: Attempt, inputs: Mapping[str, Any]) -> None:
    """Same class, near in place and time, into an open case that is not joined itself (row 7)."""
    case, given = attempt.case, attempt.workflow.given
    main = Case.objects.annotate(far=Distance("geom", case.geom)).get(pk=inputs["main_case"])
    if main.pk == case.pk:
        raise field_fault("main_case", "itself", _("不能并入自身。"))
    if not main.is_open:
        raise field_fault("main_case", "finished", _("主案件 %(no)s %(state)s,不能再并入。") % _words(main))
    if main.class_code != case.class_code:
        raise field_fault(
            "main_case",
            "class",
            _("两案分类不同(%(a)s、%(b)s);先更正分类再并案。")
            % {
                "a": case.matter_name,
                "b": main.matter_name,
            },
        )
    hours = abs((main.reported_at - case.reported_at) / timedelta(hours=1))
    if main.far.m > given["merge_metres"] or hours > given["merge_hours"]:
        raise field_fault(
            "main_case",
            "far",
            _("两案相距 %(far)d 米、%(hours)d 小时;并案限 %(metres)d 米、%(most)d 小时以内。")
            % {
                "far": main.far.m,
                "hours": hours,
                "metres": given["merge_metres"],
                "most": given["merge_hours"],
            },
        )


def _words(case: Case) -> dict[str, str]:
    return {"no": case.case_no, "state": str(case.get_state_display())}


def _apply_delay(attempt: Attempt, inputs: Mapping[str, Any]) -> None:
    case, most = attempt.case, attempt.workflow.given["most_delays"]
    if case.dispose_deadline is not None and attempt.at > case.dispose_deadline:
        due = timezone.localtime(case.dispose_deadline)
        raise _refused(attempt, _("处置截止时间 %s 已过,不能再申请延期。") % f"{due:%Y-%m-%d %H:%M}")
    if case.postpone_count >= most:
        raise _refused(
            attempt,
            _("本案已延期 %(now)d 次,最多 %(most)d 次。")
            % {
                "now": case.postpone_count,
                "most": most,
            },
        )


def _apply_suspension(attempt: Attempt, inputs: Mapping[str, Any]) -> None:
    most, days = attempt.workflow.given["most_suspensions"], attempt.workflow.given["longest_suspension_days"]
    approve = MOVES[Action.APPROVE_SUSPENSION].step_code
    resumed = MOVES[Action.RESUME].step_code
    if attempt.past.actions.count(resumed) >= most and approve in attempt.past.actions:
        raise _refused(attempt, _("每案最多挂账 %d 次,本案已挂账过。") % most)
    today = timezone.localtime(attempt.at).date()
    if not today < inputs["until"] <= today + timedelta(days=days):
        raise field_fault("until", "range", _("缓办截止日期须在今天之后、%d 天以内。") % days)


def _withdraw(attempt: Attempt, inputs: Mapping[str, Any]) -> None:
    application, user = attempt.application, attempt.user
    if application is None:
        raise _refused(attempt, _("没有待审批的申请。"))
    if not may_withdraw(user, application):
        raise NotAllowed(_("只有申请人或其单位可以撤回申请。"))


def _supervise(attempt: Attempt, inputs: Mapping[str, Any]) -> None:
    if inputs["due_at"] <= attempt.at:
        raise field_fault("due_at", "past", _("要求答复的时间须在现在之后。"))


def _answer(attempt: Attempt, inputs: Mapping[str, Any]) -> None:
    if not attempt.case.supervisions.open().exists():
        raise _refused(attempt, _("本案没有待答复的督办。"))


def _appeal(attempt: Attempt, inputs: Mapping[str, Any]) -> None:
    """Once, soon after closing, and only where the department was late (row 35)."""
    case, days = attempt.case, attempt.workflow.given["appeal_days"]
    late = case.dispose_deadline and case.disposed_at and case.disposed_at > case.dispose_deadline
    if not late:
        raise _refused(attempt, _("本案处置未超期,无须申诉。"))
    if case.appeal or MOVES[Action.APPEAL].step_code in attempt.past.actions:
        raise _refused(attempt, _("每案只能申诉一次。"))
    if case.closed_at is not None and attempt.at > case.closed_at + timedelta(days=days):
        raise _refused(attempt, _("结案超过 %d 天,不能再申诉。") % days)


def _reopen(attempt: Attempt, inputs: Mapping[str, Any]) -> None:
    following = Case.objects.filter(previous_round=attempt.case.pk).first()
    if following is not None:
        raise _refused(attempt, _("本案已恢复办理,新一轮为 %s。") % following.case_no)


def _assign_district(attempt: Attempt, inputs: Mapping[str, Any]) -> None:
    if attempt.case.district_code:
        raise _refused(attempt, _("本案已转派区级(%s)。") % attempt.case.district_code)


def _dispatch(attempt: Attempt, inputs: Mapping[str, Any]) -> None:
    """Where there are two levels, the district's centre dispatches; the city hands the case to it first."""
    if attempt.workflow.is_two_level and not attempt.case.district_code:
        raise _refused(attempt, _("两级流程须先“转派区级”,再由区级派遣。"))
    _not_twice(attempt, inputs)


def _not_twice(attempt: Attempt, inputs: Mapping[str, Any]) -> None:
    if inputs["duty_org"] in inputs.get("assist_orgs", ()):
        raise field_fault("assist_orgs", "main", _("主办单位不能同时是协办单位。"))


def _check_level(attempt: Attempt, inputs: Mapping[str, Any]) -> None:
    """The second check is the city's, by somebody else than the first."""
    if attempt.case.checks_passed and attempt.past.last_operator == attempt.user.pk:
        last = BY_STEP.get(attempt.past.last_action)
        if last is not None and last.action is Action.PASS_CHECK:
            raise NotAllowed(_("两级核查须由不同人员进行。"))


_GUARDS: dict[Action, Callable[[Attempt, Mapping[str, Any]], None]] = {
    Action.SELF_HANDLE: _self_handle,
    Action.MERGE: _merge,
    Action.DISPATCH: _dispatch,
    Action.DISPATCH_AGAIN: _not_twice,
    Action.ASSIGN_DISTRICT: _assign_district,
    Action.APPLY_DELAY: _apply_delay,
    Action.APPLY_SUSPENSION: _apply_suspension,
    Action.WITHDRAW: _withdraw,
    Action.PASS_CHECK: _check_level,
    Action.SUPERVISE: _supervise,
    Action.ANSWER_SUPERVISION: _answer,
    Action.APPEAL: _appeal,
    Action.REOPEN: _reopen,
}
