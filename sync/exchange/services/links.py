"""Decisions of people about a link."""

from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.accounts.services import limits
from cityops.foundation import audit
from cityops.foundation.errors import Refused
from sync.exchange.models import Link
from sync.exchange.services import resending


@transaction.atomic
def ask_comparison(actor: User, link: Link) -> Link:
    """Have both ends compared at the next call over the link (the child calls within seconds).

    Raises NotAllowed for the link upward and an actor of a part of the instance, Refused for a link that rests.
    """
    check_may_change(actor, link)
    link = Link.objects.select_for_update().get(pk=link.pk)
    if link.state != Link.State.LIVE:
        raise Refused(_("链路不在正常状态,不能对账。"), state=link.state)
    if link.compare_asked_at is None:
        link.compare_asked_at = timezone.now()
        link.save(update_fields=["compare_asked_at"])
        audit.record("link.compare", kind="Link", key=link.peer_code, division_code=_division(link))
    return link


@transaction.atomic
def thaw(actor: User, link: Link, *, reason: str) -> Link:
    """Let a frozen link work again, once its cause is mended, and keep why in the audit trail.

    Raises NotAllowed for the link upward and an actor of a part of the instance, InvalidInput without a reason,
    Refused for a link that is not frozen.
    """
    check_may_change(actor, link)
    reason = limits.reason_given(reason)
    link = Link.objects.select_for_update().get(pk=link.pk)
    if link.state != Link.State.FROZEN:
        raise Refused(_("链路没有冻结。"), state=link.state)
    audit.record(
        "link.thaw",
        kind="Link",
        key=link.peer_code,
        division_code=_division(link),
        before={"state": link.state, "reason": link.frozen_reason},
        after={"state": Link.State.LIVE.value},
        reason=reason,
    )
    link.state, link.frozen_reason, link.retry_at, link.fail_count = Link.State.LIVE, "", None, 0
    link.save()
    return link


@transaction.atomic
def send_again(actor: User, dataset: str, rid: UUID) -> None:
    """Have a record of this node numbered and sent again as it is now. Raises NotAllowed as for the link upward."""
    limits.whole_instance(actor)
    resending.ask([(settings.CITYOPS_NODE, dataset, rid)])
    audit.record("record.resend", kind=dataset, key=str(rid))


def may_change(actor: User, link: Link) -> bool:
    """Whether a link that the actor sees is the actor's to decide on: everybody here lives by the one upward."""
    return link.role != Link.Role.PARENT or limits.has_whole_instance(actor)


def check_may_change(actor: User, link: Link) -> None:
    """Raises NotAllowed where ``may_change`` says no."""
    if not may_change(actor, link):
        limits.whole_instance(actor)


def _division(link: Link) -> str:
    """Whose auditors read of it: those of the child's division, of the whole instance for the link upward."""
    return "" if link.role == Link.Role.PARENT else link.peer_code[:12]
