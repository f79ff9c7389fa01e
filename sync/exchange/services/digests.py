"""Digests of what is really in the tables: per owner and dataset, ranges of records by the last bytes of the rid.

The last byte makes 256 buckets, the last two make 65,536 ranges, 256 in each bucket: of a bucket that differs, only the
ranges that differ are looked at record by record.
``leaf = H("L1" ‖ rid ‖ rec_epoch ‖ rev ‖ op ‖ content)``, where content is the digest of the present row (child rows
included), not the one noted when it was numbered. Deleted records count with the digest of nothing.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
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
        return over_buckets(self.buckets)


def over_buckets(buckets: Mapping[int, str]) -> str:
    """One digest over the digests of buckets."""
    text = "".join(f"{number}:{buckets[number]}\n" for number in sorted(buckets))
    return hashlib.sha256(text.encode()).hexdigest()


def _leaves(shape: Shape, owner: str, reader: str, condition: str = "") -> str:
    """SQL of the leaves; parameters: owner, owner, dataset.

    Of records for one node each, those that ``reader`` should hold: its own and those of the nodes under it. They
    are never deleted, so the rows alone say which there are. ``condition`` is about the rid, written ``{rid}``.
    Rows are hashed where they are read, so that the join carries 32 bytes of each.
    """
    addressed = bool(shape.kind.addressed_by and reader)
    mine = f"{shape.audience('r')} = '{reader}' OR {shape.audience('r')} ~ '{codes_below(reader)}'" if addressed else ""
    content = shape.digest("r", is_masked=owner != settings.CITYOPS_NODE)
    rows = f"{f' AND ({mine})' if mine else ''}{_and(condition, 'r.rid')}"
    return (
        "SELECT COALESCE(v.rid, r.rid) AS rid, COALESCE(v.rec_epoch, 0) AS rec_epoch, COALESCE(v.rev, 0) AS rev, "
        "COALESCE(v.op, 'U') AS op, COALESCE(v.seq, 0) AS seq, "
        "COALESCE(r.content, sha256(''::bytea)) AS content "
        f"FROM (SELECT r.rid, {content} AS content FROM {shape.table} r WHERE origin_code = %s{rows}) r "
        f"{'LEFT' if mine else 'FULL'} JOIN "
        "(SELECT rid, rec_epoch, rev, op, seq FROM sync_record WHERE owner_code = %s AND dataset = %s"
        f"{_and(condition, 'rid')}) v ON v.rid = r.rid"
    )


def _and(condition: str, rid: str) -> str:
    return f" AND {condition.format(rid=rid)}" if condition else ""


LEAF_HASH = (
    "sha256('L1'::bytea || uuid_send(l.rid) || int4send(l.rec_epoch) || int8send(l.rev) || "
    "convert_to(l.op, 'UTF8') || l.content)"
)
BUCKET = "get_byte(uuid_send({rid}), 15)"
RANGE = "(get_byte(uuid_send({rid}), 15) * 256 + get_byte(uuid_send({rid}), 14))"


def digest(cursor: CursorWrapper, kind: RecordKind, owner: str, reader: str = "") -> Digest:
    """The digest of an owner's records of one kind (those ``reader`` should hold), from the rows as they are now."""
    rows = _grouped(cursor, kind, (owner, reader), BUCKET)
    return Digest(
        owner,
        kind.dataset,
        records=sum(row[1] for row in rows),
        deleted=sum(row[2] for row in rows),
        buckets={row[0]: row[3] for row in rows},
    )


def ranges(
    cursor: CursorWrapper, kind: RecordKind, owner: str, buckets: list[int], reader: str = ""
) -> dict[int, tuple[str, int]]:
    """The ranges of some buckets, by number: (digest, records, the deleted ones too)."""
    rows = _grouped(cursor, kind, (owner, reader), RANGE, buckets)
    return {row[0]: (row[3], row[1] + row[2]) for row in rows}


def _grouped(
    cursor: CursorWrapper, kind: RecordKind, whose: tuple[str, str], grouping: str, buckets: list[int] | None = None
) -> list[tuple[int, int, int, str]]:
    """Per range of a ``grouping`` of what an owner has for a reader: number, records, deleted ones, digest."""
    owner, reader = whose
    shape = Shape(kind)
    condition = "" if buckets is None else f"{BUCKET} = ANY(ARRAY[{_listed(buckets)}]::int[])"
    cursor.execute(
        f"SELECT {grouping.format(rid='l.rid')} AS number, count(*) FILTER (WHERE l.op = 'U'), "
        "count(*) FILTER (WHERE l.op <> 'U'), "
        f"encode(sha256(string_agg({LEAF_HASH}, ''::bytea ORDER BY l.rid)), 'hex') "
        f"FROM ({_leaves(shape, owner, reader, condition)}) l GROUP BY number",
        [owner, owner, kind.dataset],
    )
    return list(cursor.fetchall())


def _listed(numbers: list[int]) -> str:
    return ", ".join(str(int(number)) for number in numbers)


def leaves(
    cursor: CursorWrapper, kind: RecordKind, owner: str, numbers: list[int], reader: str = ""
) -> dict[str, Leaf]:
    """The single records of some ranges, by rid."""
    condition = f"{RANGE} = ANY(ARRAY[{_listed(numbers)}]::int[])"
    cursor.execute(
        "SELECT l.rid::text, l.rec_epoch, l.rev, l.op, encode(l.content, 'hex'), l.seq, "
        "EXISTS (SELECT FROM sync_dirty d WHERE d.dataset = %s AND d.rid = l.rid) "
        f"FROM ({_leaves(Shape(kind), owner, reader, condition)}) l",
        [kind.dataset, owner, owner, kind.dataset],
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
