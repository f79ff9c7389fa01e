"""Who vouches for which key: neighbours pass keys on; a later key of a node is introduced by an earlier one.

A node's first key is taken from the neighbour that offers it. Every later one must be introduced by a key of the node
that is known here; one that follows a revocation without an introduction waits for two people.
"""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from cityops.foundation import audit
from sync.exchange.models import Key, Link
from sync.exchange.models.links import KEY_LIFE
from sync.exchange.rules import statements
from sync.exchange.rules.calls import OfferedKey, Signed
from sync.exchange.rules.places import is_under
from sync.exchange.rules.refusals import PeerRefused
from sync.exchange.services import keys

logger = logging.getLogger(__name__)
REVOKED = "REVOKED"
"""Code of a link that froze because a key of its peer was revoked, before the reason."""


def offered(key: Key) -> dict[str, Any]:
    """A key as peers tell each other."""
    facts: dict[str, Any] = {
        "kid": key.kid,
        "node_code": key.node_code,
        "suite": key.suite,
        "public_key": key.public_key,
        "not_after": key.not_after,
        "state": key.state,
    }
    for name in ("introduction", "revocation"):
        if said := getattr(key, name):
            facts[name] = said
    return facts


def known_keys() -> list[Key]:
    """The keys that this node speaks of to others, oldest first: the active, and those whose revocation it can show."""
    shown = Q(state=Key.State.ACTIVE) | (Q(state=Key.State.REVOKED) & ~Q(revocation={}))
    return list(Key.objects.filter(shown).order_by("id"))


def keys_for_child(child_code: str) -> list[dict[str, Any]]:
    """Keys of this node and of those above the child; the child's own, as they stand here; what was revoked below."""
    return [
        offered(key)
        for key in known_keys()
        if is_under(child_code, key.node_code)
        or key.node_code == child_code
        or (key.state == Key.State.REVOKED and is_under(key.node_code, child_code))
    ]


def keys_for_parent() -> list[dict[str, Any]]:
    """Keys of the nodes under this one, which this node vouches for."""
    return [offered(key) for key in known_keys() if is_under(key.node_code, settings.CITYOPS_NODE)]


def own_news() -> list[dict[str, Any]]:
    """What the parent may not know yet of this node's own keys: those that wait for it, those revoked here."""
    own = Key.objects.filter(node_code=settings.CITYOPS_NODE)
    news = own.filter(state=Key.State.PENDING) | own.filter(state=Key.State.REVOKED).exclude(revocation={})
    return [offered(key) for key in news.order_by("id")]


def own_keys() -> list[dict[str, Any]]:
    """The good keys of this node, for a request to join."""
    return [offered(key) for key in Key.objects.good().filter(node_code=settings.CITYOPS_NODE).order_by("id")]


@transaction.atomic
def learn_keys(offers: Iterable[OfferedKey], *, from_parent: bool, voucher: str, is_proven: bool = False) -> int:
    """Take the keys a peer vouches for: a parent for nodes above, a child for nodes under itself and for itself.

    A node's first key is taken; a later one only where a key of the node that is known here introduces it, so that a
    peer cannot put its own key in the place of somebody else's. ``is_proven`` where a one-time code proves the peer.
    Raises PeerRefused KEY. Returns how many were new.
    """
    here, new = settings.CITYOPS_NODE, 0
    for key in offers:
        node = key.node_code
        if from_parent:
            fits = is_under(here, node) or node == here or (key.state == "revoked" and is_under(node, here))
        else:
            fits = is_under(node, voucher) or node == voucher
        if not fits or not statements.is_whole(key):
            raise PeerRefused("KEY", f"{voucher} may not vouch for the key {key.kid} of {node}.")
        known = Key.objects.filter(kid=key.kid).first()
        if known is None:
            new += _take(key, voucher, is_own=node == voucher and not from_parent, is_proven=is_proven)
        elif known.state == Key.State.PENDING and node == here and from_parent and key.state == "active":
            activate(known)
        if key.revocation is not None:
            _heed_revocation(key.revocation, key.kid, node)
    return new


def _take(key: OfferedKey, voucher: str, *, is_own: bool, is_proven: bool) -> int:
    """Register a key that was not known. Raises PeerRefused KEY. Returns 1, or 0 for one that is of no use here."""
    node = key.node_code
    if node == settings.CITYOPS_NODE or (key.state == "revoked" and not key.introduction):
        return 0
    others = list(Key.objects.filter(node_code=node).exclude(state=Key.State.PENDING))
    active = [one for one in others if one.state == Key.State.ACTIVE]
    if active and not _is_introduced(key, {one.kid: one for one in active}):
        if key.state == "revoked":
            return 0
        raise PeerRefused("KEY", f"{node} has a key already; {voucher} offers another one that it does not introduce.")
    if is_own and not active:
        raise PeerRefused("KEY", f"No key of {node} that is known here introduces {key.kid}.")
    waits = is_own or bool(others and not active and not is_proven)
    row = _register(key, voucher, Key.State.PENDING if waits else Key.State.ACTIVE)
    audit.record("key.offer" if waits else "key.learn", kind="Key", key=row.kid, division_code=node[:12],
                 after={"node": node, "suite": row.suite, "voucher": voucher})  # fmt: skip
    return 1


def _register(key: OfferedKey, voucher: str, state: Key.State) -> Key:
    longest = timezone.now() + KEY_LIFE
    return Key.objects.create(
        kid=key.kid,
        node_code=key.node_code,
        suite=key.suite,
        public_key=key.public_key,
        vouched_by=voucher,
        state=state,
        not_after=min(key.not_after or longest, longest),
        introduction=msgspec.to_builtins(key.introduction) if key.introduction else {},
    )


def _is_introduced(key: OfferedKey, by: Mapping[str, Key]) -> bool:
    """Whether one of these keys introduces the key."""
    if key.introduction is None:
        return False
    try:
        said = statements.read_introduction(key.introduction, key)
    except (ValueError, msgspec.MsgspecError):
        return False
    if said.introduced_by not in by:
        return False
    return _is_signed(key.introduction, statements.INTRODUCES, by[said.introduced_by], said.made_at)


def _is_signed(said: Signed, kind: bytes, key: Key, at: datetime) -> bool:
    try:
        keys.verify(
            kid=key.kid,
            node_code=key.node_code,
            message=kind + said.text.encode(),
            signature=bytes.fromhex(said.signature),
            signed_at=at.isoformat(),
        )
    except PeerRefused:
        return False
    return True


def own_key_of(suite_name: str) -> Key:
    """The key of this node in a suite; made, and introduced by the one it has, where there is none."""
    own = Key.objects.good().filter(node_code=settings.CITYOPS_NODE)
    before = own.order_by("id").last()
    key = keys.make_own_key(suite_name)
    if before is not None and key.suite != before.suite and not key.introduction:
        introduce(key, before)
    return key


def introduce(new: Key, by: Key) -> None:
    """Let a key of this node say that another one is the node's, too."""
    text = msgspec.json.encode(
        statements.Introduction(
            node_code=new.node_code,
            kid=new.kid,
            suite=new.suite,
            public_key=new.public_key,
            not_after=new.not_after,
            introduced_by=by.kid,
            made_at=timezone.now(),
        )
    )
    message = statements.INTRODUCES + text
    new.introduction = {
        "text": text.decode(),
        "signature": keys.sign(by, message).hex(),
        "proof": keys.sign(new, message).hex(),
    }
    new.save(update_fields=["introduction"])


def activate(key: Key) -> None:
    """A key that waited is good from now on."""
    key.state, key.activated_at = Key.State.ACTIVE, timezone.now()
    key.save()
    audit.record("key.activate", kind="Key", key=key.kid, division_code=key.node_code[:12])


def revoke(key: Key, *, reason: str) -> None:
    """Revoke a key on the word of this node, freeze what stands on it, and keep the word for others."""
    signer = _signer_beside(key)
    text = msgspec.json.encode(
        statements.Revocation(
            node_code=key.node_code,
            kid=key.kid,
            reason=reason,
            issuer=settings.CITYOPS_NODE,
            issuer_kid=signer.kid,
            revoked_at=timezone.now(),
        )
    ).decode()
    said = {"text": text, "signature": keys.sign(signer, statements.REVOKES + text.encode()).hex()}
    _put_out(key, said, reason)


def _signer_beside(key: Key) -> Key:
    """The key of this node that says so: another one where there is one, the revoked one itself in the worst case."""
    here = settings.CITYOPS_NODE
    if key.node_code != here:
        return keys.own_key()
    return Key.objects.good().filter(node_code=here).exclude(pk=key.pk).order_by("-id").first() or key


def _heed_revocation(said: Signed, kid: str, node_code: str) -> None:
    """Heed somebody's word that a key is revoked; a word whose signer is not known here changes nothing.

    Raises PeerRefused KEY for one that nobody in that place may give.
    """
    key = Key.objects.filter(kid=kid).exclude(state=Key.State.REVOKED).first()
    if key is None:
        return
    try:
        found = statements.read_revocation(said, kid, node_code)
    except (ValueError, msgspec.MsgspecError) as error:
        raise PeerRefused("KEY", f"Revocation of {kid}: {error}") from error
    issuer = Key.objects.filter(kid=found.issuer_kid, node_code=found.issuer).first()
    if issuer is None or not _is_signed(said, statements.REVOKES, issuer, found.revoked_at):
        logger.warning("revocation of %s by %s cannot be proven here", kid, found.issuer)
        return
    _put_out(key, msgspec.to_builtins(said), found.reason)


@transaction.atomic
def _put_out(key: Key, said: dict[str, Any], reason: str) -> None:
    """Note a revocation, and let nothing travel over a link that stands on the key."""
    key.state, key.revocation, key.revoked_at, key.revoke_reason = Key.State.REVOKED, said, timezone.now(), reason
    key.save()
    audit.record(
        "key.revoke", kind="Key", key=key.kid, division_code=key.node_code[:12], after={"node": key.node_code},
        reason=reason,
    )  # fmt: skip
    for link in Link.objects.select_for_update().live().filter(peer_code=key.node_code):
        link.state, link.frozen_reason = Link.State.FROZEN, f"{REVOKED}: {key.kid}"
        link.save(update_fields=["state", "frozen_reason"])
        audit.record("link.freeze", kind="Link", key=link.peer_code, division_code=link.peer_code[:12],
                     reason=link.frozen_reason)  # fmt: skip


def is_below(node_code: str) -> bool:
    """Whether a node stands under this one."""
    return is_under(node_code, settings.CITYOPS_NODE)
