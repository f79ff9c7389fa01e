"""Upkeep of the foundation's own tables."""

from datetime import timedelta
from typing import Any

from celery import shared_task
from celery.schedules import crontab
from django.utils import timezone

from cityops.foundation.models import IdempotentAnswer

ANSWERS_KEPT = timedelta(days=7)
"""So long a repeat with an Idempotency-Key gets its first answer again; who tries for longer has given up."""


@shared_task(name="foundation.clear_answers")
def clear_answers() -> int:
    """Clear away stored answers to writes that nobody will repeat any more. Returns how many."""
    return IdempotentAnswer.objects.filter(created_at__lt=timezone.now() - ANSWERS_KEPT).delete()[0]


SCHEDULE: dict[str, tuple[str, Any]] = {
    "foundation.clear_answers": ("foundation.clear_answers", crontab(hour=3, minute=15)),
}
"""What beat starts, by name: (task, seconds or crontab)."""
