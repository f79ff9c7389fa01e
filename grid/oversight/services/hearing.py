"""At the superior: what cities did about supervisions moves these on."""

from collections import defaultdict

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef

from grid.oversight.models import OPEN, SupervisionAction, SupervisionTask, TaskState

LEADS_TO = {
    SupervisionAction.Action.SIGNED: TaskState.RUNNING,
    SupervisionAction.Action.ANSWERED: TaskState.DONE,
    SupervisionAction.Action.SENT_BACK: TaskState.WITHDRAWN,
}
"""What a city did, and the state it leads to: one that a city could not take up ends without effect."""


@transaction.atomic
def hear() -> int:
    """Move on the supervisions of this node that a city did something about. Returns how many moved."""
    said = SupervisionAction.objects.filter(action__in=LEADS_TO)
    heard = said.filter(task_no=OuterRef("task_no"))
    tasks = SupervisionTask.objects.filter(Exists(heard), origin_code=settings.CITYOPS_NODE, state__in=OPEN)
    found = list(tasks.select_for_update(of=("self",)))
    by_task: dict[tuple[str, str], list[SupervisionAction]] = defaultdict(list)
    for action in said.filter(task_no__in=[task.task_no for task in found]).order_by("action"):
        by_task[action.task_no, action.origin_code].append(action)
    moved = 0
    for task in found:
        before = task.state
        for action in by_task[task.task_no, task.target]:
            task.state = LEADS_TO[SupervisionAction.Action(action.action)]
            task.closed_at = None if task.is_open else action.acted_at
            if not task.is_open:
                break
        if task.state != before:
            task.save(update_fields=["state", "closed_at"])
            moved += 1
    return moved
