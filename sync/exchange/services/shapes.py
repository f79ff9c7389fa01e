"""SQL of one record kind: the columns that travel, the digest of a record, its staging table.

The digest is SHA-256 over PostgreSQL's own text form of the travelling columns and of the child rows in order. Both
ends compute it from the rows themselves, under the settings of ``steady_text``, so it tells what is really there.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import connection, models
from django.db.backends.utils import CursorWrapper

from cityops.foundation.records import ChildRows, RecordKind
from sync.exchange.rules.envelope import Section
from sync.exchange.rules.masking import masked_sql

FRAME = ("seq", "rid", "rec_epoch", "rev", "op", "content_sha")
"""What stands before a record's own columns on every line."""
FRAME_TYPES = "NULL::bigint AS seq, NULL::uuid AS rid, NULL::int AS rec_epoch, NULL::bigint AS rev, NULL::text AS op, "
NO_TEXT: frozenset[str] = frozenset()


def quoted(name: str) -> str:
    """A quoted SQL identifier."""
    return connection.ops.quote_name(name)


def steady_text(cursor: CursorWrapper) -> None:
    """Make this transaction print values the same way at every node."""
    cursor.execute(
        "SELECT set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO, YMD', true), "
        "set_config('IntervalStyle', 'postgres', true), set_config('extra_float_digits', '1', true), "
        "set_config('bytea_output', 'hex', true)"
    )


@dataclass(frozen=True)
class Shape:
    """A record kind seen from the database."""

    kind: RecordKind

    @property
    def table(self) -> str:
        """The quoted table."""
        return quoted(self.kind.table)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns that travel, in the order of the wire."""
        meta = self.kind.model._meta
        return tuple(str(getattr(meta.get_field(name), "column", name)) for name in self.kind.fields.values())

    @property
    def wire_columns(self) -> tuple[str, ...]:
        """Names on the wire: the frame, then the dataset's fields."""
        return (*FRAME, *self.kind.fields)

    def of(self, section: Section) -> "Shape | None":
        """The shape by which a section is read: that of its version; None where this node does not know it."""
        try:
            found = Shape(self.kind.as_of(section.version))
        except KeyError:
            return None
        return found if found.reads(section) else None

    def reads(self, section: Section) -> bool:
        """Whether a section has the version, the columns and the child rows that this node knows."""
        children = tuple((child.name, self.child_columns(child)) for child in self.kind.children)
        return (
            section.version == self.kind.schema_version
            and section.columns == self.wire_columns
            and tuple((block.name, block.columns) for block in section.children) == children
        )

    @property
    def stage(self) -> str:
        """Name of the staging table of records; each version has other columns."""
        return f"sync_stage_{self.kind.dataset.lower()}_{self.kind.schema_version}"

    def child_stage(self, child: ChildRows) -> str:
        """Name of the staging table of child rows."""
        return f"{self.stage}_{child.name}"

    def child_columns(self, child: ChildRows) -> tuple[str, ...]:
        """Columns of child rows on the wire: the record they belong to, then their own."""
        return (child.parent, *child.fields)

    def listed(self, alias: str = "", columns: tuple[str, ...] = ()) -> str:
        """The travelling columns (or the given ones) for a SELECT or column list."""
        before = f"{alias}." if alias else ""
        return ", ".join(f"{before}{quoted(column)}" for column in columns or self.columns)

    def sent(self, alias: str, *, is_masked: bool = False) -> str:
        """The travelling columns as they leave: free text without the numbers of persons."""
        return _as_sent(alias, self.columns, NO_TEXT if is_masked else self.kind.free_text)

    def audience(self, alias: str) -> str:
        """SQL of the node that a record is for; '' where the kind is for all."""
        column = self.kind.addressed_by
        return f"COALESCE({alias}.{quoted(column)} ->> 0, '')" if column else "''"

    def child_sent(
        self, alias: str, child: ChildRows, columns: tuple[str, ...] = (), *, is_masked: bool = False
    ) -> str:
        """The same for child rows."""
        return _as_sent(alias, columns or self.child_columns(child), NO_TEXT if is_masked else child.free_text)

    def text(self, alias: str, *, is_masked: bool = False) -> str:
        """SQL of the record's text form as it leaves, child rows included.

        ``is_masked``: another node's record, which came masked and is looked at as it is.
        """
        parts = [f"ROW({self.sent(alias, is_masked=is_masked)})::text"]
        for child in self.kind.children:
            listed = self.child_sent("c", child, child.fields, is_masked=is_masked)
            rows = f"SELECT string_agg(ROW({listed})::text, ',' ORDER BY c.{quoted(child.order)})"
            table = quoted(child.model._meta.db_table)
            parts.append(f"COALESCE(({rows} FROM {table} c WHERE c.{quoted(child.parent)} = {alias}.rid), '')")
        return " || ".join(parts)

    def digest(self, alias: str, *, is_masked: bool = False) -> str:
        """SQL of the record's digest, 32 bytes."""
        return f"sha256(convert_to({self.text(alias, is_masked=is_masked)}, 'UTF8'))"

    def create_stages(self, cursor: CursorWrapper) -> None:
        """Make the staging tables of this connection; empty at the end of every transaction."""
        listed = self.listed()
        cursor.execute(
            f"CREATE TEMP TABLE IF NOT EXISTS {self.stage} ON COMMIT DELETE ROWS AS "
            f"SELECT {FRAME_TYPES} NULL::text AS content_sha, {listed} FROM {self.table} WITH NO DATA"
        )
        for child in self.kind.children:
            table = quoted(child.model._meta.db_table)
            cursor.execute(
                f"CREATE TEMP TABLE IF NOT EXISTS {self.child_stage(child)} ON COMMIT DELETE ROWS AS "
                f"SELECT {self.listed('', self.child_columns(child))} FROM {table} WITH NO DATA"
            )

    @cached_property
    def defaults(self) -> dict[str, Any]:
        """Values for columns that do not travel and may not be empty, when a replica is first written."""
        travelling = {*self.columns, "rid", "origin_code"}
        return _defaults(self.kind.model, travelling)

    def child_defaults(self, child: ChildRows) -> dict[str, Any]:
        """The same for child rows."""
        return _defaults(child.model, {*self.child_columns(child), "origin_code", str(child.model._meta.pk.column)})


def _as_sent(alias: str, columns: tuple[str, ...], free_text: frozenset[str]) -> str:
    names = {column: f"{alias}.{quoted(column)}" for column in columns}
    return ", ".join(masked_sql(name) if column in free_text else name for column, name in names.items())


def _defaults(model: type[models.Model], known: set[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        if field.column in known or field.null or getattr(field, "generated", False):
            continue
        found[str(field.column)] = field.get_db_prep_save(field.get_default(), connection)
    return found
