"""Merging lines of NDJSON into a table as this node's own records, as a set."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.conf import settings
from django.contrib.gis.db.models import GeometryField
from django.db import connection, models
from django.db.backends.utils import CursorWrapper

from sync.exchange.services.applying import REFUSED_BY_DATABASE, delete_gone, told, upsert
from sync.exchange.services.chunks import Patience, Target
from sync.exchange.services.clashes import park_taken, vacate
from sync.exchange.services.decoding import Fault
from sync.exchange.services.judging import VERDICTS, judge_own
from sync.exchange.services.shapes import Shape, quoted

__all__ = ["REFUSED_BY_DATABASE", "Merge", "Merged", "merge", "told"]
STAGE = "CREATE TEMP TABLE IF NOT EXISTS sync_lines (seq bigint, doc text) ON COMMIT DELETE ROWS"
GOOD = "NOT EXISTS (SELECT FROM sync_verdict v WHERE v.seq = s.seq)"
SRID = 4490


@dataclass(frozen=True)
class Merge:
    """Where lines go, and whose they may be."""

    shape: Shape
    scope_prefix: str
    patience: Patience = field(default_factory=Patience)

    @cached_property
    def target(self) -> Target:
        """The same for the rules that records from peers pass."""
        return Target(self.shape, settings.CITYOPS_NODE, 0, 0, 0)


@dataclass(frozen=True)
class Merged:
    """The lines that were refused, with their faults, and those that were here already."""

    refused: dict[int, list[Fault]] = field(default_factory=dict)
    unchanged: set[int] = field(default_factory=set)


def merge(
    cursor: CursorWrapper, into: Merge, lines: Sequence[tuple[int, bytes]], *, finds_clashes: bool = False
) -> Merged:
    """Stage the lines, judge them, write what is good. Raises what the database refuses."""
    _stage(cursor, into, lines)
    _set_aside_old(cursor, into)
    judge_own(cursor, into.target, into.scope_prefix)
    if finds_clashes:
        park_taken(cursor, into.target)
        vacate(cursor, into.target)
    cursor.execute("SELECT EXISTS (SELECT FROM sync_verdict)")
    good = GOOD if cursor.fetchone()[0] else "true"
    delete_gone(cursor, into.target, good)
    upsert(cursor, into.target, good)
    cursor.execute(
        f"INSERT INTO sync_pushed (rid, rev, line_sha) SELECT s.rid, s.rev, sha256(convert_to(d.doc, 'UTF8')) "
        f"FROM {into.shape.stage} s JOIN sync_lines d USING (seq) WHERE {good} "
        "ON CONFLICT (rid) DO UPDATE SET rev = excluded.rev, line_sha = excluded.line_sha"
    )
    return _merged(cursor) if good != "true" else Merged()


def _stage(cursor: CursorWrapper, into: Merge, lines: Sequence[tuple[int, bytes]]) -> None:
    shape = into.shape
    shape.create_stages(cursor)
    cursor.execute(VERDICTS)
    cursor.execute(STAGE)
    for table in (shape.stage, "sync_verdict", "sync_lines"):
        cursor.execute(f"DELETE FROM {table}")
    text = b"".join(
        b"%d\t%b\n" % (number, line.replace(b"\\", b"\\\\").replace(b"\t", b" ").replace(b"\r", b" "))
        for number, line in lines
    )
    with cursor.copy("COPY sync_lines FROM STDIN") as copy:
        copy.write(text)
    typed, values = _columns(shape)
    cursor.execute(
        f"INSERT INTO {shape.stage} (seq, rid, rec_epoch, rev, op, content_sha, {shape.listed()}) "
        f"SELECT d.seq, x.rid, 0, x.rev, COALESCE(x.op, 'U'), '', {values} FROM sync_lines d, "
        f"json_to_record(d.doc::json) AS x(rid uuid, rev bigint, op text, {typed})"
    )


def _columns(shape: Shape) -> tuple[str, str]:
    """SQL of the fields as a line has them, and of the columns made from them."""
    typed, values = [], []
    for name, attribute in shape.kind.fields.items():
        found: Any = shape.kind.model._meta.get_field(attribute)
        given = f"x.{quoted(name)}"
        if isinstance(found, GeometryField):
            typed.append(f"{quoted(name)} json")
            values.append(f"ST_SetSRID(ST_GeomFromGeoJSON({given}), {SRID})")
            continue
        typed.append(f"{quoted(name)} {_type_of(found)}")
        is_text = isinstance(found, models.CharField | models.TextField)
        values.append(f"COALESCE({given}, '')" if is_text and not found.null else given)
    return ", ".join(typed), ", ".join(values)


def _type_of(found: Any) -> str:
    kind: str = found.rel_db_type(connection) if found.is_relation else found.db_type(connection)
    return kind.split(" GENERATED", maxsplit=1)[0]


def _set_aside_old(cursor: CursorWrapper, into: Merge) -> None:
    """What came before, by identifier and version: the same again is nothing new, another content is a fault."""
    cursor.execute(
        f"""
        INSERT INTO sync_verdict (seq, state, reasons)
        SELECT s.seq, CASE WHEN s.rev = p.rev AND p.line_sha = sha256(convert_to(d.doc, 'UTF8')) THEN 'S' ELSE 'P' END,
               CASE WHEN s.rev = p.rev THEN %s::jsonb ELSE %s::jsonb END
        FROM {into.shape.stage} s JOIN sync_pushed p ON p.rid = s.rid JOIN sync_lines d ON d.seq = s.seq
        WHERE s.rev <= p.rev
        """,
        [_reason("rev_reused", "This rev came with another content. Give a changed record a higher rev."),
         _reason("rev_old", "A higher rev of this record is here already.")],
    )  # fmt: skip
    cursor.execute(
        f"INSERT INTO sync_verdict (seq, state, reasons) SELECT seq, 'P', %s::jsonb FROM (SELECT s.seq, "
        f"row_number() OVER (PARTITION BY s.rid ORDER BY s.rev DESC, s.seq) AS place FROM {into.shape.stage} s) o "
        "WHERE place > 1 ON CONFLICT DO NOTHING",
        [_reason("repeated", "The record stands in this request twice: the highest rev was taken.")],
    )


def _reason(code: str, remedy: str) -> str:
    return json.dumps([{"code": code, "detail": "rev", "remedy": remedy}])


def _merged(cursor: CursorWrapper) -> Merged:
    cursor.execute("SELECT seq, state, reasons FROM sync_verdict")
    refused: dict[int, list[Fault]] = {}
    unchanged: set[int] = set()
    for seq, state, reasons in cursor.fetchall():
        if state == "S":
            unchanged.add(seq)
        else:
            known = json.loads(reasons) if isinstance(reasons, str) else reasons
            refused[seq] = [_as_fault(one) for one in known]
    return Merged(refused, unchanged)


def _as_fault(reason: dict[str, str]) -> Fault:
    """A reason as the rules give it ("GL01.case_no: length"), as the fault of a field."""
    named = reason["detail"].partition(": ")[0].partition(".")[2]
    is_field = bool(named) and " " not in named
    field_name = named if is_field else ("rev" if reason["detail"] == "rev" else "-")
    remedy = reason["remedy"] or reason["detail"]
    return {"field": field_name, "code": reason["code"], "remedy": remedy}
