"""How a person's account was knocked at: sign-ins that succeeded and failed, and lock-outs."""

from dataclasses import dataclass
from datetime import datetime

from axes.helpers import get_cool_off
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Max, QuerySet, Sum
from django.utils import timezone

from cityops.accounts.models import User
from cityops.foundation.models import AuditEvent


@dataclass(frozen=True)
class Failures:
    """Wrong passwords for a name from one address that still count."""

    address: str
    number: int
    last_at: datetime
    locked_until: datetime | None
    """When the address may try again by itself; empty where it is not locked."""


def failures_of(person: User) -> list[Failures]:
    """From where a name was tried with wrong passwords lately, the latest first; locked ones are among them."""
    wait = get_cool_off()
    if wait is None:
        return []
    rows = (
        AccessAttempt.objects.filter(username=person.username, attempt_time__gt=timezone.now() - wait)
        .values_list("ip_address")
        .annotate(number=Sum("failures_since_start"), last_at=Max("attempt_time"))
        .order_by("-last_at")
    )
    return [
        Failures(address or "", number, last_at, last_at + wait if number >= settings.AXES_FAILURE_LIMIT else None)
        for address, number, last_at in rows
    ]


def sign_ins_of(person: User) -> QuerySet[AuditEvent]:
    """The entries about signing in as a person, failed ones too, the latest first."""
    return AuditEvent.objects.filter(object_kind="person", object_key=person.username, action="session.sign_in")
