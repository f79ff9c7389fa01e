"""Applying a section of a batch: COPY to a staging table, checks as one pass, one set-based upsert.

A record that fails is parked with its reasons and never holds up the rest.
"""

import json
import re
from dataclasses import replace
from typing import Any
from uuid import UUID

import psycopg
from django.db import DataError, IntegrityError, InternalError, OperationalError, ProgrammingError, transaction
from django.db.backends.utils import CursorWrapper

from cityops.foundation.records import ChildRows
from sync.exchange.rules.refusals import PeerRefused
from sync.exchange.services import aside
from sync.exchange.services.chunks import Chunk, Outcome, ParkedLine, Reason, Target
from sync.exchange.services.clashes import park_taken, vacate
from sync.exchange.services.judging import VERDICTS, judge
from sync.exchange.services.shapes import Shape, quoted
from sync.exchange.services.wiping import wipe_staged

REFUSED_BY_DATABASE = (
    *(DataError, IntegrityError, InternalError),
    *(psycopg.DataError, psycopg.IntegrityError, psycopg.InternalError, psycopg.errors.ProgramLimitExceeded),
    *(psycopg.errors.StatementTooComplex,),
)
"""Django does not translate what COPY raises, so both kinds are caught. PostGIS calls a broken geometry an internal
error; a value nested too deep exceeds a limit of the program."""
BEYOND_LIMITS = (psycopg.errors.ProgramLimitExceeded, psycopg.errors.StatementTooComplex)
QUOTED = re.compile(r'(: )".*"')
NOT_ALONE = Reason(
    "database",
    "The database refuses records of this batch, too many to look at one by one; this one stood among them.",
    "Records without a fault are applied by the next retry. Mend the others at their owner.",
)


def apply_chunk(cursor: CursorWrapper, target: Target, chunk: Chunk) -> Outcome:
    """Apply records; those that the database refuses are parked. Raises PeerRefused for a foreign record.

    A number taken twice is found for all records at once, a value that is none by halving; after so many of these the
    rest of what fails is parked together.
    """
    found = _try(cursor, target, chunk)
    if isinstance(found, IntegrityError):
        found = _try(cursor, target, chunk, finds_clashes=True)
    if isinstance(found, Outcome):
        return found
    if len(chunk.lines) == 1:
        target.patience.left -= 1
        return _park_all(cursor, target, chunk, Reason("database", told(found)))
    if target.patience.left <= 0:
        return _park_all(cursor, target, chunk, NOT_ALONE)
    outcome = Outcome()
    for half in chunk.halves():
        outcome.add(apply_chunk(cursor, target, half))
    return outcome


def told(error: Exception) -> str:
    """What the database says, without the value: receipts tell no one's words."""
    return QUOTED.sub(r"\1…", str(error).strip().splitlines()[0])[:300].replace("\x00", "")


def _try(cursor: CursorWrapper, target: Target, chunk: Chunk, *, finds_clashes: bool = False) -> Outcome | Exception:
    """Apply a chunk inside a savepoint; the error where the database refuses something in it."""
    try:
        with transaction.atomic():
            return _apply(cursor, target, chunk, finds_clashes=finds_clashes)
    except REFUSED_BY_DATABASE as error:
        return error
    except OperationalError as error:
        if isinstance(error.__cause__, BEYOND_LIMITS):
            return error
        raise
    except ProgrammingError as error:
        if isinstance(error.__cause__, psycopg.errors.CardinalityViolation):
            raise PeerRefused(
                "MALFORMED", f"{target.shape.kind.dataset}: a record, or a row of it, stands in a batch twice."
            ) from error
        raise


def _park_all(cursor: CursorWrapper, target: Target, chunk: Chunk, reason: Reason) -> Outcome:
    """Park the records of a chunk unseen."""
    parked = [
        _parked(target.shape, seq, _rid_of(seq, line), line=line, chunk=chunk, reasons=[reason.as_json()])
        for seq, line in enumerate(chunk.lines, chunk.first_seq)
    ]
    if not target.is_retry:
        place = (target.stream_id, target.epoch_no)
        aside.write_inbox(cursor, place, target.batch_id, "P", [(one.seq, one.rid, one.line) for one in parked])
    return Outcome(parked=parked)


def _rid_of(seq: int, line: bytes) -> UUID:
    try:
        return UUID(line.split(b"\t", 2)[1].decode())
    except (IndexError, ValueError) as error:
        raise PeerRefused("MALFORMED", f"Record {seq} has no identifier.") from error


def _parked(
    shape: Shape, seq: int, rid: UUID, *, line: bytes, chunk: Chunk, reasons: list[dict[str, str]]
) -> ParkedLine:
    blocks = chunk.blocks_of([line])
    children = {child.name: block for child, block in zip(shape.kind.children, blocks, strict=True)}
    return ParkedLine(seq, shape.kind.dataset, rid, line, children, reasons)


def _apply(cursor: CursorWrapper, target: Target, chunk: Chunk, *, finds_clashes: bool) -> Outcome:
    shape = target.shape
    _stage(cursor, target, chunk)
    judge(cursor, target)
    if finds_clashes:
        park_taken(cursor, target)
        vacate(cursor, target)
    cursor.execute("SELECT EXISTS (SELECT FROM sync_verdict)")
    judged = cursor.fetchone()[0]
    good = "NOT EXISTS (SELECT FROM sync_verdict v WHERE v.seq = s.seq)" if judged else "true"
    delete_gone(cursor, target, good)
    upsert(cursor, target, good)
    for child in shape.kind.children:
        _upsert_children(cursor, target, child, good)
    applied = _write_versions(cursor, target, good)
    settled, ended = (0, 0) if target.is_retry else _settle_replaced(cursor, target, good)
    if not target.is_retry:
        _write_inbox(cursor, target)
    superseded, parked = _collect(cursor, target, chunk) if judged else (0, [])
    erased = wipe_staged(cursor, target, good)
    return Outcome(applied, superseded, settled, ended, erased, parked)


def _stage(cursor: CursorWrapper, target: Target, chunk: Chunk) -> None:
    """Stream the lines into the staging tables and see that their numbers are the announced ones."""
    shape = target.shape
    shape.create_stages(cursor)
    cursor.execute(VERDICTS)
    cursor.execute(f"DELETE FROM {shape.stage}")
    cursor.execute("DELETE FROM sync_verdict")
    with cursor.copy(f"COPY {shape.stage} FROM STDIN") as copy:
        copy.write(b"".join(chunk.lines))
    for child, block in zip(shape.kind.children, chunk.blocks, strict=True):
        stage = shape.child_stage(child)
        cursor.execute(f"DELETE FROM {stage}")
        if block:
            with cursor.copy(f"COPY {stage} FROM STDIN") as copy:
                copy.write(block)
    cursor.execute(
        "SELECT count(DISTINCT seq), min(seq), max(seq), count(rid), bool_and(op IN ('U', 'D', 'X')) "
        f"FROM {shape.stage}"
    )
    last = chunk.first_seq + len(chunk.lines) - 1
    if cursor.fetchone() != (len(chunk.lines), chunk.first_seq, last, len(chunk.lines), True):
        raise PeerRefused("MALFORMED", f"The records are not numbered {chunk.first_seq} to {last}, each once.")


def upsert(cursor: CursorWrapper, target: Target, good: str) -> None:
    """Write the staged records that are good into the table of their kind."""
    shape = target.shape
    defaults: dict[str, Any] = shape.defaults
    extra = "".join(f", {quoted(column)}" for column in defaults)
    marks = ", %s" * len(defaults)
    changes = ", ".join(f"{quoted(column)} = excluded.{quoted(column)}" for column in shape.columns)
    cursor.execute(
        f"INSERT INTO {shape.table} AS t (rid, origin_code, {shape.listed()}{extra}) "
        f"SELECT s.rid, %s, {shape.listed('s')}{marks} FROM {shape.stage} s WHERE s.op = 'U' AND {good} "
        f"ON CONFLICT (rid) DO UPDATE SET {changes} WHERE t.origin_code = excluded.origin_code",
        [target.producer, *defaults.values()],
    )


def _upsert_children(cursor: CursorWrapper, target: Target, child: ChildRows, good: str) -> None:
    """Replace the child rows of the applied records; rows that are already there as they came are not touched."""
    shape = target.shape
    table, stage = quoted(child.model._meta.db_table), shape.child_stage(child)
    parent, order = quoted(child.parent), quoted(child.order)
    applied = f"SELECT s.rid FROM {shape.stage} s WHERE s.op = 'U' AND {good}"
    columns = shape.child_columns(child)
    defaults = shape.child_defaults(child)
    has_origin = any(f.column == "origin_code" for f in child.model._meta.concrete_fields)
    extra: dict[str, Any] = {**({"origin_code": target.producer} if has_origin else {}), **defaults}
    names = "".join(f", {quoted(column)}" for column in extra)
    marks = ", %s" * len(extra)
    own = [column for column in columns if column not in (child.parent, child.order)]
    changes = ", ".join(f"{quoted(column)} = excluded.{quoted(column)}" for column in own)
    cursor.execute(
        f"DELETE FROM {table} c USING {shape.stage} s WHERE c.{parent} = s.rid AND s.op = 'U' AND {good} "
        f"AND NOT EXISTS (SELECT FROM {stage} k WHERE k.{parent} = c.{parent} AND k.{order} = c.{order})"
    )
    cursor.execute(
        f"INSERT INTO {table} AS t ({shape.listed('', columns)}{names}) SELECT {shape.listed('k', columns)}{marks} "
        f"FROM {stage} k WHERE k.{parent} IN ({applied}) ON CONFLICT ({parent}, {order}) DO UPDATE SET {changes} "
        f"WHERE ({shape.listed('t', tuple(own))}) IS DISTINCT FROM ({shape.listed('excluded', tuple(own))})",
        list(extra.values()),
    )


def delete_gone(cursor: CursorWrapper, target: Target, good: str) -> None:
    """Take away the records that their owner deleted or erased, with their child rows."""
    shape = target.shape
    gone = f"SELECT s.rid FROM {shape.stage} s WHERE s.op IN ('D', 'X') AND {good}"
    cursor.execute(f"SELECT EXISTS ({gone})")
    if not cursor.fetchone()[0]:
        return
    for child in shape.kind.children:
        table = quoted(child.model._meta.db_table)
        cursor.execute(f"DELETE FROM {table} WHERE {quoted(child.parent)} IN ({gone})")
    cursor.execute(f"DELETE FROM {shape.table} WHERE origin_code = %s AND rid IN ({gone})", [target.producer])


def _write_versions(cursor: CursorWrapper, target: Target, good: str) -> int:
    """Note the version now held of each applied record. Returns how many."""
    shape = target.shape
    cursor.execute(
        "INSERT INTO sync_record (rid, dataset, owner_code, rec_epoch, rev, op, content_sha, seq, at) "
        "SELECT s.rid, %s, %s, s.rec_epoch, s.rev, s.op, decode(s.content_sha, 'hex'), s.seq, statement_timestamp() "
        f"FROM {shape.stage} s WHERE {good} ON CONFLICT (rid) DO UPDATE SET rec_epoch = excluded.rec_epoch, "
        "rev = excluded.rev, op = excluded.op, content_sha = excluded.content_sha, seq = excluded.seq, "
        "at = excluded.at",
        [shape.kind.dataset, target.producer],
    )
    return int(cursor.rowcount)


def _settle_replaced(cursor: CursorWrapper, target: Target, good: str) -> tuple[int, int]:
    """What did not go in and is replaced by a later version now is superseded.

    Returns how many of the present epoch were parked, and how many waited.
    """
    shape = target.shape
    cursor.execute(
        f"WITH old AS (SELECT p.id, p.state, p.stream_id, p.epoch_no, p.seq FROM sync_parked p "
        f"JOIN {shape.stage} s ON p.rid = s.rid WHERE p.state IN ('P', 'W') AND p.dataset = %s AND p.stream_id = %s "
        f"AND (p.epoch_no, p.seq) < (%s, s.seq) AND {good} FOR UPDATE OF p), "
        "done AS (UPDATE sync_parked p SET state = 'S', tried_at = statement_timestamp() "
        "FROM old WHERE p.id = old.id), "
        "seen AS (UPDATE sync_inbox i SET state = 'S' FROM old d "
        "WHERE i.stream_id = d.stream_id AND i.epoch_no = d.epoch_no AND i.seq = d.seq) "
        "SELECT count(*) FILTER (WHERE state = 'P'), count(*) FILTER (WHERE state = 'W') FROM old WHERE epoch_no = %s",
        [shape.kind.dataset, target.stream_id, target.epoch_no, target.epoch_no],
    )
    parked, waiting = cursor.fetchone()
    return int(parked), int(waiting)


def _write_inbox(cursor: CursorWrapper, target: Target) -> None:
    cursor.execute(
        "INSERT INTO sync_inbox (stream_id, epoch_no, seq, rid, state, batch_id, rec_epoch, rev, content_sha) "
        "SELECT %s, %s, s.seq, s.rid, COALESCE(v.state, 'A'), %s, s.rec_epoch, s.rev, decode(s.content_sha, 'hex') "
        f"FROM {target.shape.stage} s LEFT JOIN sync_verdict v ON v.seq = s.seq",
        [target.stream_id, target.epoch_no, target.batch_id],
    )


def _collect(cursor: CursorWrapper, target: Target, chunk: Chunk) -> tuple[int, list[ParkedLine]]:
    """What was not applied: the number of superseded records, and the parked ones with their lines."""
    cursor.execute("SELECT count(*) FROM sync_verdict WHERE state = 'S'")
    superseded = int(cursor.fetchone()[0])
    cursor.execute(
        "SELECT v.seq, s.rid, v.reasons, v.state, v.needs_dataset, v.needs_key "
        f"FROM sync_verdict v JOIN {target.shape.stage} s USING (seq) WHERE v.state IN ('P', 'W') ORDER BY v.seq"
    )
    parked = []
    for seq, rid, reasons, state, *needs in cursor.fetchall():
        known = json.loads(reasons) if isinstance(reasons, str) else reasons
        line = chunk.lines[seq - chunk.first_seq]
        found = _parked(target.shape, seq, rid, line=line, chunk=chunk, reasons=known)
        parked.append(replace(found, state=state, needs=(needs[0], needs[1])))
    return superseded, parked
