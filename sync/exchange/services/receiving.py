"""Receiving a batch: verified first, then stored, applied and acknowledged in one transaction.

Nothing of a refused batch is stored but an audit entry. The cursor of the stream moves in the transaction that
stores the records, and only from exactly where it stands: a batch that comes twice, late or out of order changes
nothing.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from cityops.foundation import audit
from cityops.foundation.failpoints import failpoint
from cityops.foundation.records import registry
from sync.exchange import events
from sync.exchange.models import Batch, Link, Parked, Receipt, Stream
from sync.exchange.rules import chain as chains
from sync.exchange.rules import envelope, erasing
from sync.exchange.rules.crypto import SUITES
from sync.exchange.rules.refusals import PeerRefused
from sync.exchange.rules.wholeness import raw_of, refuse_broken_chain
from sync.exchange.services import aside, attempts, epochs, keys, parking, sealing, streams, trespass, wiping
from sync.exchange.services.applying import apply_chunk
from sync.exchange.services.aside import Incoming
from sync.exchange.services.chunks import Outcome, ParkedLine, Patience, Reason, Target
from sync.exchange.services.shapes import FRAME, Shape, steady_text

SIGNED_RECEIPT = b"CSP1-RECEIPT\n"
REACH = "CPN"
"""Scopes, from the narrowest to the widest."""
LISTED_IN_RECEIPT = 1000
"""Parked records that a receipt names one by one; all of them are counted."""


@dataclass(frozen=True)
class Opened:
    """A verified batch."""

    header: envelope.Header
    sealed: envelope.Envelope
    raw: bytes
    sections: list[Incoming]

    def kept(self) -> envelope.Envelope:
        """The batch as it is stored: without what must not be read here."""
        hidden = [coming.section for coming in self.sections if coming.reason is aside.SCOPE]
        if not hidden:
            return self.sealed
        body = envelope.compress(erasing.unread(self.raw, self.header, hidden))
        return envelope.Envelope(self.sealed.header, self.sealed.signature, body)


def open_batch(sealed: envelope.Envelope, *, sender: str) -> Opened:
    """Verify everything about a batch that does not depend on the cursor. Raises PeerRefused."""
    header = sealed.read()
    epochs.refuse_unentitled(streams.names_of(header), sender)
    if header.suite not in SUITES:
        raise PeerRefused("PROTOCOL", f"The cipher suite {header.suite} is not known here.")
    key = keys.verify(
        kid=header.kid,
        node_code=header.producer,
        message=envelope.SIGNED_BATCH + sealed.header,
        signature=sealed.signature,
        signed_at=header.made_at,
    )
    if key.suite != header.suite:
        raise PeerRefused("PROTOCOL", f"The key {header.kid} is of suite {key.suite}, the header says {header.suite}.")
    reasons = _reasons_not_to_apply(header)
    raw = raw_of(sealed, header)
    sections, seq = [], header.from_seq
    for (section, text, blocks), reason in zip(envelope.sections_of(raw, header), reasons, strict=True):
        lines = chains.split_lines(text)
        sections.append(Incoming(section, seq, lines, blocks, reason))
        seq += len(lines)
    refuse_broken_chain(header, ((one.section, one.lines, one.blocks) for one in sections))
    return Opened(header, sealed, raw, sections)


def _reasons_not_to_apply(header: envelope.Header) -> list[Reason | None]:
    """For each section, why its records are set aside; None where they are applied.

    Raises PeerRefused where a section does not belong into this stream at all.
    """
    return [_reason_of(header, section) for section in header.sections]


def _reason_of(header: envelope.Header, section: envelope.Section) -> Reason | None:
    if section.columns[: len(FRAME)] != FRAME:
        raise PeerRefused("MALFORMED", f"{section.dataset}: a line begins with {', '.join(FRAME)}.")
    if section.dataset not in registry:
        return aside.VERSION
    shape = Shape(registry.get(section.dataset))
    kind = shape.kind
    if (kind.flow.value, kind.lane.value) != (header.flow, header.lane):
        raise PeerRefused("SCOPE", f"{section.dataset} does not travel {header.flow}/{header.scope}/{header.lane}.")
    if kind.scope.value != header.scope:
        if REACH.index(kind.scope.value) < REACH.index(header.scope):
            return aside.SCOPE
        raise PeerRefused("SCOPE", f"{section.dataset} does not travel {header.flow}/{header.scope}/{header.lane}.")
    if bool(kind.addressed_by) != bool(header.audience):
        raise PeerRefused("SCOPE", f"{section.dataset} is for one node each, or for all; the batch says otherwise.")
    return None if shape.of(section) else aside.VERSION


@transaction.atomic
def receive(sealed: envelope.Envelope, *, sender: str, tries: int = 1) -> Receipt:
    """Verify, store and apply one batch that ``sender`` handed over; returns the signed receipt.

    After ``tries`` that ended with the process (``attempts``) its records are set aside, to be tried one by one.
    Raises PeerRefused; then nothing was stored.
    """
    if not sealed.body:
        return _skip(sealed, sender=sender)
    opened = open_batch(sealed, sender=sender)
    header = opened.header
    is_careful = tries > attempts.MOST
    with connection.cursor() as cursor:
        steady_text(cursor)
        forget_plans(cursor)
        stream = _stream_at(header)
        batch = sealing.keep(cursor, stream, header, opened.kept())
        failpoint("receive.kept")
        outcome = _apply_sections(cursor, stream, batch, opened, is_careful=is_careful)
        _park(stream, header, outcome.parked, crashes=attempts.MOST if is_careful else 0)
        failpoint("receive.applied")
        _move_cursor(stream, header, outcome)
    trespass.raise_for(header.producer, outcome.parked)
    if not is_careful:
        parking.wake(stream)
        stream.refresh_from_db()
    datasets = frozenset(section.dataset for section in header.sections)
    told = partial(events.records_arrived.send_robust, Stream, datasets=datasets, producer=header.producer)
    transaction.on_commit(told)
    receipt = _receipt(stream, header, outcome)
    failpoint("receive.signed")
    return receipt


def _skip(sealed: envelope.Envelope, *, sender: str) -> Receipt:
    """Move along the signed chain over a batch whose body was pruned, and ask for the comparison that heals the gap."""
    header = sealed.read()
    epochs.refuse_unentitled(streams.names_of(header), sender)
    if header.suite not in SUITES:
        raise PeerRefused("PROTOCOL", f"The cipher suite {header.suite} is not known here.")
    message = envelope.SIGNED_BATCH + sealed.header
    keys.verify(
        kid=header.kid,
        node_code=header.producer,
        message=message,
        signature=sealed.signature,
        signed_at=header.made_at,
    )
    stream = _stream_at(header)
    with connection.cursor() as cursor:
        sealing.keep(cursor, stream, header, sealed)
    outcome = Outcome(superseded=header.count)
    _move_cursor(stream, header, outcome)
    Link.objects.filter(peer_code=sender, compare_asked_at=None).update(compare_asked_at=timezone.now())
    audit.record("batch.skip", kind="Stream", key=str(stream), after={"from": header.from_seq, "to": header.to_seq})
    return _receipt(stream, header, outcome)


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


def _apply_sections(
    cursor: CursorWrapper, stream: Stream, batch: Batch, opened: Opened, *, is_careful: bool
) -> Outcome:
    outcome, patience = Outcome(), Patience()
    place = (stream.pk, stream.epoch_no)
    for coming in opened.sections:
        if stubs := coming.stubs():
            aside.write_inbox(cursor, place, batch.pk, "S", stubs)
            outcome.superseded += len(stubs)
        if reason := coming.reason or (aside.CRASH if is_careful else None):
            parked = aside.set_aside(coming, reason)
            aside.write_inbox(cursor, place, batch.pk, "P", [(line.seq, line.rid, line.line) for line in parked])
            outcome.parked += parked
            continue
        shape = Shape(registry.get(coming.section.dataset)).of(coming.section)
        assert shape is not None
        target = Target(
            shape,
            stream.producer_code,
            *(*place, batch.pk),
            standard=opened.header.standard,
            patience=patience,
        )
        for chunk in coming.runs():
            outcome.add(apply_chunk(cursor, target, chunk))
    return outcome


def _park(stream: Stream, header: envelope.Header, parked: list[ParkedLine], *, crashes: int) -> None:
    Parked.objects.bulk_create(
        Parked(
            stream=stream,
            epoch_no=header.epoch_no,
            seq=line.seq,
            flow=header.flow,
            dataset=line.dataset,
            owner_code=header.producer,
            rid=line.rid,
            line=line.line,
            children=msgspec.msgpack.encode(line.children) if line.children else b"",
            reasons=line.reasons,
            state=line.state,
            needs_dataset=line.needs[0],
            needs_key=line.needs[1][:200],
            schema_version=line.section.version if line.section else 1,
            columns=list(line.section.columns) if line.section else [],
            crashes=crashes if line.code == aside.CRASH.code else 0,
        )
        for line in parked
    )


def _move_cursor(stream: Stream, header: envelope.Header, outcome: Outcome) -> None:
    """Move the cursor; ``seq = applied + superseded + parked + waiting`` holds before and after."""
    waiting = sum(line.state == "W" for line in outcome.parked)
    stream.seq, stream.chain = header.to_seq, bytes.fromhex(header.to_chain)
    stream.applied_count += outcome.applied
    stream.superseded_count += outcome.superseded + outcome.settled + outcome.ended_waits
    stream.parked_count += len(outcome.parked) - waiting - outcome.settled
    stream.waiting_count += waiting - outcome.ended_waits
    stream.moved_at = timezone.now()
    stream.save()


def _receipt(stream: Stream, header: envelope.Header, outcome: Outcome) -> Receipt:
    key = keys.own_key()
    now = timezone.now()
    named = [
        {
            "seq": str(line.seq),
            "dataset": line.dataset,
            "rid": str(line.rid),
            "state": line.state,
            "reasons": line.reasons,
        }
        for line in outcome.parked[:LISTED_IN_RECEIPT]
    ]
    facts: dict[str, Any] = {
        "protocol": envelope.PROTOCOL,
        "receiver": settings.CITYOPS_NODE,
        **streams.position(stream),
        "from_seq": str(header.from_seq),
        "applied": outcome.applied,
        "superseded": outcome.superseded,
        "parked_count": sum(line.state == "P" for line in outcome.parked),
        "waiting_count": sum(line.state == "W" for line in outcome.parked),
        "parked": named,
        "erased": [str(rid) for rid in outcome.erased],
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
        erased = [UUID(rid) for rid in facts.get("erased", [])]
    except (KeyError, TypeError, ValueError, msgspec.MsgspecError) as error:
        raise PeerRefused("MALFORMED", f"Receipt: {error!r}") from error
    if made_by != receiver:
        raise PeerRefused("OWNER", f"A receipt of {made_by} came from {receiver}.")
    keys.verify(
        kid=kid, node_code=receiver, message=SIGNED_RECEIPT + text, signature=signature, signed_at=str(rest["made_at"])
    )
    stream = Stream.objects.filter(**names).first()
    if stream is None:
        return None
    wiping.note_confirmed(stream.producer_code, erased, receiver=receiver, at=str(facts["made_at"]))
    trespass.raise_from_receipt(receiver, rest["parked"])
    return Receipt.objects.update_or_create(
        stream=stream,
        receiver_code=receiver,
        **numbers,
        defaults={**rest, "text": text, "kid": kid, "signature": signature, "delivered_at": timezone.now()},
    )[0]
