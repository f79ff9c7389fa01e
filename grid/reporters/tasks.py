"""Background work of reporters."""

from typing import Any

from celery import shared_task
from celery.schedules import crontab

from grid.reporters.services.keeping import erase_expired


@shared_task
def erase_reporters() -> int:
    """Erase who reported cases that ended long ago. Returns how many."""
    return erase_expired()


SCHEDULE: dict[str, tuple[str, Any]] = {
    "reporters.erase": ("grid.reporters.tasks.erase_reporters", crontab(hour=2, minute=20)),
}
