"""What can be done with a case: the moves open to a person, and what each move asks for."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cityops.accounts.models import Organisation, User
from cityops.accounts.scoping import may_work_on
from grid.models import Case, CaseApplication, CaseStep
from grid.rules.stages import FINAL_STAGES, Stage
from grid.rules.transitions import HANDLING_STEPS, MOVES, Action, Move, is_own_work, may_handle
from grid.rules.workflow import Workflow
from grid.selectors.places import city_prefix
from grid.selectors.workflows import workflow_of
from sync.standard.models import DisposalRule
from tiers.systems import active_systems

DESK = "command"
"""The system whose routes move cases."""
DISPOSAL_TYPES = (
    Organisation.Type.DEPARTMENT.value,
    Organisation.Type.OWNER.value,
    Organisation.Type.STREET.value,
    Organisation.Type.COMMUNITY.value,
)
"""Kinds of organisations that a case can be dispatched to."""
REASONS: dict[str, str | Promise] = {
    "01": _("不属范围"),
    "02": _("重复"),
    "03": _("现场不存在"),
    "04": _("已自行处置"),
    "05": _("信息不全"),
    "06": _("权属不清待协调"),
}
"""CL_REJECT in words; the codes are those of the rule."""
SUSPENSION_WORDS: dict[str, str | Promise] = {
    "season": _("季节性原因"),
    "engineering": _("工程性原因"),
    "conditions": _("条件不具备"),
}
"""Why a case may be suspended, in words."""
SATISFACTION: dict[str, str | Promise] = {
    "5": _("非常满意"),
    "4": _("满意"),
    "3": _("一般"),
    "2": _("不满意"),
    "1": _("非常不满意"),
}
"""CL_SATIS in words."""


@dataclass(frozen=True)
class OpenMove:
    """One thing that a person may do now: the action, its name, what must and what may be given with it."""

    action: Action
    label: str
    inputs: tuple[str, ...]
    optional: tuple[str, ...]
    to_state: str
    photos: int = 0
    """How many photos must come with it."""


def label_of(action: Action) -> str:
    """Name of a move, as it is shown (CL_ACTION)."""
    return str(CaseStep.Action(MOVES[action].step_code).label)


def open_moves(user: User, case: Case, steps: Iterable[CaseStep]) -> list[OpenMove]:
    """The moves that a person may make with a case as it stands; none with another node's case or one that was
    granted to be seen, and none where the desk does not run (at the upper tiers a case is read, not moved).

    Permissions and organisations are read once per person, so a list of cases costs nothing more.
    """
    if case.is_replica or DESK not in active_systems() or not may_work_on(user, case):
        return []
    handlers = {step.operator_id for step in steps if step.action in HANDLING_STEPS and step.operator_id is not None}
    workflow = workflow_of(case)
    waiting = case.applications.waiting().first() if case.pending else None
    return [
        OpenMove(
            move.action,
            label_of(move.action),
            move.inputs,
            move.optional,
            move.target(Stage(case.state)).value,
            workflow.photos_with(move.action),
        )
        for move in workflow.moves_from(Stage(case.state), case.pending)
        if user.has_perm(move.permission)
        and may_handle(move.action, by_orgs=user.organisation_codes, duty_org=case.duty_org)
        and not (
            move.by_other_than_handler
            and is_own_work(by=user.pk, by_orgs=user.organisation_codes, handlers=handlers, duty_org=case.duty_org)
        )
        and _fits(user, case, move, waiting, workflow)
    ]


def _fits(user: User, case: Case, move: Move, waiting: CaseApplication | None, workflow: Workflow) -> bool:
    """Whether the decision, or the taking back, of an application is this person's; other moves always fit.

    Conditions that need the inputs or further questions are the service's (``grid.services.guards``).
    """
    if move.decides:
        return waiting is not None and may_decide(user, case, waiting, workflow)
    if move.action is Action.WITHDRAW:
        return waiting is not None and may_withdraw(user, waiting)
    if move.action is Action.SELF_HANDLE:
        return workflow.may_self_handle(case.class_code)
    if move.action is Action.ANSWER_SUPERVISION:
        return case.is_supervised == "1"
    if move.action is Action.APPEAL:
        return not case.appeal and bool(
            case.disposed_at and case.dispose_deadline and case.disposed_at > case.dispose_deadline
        )
    return move.action is not Action.ASSIGN_DISTRICT or not case.district_code


def deciding_roles(case: Case, waiting: CaseApplication, workflow: Workflow) -> frozenset[str]:
    """The roles that decide a waiting application at the level it has come to."""
    levels = workflow.levels(waiting.kind, earlier=case.postpone_count)
    return levels[min(waiting.level, len(levels) - 1)]


def may_decide(user: User, case: Case, waiting: CaseApplication, workflow: Workflow) -> bool:
    """Whether a person decides a waiting application now: not the own one, not two levels, with a role of the level."""
    if waiting.applied_by_id == user.pk or (waiting.level and waiting.decided_by_id == user.pk):
        return False
    return bool(deciding_roles(case, waiting, workflow) & {role.code for role in user.roles})


def may_withdraw(user: User, waiting: CaseApplication) -> bool:
    """Whether a person may take an application back: who made it, or somebody of the same department."""
    ours = user.is_bound_to_organisation and waiting.applied_org in user.organisation_codes
    return waiting.applied_by_id == user.pk or ours


WAITS_FOR_NOBODY = frozenset(
    {
        Action.CORRECT,
        Action.URGE,
        Action.SUPERVISE,
        Action.ANSWER_SUPERVISION,
        Action.FORCE_CLOSE,
        Action.APPLY_VOID,
        Action.WITHDRAW,
        Action.RESUME,
    }
)
"""Moves that are open from many stages without the case waiting for them."""


def stages_waiting_for(user: User) -> list[str]:
    """The states in which a case waits for somebody with this person's permissions."""
    waiting = {
        stage.value
        for move in MOVES.values()
        if user.has_perm(move.permission) and move.action not in WAITS_FOR_NOBODY and not move.decides
        for stage in move.from_stages
        if stage not in FINAL_STAGES
    }
    return sorted(waiting)


def rules_of(case: Case) -> list[DisposalRule]:
    """The disposal rules in force for the class of a case, in their order; by the current or the older class code."""
    return list(
        DisposalRule.objects.filter(
            Q(matter_codes__contains=[case.class_code]) | Q(class_code=case.class_code, kind=case.kind),
            rule_set__kind="rules",
            rule_set__is_default=True,
            is_active=True,
            limit_value__isnull=False,
        ).order_by("class_code", "condition_no")
    )


def disposal_organisations() -> list[Organisation]:
    """The organisations of this city that cases can be dispatched to, by name."""
    return list(
        Organisation.objects.active()
        .filter(org_type__in=DISPOSAL_TYPES, division_code__startswith=city_prefix())
        .order_by("org_type", "org_code")
    )
