"""Background work of intake."""

from typing import Any

from celery import shared_task
from celery.schedules import crontab

from grid.intake.services.answers import catch_up
from grid.intake.services.learning import learn


@shared_task
def learn_classes() -> None:
    """Learn from the cases closed since the last run; bounded in time, the rest waits for the next night."""
    learn()


@shared_task
def catch_up_answers() -> None:
    """Make answers that were missed."""
    catch_up()


SCHEDULE: dict[str, tuple[str, Any]] = {
    "intake.learn_classes": ("grid.intake.tasks.learn_classes", crontab(hour=2, minute=40)),
    "intake.catch_up_answers": ("grid.intake.tasks.catch_up_answers", crontab(minute=25)),
}
