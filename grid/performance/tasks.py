"""Background work of performance: freezing, the rollup, reports."""

from contextlib import suppress
from typing import Any

from celery import shared_task
from celery.schedules import crontab
from django.utils import timezone
from kombu.exceptions import OperationalError

from grid.performance.services.reports import make_waiting
from grid.performance.services.rollup import count_recent, follow_changes
from grid.performance.services.snapshots import freeze_due


@shared_task
def freeze_last_month() -> int:
    """On the third of the month: freeze what ended with the last one. Returns how many snapshots were made."""
    return len(freeze_due(timezone.localdate()))


@shared_task
def follow_rollup() -> int:
    """Bring the rollup of dashboards up to the last changes."""
    return follow_changes()


@shared_task
def count_rollup() -> int:
    """Count the last days of the rollup again."""
    return count_recent()


@shared_task(acks_late=True)
def make_reports() -> int:
    """Make the reports that wait, oldest first."""
    return make_waiting()


def wake_reports() -> None:
    """Ask a worker to look; without a broker the schedule does it within a minute."""
    with suppress(OperationalError):
        make_reports.apply_async(retry=False)


SCHEDULE: dict[str, tuple[str, Any]] = {
    "performance.freeze": ("grid.performance.tasks.freeze_last_month", crontab(day_of_month="3", hour=2, minute=30)),
    "performance.follow": ("grid.performance.tasks.follow_rollup", crontab(minute="*/15")),
    "performance.count": ("grid.performance.tasks.count_rollup", crontab(hour=1, minute=40)),
    "performance.reports": ("grid.performance.tasks.make_reports", 60),
}
