"""Whose word is taken: calls that peers sign, numbers that are used once. Keys: ``vouching``."""

import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from sync.exchange.models import Link, Nonce
from sync.exchange.rules.hop import NO_NONCE, Call
from sync.exchange.rules.refusals import PeerRefused
from sync.exchange.services import guard, keys

NONCE_LIFE = timedelta(hours=1)
"""After this an unused number is cleared away; only tidiness depends on it."""


def link_of(call: Call) -> Link:
    """The link of the child that a call names as its sender; nothing is proven yet. Raises PeerRefused."""
    here = settings.CITYOPS_NODE
    link = Link.objects.to_children().filter(peer_code=call.sender).first()
    if link is None or call.receiver != here:
        raise PeerRefused("HOP", f"{call.sender} is no child of {here}.")
    return link


def check_call(call: Call, link: Link, signature: bytes, body: bytes, *, is_fresh: bool) -> None:
    """Whether the child of this link made this signed call. Raises PeerRefused.

    With ``is_fresh`` the call must carry a number that was issued to this peer; it is used up in this transaction.
    """
    keys.verify(kid=call.kid, node_code=call.sender, message=call.text(body), signature=signature)
    if link.state != Link.State.LIVE:
        raise PeerRefused("SUSPENDED", f"The link to {call.sender} is {link.state}.")
    if is_fresh:
        _use_up(call)


def check_incarnation(call: Call) -> None:
    """Whether the call was prepared for this life of the node. Raises PeerRefused INCARNATION."""
    if call.incarnation != str(guard.incarnation()):
        raise PeerRefused("INCARNATION", "The call was prepared for an earlier life of this node; say hello again.")


def _use_up(call: Call) -> None:
    check_incarnation(call)
    try:
        value = uuid.UUID(call.nonce)
    except ValueError as error:
        raise PeerRefused("NONCE", "No number of this node.") from error
    used, _ = Nonce.objects.filter(value=value, peer_code=call.sender).delete()
    if not used:
        raise PeerRefused("NONCE", "The number was used already or never issued: a replay, or say hello again.")


def note_contact(link: Link) -> None:
    """The child made a call that nobody could have recorded before."""
    Link.objects.filter(pk=link.pk).update(last_ok_at=timezone.now())


def issue_nonce(peer_code: str) -> str:
    """A number for one call of a peer."""
    return str(Nonce.objects.create(value=uuid.uuid4(), peer_code=peer_code).value)


def waiting_nonce(peer_code: str) -> str:
    """The number that a peer may use next: one that waits for it, else a new one.

    A hello carries no number, so a recorded one may come again; that must leave nothing behind.
    """
    young = Nonce.objects.filter(peer_code=peer_code, issued_at__gt=timezone.now() - NONCE_LIFE / 2)
    waiting = young.order_by("-issued_at").values_list("value", flat=True).first()
    return issue_nonce(peer_code) if waiting is None else str(waiting)


def clear_old_nonces() -> int:
    """Clear away numbers that nobody used."""
    return Nonce.objects.filter(issued_at__lt=timezone.now() - NONCE_LIFE).delete()[0]


def call_of(headers: Any, *, method: str, path: str) -> tuple[Call, bytes]:
    """The signed call that HTTP headers describe. Raises PeerRefused HOP."""
    try:
        call = Call(
            method=method,
            path=path,
            sender=headers["CityOps-Node"],
            receiver=headers["CityOps-To"],
            kid=headers["CityOps-Key"],
            nonce=headers.get("CityOps-Nonce", NO_NONCE),
            incarnation=headers.get("CityOps-Incarnation", NO_NONCE),
            time=headers["CityOps-Time"],
        )
        told = headers["CityOps-Signature"]
        signature = bytes.fromhex(told)
    except (KeyError, ValueError) as error:
        raise PeerRefused("HOP", "The call is not signed as CSP/1 asks.") from error
    if signature.hex() != told:
        raise PeerRefused("HOP", "The signature is not written as CSP/1 asks: small hex digits, and nothing else.")
    return call, signature
