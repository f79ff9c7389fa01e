"""Statements of a comparison 对账单: one text about both ends, signed by both, kept by both.

The parent writes and signs the text when it answers the child's digests: it has seen both. The child, which knows that
its own part is what it said, signs the same text. Anybody who has the two public keys can check it.
"""

from typing import Any

import msgspec
from django.conf import settings
from django.utils import timezone

from cityops.foundation.records import RecordKind
from sync.exchange.models import Comparison, Key
from sync.exchange.rules.calls import Buckets, Compared, Statement
from sync.exchange.rules.crypto import suite
from sync.exchange.rules.refusals import PeerRefused
from sync.exchange.services import keys
from sync.exchange.services.digests import Digest, over_buckets

SIGNED_STATEMENT = b"CSP1-STATEMENT\n"
"""Stands before the text where it is signed."""


def write(kind: RecordKind, child: str, theirs: Buckets, mine: Digest, *, seq: int) -> dict[str, str]:
    """At the parent: the statement about what a child said and what is held here, signed."""
    key = keys.own_key()
    text = Statement(
        protocol="CSP/1",
        owner=mine.owner,
        dataset=kind.dataset,
        flow=kind.flow.value,
        child=child,
        child_records=theirs.records,
        child_deleted=theirs.deleted,
        child_digest=over_buckets({int(number): value for number, value in theirs.buckets.items()}),
        child_seq=theirs.seq,
        parent=settings.CITYOPS_NODE,
        parent_records=str(mine.records),
        parent_deleted=str(mine.deleted),
        parent_digest=mine.value,
        parent_seq=str(seq),
        parent_kid=key.kid,
        at=timezone.now(),
    )
    said = msgspec.json.encode(text)
    return {"statement": said.decode(), "parent_signature": keys.sign(key, SIGNED_STATEMENT + said).hex()}


def sign(answer: dict[str, Any], *, parent: str, mine: Digest, seq: int) -> dict[str, str]:
    """At the child: the parent's statement with this node's signature added.

    Raises PeerRefused MALFORMED where it says of this node what this node did not say, KEY or SIGNATURE where the
    parent did not sign it.
    """
    text = str(answer["statement"])
    said = read(text)
    own = (said.child, said.owner, said.dataset, said.child_digest, said.child_records, said.child_seq)
    if own != (settings.CITYOPS_NODE, mine.owner, mine.dataset, mine.value, str(mine.records), str(seq)):
        raise PeerRefused("MALFORMED", "The parent's statement says of this node what it did not say.")
    _check(said.parent_kid, parent, text, answer["parent_signature"])
    key = keys.own_key()
    return {
        "statement": text,
        "parent_signature": answer["parent_signature"],
        "child_kid": key.kid,
        "child_signature": keys.sign(key, SIGNED_STATEMENT + text.encode()).hex(),
    }


def read(text: str) -> Statement:
    """The fields of a statement. Raises PeerRefused MALFORMED."""
    try:
        return msgspec.json.decode(text, type=Statement)
    except msgspec.MsgspecError as error:
        raise PeerRefused("MALFORMED", f"Statement: {error}") from error


def check_returned(child: str, told: Compared) -> Statement:
    """At the parent: a statement that this node wrote came back with the child's signature. Raises PeerRefused."""
    said = read(told.statement)
    if (said.child, said.parent) != (child, settings.CITYOPS_NODE):
        raise PeerRefused("SCOPE", f"A statement between {said.child} and {said.parent} came from {child}.")
    if (said.owner, said.dataset) != (told.owner_code, told.dataset):
        raise PeerRefused("MALFORMED", "The result is of other records than its statement.")
    if (told.result == "equal") is not (said.child_digest == said.parent_digest):
        raise PeerRefused("MALFORMED", "The result is not what the digests of the statement say.")
    _check(said.parent_kid, said.parent, told.statement, told.parent_signature)
    _check(told.child_kid, child, told.statement, told.child_signature)
    return said


def _check(kid: str, node: str, text: str, signature: str) -> None:
    keys.verify(kid=kid, node_code=node, message=SIGNED_STATEMENT + text.encode(), signature=bytes.fromhex(signature))


def is_proven(comparison: Comparison) -> bool:
    """Whether both signatures of a kept statement fit it, under the keys that are known here (retired ones too)."""
    if not comparison.statement:
        return False
    said = read(comparison.statement)
    ends = (
        (comparison.child_kid, said.child, comparison.child_signature),
        (comparison.parent_kid, said.parent, comparison.parent_signature),
    )
    known = {key.kid: key for key in Key.objects.filter(kid__in=[kid for kid, _node, _signature in ends])}
    message = SIGNED_STATEMENT + comparison.statement.encode()
    return all(
        kid in known
        and known[kid].node_code == node
        and suite(known[kid].suite).verify(known[kid].public_key, message, bytes(signature or b""))
        for kid, node, signature in ends
    )


def as_file(comparison: Comparison) -> bytes:
    """A statement as a file: the signed text, both signatures and the public keys under which they verify (JSON)."""
    said = read(comparison.statement)
    ends = (
        (said.child, comparison.child_kid, comparison.child_signature),
        (said.parent, comparison.parent_kid, comparison.parent_signature),
    )
    known = {key.kid: key for key in Key.objects.filter(kid__in=[kid for _node, kid, _signature in ends])}
    signatures = [
        {
            "node": node,
            "kid": kid,
            "suite": known[kid].suite if kid in known else "",
            "public_key": known[kid].public_key if kid in known else "",
            "signature": bytes(signature or b"").hex(),
        }
        for node, kid, signature in ends
    ]
    facts = {"signed": SIGNED_STATEMENT.decode() + comparison.statement, "signatures": signatures}
    return msgspec.json.format(msgspec.json.encode(facts), indent=2)
