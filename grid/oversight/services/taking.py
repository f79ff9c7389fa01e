"""At the city: what a superior asks becomes a supervision of the case; what was done about it is told upward.

Both look for what is still to do, so that a run that was lost is made up by the next.
"""

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.foundation import audit
from cityops.foundation.errors import CityOpsError, Refused
from grid.models import Case, CaseSupervision
from grid.oversight.models import OPEN, SupervisionAction, SupervisionTask, TaskState
from grid.rules.transitions import Action
from grid.services.acting import act_by_system

ACTION_NAMES = uuid.UUID("5e0a3f2c-9a0e-5d0c-8d57-0f6c2a1b7e44")
"""Names of actions: a node does each thing about a supervision once."""


def take_up() -> int:
    """Take up what came from above for this node. Returns how many supervisions changed something here."""
    here = settings.CITYOPS_NODE
    tasks = SupervisionTask.objects.filter(targets__0=here).exclude(origin_code=here)
    mine = SupervisionAction.objects.filter(task_no=OuterRef("task_no"), origin_code=here)
    fresh = tasks.filter(~Exists(mine), state__in=OPEN)
    waiting = CaseSupervision.objects.open().filter(
        source=CaseSupervision.Source.SUPERIOR, task_no=OuterRef("task_no"), issued_node=OuterRef("origin_code")
    )
    gone = tasks.filter(Exists(waiting), state=TaskState.WITHDRAWN)
    to_take, to_end = list(fresh.order_by("issued_at", "task_no")), list(gone)
    for task in to_take:
        _take(task)
    for task in to_end:
        _end(task)
    return len(to_take) + len(to_end)


@transaction.atomic
def _take(task: SupervisionTask) -> None:
    """Supervise the case; where that cannot be, say why."""
    SupervisionTask.objects.select_for_update(of=("self",)).get(pk=task.pk)
    if SupervisionAction.objects.filter(task_no=task.task_no, origin_code=settings.CITYOPS_NODE).exists():
        return
    try:
        with transaction.atomic():
            case = _supervised(task)
    except CityOpsError as refused:
        _tell(task.task_no, SupervisionAction.Action.SENT_BACK, str(refused.detail), timezone.now())
    else:
        said = _("案件 %s 已列入督办。") % case.case_no
        _tell(task.task_no, SupervisionAction.Action.SIGNED, said, timezone.now())


def _supervised(task: SupervisionTask) -> Case:
    case = Case.objects.filter(case_no=task.source_ref, origin_code=settings.CITYOPS_NODE).first()
    if case is None:
        raise Refused(_("本市没有案件 %s。") % task.source_ref)
    inputs: dict[str, Any] = {
        "due_at": task.deadline,
        "source": CaseSupervision.Source.SUPERIOR,
        "task_no": task.task_no,
        "issued_node": task.origin_code,
    }
    return act_by_system(case, Action.SUPERVISE, timezone.now(), task.content, **inputs)


@transaction.atomic
def _end(task: SupervisionTask) -> None:
    """The superior took it back: nobody need answer any more."""
    rows = CaseSupervision.objects.open().filter(task_no=task.task_no, issued_node=task.origin_code)
    for row in rows.select_for_update(of=("self",)).select_related("case"):
        row.withdrawn_at, row.opinion = task.closed_at or timezone.now(), task.content
        row.save(update_fields=["withdrawn_at", "opinion"])
        audit.record(
            "supervision.withdrawn",
            kind="case",
            key=row.case.case_no,
            division_code=row.case.division_code,
            after={"task_no": task.task_no, "node": task.origin_code},
        )


@transaction.atomic
def tell_answers() -> int:
    """Tell superiors what was answered and not told yet. Returns how many answers."""
    told = SupervisionAction.objects.filter(
        task_no=OuterRef("task_no"), origin_code=settings.CITYOPS_NODE, action=SupervisionAction.Action.ANSWERED
    )
    rows = CaseSupervision.objects.filter(
        ~Exists(told), source=CaseSupervision.Source.SUPERIOR, answered_at__isnull=False
    )
    found = list(rows)
    for row in found:
        _tell(row.task_no, SupervisionAction.Action.ANSWERED, row.answer, row.answered_at or timezone.now(), 100)
    return len(found)


def _tell(task_no: str, action: str, content: str, at: datetime, progress: int | None = None) -> None:
    here = settings.CITYOPS_NODE
    SupervisionAction.objects.get_or_create(
        action_id=uuid.uuid5(ACTION_NAMES, f"{here} {task_no} {action}").hex,
        defaults={
            "task_no": task_no,
            "node_code": here[:12],
            "action": action,
            "content": content,
            "progress": progress,
            "acted_at": at,
        },
    )
