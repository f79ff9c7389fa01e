"""Background work of signals."""

from typing import Any

from celery import shared_task
from celery.schedules import crontab

from grid.signals.services.finding import find, forget_old


@shared_task
def find_signals() -> int:
    """Every night: look for what is odd, then forget what was dismissed long ago. Returns how many are new."""
    run = find()
    forget_old()
    return run.new.total()


SCHEDULE: dict[str, tuple[str, Any]] = {
    "signals.find": ("grid.signals.tasks.find_signals", crontab(hour=3, minute=20)),
}
