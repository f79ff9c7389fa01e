"""Signed statements about keys: one key introduces the next, a node or one above it revokes one.

A statement proves itself to whoever knows the key under which it is signed; neighbours only pass it on.
"""

from typing import Annotated

import msgspec

from sync.exchange.rules.calls import Code, Moment, OfferedKey, Signed, Word
from sync.exchange.rules.crypto import SUITES, key_id, suite
from sync.exchange.rules.places import is_under

INTRODUCES = b"CSP1-KEY\n"
REVOKES = b"CSP1-REVOKE\n"
Kid = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]
Public = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{2,200}\Z")]


class Introduction(msgspec.Struct, frozen=True):
    """A node's key says that another key is the node's, too."""

    node_code: Code
    kid: Kid
    suite: Word
    public_key: Public
    not_after: Moment
    introduced_by: Kid
    made_at: Moment


class Revocation(msgspec.Struct, frozen=True):
    """A key is good for nothing any more: the word of its own node, or of one above it."""

    node_code: Code
    kid: Kid
    reason: Annotated[str, msgspec.Meta(max_length=300)]
    issuer: Code
    issuer_kid: Kid
    revoked_at: Moment


def read_introduction(said: Signed, key: OfferedKey) -> Introduction:
    """What introduces a key, where it fits the key and the key itself signed it. Raises ValueError."""
    found = msgspec.json.decode(said.text, type=Introduction)
    told = (found.node_code, found.kid, found.suite, found.public_key)
    if told != (key.node_code, key.kid, key.suite, key.public_key) or not said.proof:
        raise ValueError(f"The introduction speaks of another key than {key.kid}.")
    if not suite(key.suite).verify(key.public_key, INTRODUCES + said.text.encode(), bytes.fromhex(said.proof)):
        raise ValueError(f"The key {key.kid} did not sign its introduction.")
    return found


def read_revocation(said: Signed, kid: str, node_code: str) -> Revocation:
    """What revokes a key, where its issuer may revoke it. Raises ValueError."""
    found = msgspec.json.decode(said.text, type=Revocation)
    if (found.kid, found.node_code) != (kid, node_code):
        raise ValueError(f"The revocation speaks of another key than {kid}.")
    if found.issuer != node_code and not is_under(node_code, found.issuer):
        raise ValueError(f"{found.issuer} may not revoke a key of {node_code}.")
    return found


def is_whole(key: OfferedKey) -> bool:
    """Whether suite, key and key id of an offered key fit each other."""
    return key.suite in SUITES and key_id(key.public_key) == key.kid
