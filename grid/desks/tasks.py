"""Background work of desks: write exports, clear old files away."""

from contextlib import suppress
from typing import Any

from celery import shared_task
from celery.schedules import crontab
from kombu.exceptions import OperationalError

from grid.desks.services.exports import clear_old, make_waiting


@shared_task(acks_late=True)
def write_exports() -> int:
    """Write the exports that wait, oldest first."""
    return make_waiting()


@shared_task
def clear_exports() -> int:
    """Clear away files that are no longer kept."""
    return clear_old()


def wake_exports() -> None:
    """Ask a worker to look; without a broker the schedule does it within a minute."""
    with suppress(OperationalError):
        write_exports.apply_async(retry=False)


SCHEDULE: dict[str, tuple[str, Any]] = {
    "desks.exports": ("grid.desks.tasks.write_exports", 60),
    "desks.clear": ("grid.desks.tasks.clear_exports", crontab(hour=3, minute=25)),
}
"""What beat starts, by name: (task, seconds or crontab)."""
