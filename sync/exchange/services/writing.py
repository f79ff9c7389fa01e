"""Writing versions of own records back into their tables: from COPY lines, set-wise, past the guards of own rows."""

from collections.abc import Sequence
from typing import Protocol

import psycopg
from django.conf import settings
from django.db import DataError, IntegrityError
from django.db.backends.utils import CursorWrapper

from cityops.foundation.records import ChildRows
from sync.exchange.rules.masking import masked_sql
from sync.exchange.services.shapes import Shape, quoted

REFUSED_BY_DATABASE = (DataError, IntegrityError, psycopg.DataError, psycopg.IntegrityError)
"""Django does not translate what COPY raises, so both kinds are caught."""


class Written(Protocol):
    """A version as COPY text."""

    @property
    def line(self) -> bytes:
        """The record's line."""

    @property
    def blocks(self) -> Sequence[bytes]:
        """Its child rows, by the kind's children."""


def write_own(cursor: CursorWrapper, shape: Shape, versions: Sequence[Written], *, replaces: bool = False) -> None:
    """Let own records be as the versions say. A text that left masked is not overwritten by its masked form.

    Child rows that the version lacks stay; with ``replaces`` they go, also those that are written once for all.
    """
    _stage(cursor, shape, versions)
    if replaces:
        _ignore(cursor, _guards(shape))
    gone = f"SELECT s.rid FROM {shape.stage} s WHERE s.op <> 'U'"
    for child in shape.kind.children:
        cursor.execute(f"DELETE FROM {_table(child)} WHERE {quoted(child.parent)} IN ({gone})")
    cursor.execute(f"DELETE FROM {shape.table} WHERE origin_code = %s AND rid IN ({gone})", [settings.CITYOPS_NODE])
    _upsert(cursor, shape)
    for child in shape.kind.children:
        _upsert_children(cursor, shape, child, replaces=replaces)
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    if replaces:
        _ignore(cursor, [])


def _guards(shape: Shape) -> list[str]:
    """The triggers that keep child rows as they were written; a person decided that these may be replaced."""
    return [
        trigger.get_pgid(child.model)
        for child in shape.kind.children
        for trigger in getattr(child.model._meta, "triggers", [])
        if trigger.name.startswith("append_only")
    ]


def _ignore(cursor: CursorWrapper, triggers: list[str]) -> None:
    """What ``pgtrigger.ignore`` does, without a second statement before each: these are prepared on the server."""
    cursor.execute("SELECT set_config('pgtrigger.ignore', %s, true)", ["{" + ",".join(triggers) + "}"])


def _table(child: ChildRows) -> str:
    return quoted(child.model._meta.db_table)


def _stage(cursor: CursorWrapper, shape: Shape, versions: Sequence[Written]) -> None:
    shape.create_stages(cursor)
    stages = [shape.stage, *(shape.child_stage(child) for child in shape.kind.children)]
    texts = [[one.line for one in versions]]
    texts += [[one.blocks[place] for one in versions] for place in range(len(shape.kind.children))]
    for stage, text in zip(stages, texts, strict=True):
        cursor.execute(f"DELETE FROM {stage}")
        with cursor.copy(f"COPY {stage} FROM STDIN") as copy:
            copy.write(b"".join(text))


def _upsert(cursor: CursorWrapper, shape: Shape) -> None:
    defaults = shape.defaults
    extra = "".join(f", {quoted(column)}" for column in defaults)
    changes = ", ".join(
        f"{quoted(column)} = {_unless_masked(column, column in shape.kind.free_text)}" for column in shape.columns
    )
    cursor.execute(
        f"INSERT INTO {shape.table} AS t (rid, origin_code, {shape.listed()}{extra}) "
        f"SELECT s.rid, %s, {shape.listed('s')}{', %s' * len(defaults)} FROM {shape.stage} s WHERE s.op = 'U' "
        f"ON CONFLICT (rid) DO UPDATE SET {changes} WHERE t.origin_code = excluded.origin_code",
        [settings.CITYOPS_NODE, *defaults.values()],
    )


def _unless_masked(column: str, is_free_text: bool) -> str:
    """SQL of the new value; of the present one where it is the same but for the numbers of persons."""
    own, new = f"t.{quoted(column)}", f"excluded.{quoted(column)}"
    return f"CASE WHEN {masked_sql(own)} = {new} THEN {own} ELSE {new} END" if is_free_text else new


def _upsert_children(cursor: CursorWrapper, shape: Shape, child: ChildRows, *, replaces: bool) -> None:
    table, stage = _table(child), shape.child_stage(child)
    parent, order = quoted(child.parent), quoted(child.order)
    columns, defaults = shape.child_columns(child), shape.child_defaults(child)
    has_origin = any(f.column == "origin_code" for f in child.model._meta.concrete_fields)
    extra = {**({"origin_code": settings.CITYOPS_NODE} if has_origin else {}), **defaults}
    own = tuple(column for column in columns if column not in (child.parent, child.order))
    changes = ", ".join(f"{quoted(column)} = {_unless_masked(column, column in child.free_text)}" for column in own)
    if replaces:
        cursor.execute(
            f"DELETE FROM {table} c USING {shape.stage} s WHERE c.{parent} = s.rid AND s.op = 'U' "
            f"AND NOT EXISTS (SELECT FROM {stage} k WHERE k.{parent} = c.{parent} AND k.{order} = c.{order})"
        )
    names = "".join(f", {quoted(column)}" for column in extra)
    cursor.execute(
        f"INSERT INTO {table} AS t ({shape.listed('', columns)}{names}) "
        f"SELECT {shape.listed('k', columns)}{', %s' * len(extra)} FROM {stage} k "
        f"WHERE k.{parent} IN (SELECT rid FROM {shape.stage} WHERE op = 'U') "
        f"ON CONFLICT ({parent}, {order}) DO UPDATE SET {changes} "
        f"WHERE ({shape.child_sent('t', child, own)}) IS DISTINCT FROM ({shape.listed('excluded', own)})",
        list(extra.values()),
    )
