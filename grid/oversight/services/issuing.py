"""At the superior: issue a supervision about a city's case, take it back."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.foundation import audit
from cityops.foundation.errors import InvalidInput, NotAllowed, NotThere, Refused, field_fault
from cityops.foundation.locks import hold
from grid.models import Case
from grid.oversight.models import SupervisionTask, TaskState
from grid.oversight.rules.numbers import beginning, following
from tiers.models import Node

ISSUE = "oversight.issue_supervision"
LONGEST = 2000
FURTHEST = timedelta(days=366)
SIGN_WITHIN = timedelta(days=1)


@transaction.atomic
def issue(
    actor: User, case_no: str, *, opinion: str, due_at: datetime, task_type: str = SupervisionTask.Type.ONLINE
) -> SupervisionTask:
    """Supervise a city's case: it goes down to the city, which answers by ``due_at``.

    Raises NotAllowed without the permission; NotThere where the case is not here or not the actor's; Refused where it
    is finished, of this very node, of a node that is not joined, or waits for an answer already; InvalidInput.
    """
    _may_issue(actor)
    text = opinion.strip()
    _check_inputs(text, due_at, task_type)
    case: Case | None = Case.objects.workable_by(actor).filter(case_no=case_no).first()
    if case is None:
        raise NotThere(_("本级没有案件 %s;请核对案件号,或等待城市上报后再督办。") % case_no)
    _check_case(case)
    now = timezone.now()
    task = SupervisionTask.objects.create(
        task_no=_next_number(now),
        title=_("督办案件 %(no)s %(name)s") % {"no": case.case_no, "name": case.matter_name},
        task_type=task_type,
        source_ref=case.case_no,
        issuer_node=settings.CITYOPS_NODE[:12],
        content=text,
        targets=[case.origin_code],
        sign_deadline=min(due_at, now + SIGN_WITHIN),
        deadline=due_at,
        urgency=case.urgency,
        issued_at=now,
        issued_by=actor,
    )
    _record("supervision.issue", task, case.division_code, {"case": case.case_no, "due_at": due_at.isoformat()}, text)
    return task


@transaction.atomic
def withdraw(actor: User, task_no: str, *, reason: str) -> SupervisionTask:
    """Take a supervision back; the city is told why. Withdrawn again it stays as it is.

    Raises NotAllowed, NotThere, Refused where it was answered, InvalidInput without a reason.
    """
    _may_issue(actor)
    rows = SupervisionTask.objects.workable_by(actor).issued_here().select_for_update(of=("self",))
    task: SupervisionTask | None = rows.filter(task_no=task_no).first()
    if task is None:
        raise NotThere(_("没有这个督办任务。"))
    if task.state == TaskState.WITHDRAWN:
        return task
    if not task.is_open:
        raise Refused(_("督办任务 %s 已经办结,不能撤销。") % task_no, state=task.state)
    text = reason.strip()
    if not 0 < len(text) <= LONGEST:
        raise _fault("reason", _("请写明撤销原因,不超过 %d 字。") % LONGEST)
    task.state, task.closed_at = TaskState.WITHDRAWN, timezone.now()
    task.content = f"{task.content}\n{_('撤销原因')}:{text}"
    task.save(update_fields=["state", "closed_at", "content"])
    _record("supervision.withdraw", task, task.division_code, {"state": task.state}, text)
    return task


def _may_issue(actor: User) -> None:
    if not actor.has_perm(ISSUE):
        raise NotAllowed(_("您没有“对下督办”的权限。"))


def _check_inputs(text: str, due_at: datetime, task_type: str) -> None:
    if not 0 < len(text) <= LONGEST:
        raise _fault("opinion", _("请写明督办意见,不超过 %d 字。") % LONGEST)
    if not timezone.now() < due_at <= timezone.now() + FURTHEST:
        raise _fault("due_at", _("要求答复的时间须在现在之后、一年以内。"))
    if task_type not in SupervisionTask.Type.values:
        raise _fault("task_type", _("没有这种督办类型;可用:%s。") % "、".join(SupervisionTask.Type.values))


def _check_case(case: Case) -> None:
    facts = {"no": case.case_no, "node": case.origin_code, "state": case.get_state_display()}
    if not case.is_replica:
        raise Refused(_("案件 %(no)s 由本级办理,请在案件页直接督办。") % facts)
    if not case.is_open:
        raise Refused(_("案件 %(no)s 现为“%(state)s”,已结束的案件不能督办。") % facts, state=case.state)
    if not Node.objects.filter(node_code=case.origin_code, status=Node.State.JOINED).exists():
        raise Refused(_("节点 %(node)s 尚未联网,督办无法送达;请先完成节点接入。") % facts, node=case.origin_code)
    waiting = SupervisionTask.objects.issued_here().open().filter(source_ref=case.case_no).first()
    if waiting is not None:
        raise Refused(
            _("案件 %(no)s 已有待答复的督办 %(task)s;答复或撤销后方可再次督办。") % {**facts, "task": waiting.task_no},
            task_no=waiting.task_no,
        )


def _next_number(at: datetime) -> str:
    hold("supervision numbers")
    start = beginning(settings.CITYOPS_NODE, timezone.localtime(at).date())
    rows = SupervisionTask.objects.issued_here().filter(task_no__startswith=start).order_by("-task_no")
    try:
        return following(rows.values_list("task_no", flat=True).first() or "", start)
    except ValueError as error:
        raise Refused(_("今日督办号已用完,请明日再发。")) from error


def _fault(field: str, text: str) -> InvalidInput:
    return field_fault(field, "invalid", text)


def _record(action: str, task: SupervisionTask, division_code: str, after: dict[str, Any], reason: str) -> None:
    audit.record(
        action,
        kind="SupervisionTask",
        key=task.task_no,
        division_code=division_code,
        after={**after, "target": task.target},
        reason=reason,
    )
