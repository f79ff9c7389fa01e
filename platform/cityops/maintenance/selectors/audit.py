"""Reading the audit trail."""

from django.conf import settings
from django.db.models import Q, QuerySet

from cityops.accounts.models import User
from cityops.foundation.models import AuditEvent


def audit_events_for(user: User) -> QuerySet[AuditEvent]:
    """Entries about the person's division; who is responsible for the whole node also sees those about none."""
    if not user.scope_prefix:
        return AuditEvent.objects.all()
    seen = Q(division_code__startswith=user.scope_prefix)
    if user.division_code == settings.CITYOPS_REGION:
        seen |= Q(division_code="")
    return AuditEvent.objects.filter(seen)
