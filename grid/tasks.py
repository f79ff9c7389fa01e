"""Background work of the grid. Waiting imports live in the database and on disk; losing a wake-up costs delay only."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

from celery import shared_task
from celery.schedules import crontab
from django.conf import settings
from django.utils import timezone
from kombu.exceptions import OperationalError

from cityops.foundation.errors import NotThere
from grid.selectors.statistics import RECOMPILED_DAYS
from grid.services.imports.runs import settle_broken_runs
from grid.services.imports.uploads import drop_left_files, run_stored, waiting_runs
from grid.services.media import drop_loose
from grid.services.rehearsing import rehearse_workflow
from grid.services.simulator.live import tick
from grid.services.statistics import compile_statistics
from grid.services.suspensions import resume_due


@shared_task(acks_late=True)
def import_waiting() -> None:
    """Import the uploaded files that wait, oldest first.

    One file is one transaction, so it is no slice: the largest upload (200 MB) bounds it.
    """
    settle_broken_runs()
    drop_left_files()
    for pk in waiting_runs():
        run_stored(pk)


def wake_imports() -> None:
    """Ask a worker to look; without a broker the schedule does it within a minute."""
    with suppress(OperationalError):
        import_waiting.apply_async(retry=False)


@shared_task
def compile_daily_statistics() -> None:
    """Compile the statistic of the last days (GL04); a day is compiled again while its cases may still change."""
    compile_statistics(first=timezone.localdate() - timedelta(days=RECOMPILED_DAYS))


@shared_task
def rehearse_version(code: str) -> None:
    """Replay the cases of the last quarter under a version of the loop."""
    with suppress(NotThere):
        rehearse_workflow(code)


def wake_rehearsal(code: str) -> None:
    """Ask a worker to rehearse; without a broker the command does it."""
    with suppress(OperationalError):
        rehearse_version.apply_async([code], retry=False)


@shared_task
def resume_suspended_cases() -> None:
    """Resume the suspended cases whose last day is over."""
    resume_due()


@shared_task
def clear_loose_photos() -> int:
    """Clear away photos that came for no case, and files of no photo. Returns how many photos."""
    return drop_loose()


@shared_task
def simulated_life() -> None:
    """Let happen what is due in a simulated city."""
    tick()


SCHEDULE: dict[str, tuple[str, Any]] = {
    "grid.import_waiting": ("grid.tasks.import_waiting", 60),
    "grid.resume_suspended": ("grid.tasks.resume_suspended_cases", crontab(minute="*/15")),
    "grid.daily_statistics": ("grid.tasks.compile_daily_statistics", crontab(hour=1, minute=10)),
    "grid.clear_loose_photos": ("grid.tasks.clear_loose_photos", crontab(minute=40)),
}
if settings.CITYOPS_SIMULATED:
    SCHEDULE["grid.simulated_life"] = ("grid.tasks.simulated_life", 45)
