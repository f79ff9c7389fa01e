"""The keys of nodes: private ones in 0600 files outside the database, public ones in the table of keys."""

import os
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from sync.exchange.models import Key, Link
from sync.exchange.rules.crypto import SUITES, key_id, suite
from sync.exchange.rules.refusals import PeerRefused

KID = re.compile(r"[0-9a-f]{32}")
SETTLE = timedelta(minutes=2)
"""A new key signs only after this, while an earlier one is still good: whoever said hello before it became active has
come to the end of its slice by then. Nothing but delay depends on it."""


class NoSigningKey(RuntimeError):
    """This node has no private key here; ``manage.py node_init`` makes one."""


def home_suite() -> str:
    """The suite in which this node signs by default: that of its link upward, else the one of the settings."""
    above = Link.objects.to_parent().exclude(state=Link.State.RETIRED).values_list("suite", flat=True).first()
    return above or settings.CITYOPS_SUITE


def own_key(suite_name: str = "") -> Key:
    """The key under which this node signs now: the newest good one of a suite, its home suite by default.

    Raises NoSigningKey, also where the last one has expired.
    """
    node = settings.CITYOPS_NODE
    good = list(Key.objects.good().filter(node_code=node).order_by("created_at", "id"))
    if not good:
        raise NoSigningKey(f"Node {node} has no signing key that is good: run manage.py node_init or key_rotate.")
    if len({key.suite for key in good}) > 1:
        wanted = suite_name or home_suite()
        good = [key for key in good if key.suite == wanted] or good
    settled = [key for key in good if key.activated_at is None or key.activated_at <= timezone.now() - SETTLE]
    return settled[-1] if settled else good[0]


def own_key_known_to_peer(kid: str, suite_name: str = "") -> Key:
    """The key to answer a peer with: the one that the peer says to know, where it is good, else ``own_key``."""
    known = Key.objects.good().filter(node_code=settings.CITYOPS_NODE, kid=kid).first() if kid else None
    return known or own_key(suite_name)


def make_own_key(suite_name: str = "") -> Key:
    """A signing key of this node in a suite; generated where there is none."""
    name = suite_name or home_suite()
    own = Key.objects.good().filter(node_code=settings.CITYOPS_NODE)
    key = own.filter(suite=name).order_by("created_at", "id").last() or (None if suite_name else own.first())
    if key is None:
        key = generate(name, state=Key.State.ACTIVE)
    _private(_path(key.kid))
    return key


def generate(suite_name: str, *, state: Key.State) -> Key:
    """A new key pair of this node: the private key in a file that only its owner reads, the public one registered."""
    pem, public = suite(suite_name).generate()
    kid = key_id(public)
    _write_private(_path(kid), pem)
    return Key.objects.create(
        kid=kid, node_code=settings.CITYOPS_NODE, suite=suite_name, public_key=public, state=state
    )


def sign(key: Key, message: bytes) -> bytes:
    """Sign with this node's private key."""
    return suite(key.suite).sign(_private(_path(key.kid)), message)


def verify(
    *, kid: str, node_code: str, message: bytes, signature: bytes, signed_at: str = "", may_be_retired: bool = False
) -> Key:
    """The key under which ``node_code`` signed this message; with ``may_be_retired`` once, before it was revoked.

    What was signed while the key was good stays good: ``signed_at`` is the moment that the signed text itself gives,
    now where it is empty. Nothing under a revoked key is good, whenever it says to have been signed.

    Raises PeerRefused KEY for a key that is unknown, expired, revoked, or another node's; SIGNATURE for a wrong
    signature; SUSPENDED for a key that waits for its approval here.
    """
    key = Key.objects.filter(kid=kid).first()
    if key is None or key.node_code != node_code or (key.state == Key.State.REVOKED and not may_be_retired):
        raise PeerRefused("KEY", f"Key {kid} is not an active key of {node_code}.")
    if key.not_after <= _moment(signed_at):
        raise PeerRefused("KEY", f"Key {kid} of {node_code} expired on {key.not_after:%Y-%m-%d}.")
    if not suite(key.suite).verify(key.public_key, message, signature):
        raise PeerRefused("SIGNATURE", f"The signature under key {kid} of {node_code} does not fit what was signed.")
    if key.state != Key.State.ACTIVE:
        raise PeerRefused("SUSPENDED", f"Key {kid} of {node_code} waits for its approval.")
    return key


def _moment(text: str) -> datetime:
    """The moment that a signed text gives. Raises PeerRefused MALFORMED."""
    if not text:
        return timezone.now()
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise PeerRefused("MALFORMED", f"{text[:40]!r} is no moment.") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def is_known(kid: str) -> bool:
    """Whether a key is registered here, good or not."""
    return Key.objects.filter(kid=kid).exists()


def is_own(kid: str) -> bool:
    """Whether a key is one of this node."""
    return Key.objects.filter(kid=kid, node_code=settings.CITYOPS_NODE).exists()


def newest_of_peer(link: Link) -> str:
    """Key id of the newest good key of a peer that is known here, of the link's suite where there is one; or empty."""
    found = list(Key.objects.good().filter(node_code=link.peer_code).order_by("id").values_list("kid", "suite"))
    fitting = [kid for kid, name in found if name == link.suite] or [kid for kid, _name in found]
    return fitting[-1] if fitting else ""


def recall_own(kid: str) -> None:
    """Know a former key of this node again whose file is still here, though the database is older, or empty.

    It verifies what this node once signed; it is not used for anything new.
    """
    path = _path(kid)
    if not KID.fullmatch(kid) or Key.objects.filter(kid=kid).exists() or not path.exists():
        return
    for name, one in SUITES.items():
        try:
            public = one.public_of(_private(path))
        except ValueError:
            continue
        if key_id(public) == kid:
            Key.objects.create(
                kid=kid,
                node_code=settings.CITYOPS_NODE,
                suite=name,
                public_key=public,
                state=Key.State.REVOKED,
                not_after=timezone.now(),
            )


def _path(kid: str) -> Path:
    return Path(settings.CITYOPS_KEY_DIR) / f"{settings.CITYOPS_NODE}.{kid}.pem"


def _write_private(path: Path, pem: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(pem)


@lru_cache(maxsize=8)
def _private(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise NoSigningKey(f"The private key {path} is missing: restore it, or run manage.py key_rotate.") from error
