"""Pieces of SQL that the checks are built of: names from the registry of records, values always as parameters."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


class RuleFault(ValueError):
    """A quality rule names a dataset, a field or a check that is not there, or lacks a parameter."""


@dataclass(frozen=True)
class Children:
    """Rows inside a record (steps, photos): their table and the column with the record."""

    table: str
    parent: str
    columns: frozenset[str]


@dataclass(frozen=True)
class Source:
    """One dataset as it lies in the database."""

    dataset: str
    table: str
    columns: Mapping[str, str]
    """Field of the dataset → quoted column."""
    labels: Mapping[str, str]
    """Field → its Chinese name."""
    key: tuple[str, ...]
    """Fields that people know a record by."""
    children: Mapping[str, Children] = field(default_factory=dict)
    text: frozenset[str] = frozenset()
    """Fields where empty text means no value."""

    def column(self, name: str, alias: str = "t") -> str:
        """A field's column. Raises RuleFault."""
        if name not in self.columns:
            raise RuleFault(f"{self.dataset} has no field {name}.")
        return f"{alias}.{self.columns[name]}"

    def child(self, name: str) -> Children:
        """Rows inside. Raises RuleFault."""
        if name not in self.children:
            raise RuleFault(f"{self.dataset} has no rows {name}.")
        return self.children[name]


Lookup = Callable[[str], Source]
"""Gives the source of a dataset; raises RuleFault for one that is not registered."""


@dataclass
class Writer:
    """Gathers the parameters of one statement."""

    params: dict[str, Any] = field(default_factory=dict)

    def put(self, value: Any, kind: str = "") -> str:
        """A value as a parameter, with a cast where its kind must be told."""
        name = f"p{len(self.params)}"
        self.params[name] = value
        return f"%({name})s{f'::{kind}' if kind else ''}"

    def given(self, source: Source, name: str, alias: str = "t") -> str:
        """SQL that is true where a field has a value."""
        column = source.column(name, alias)
        return f"({column} IS NOT NULL AND {column} <> '')" if name in source.text else f"{column} IS NOT NULL"

    def when(self, source: Source, conditions: Mapping[str, Any], alias: str = "t") -> str:
        """SQL of ``{field: [values]}``, ``{field: "set"}`` or ``{field: "empty"}``, all of which must hold."""
        parts = []
        for name, wanted in conditions.items():
            if wanted == "set":
                parts.append(self.given(source, name, alias))
            elif wanted == "empty":
                parts.append(f"NOT {self.given(source, name, alias)}")
            else:
                values = [str(value) for value in wanted]
                parts.append(f"{source.column(name, alias)}::text = ANY({self.put(values, 'text[]')})")
        return " AND ".join(parts) or "true"

    def say(self, source: Source, names: Iterable[str], alias: str = "t") -> str:
        """SQL of what the fields hold, for people."""
        parts = []
        for name in names:
            label = self.put(f"{source.labels.get(name, name)} ", "text")
            parts.append(f"concat({label}, coalesce({source.column(name, alias)}::text, '—'))")
        return f"concat_ws('，', {', '.join(parts)})"


@dataclass(frozen=True)
class Statement:
    """A question for what is broken: rows of ``owner, rid, subject, record_key, detail``."""

    sql: str
    params: Mapping[str, Any]
    by_record: bool
    """True where each record is judged by itself, so that only changed ones need be looked at again."""


def key_of(source: Source, alias: str = "t") -> str:
    """SQL of what people know a record by."""
    named = [name for name in source.key if name in source.columns]
    columns = ", ".join(f"{source.column(name, alias)}::text" for name in named)
    return f"left(concat_ws(' ', {columns}), 64)" if columns else f"{alias}.rid::text"


def rows(source: Source, writer: Writer, broken: str, detail: str, *, more: str = "") -> Statement:
    """The records for which ``broken`` holds."""
    sql = (
        f"SELECT t.origin_code AS owner, t.rid, t.rid::text AS subject, {key_of(source)} AS record_key, "
        f"left({detail}, 300) AS detail FROM {source.table} t {more} "
        f"WHERE t.origin_code = ANY(%(owners)s::text[]) AND {{scope}} AND ({broken})"
    )
    return Statement(sql, writer.params, by_record=True)


def groups(writer: Writer, sql: str) -> Statement:
    """Findings about several records together."""
    return Statement(sql, writer.params, by_record=False)
