"""What can be done with a case: the moves open to a person, and what each move asks for."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cityops.accounts.models import Organisation, User
from cityops.accounts.scoping import may_work_on
from grid.models import Case, CaseStep
from grid.rules.stages import Stage
from grid.rules.transitions import HANDLING_STEPS, MOVES, Action, is_own_work, may_handle, moves_from
from grid.selectors.places import city_prefix
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


@dataclass(frozen=True)
class OpenMove:
    """One thing that a person may do now: the action, its name, what must and what may be given with it."""

    action: Action
    label: str
    inputs: tuple[str, ...]
    optional: tuple[str, ...]
    to_state: str


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
    return [
        OpenMove(move.action, label_of(move.action), move.inputs, move.optional, move.to_stage.value)
        for move in moves_from(Stage(case.state))
        if user.has_perm(move.permission)
        and may_handle(move.action, by_orgs=user.organisation_codes, duty_org=case.duty_org)
        and not (
            move.by_other_than_handler
            and is_own_work(by=user.pk, by_orgs=user.organisation_codes, handlers=handlers, duty_org=case.duty_org)
        )
    ]


def stages_waiting_for(user: User) -> list[str]:
    """The states in which a case waits for somebody with this person's permissions."""
    waiting = {stage.value for move in MOVES.values() if user.has_perm(move.permission) for stage in move.from_stages}
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
