"""Suspended cases come back by themselves on their day (row 22)."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.foundation.errors import Refused
from grid.models import Case, CaseApplication
from grid.rules.stages import Stage
from grid.rules.transitions import Action
from grid.services.acting import act_by_system


def resume_due(at: datetime | None = None) -> int:
    """Resume the cases of this node whose last day of suspension is over; returns their number."""
    at = at or timezone.now()
    yesterday = timezone.localtime(at).date() - timedelta(days=1)
    due = CaseApplication.objects.filter(
        kind=CaseApplication.Kind.SUSPENSION,
        state=CaseApplication.State.APPROVED,
        until__lte=yesterday,
        ended_at__isnull=True,
        case__state=Stage.SUSPENDED,
        case__origin_code=settings.CITYOPS_NODE,
    )
    resumed = 0
    for pk in due.values_list("case_id", flat=True):
        try:
            act_by_system(Case(pk=pk), Action.RESUME, at, _("缓办期满,自动恢复。"))
        except Refused:
            continue  # somebody was quicker
        resumed += 1
    return resumed
