"""Disable accounts that nobody used for long 长期未使用账号 (GB/T 22239-2019 §8.1.4.1)."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import ApiToken, User
from cityops.accounts.roles import ADMINISTRATORS
from cityops.foundation import audit


@transaction.atomic
def disable_unused(at: datetime | None = None) -> list[User]:
    """Disable who neither signed in nor was enabled within CITYOPS_UNUSED_DAYS (0: nobody); returns them.

    Left alone are integrations with a token that is valid or was used in that time, and of each of the three
    administrators the one who was here last: without it nobody could enable the others again.
    """
    at, days = at or timezone.now(), settings.CITYOPS_UNUSED_DAYS
    if not days:
        return []
    since = at - timedelta(days=days)
    tokens = ApiToken.objects.filter(user=OuterRef("pk"), revoked_at__isnull=True, expires_at__gt=at)
    used = ApiToken.objects.filter(user=OuterRef("pk"), last_used_at__gte=since)
    found = list(
        _by_use()
        .filter(used_at__lt=since)
        .exclude(Exists(tokens) | Exists(used))
        .exclude(pk__in=_needed())
        .select_for_update(of=("self",))
    )
    for person in found:
        person.is_active = False
        person.save(update_fields=["is_active"])
        audit.record(
            "person.disable",
            kind="person",
            key=person.username,
            division_code=person.division_code,
            before={"is_active": True},
            after={"is_active": False},
            reason=_("连续 %s 天没有使用") % days,
        )
    return found


def _by_use() -> QuerySet[Any]:
    """Active people with ``used_at``: the last sign-in, or when the account was made or enabled."""
    return User.objects.filter(is_active=True).annotate(used_at=Greatest("last_login", "active_since"))


def _needed() -> list[int]:
    """Of each administrator the one who was here last, if possible one who is responsible for the whole instance."""
    needed = []
    for code in sorted(ADMINISTRATORS):
        holders = _by_use().filter(groups__role__code=code).order_by("-used_at", "pk")
        last = holders.filter(division_code=settings.CITYOPS_REGION).first() or holders.first()
        needed += [last.pk] if last is not None else []
    return needed
