"""Receiving a batch: verified first, then stored, applied and acknowledged in one transaction.

Nothing of a refused batch is stored but an audit entry. The cursor of the stream moves in the transaction that
stores the records, and only from exactly where it stands: a batch that comes twice, late or out of order changes
nothing.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec
from django.conf import settings
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from cityops.foundation.failpoints import failpoint
from cityops.foundation.records import registry
from sync.exchange import events
from sync.exchange.models import Batch, Parked, Receipt, Stream
from sync.exchange.rules import chain as chains
from sync.exchange.rules import envelope
from sync.exchange.rules.crypto import SUITES, sha256_hex
from sync.exchange.rules.refusals import PeerRefused
from sync.exchange.services import epochs, keys, sealing, streams
from sync.exchange.services.applying import apply_chunk
from sync.exchange.services.chunks import Chunk, Outcome, ParkedLine, Patience, Target
from sync.exchange.services.shapes import Shape, steady_text

SIGNED_RECEIPT = b"CSP1-RECEIPT\n"
LISTED_IN_RECEIPT = 1000
"""Parked records that a receipt names one by one; all of them are counted."""


@dataclass(frozen=True)
class Opened:
    """A verified batch."""

    header: envelope.Header
    sealed: envelope.Envelope
    sections: list[tuple[envelope.Section, list[bytes], list[bytes]]]


def open_batch(sealed: envelope.Envelope, *, sender: str) -> Opened:
    """Verify everything about a batch that does not depend on the cursor. Raises PeerRefused."""
    header = sealed.read()
    epochs.refuse_unentitled(streams.names_of(header), sender)
    if header.suite not in SUITES:
        raise PeerRefused("PROTOCOL", f"The cipher suite {header.suite} is not known here.")
    keys.verify(
        kid=header.kid,
        node_code=header.producer,
        message=envelope.SIGNED_BATCH + sealed.header,
        signature=sealed.signature,
    )
    if sha256_hex(sealed.body) != header.body_sha:
        raise PeerRefused("SIGNATURE", "The body is not the one that was signed.")
    _refuse_other_schema(header)
    raw = envelope.decompress(sealed.body, header.raw_size)
    sections = [(section, chains.split_lines(lines), blocks) for section, lines, blocks in envelope.cut(raw, header)]
    _refuse_broken_chain(header, sections)
    return Opened(header, sealed, sections)


def _refuse_other_schema(header: envelope.Header) -> None:
    """Every section must be of a dataset, direction and set of columns that this version knows."""
    for section in header.sections:
        if section.dataset not in registry:
            raise PeerRefused("SCHEMA", f"The dataset {section.dataset} is not known here.", dataset=section.dataset)
        shape = Shape(registry.get(section.dataset))
        kind = shape.kind
        if (kind.flow.value, kind.scope.value, kind.lane.value) != (header.flow, header.scope, header.lane):
            raise PeerRefused("SCOPE", f"{section.dataset} does not travel {header.flow}/{header.scope}/{header.lane}.")
        if bool(kind.addressed_by) != bool(header.audience):
            raise PeerRefused("SCOPE", f"{section.dataset} is for one node each, or for all; the batch says otherwise.")
        children = tuple((child.name, shape.child_columns(child)) for child in kind.children)
        if (
            section.version != kind.schema_version
            or section.columns != shape.wire_columns
            or tuple((block.name, block.columns) for block in section.children) != children
        ):
            raise PeerRefused(
                "SCHEMA",
                f"{section.dataset} has other columns here (schema {kind.schema_version}): bring both nodes to the "
                "same version of the data standard.",
                dataset=section.dataset,
            )


def _refuse_broken_chain(
    header: envelope.Header, sections: list[tuple[envelope.Section, list[bytes], list[bytes]]]
) -> None:
    chain = bytes.fromhex(header.base_chain)
    for section, lines, blocks in sections:
        if len(lines) != section.count:
            raise PeerRefused("MALFORMED", f"{section.dataset}: {len(lines)} lines, announced {section.count}.")
        chain = chains.over_lines(chain, lines)
        for block in blocks:
            chain = chains.over_block(chain, block)
    if chain.hex() != header.to_chain:
        raise PeerRefused("CHAIN", "The hash chain over the records does not end where the header says.")


@transaction.atomic
def receive(sealed: envelope.Envelope, *, sender: str) -> Receipt:
    """Verify, store and apply one batch that ``sender`` handed over; returns the signed receipt.

    Raises PeerRefused; then nothing was stored.
    """
    opened = open_batch(sealed, sender=sender)
    header = opened.header
    with connection.cursor() as cursor:
        steady_text(cursor)
        forget_plans(cursor)
        stream = _stream_at(header)
        batch = sealing.keep(cursor, stream, header, sealed)
        failpoint("receive.kept")
        outcome = _apply_sections(cursor, stream, batch, opened)
        _park(stream, header, outcome.parked)
        failpoint("receive.applied")
        _move_cursor(stream, header, outcome)
    datasets = frozenset(section.dataset for section in header.sections)
    told = partial(events.records_arrived.send_robust, Stream, datasets=datasets, producer=header.producer)
    transaction.on_commit(told)
    receipt = _receipt(stream, header, outcome)
    failpoint("receive.signed")
    return receipt


def forget_plans(cursor: CursorWrapper) -> None:
    """Let foreign keys be checked, at the commit, as suits the tables then.

    A connection keeps the plans of these checks. One that was made while a table held a few rows reads the whole
    table for each new row: with a batch of thousands, time would grow with the square.
    """
    cursor.execute("DISCARD PLANS")


def _stream_at(header: envelope.Header) -> Stream:
    """The stream, locked, standing exactly where the batch begins. Raises PeerRefused EPOCH, CURSOR or CHAIN."""
    names = streams.names_of(header)
    if not Stream.objects.filter(**names).exists():
        streams.begin(names, epoch_no=header.epoch_no, epoch_id=header.epoch_id)
    stream = Stream.objects.select_for_update().get(**names)
    standing = streams.position(stream)
    if (stream.epoch_no, stream.epoch_id) != (header.epoch_no, header.epoch_id):
        raise PeerRefused("EPOCH", "The batch is of another epoch of this stream.", position=standing)
    if int(header.base_seq) != stream.seq:
        raise PeerRefused(
            "CURSOR", f"The batch follows {header.base_seq}; the next here is {stream.seq + 1}.", position=standing
        )
    if header.base_chain != bytes(stream.chain).hex():
        raise PeerRefused("CHAIN", f"Another history led to {stream.seq} here.", position=standing)
    return stream


def _apply_sections(cursor: CursorWrapper, stream: Stream, batch: Batch, opened: Opened) -> Outcome:
    outcome, patience = Outcome(), Patience()
    seq = opened.header.from_seq
    for section, lines, blocks in opened.sections:
        shape = Shape(registry.get(section.dataset))
        target = Target(shape, stream.producer_code, stream.pk, stream.epoch_no, batch.pk, patience=patience)
        outcome.add(apply_chunk(cursor, target, Chunk(seq, lines, blocks)))
        seq += len(lines)
    return outcome


def _park(stream: Stream, header: envelope.Header, parked: list[ParkedLine]) -> None:
    Parked.objects.bulk_create(
        Parked(
            stream=stream,
            epoch_no=header.epoch_no,
            seq=line.seq,
            flow=header.flow,
            dataset=line.dataset,
            owner_code=header.producer,
            rid=line.rid,
            line=line.line.decode(errors="backslashreplace"),
            children=line.children,
            reasons=line.reasons,
        )
        for line in parked
    )


def _move_cursor(stream: Stream, header: envelope.Header, outcome: Outcome) -> None:
    stream.seq, stream.chain = header.to_seq, bytes.fromhex(header.to_chain)
    stream.applied_count += outcome.applied
    stream.superseded_count += outcome.superseded + outcome.settled
    stream.parked_count += len(outcome.parked) - outcome.settled
    stream.moved_at = timezone.now()
    stream.save()


def _receipt(stream: Stream, header: envelope.Header, outcome: Outcome) -> Receipt:
    key = keys.own_key()
    now = timezone.now()
    named = [
        {"seq": str(line.seq), "dataset": line.dataset, "rid": str(line.rid), "reasons": line.reasons}
        for line in outcome.parked[:LISTED_IN_RECEIPT]
    ]
    facts: dict[str, Any] = {
        "protocol": envelope.PROTOCOL,
        "receiver": settings.CITYOPS_NODE,
        **streams.position(stream),
        "from_seq": str(header.from_seq),
        "applied": outcome.applied,
        "superseded": outcome.superseded,
        "parked_count": len(outcome.parked),
        "parked": named,
        "kid": key.kid,
        "made_at": now.isoformat(),
    }
    text = msgspec.json.encode(facts)
    return Receipt.objects.create(
        stream=stream,
        receiver_code=settings.CITYOPS_NODE,
        epoch_no=header.epoch_no,
        from_seq=header.from_seq,
        upto_seq=header.to_seq,
        applied=outcome.applied,
        superseded=outcome.superseded,
        parked=named,
        text=text,
        kid=key.kid,
        signature=keys.sign(key, SIGNED_RECEIPT + text),
        made_at=now,
    )


def keep_receipt(text: bytes, signature: bytes, *, receiver: str) -> Receipt | None:
    """Keep a receipt that a peer signed for something this node sent or relayed. Raises PeerRefused.

    None where it is about a stream that is not known here.
    """
    try:
        facts = msgspec.json.decode(text)
        kid, made_by = facts["kid"], facts["receiver"]
        names = streams.names_in(facts)
        numbers = {"epoch_no": facts["epoch_no"], "upto_seq": int(facts["seq"])}
        rest = {
            "from_seq": int(facts["from_seq"]),
            "applied": facts["applied"],
            "superseded": facts["superseded"],
            "parked": facts["parked"],
            "made_at": facts["made_at"],
        }
    except (KeyError, TypeError, ValueError, msgspec.MsgspecError) as error:
        raise PeerRefused("MALFORMED", f"Receipt: {error!r}") from error
    if made_by != receiver:
        raise PeerRefused("OWNER", f"A receipt of {made_by} came from {receiver}.")
    keys.verify(kid=kid, node_code=receiver, message=SIGNED_RECEIPT + text, signature=signature)
    stream = Stream.objects.filter(**names).first()
    if stream is None:
        return None
    return Receipt.objects.update_or_create(
        stream=stream,
        receiver_code=receiver,
        **numbers,
        defaults={**rest, "text": text, "kid": kid, "signature": signature, "delivered_at": timezone.now()},
    )[0]
