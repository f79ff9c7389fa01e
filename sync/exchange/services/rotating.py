"""Decisions of people about keys: a new one for this node, approval of a child's, the end of one.

A new key of this node is approved by two people at its parent; at the nation, which has none, by two people here.
"""

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.accounts.services import limits
from cityops.foundation import audit
from cityops.foundation.context import current_actor
from cityops.foundation.errors import NotThere, Refused
from sync.exchange.models import Key, Link
from sync.exchange.services import keys, vouching


@transaction.atomic
def rotate(suite_name: str = "") -> Key:
    """A new key of this node, introduced by the one it has; the earlier one stays good until it expires.

    It waits for its approval: at the parent, or here where there is no parent. Asked again while one waits, the same.
    Raises NoSigningKey.
    """
    current = keys.own_key(suite_name)
    wanted = suite_name or current.suite
    waiting = Key.objects.filter(node_code=settings.CITYOPS_NODE, state=Key.State.PENDING, suite=wanted).first()
    if waiting is not None:
        return waiting
    new = keys.generate(wanted, state=Key.State.PENDING)
    vouching.introduce(new, current)
    audit.record("key.rotate", kind="Key", key=new.kid, after={"suite": wanted, "introduced_by": current.kid})
    return new


@transaction.atomic
def approve(kid: str, *, by: str) -> Key:
    """Approve a key that waits; the second person's approval makes it good.

    Raises NotThere for none that waits here, Refused for the same person again.
    """
    key = Key.objects.select_for_update().filter(kid=kid, state=Key.State.PENDING).first()
    if key is None or (key.node_code == settings.CITYOPS_NODE and _has_parent()):
        raise NotThere(_("没有待批准的密钥 %(kid)s。") % {"kid": kid})
    if not key.approved_by:
        key.approved_by = by
        key.save(update_fields=["approved_by"])
        audit.record("key.approve", kind="Key", key=kid, division_code=key.node_code[:12], after={"first": by})
        return key
    if key.approved_by == by:
        raise Refused(_("密钥须由两人批准,请由另一人复核。"))
    key.confirmed_by = by
    vouching.activate(key)
    audit.record("key.approve", kind="Key", key=kid, division_code=key.node_code[:12], after={"second": by})
    return key


def _has_parent() -> bool:
    return Link.objects.to_parent().exclude(state=Link.State.RETIRED).exists()


@transaction.atomic
def revoke(kid: str, *, reason: str, actor: User | None = None) -> Key:
    """Revoke a key of this node or of one below, at once and for good; the link of its node freezes.

    Raises NotThere, InvalidInput without a reason, Refused for the only good key of this node, which could then sign
    nothing, not even this.
    """
    reason = limits.reason_given(reason)
    seen = Key.objects.all() if actor is None else Key.objects.workable_by(actor)
    key = seen.select_for_update().filter(kid=kid).exclude(state=Key.State.REVOKED).first()
    here = settings.CITYOPS_NODE
    if key is None or not (key.node_code == here or vouching.is_below(key.node_code)):
        raise NotThere(_("没有可吊销的密钥 %(kid)s。") % {"kid": kid})
    if key.node_code == here and not Key.objects.good().filter(node_code=here).exclude(pk=key.pk).exists():
        raise Refused(_("这是本节点唯一有效的密钥,请先轮换。"))
    vouching.revoke(key, reason=reason)
    return key


def approver() -> str:
    """Who approves: the person at the page, or the operator at the console."""
    return current_actor().name
