"""Take a closed case up again 恢复办理: a new case, filed, linked to the old one, whose figures stay as they are."""

import uuid
from datetime import datetime

from django.utils import timezone

from cityops.accounts.models import User
from cityops.foundation import audit
from cityops.foundation.records import local_node
from grid.models import Case, CaseStep
from grid.rules.stages import Stage
from grid.rules.transitions import MOVES, Action
from grid.selectors.calendar import current_desk
from grid.services.numbers import next_case_number

TAKEN_OVER = (
    "kind",
    "std_ref",
    "matter_code",
    "class_code",
    "matter_name",
    "ext_class",
    "dept_code1",
    "dept_name1",
    "component_id",
    "source",
    "source_no",
    "description",
    "address",
    "geom",
    "grid_code",
    "division_code",
    "reporter_type",
    "reporter_id",
    "filing_condition",
    "deadline_class",
    "limit_value",
    "limit_unit",
    "urgency",
    "is_simulated",
    "workflow",
    "is_supervised",
)


def begin_round(user: User, case: Case, at: datetime, reason: str) -> Case:
    """A new round of a closed case, waiting for dispatch; within the transaction of the reopening."""
    desk = current_desk().for_area(case.deadline_class)
    move = MOVES[Action.FILE]
    number = next_case_number(timezone.localtime(at).date())
    following = Case(
        rid=uuid.uuid4(),
        origin_code=local_node(),
        case_no=number,
        task_no=number[6:],
        state=Stage.FILED.value,
        reported_at=at,
        accepted_at=at,
        filed_at=at,
        previous_round=case.pk,
        stage_due_at=desk.stage_end(move.limit, at),
        stage_warn_at=desk.stage_warning(move.limit, at),
        updated_at=at,
        **{name: getattr(case, name) for name in TAKEN_OVER},
    )
    following.save(force_insert=True)
    CaseStep.objects.create(
        case=following,
        origin_code=following.origin_code,
        seq=1,
        action=MOVES[Action.REOPEN].step_code,
        from_state="",
        to_state=following.state,
        operator_role=user.signs_as(move.roles, move.step_role),
        operator_org=user.organisation.org_code if user.organisation else "",
        operator_id=user.pk,
        operated_at=at,
        deadline=following.stage_due_at,
        opinion=reason,
    )
    audit.record(
        "case.round",
        kind="case",
        key=following.case_no,
        division_code=following.division_code,
        after={"previous_round": case.case_no},
        reason=reason,
    )
    return following
