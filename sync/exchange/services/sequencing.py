"""The sequencer: takes the marks of committed changes, gives versions and numbers, and seals signed batches.

One transaction per round, one round at a time (advisory lock), all of it on one snapshot (REPEATABLE READ): a change
that commits meanwhile leaves its own mark for the next round, and a round that dies leaves every mark where it was.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg.errors import SerializationFailure

from cityops.foundation.failpoints import failpoint
from cityops.foundation.records import Lane, RecordKind, registry
from sync.exchange.models import Stream, SyncSelf
from sync.exchange.rules.envelope import MAX_RECORDS
from sync.exchange.rules.places import travels
from sync.exchange.services import sealing, streams
from sync.exchange.services.shapes import Shape, steady_text

logger = logging.getLogger(__name__)
LOCK = 0x43535031
"""Advisory lock of the sequencer ("CSP1")."""
OWN = "O"
"""State in the inbox of what this node put into its own stream: the history of its records."""
FORCED = "R"
"""Mark that asks to send a record again though nothing changed in it."""
ERASED = "X"
"""Mark of a record that was erased for privacy, and the sign of its last version."""
WORK_TABLES = """
CREATE TEMP TABLE IF NOT EXISTS sync_taken (
    dataset text, rid uuid, forced boolean, erased boolean
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS sync_changed (
    dataset text, rid uuid, op text, content_sha bytea, size bigint, rec_epoch int, rev bigint, stream_id bigint
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS sync_numbered (
    dataset text, rid uuid, op text, content_sha bytea, rec_epoch int, rev bigint, stream_id bigint,
    seq bigint, batch_no bigint
) ON COMMIT DELETE ROWS;
"""


def sequence(*, limit: int | None = None) -> int:
    """One round: number what changed and seal it into batches. Returns how many marks were taken; 0 when idle."""
    limit = min(limit or settings.SYNC_BATCH_RECORDS, MAX_RECORDS)
    try:
        with _snapshot() as cursor:
            return _round(cursor, limit) if cursor is not None else 0
    except (OperationalError, SerializationFailure) as error:
        if not isinstance(error.__cause__ or error, SerializationFailure):
            raise
        logger.info("another sequencer was faster; its round stands")
        return 0


@contextmanager
def _snapshot() -> Iterator[CursorWrapper | None]:
    """A transaction on one snapshot, holding the sequencer's lock; None where another process holds it."""
    with transaction.atomic(), connection.cursor() as cursor:
        if not connection.savepoint_ids:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        yield cursor if cursor.fetchone()[0] else None


def _round(cursor: CursorWrapper, limit: int) -> int:
    steady_text(cursor)
    for statement in WORK_TABLES.strip().split(";\n"):
        cursor.execute(statement.rstrip(";"))
    for table in ("sync_taken", "sync_changed", "sync_numbered"):
        cursor.execute(f"DELETE FROM {table}")
    me = SyncSelf.objects.get(id=1)
    taken = _take_marks(cursor, limit, _resting(me))
    if not taken:
        return 0
    failpoint("sequence.taken")
    cursor.execute("SELECT DISTINCT dataset FROM sync_taken")
    for (dataset,) in cursor.fetchall():
        if dataset in registry:
            _find_changes(cursor, registry.get(dataset), me)
    _number(cursor)
    failpoint("sequence.numbered")
    sealing.seal_numbered(cursor)
    failpoint("sequence.sealed")
    return taken


def _resting(me: SyncSelf) -> list[str]:
    """Datasets of streams that a recovery holds: their marks wait, and nothing of them is lost."""
    held = set(
        Stream.objects.filter(producer_code=me.node_code, state=Stream.State.RECOVERING).values_list(
            "flow", "scope", "lane"
        )
    )
    return [kind.dataset for kind in registry if (kind.flow.value, kind.scope.value, kind.lane.value) in held]


def _take_marks(cursor: CursorWrapper, limit: int, resting: list[str]) -> int:
    """Remove the oldest marks, those of the bulk lane last, and remember their records, each once.

    Those of ``resting`` datasets stay. Returns the number of marks.
    """
    bulk = [kind.dataset for kind in registry if kind.lane is Lane.BULK]
    cursor.execute(
        "WITH gone AS (DELETE FROM sync_dirty WHERE id IN "
        "(SELECT id FROM sync_dirty WHERE dataset <> ALL(%s) ORDER BY dataset = ANY(%s), id LIMIT %s) "
        "RETURNING dataset, rid, op), kept AS (INSERT INTO sync_taken "
        "SELECT dataset, rid, bool_or(op IN (%s, %s)), bool_or(op = %s) FROM gone GROUP BY dataset, rid) "
        "SELECT count(*) FROM gone",
        [resting, bulk, limit, FORCED, ERASED, ERASED],
    )
    taken = int(cursor.fetchone()[0])
    if taken:
        cursor.execute("ANALYZE sync_taken")
    return taken


def _find_changes(cursor: CursorWrapper, kind: RecordKind, me: SyncSelf) -> None:
    """Compare the present rows of the taken records with their last version; keep what differs."""
    shape = Shape(kind)
    letter = me.node_code[-1]
    moves = travels(flow=kind.flow.value, scope=kind.scope.value, tier_letter=letter)
    if moves:
        _begin_streams(cursor, kind, me)
    cursor.execute(
        f"""
        WITH seen AS MATERIALIZED (
            SELECT t.rid, t.forced, t.erased, r.rid IS NOT NULL AS lives, {shape.audience("r")} AS audience,
                   CASE WHEN r.rid IS NULL THEN '' ELSE {shape.text("r")} END AS txt
            FROM sync_taken t LEFT JOIN {shape.table} r ON r.rid = t.rid AND r.origin_code = %s
            WHERE t.dataset = %s
        ), hashed AS MATERIALIZED (
            SELECT rid, forced, erased, lives, audience,
                   sha256(convert_to(txt, 'UTF8')) AS sha, octet_length(txt) AS size
            FROM seen
        )
        INSERT INTO sync_changed
        SELECT %s, h.rid, CASE WHEN h.lives THEN 'U' WHEN h.erased OR v.op = 'X' THEN 'X' ELSE 'D' END,
               h.sha, h.size, %s, COALESCE(v.rev, 0) + 1, s.id
        FROM hashed h LEFT JOIN sync_record v ON v.rid = h.rid
        LEFT JOIN sync_stream s ON %s AND s.producer_code = %s AND s.flow = %s AND s.scope = %s AND s.lane = %s
            AND s.audience = h.audience
        WHERE (v.rid IS NULL AND h.lives)
           OR (v.owner_code = %s AND (h.forced OR v.content_sha <> h.sha OR (v.op <> 'U') = h.lives))
        """,
        [
            *(me.node_code, kind.dataset, kind.dataset, me.epoch, moves, me.node_code),
            *(kind.flow.value, kind.scope.value, kind.lane.value, me.node_code),
        ],
    )


def _begin_streams(cursor: CursorWrapper, kind: RecordKind, me: SyncSelf) -> None:
    """See that the streams of a kind are there: one, or one for each node that a taken record is for.

    Records for one node each are withdrawn, never deleted: of a deleted one nobody could say whose it was.
    """
    shape = Shape(kind)
    if not kind.addressed_by:
        streams.own_stream(kind, me)
        return
    cursor.execute(
        f"SELECT DISTINCT {shape.audience('r')} FROM sync_taken t JOIN {shape.table} r ON r.rid = t.rid "
        "AND r.origin_code = %s WHERE t.dataset = %s",
        [me.node_code, kind.dataset],
    )
    for (audience,) in cursor.fetchall():
        streams.own_stream(kind, me, audience)


def _number(cursor: CursorWrapper) -> None:
    """Give each changed record the next number of its stream, and write its version down.

    What is deleted comes first: its number may be given to a record that was made since.
    """
    cursor.execute(
        """
        INSERT INTO sync_numbered
        SELECT c.dataset, c.rid, c.op, c.content_sha, c.rec_epoch, c.rev, c.stream_id,
               s.seq + row_number() OVER w, (sum(c.size) OVER w - c.size) / %s
        FROM sync_changed c LEFT JOIN sync_stream s ON s.id = c.stream_id
        WINDOW w AS (PARTITION BY c.stream_id ORDER BY c.dataset, c.op, c.rid)
        """,
        [settings.SYNC_BATCH_BYTES],
    )
    cursor.execute(
        """
        INSERT INTO sync_record (rid, dataset, owner_code, rec_epoch, rev, op, content_sha, seq, at)
        SELECT n.rid, n.dataset, (SELECT node_code FROM sync_self), n.rec_epoch, n.rev, n.op, n.content_sha,
               COALESCE(n.seq, 0), statement_timestamp()
        FROM sync_numbered n
        ON CONFLICT (rid) DO UPDATE SET rec_epoch = excluded.rec_epoch, rev = excluded.rev, op = excluded.op,
            content_sha = excluded.content_sha, seq = excluded.seq, at = excluded.at
        """
    )
    cursor.execute(
        "INSERT INTO sync_inbox (stream_id, epoch_no, seq, rid, state, batch_id, rec_epoch, rev, content_sha) "
        "SELECT n.stream_id, s.epoch_no, n.seq, n.rid, %s, 0, n.rec_epoch, n.rev, n.content_sha "
        "FROM sync_numbered n JOIN sync_stream s ON s.id = n.stream_id",
        [OWN],
    )


def mark_all_again(dataset: str) -> int:
    """Mark every record of a dataset that this node owns, deleted ones too, to be sent again. Returns how many."""
    marked = mark_all(dataset, forced=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sync_dirty (dataset, rid, op, marked_at) SELECT %s, rid, %s, clock_timestamp() "
            "FROM sync_record WHERE dataset = %s AND op <> 'U' AND owner_code = (SELECT node_code FROM sync_self)",
            [dataset, FORCED, dataset],
        )
        return marked + cursor.rowcount


def mark_all(dataset: str, *, forced: bool = False) -> int:
    """Mark every record of a dataset that this node owns, as after a first load. Returns how many."""
    shape = Shape(registry.get(dataset))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sync_dirty (dataset, rid, op, marked_at) "
            f"SELECT %s, r.rid, %s, clock_timestamp() FROM {shape.table} r "
            "WHERE r.origin_code = (SELECT node_code FROM sync_self)",
            [dataset, FORCED if forced else "U"],
        )
        return cursor.rowcount
