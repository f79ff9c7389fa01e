"""The keys of nodes: private ones in 0600 files outside the database, public ones in the table of keys."""

import os
import re
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from sync.exchange.models import Key
from sync.exchange.rules.crypto import key_id, suite
from sync.exchange.rules.refusals import PeerRefused

KID = re.compile(r"[0-9a-f]{32}")
SUITE = "intl"
"""Suite of new keys."""


class NoSigningKey(RuntimeError):
    """This node has no private key here; ``manage.py node_init`` makes one."""


def own_key() -> Key:
    """The active key of this node. Raises NoSigningKey."""
    node = settings.CITYOPS_NODE
    key = Key.objects.filter(node_code=node, state=Key.State.ACTIVE).order_by("-created_at").first()
    if key is None:
        raise NoSigningKey(f"Node {node} has no signing key: run manage.py node_init.")
    return key


def make_own_key() -> Key:
    """The signing key of this node; generated where there is none."""
    try:
        key = own_key()
        _private(_path(key.kid))
    except NoSigningKey:
        pem, public = suite(SUITE).generate()
        kid = key_id(public)
        _write_private(_path(kid), pem)
        key = Key.objects.create(
            kid=kid, node_code=settings.CITYOPS_NODE, suite=SUITE, public_key=public, state=Key.State.ACTIVE
        )
    return key


def sign(key: Key, message: bytes) -> bytes:
    """Sign with this node's private key."""
    return suite(key.suite).sign(_private(_path(key.kid)), message)


def verify(*, kid: str, node_code: str, message: bytes, signature: bytes, may_be_retired: bool = False) -> Key:
    """The key under which ``node_code`` signed this message; with ``may_be_retired`` once, before it was revoked.

    Raises PeerRefused KEY for a key that is unknown, revoked, or another node's; SIGNATURE for a wrong signature.
    """
    key = Key.objects.filter(kid=kid).first()
    if key is None or key.node_code != node_code or not (may_be_retired or key.state == Key.State.ACTIVE):
        raise PeerRefused("KEY", f"Key {kid} is not an active key of {node_code}.")
    if not suite(key.suite).verify(key.public_key, message, signature):
        raise PeerRefused("SIGNATURE", f"The signature under key {kid} of {node_code} does not fit what was signed.")
    return key


def recall_own(kid: str) -> None:
    """Know a former key of this node again whose file is still here, though the database is older, or empty.

    It verifies what this node once signed; it is not used for anything new.
    """
    path = _path(kid)
    if not KID.fullmatch(kid) or Key.objects.filter(kid=kid).exists() or not path.exists():
        return
    public = suite(SUITE).public_of(_private(path))
    if key_id(public) == kid:
        Key.objects.create(
            kid=kid, node_code=settings.CITYOPS_NODE, suite=SUITE, public_key=public, state=Key.State.REVOKED
        )


def known_keys() -> list[dict[str, str]]:
    """The active public keys that this node vouches for, its own included."""
    return [
        {"kid": key.kid, "node_code": key.node_code, "suite": key.suite, "public_key": key.public_key}
        for key in Key.objects.filter(state=Key.State.ACTIVE).order_by("id")
    ]


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
        raise NoSigningKey(f"The private key {path} is missing: restore it, or run manage.py node_init.") from error
