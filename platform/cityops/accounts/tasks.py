"""Upkeep of accounts."""

from typing import Any

from celery import shared_task
from celery.schedules import crontab

from cityops.accounts.services import unused


@shared_task(name="accounts.disable_unused")
def disable_unused() -> int:
    """Disable accounts that nobody used for long. Returns how many."""
    return len(unused.disable_unused())


SCHEDULE: dict[str, tuple[str, Any]] = {
    "accounts.disable_unused": ("accounts.disable_unused", crontab(hour=3, minute=25)),
}
"""What beat starts, by name: (task, seconds or crontab)."""
