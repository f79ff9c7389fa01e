"""Background work of duty."""

from datetime import timedelta
from typing import Any

from celery import shared_task
from celery.schedules import crontab
from django.utils import timezone

from grid.duty.services.retention import forget_visitors
from grid.duty.services.teams import compile_team_statistics
from grid.duty.services.visits import visits_from_steps

LOOKED_BACK = timedelta(days=3)


@shared_task
def catch_up_visits() -> None:
    """Make the visits of the last days' steps that no event brought: of imports, of a process that was ended."""
    visits_from_steps(since=timezone.now() - LOOKED_BACK)


@shared_task
def team_statistics() -> None:
    """Compile the team statistic of the month that has ended (GL10)."""
    compile_team_statistics()


@shared_task
def forget_old_visitors() -> int:
    """Forget who made the visits of long ago."""
    return forget_visitors()


SCHEDULE: dict[str, tuple[str, Any]] = {
    "duty.catch_up_visits": ("grid.duty.tasks.catch_up_visits", crontab(minute=20)),
    "duty.forget_visitors": ("grid.duty.tasks.forget_old_visitors", crontab(hour=3, minute=35)),
    "duty.team_statistics": ("grid.duty.tasks.team_statistics", crontab(day_of_month=1, hour=2, minute=40)),
}
