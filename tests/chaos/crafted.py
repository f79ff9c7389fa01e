"""Crafted calls: what a careful enemy, or a broken sender, could put on the wire."""

import re
from typing import Any

from sync.exchange.models import Batch, Link
from sync.exchange.rules.refusals import PeerRefused
from sync.exchange.services import keys
from sync.exchange.services.client import ParentClient
from sync.exchange.services.sealing import sealed_batch
from tests.chaos.nodes import Node
from tests.chaos.wire import Message, Network

BUSINESS = ("accounts_organisation", "grid_place", "oversight_supervisionaction", "standard_classentry", "sync_record")
SIGNED_HEADER = re.compile(rb"CityOps-[A-Za-z]+: ([^\r]+)\r\n")


def business(node: Node) -> list[Any]:
    """Everything that a refused call must leave alone: business rows, versions, cursors, inbox."""
    from tests.chaos import kinds

    tables = sorted({kind.model._meta.db_table for kind in kinds.KINDS.values()})
    queries = [f'SELECT md5(string_agg(t::text, chr(10) ORDER BY t.rid)) FROM "{table}" t' for table in tables]
    queries += [
        "SELECT md5(string_agg(t::text, chr(10) ORDER BY t.rid)) FROM sync_record t",
        "SELECT md5(string_agg(concat_ws(' ', id, epoch_no, seq, chain), chr(10) ORDER BY id)) FROM sync_stream",
        "SELECT count(*)::text FROM sync_inbox",
        "SELECT count(*)::text FROM sync_batch",
    ]
    return [node.rows(query)[0][0] for query in queries]


def refusals(node: Node) -> list[str]:
    """The codes of the refusals in a node's audit trail, in order."""
    rows = node.rows("SELECT after->>'code' FROM foundation_auditevent WHERE action = 'exchange.refuse' ORDER BY id")
    return [code for (code,) in rows]


def packed_batches(node: Node) -> list[bytes]:
    """The own batches of a node as they travel, in their order."""
    with node.active():
        own = Batch.objects.filter(stream__producer_code=node.code).order_by("id")
        return [sealed_batch(batch).pack() for batch in own]


def push(node: Node, *packed: bytes) -> list[str]:
    """Hand batches to the parent in this order, each with a number of its own. Returns the code of each answer."""
    found = []
    with node.active(), ParentClient(Link.objects.to_parent().get()) as client:
        for data in packed:
            client.hello({})
            try:
                client.call("push", data)
                found.append("taken")
            except PeerRefused as refusal:
                found.append(refusal.code)
    return found


def undelivered(network: Network) -> Message:
    """The last push that was lost on its way: its number is still unused."""
    return [message for message in network.captured if message.call == "push"][-1]


def signed_places(raw: bytes) -> list[int]:
    """The places of a request that its signature covers: the values of the signed headers, and the body."""
    head = raw.index(b"\r\n\r\n") + 4
    found = list(range(head, len(raw)))
    for match in SIGNED_HEADER.finditer(raw[:head]):
        found += range(*match.span(1))
    return found


def sign_as(node: Node, other: Node) -> None:
    """Let a node sign with the private key of another one, under its own name."""
    with other.active():
        theirs = keys.own_key()
        pem = keys._private(keys._path(theirs.kid))
    with node.active():
        path = keys._path(keys.own_key().kid)
        path.chmod(0o600)
        path.write_bytes(pem)
        keys._private.cache_clear()
