"""Digests of what is really in the tables: per owner and dataset, 256 buckets by the last byte of the rid.

``leaf = H("L1" ‖ rid ‖ rec_epoch ‖ rev ‖ op ‖ content)``, where content is the digest of the present row (child rows
included), not the one noted when it was numbered. Deleted records count with the digest of nothing.
"""

import hashlib
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from cityops.foundation.records import RecordKind, registry
from sync.exchange.models import RecordVersion
from sync.exchange.rules.places import codes_below
from sync.exchange.services.shapes import Shape, steady_text

Leaf = tuple[int, int, str, str, int, bool]
"""(rec_epoch, rev, op, content in hex, seq, changed since it was numbered)"""


@dataclass(frozen=True)
class Digest:
    """What a node holds of one owner and dataset."""

    owner: str
    dataset: str
    records: int
    deleted: int
    buckets: dict[int, str]

    @property
    def value(self) -> str:
        """One digest over all buckets."""
        text = "".join(f"{number}:{self.buckets[number]}\n" for number in sorted(self.buckets))
        return hashlib.sha256(text.encode()).hexdigest()


def _leaves(shape: Shape, reader: str) -> str:
    """SQL of the leaves; parameters: owner, owner, dataset.

    Of records for one node each, those that ``reader`` should hold: its own and those of the nodes under it. They
    are never deleted, so the rows alone say which there are.
    """
    addressed = bool(shape.kind.addressed_by and reader)
    mine = f"{shape.audience('r')} = '{reader}' OR {shape.audience('r')} ~ '{codes_below(reader)}'" if addressed else ""
    return (
        "SELECT COALESCE(v.rid, r.rid) AS rid, COALESCE(v.rec_epoch, 0) AS rec_epoch, COALESCE(v.rev, 0) AS rev, "
        "COALESCE(v.op, 'U') AS op, COALESCE(v.seq, 0) AS seq, "
        f"CASE WHEN r.rid IS NULL THEN sha256(''::bytea) ELSE {shape.digest('r')} END AS content "
        f"FROM (SELECT * FROM {shape.table} r WHERE origin_code = %s{f' AND ({mine})' if mine else ''}) r "
        f"{'LEFT' if mine else 'FULL'} JOIN "
        "(SELECT rid, rec_epoch, rev, op, seq FROM sync_record WHERE owner_code = %s AND dataset = %s) v "
        "ON v.rid = r.rid"
    )


LEAF_HASH = (
    "sha256('L1'::bytea || uuid_send(l.rid) || int4send(l.rec_epoch) || int8send(l.rev) || "
    "convert_to(l.op, 'UTF8') || l.content)"
)
BUCKET = "get_byte(uuid_send(l.rid), 15)"


def digest(cursor: CursorWrapper, kind: RecordKind, owner: str, reader: str = "") -> Digest:
    """The digest of an owner's records of one kind (those ``reader`` should hold), from the rows as they are now."""
    shape = Shape(kind)
    cursor.execute(
        f"SELECT {BUCKET} AS bucket, count(*) FILTER (WHERE l.op = 'U'), count(*) FILTER (WHERE l.op <> 'U'), "
        f"encode(sha256(string_agg({LEAF_HASH}, ''::bytea ORDER BY l.rid)), 'hex') "
        f"FROM ({_leaves(shape, reader)}) l GROUP BY bucket",
        [owner, owner, kind.dataset],
    )
    rows = cursor.fetchall()
    return Digest(
        owner,
        kind.dataset,
        records=sum(row[1] for row in rows),
        deleted=sum(row[2] for row in rows),
        buckets={row[0]: row[3] for row in rows},
    )


def leaves(
    cursor: CursorWrapper, kind: RecordKind, owner: str, buckets: list[int], reader: str = ""
) -> dict[str, Leaf]:
    """The single records of some buckets, by rid."""
    cursor.execute(
        "SELECT l.rid::text, l.rec_epoch, l.rev, l.op, encode(l.content, 'hex'), l.seq, "
        "EXISTS (SELECT FROM sync_dirty d WHERE d.dataset = %s AND d.rid = l.rid) "
        f"FROM ({_leaves(Shape(kind), reader)}) l WHERE {BUCKET} = ANY(%s)",
        [kind.dataset, owner, owner, kind.dataset, buckets],
    )
    return {row[0]: (row[1], row[2], row[3], row[4], row[5], row[6]) for row in cursor.fetchall()}


def owners_and_datasets() -> list[tuple[str, str]]:
    """Every owner and dataset that was ever numbered here, own and received."""
    known = RecordVersion.objects.order_by("owner_code", "dataset").values_list("owner_code", "dataset").distinct()
    return [(owner, dataset) for owner, dataset in known if dataset in registry]


def all_digests(*, owner: str = "", dataset: str = "") -> list[Digest]:
    """The digests of everything this node holds (or of one owner or dataset), on one snapshot."""
    with transaction.atomic(), connection.cursor() as cursor:
        begin_snapshot(cursor)
        return [
            digest(cursor, registry.get(code), holder)
            for holder, code in owners_and_datasets()
            if owner in {"", holder} and dataset in {"", code}
        ]


def begin_snapshot(cursor: CursorWrapper) -> None:
    """Let the rest of this transaction see one moment."""
    if not connection.savepoint_ids and connection.in_atomic_block:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    steady_text(cursor)
