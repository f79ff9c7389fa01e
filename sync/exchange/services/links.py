"""Decisions of people about a link."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.foundation import audit
from cityops.foundation.errors import Refused
from sync.exchange.models import Link


@transaction.atomic
def ask_comparison(link: Link) -> Link:
    """Have both ends compared at the next call over the link (the child calls within seconds)."""
    link = Link.objects.select_for_update().get(pk=link.pk)
    if link.state != Link.State.LIVE:
        raise Refused(_("链路不在正常状态,不能对账。"), state=link.state)
    if link.compare_asked_at is None:
        link.compare_asked_at = timezone.now()
        link.save(update_fields=["compare_asked_at"])
        audit.record("link.compare", kind="Link", key=link.peer_code, division_code=link.peer_code[:12])
    return link


@transaction.atomic
def thaw(link: Link, *, reason: str) -> Link:
    """Let a frozen link work again, once its cause is mended."""
    link = Link.objects.select_for_update().get(pk=link.pk)
    if link.state != Link.State.FROZEN:
        raise Refused(_("链路没有冻结。"), state=link.state)
    audit.record(
        "link.thaw",
        kind="Link",
        key=link.peer_code,
        before={"state": link.state, "reason": link.frozen_reason},
        after={"state": Link.State.LIVE.value},
        reason=reason,
    )
    link.state, link.frozen_reason, link.retry_at, link.fail_count = Link.State.LIVE, "", None, 0
    link.save()
    return link
