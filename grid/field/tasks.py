"""Background work of field."""

from typing import Any

from celery import shared_task
from celery.schedules import crontab

from grid.field.services.retention import empty_old


@shared_task
def empty_old_actions() -> None:
    """Empty what phones sent longer ago than it is kept."""
    empty_old()


SCHEDULE: dict[str, tuple[str, Any]] = {
    "field.empty_old_actions": ("grid.field.tasks.empty_old_actions", crontab(hour=3, minute=35)),
}
