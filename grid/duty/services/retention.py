"""Forget who was where when it has been known long enough: that the ground was seen stays."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from cityops.foundation import audit
from grid.duty.models import Visit


def forget_visitors(at: datetime | None = None) -> int:
    """Take the visitor off visits older than ``CITYOPS_FIELD_DAYS``; returns of how many.

    A visit that was made from a step keeps the step, so that it is not made again; who made that is in the case.
    """
    before = (at or timezone.now()) - timedelta(days=settings.CITYOPS_FIELD_DAYS)
    with transaction.atomic():
        count = Visit.objects.filter(at__lt=before, visitor__isnull=False).update(visitor=None)
        if count:
            audit.record("duty.forget", kind="visit", after={"visits": count})
    return count
