"""Decisions of people that end something: a request refused, a code cancelled, a link suspended or retired.

A suspended link is a frozen one (``links.thaw`` lets it work again); the reason says that a person froze it.
"""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.accounts.services import limits
from cityops.foundation import audit
from cityops.foundation.context import current_actor
from cityops.foundation.errors import NotThere, Refused
from sync.exchange.models import Enrolment, Key, Link
from sync.exchange.services import links

HELD = "HELD"
"""Code of a link that a person suspended, before the reason."""


@transaction.atomic
def refuse_join(child_code: str, *, reason: str) -> Enrolment:
    """Refuse a child's request to join; it needs a new code to ask again. Raises NotThere, InvalidInput."""
    return _close(child_code, Enrolment.State.ASKED, Enrolment.State.REFUSED, "enrolment.refuse", reason)


@transaction.atomic
def cancel_code(child_code: str, *, reason: str) -> Enrolment:
    """Make a code void that was not used. Raises NotThere, InvalidInput."""
    return _close(child_code, Enrolment.State.OPEN, Enrolment.State.CANCELLED, "enrolment.cancel", reason)


def _close(child_code: str, before: Enrolment.State, after: Enrolment.State, action: str, reason: str) -> Enrolment:
    reason = limits.reason_given(reason)
    enrolment = Enrolment.objects.select_for_update().filter(child_code=child_code, state=before).first()
    if enrolment is None:
        raise NotThere(_("%(child)s 没有可办结的接入码或申请。") % {"child": child_code})
    enrolment.state, enrolment.closed_reason = after, reason
    enrolment.closed_by, enrolment.closed_at = current_actor().name, timezone.now()
    enrolment.save()
    audit.record(
        action,
        kind="Node",
        key=child_code,
        division_code=child_code[:12],
        before={"state": before.value},
        after={"state": after.value},
        reason=reason,
    )
    return enrolment


@transaction.atomic
def suspend_link(actor: User, link: Link, *, reason: str) -> Link:
    """Let nothing travel over a link until somebody resumes it; what waits is kept.

    Raises what ``links.thaw`` raises.
    """
    links.check_may_change(actor, link)
    reason = limits.reason_given(reason)
    link = Link.objects.select_for_update().get(pk=link.pk)
    if link.state != Link.State.LIVE:
        raise Refused(_("链路不在正常状态,不能暂停。"), state=link.state)
    link.state, link.frozen_reason = Link.State.FROZEN, f"{HELD}: {reason}"
    link.save(update_fields=["state", "frozen_reason"])
    _record("link.suspend", link, Link.State.LIVE, reason)
    return link


@transaction.atomic
def retire_link(actor: User, link: Link, *, reason: str) -> Link:
    """End a link for good: its peer's key is revoked, its codes are void, what it sent stays.

    The peer can join again with a new code. Raises what ``links.thaw`` raises.
    """
    links.check_may_change(actor, link)
    reason = limits.reason_given(reason)
    link = Link.objects.select_for_update().get(pk=link.pk)
    if link.state == Link.State.RETIRED:
        raise Refused(_("链路已经停用。"), state=link.state)
    before = Link.State(link.state)
    link.state, link.frozen_reason, link.compare_asked_at = Link.State.RETIRED, "", None
    link.save(update_fields=["state", "frozen_reason", "compare_asked_at"])
    Key.objects.filter(node_code=link.peer_code, state=Key.State.ACTIVE).update(state=Key.State.REVOKED)
    Enrolment.objects.filter(child_code=link.peer_code, state__in=["open", "asked"]).update(
        state=Enrolment.State.CANCELLED, closed_by=current_actor().name, closed_at=timezone.now(), closed_reason=reason
    )
    _record("link.retire", link, before, reason)
    return link


def _record(action: str, link: Link, before: Link.State, reason: str) -> None:
    audit.record(
        action,
        kind="Link",
        key=link.peer_code,
        division_code=link.peer_code[:12],
        before={"state": before.value},
        after={"state": link.state},
        reason=reason,
    )
