"""Sealing: numbered records become a signed, compressed, durable batch."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from cityops.foundation.records import Flow, RecordKind, registry
from sync.exchange.models import Batch, Key, Link, Stream
from sync.exchange.rules import chain as chains
from sync.exchange.rules import envelope
from sync.exchange.rules.crypto import digest_hex
from sync.exchange.services import keys
from sync.exchange.services.shapes import Shape, quoted
from sync.standard.models import DictionaryVersion
from sync.standard.selectors.dictionaries import default_code


@dataclass
class Draft:
    """A batch while it is being put together."""

    chain: bytes
    key: Key
    parts: list[bytes] = field(default_factory=list)
    sections: list[envelope.Section] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Records so far."""
        return sum(section.count for section in self.sections)


def seal_numbered(cursor: CursorWrapper) -> int:
    """Seal all numbered records, stream by stream, and move the heads. Returns the number of batches."""
    cursor.execute(
        "SELECT stream_id, batch_no, array_agg(DISTINCT dataset ORDER BY dataset) FROM sync_numbered "
        "WHERE stream_id IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2"
    )
    planned = cursor.fetchall()
    if not planned:
        return 0
    key = keys.own_key()
    read = Link.objects.to_parent().values_list("peer_schemas", flat=True).first() or {}
    for stream_id, batch_no, datasets in planned:
        stream = Stream.objects.get(pk=stream_id)
        draft = Draft(chain=bytes(stream.chain), key=key)
        for dataset in datasets:
            kind = _as_read(registry.get(dataset), read) if stream.flow == Flow.UP else registry.get(dataset)
            _add_section(cursor, draft, Shape(kind), stream_id, batch_no)
        _seal(cursor, stream, draft)
    return len(planned)


def _as_read(kind: RecordKind, read: dict[str, list[int]]) -> RecordKind:
    """The kind in the highest version that both this node and its parent have; the own one where there is none."""
    _lowest, highest = read.get(kind.dataset) or kind.versions
    common = [version for version in (*kind.older, kind.schema_version) if version <= highest]
    return kind.as_of(max(common)) if common else kind


def _add_section(cursor: CursorWrapper, draft: Draft, shape: Shape, stream_id: int, batch_no: int) -> None:
    """Read the records of one dataset, and their child rows, as COPY text."""
    which = f"n.stream_id = {int(stream_id)} AND n.batch_no = {int(batch_no)} AND n.dataset = '{shape.kind.dataset}'"
    lines = _copy_out(
        cursor,
        f"SELECT n.seq, n.rid, n.rec_epoch, n.rev, n.op, encode(n.content_sha, 'hex'), {shape.sent('r')} "
        f"FROM sync_numbered n LEFT JOIN {shape.table} r ON r.rid = n.rid AND n.op = 'U' WHERE {which} ORDER BY n.seq",
    )
    draft.chain = chains.over_lines(draft.chain, lines, draft.key.suite)
    draft.parts.append(b"".join(lines))
    size = len(draft.parts[-1])
    blocks = []
    for child in shape.kind.children:
        table = quoted(child.model._meta.db_table)
        columns = shape.child_columns(child)
        rows = _copy_out(
            cursor,
            f"SELECT {shape.child_sent('c', child)} FROM sync_numbered n JOIN {table} c "
            f"ON c.{quoted(child.parent)} = n.rid WHERE n.op = 'U' AND {which} ORDER BY n.seq, c.{quoted(child.order)}",
        )
        draft.parts.append(b"".join(rows))
        draft.chain = chains.over_block(draft.chain, draft.parts[-1], draft.key.suite)
        blocks.append(envelope.Block(child.name, columns, len(rows), len(draft.parts[-1])))
    kind = shape.kind
    draft.sections.append(
        envelope.Section(kind.dataset, kind.schema_version, shape.wire_columns, len(lines), size, tuple(blocks))
    )


def _copy_out(cursor: CursorWrapper, query: str) -> list[bytes]:
    with cursor.copy(f"COPY ({query}) TO STDOUT") as copy:
        return [bytes(line) for line in copy]


def _seal(cursor: CursorWrapper, stream: Stream, draft: Draft) -> None:
    """Sign the draft, keep it, and move the head of the stream to its end."""
    raw = b"".join(draft.parts)
    body = envelope.compress(raw)
    key = draft.key
    header = envelope.Header(
        protocol=envelope.PROTOCOL,
        producer=stream.producer_code,
        flow=stream.flow,
        scope=stream.scope,
        lane=stream.lane,
        epoch_no=stream.epoch_no,
        epoch_id=stream.epoch_id,
        base_seq=str(stream.seq),
        base_chain=bytes(stream.chain).hex(),
        count=draft.count,
        to_chain=draft.chain.hex(),
        body_sha=digest_hex(key.suite, body),
        raw_size=len(raw),
        suite=key.suite,
        kid=key.kid,
        sections=tuple(draft.sections),
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        audience=stream.audience,
        standard=default_code(DictionaryVersion.Kind.DATASETS),
    )
    text = msgspec.json.encode(header)
    signature = keys.sign(key, envelope.SIGNED_BATCH + text)
    keep(cursor, stream, header, envelope.Envelope(text, signature, body))
    stream.seq, stream.chain, stream.moved_at = header.to_seq, draft.chain, timezone.now()
    stream.save(update_fields=["seq", "chain", "moved_at"])


def keep(cursor: CursorWrapper, stream: Stream, header: envelope.Header, sealed: envelope.Envelope) -> Batch:
    """Store a batch exactly as its producer signed it."""
    counts: dict[str, int] = {section.dataset: section.count for section in header.sections}
    batch = Batch.objects.create(
        stream=stream,
        epoch_no=header.epoch_no,
        from_seq=header.from_seq,
        to_seq=header.to_seq,
        base_chain=bytes.fromhex(header.base_chain),
        to_chain=bytes.fromhex(header.to_chain),
        kid=header.kid,
        header=sealed.header,
        signature=sealed.signature,
        body_size=len(sealed.body),
        datasets=counts,
    )
    cursor.execute("INSERT INTO sync_batch_body (batch_id, body) VALUES (%s, %s)", [batch.pk, sealed.body])
    return batch


def sealed_batch(batch: Batch) -> envelope.Envelope:
    """A stored batch, whole. Raises LookupError where its body was pruned (``pruning``)."""
    found = sealed_or_bare(batch)
    if not found.body:
        raise LookupError(f"The body of batch {batch.pk} is gone.")
    return found


def sealed_or_bare(batch: Batch) -> envelope.Envelope:
    """A stored batch as it goes over a link: header and signature alone where its body was pruned."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM sync_batch_body WHERE batch_id = %s", [batch.pk])
        row = cursor.fetchone()
    return envelope.Envelope(bytes(batch.header), bytes(batch.signature), bytes(row[0]) if row else b"")
