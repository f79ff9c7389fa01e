"""Empty what phones sent when it has been kept long enough: the answer stays, the content and the place go."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from cityops.foundation import audit
from grid.field.models import FieldAction


def empty_old(at: datetime | None = None) -> int:
    """Empty actions older than ``CITYOPS_FIELD_DAYS``; returns how many.

    Id and outcome stay, so that a phone found in a drawer still doubles nothing; where a person was goes, and photos
    that only a refused action kept are dropped by the next sweep of loose photos.
    """
    before = (at or timezone.now()) - timedelta(days=settings.CITYOPS_FIELD_DAYS)
    with transaction.atomic():
        rows = FieldAction.objects.filter(received_at__lt=before).exclude(payload={})
        count = rows.update(payload={}, geom=None, accuracy_m=None, distance_m=None, reason="")
        if count:
            audit.record("field.empty", kind="field_action", after={"actions": count})
    return count
