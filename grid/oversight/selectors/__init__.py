"""What oversight is asked for."""

from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.foundation.errors import NotThere
from grid.models import Case
from grid.oversight.models import SupervisionAction, SupervisionTask, TaskQuerySet

VIEWS = ("open", "overdue", "done")


def tasks_of(user: User, view: str = "") -> TaskQuerySet:
    """The supervisions that this node issued, as far as the person may see their cities."""
    rows: TaskQuerySet = SupervisionTask.objects.visible_to(user).issued_here()
    if view == "open":
        return rows.open()
    if view == "overdue":
        return rows.overdue()
    return rows.done() if view == "done" else rows


def get_task(user: User, task_no: str) -> SupervisionTask:
    """One of them. Raises NotThere."""
    task = tasks_of(user).filter(task_no=task_no).first()
    if task is None:
        raise NotThere(_("没有这个督办任务。"))
    return task


def case_of(user: User, task: SupervisionTask) -> Case | None:
    """The case that it is about, where it is here."""
    found: Case | None = Case.objects.visible_to(user).filter(case_no=task.source_ref).first()
    return found


def actions_of(task: SupervisionTask) -> list[SupervisionAction]:
    """What the city did about it; only the city that it is for is heard."""
    return list(SupervisionAction.objects.filter(task_no=task.task_no, origin_code=task.target))


def with_answers(tasks: list[SupervisionTask]) -> list[tuple[SupervisionTask, SupervisionAction | None]]:
    """Supervisions with the last thing that the city did about each."""
    rows = SupervisionAction.objects.filter(task_no__in=[task.task_no for task in tasks]).order_by("acted_at")
    last = {(row.task_no, row.origin_code): row for row in rows}
    return [(task, last.get((task.task_no, task.target))) for task in tasks]
