"""Exchanged records 交换记录: the base class, and the registry that apps fill from their ``records.py``.

A record has one owner for life: the node named in ``origin_code``. Only the owner changes it; every other tier
holds a read-only replica in the same table. ``sync`` reads the registry and moves the records of every app
without importing one.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Flow(StrEnum):
    """Which way a dataset travels 流向."""

    UP = "up"
    DOWN = "down"


class Scope(StrEnum):
    """Who may see a record 可见范围: the city only, up to its province, up to the nation."""

    CITY = "C"
    PROVINCE = "P"
    NATION = "N"


class Lane(StrEnum):
    """Independent streams, so that bulk never holds up what is urgent 通道."""

    URGENT = "urgent"
    NORMAL = "normal"
    BULK = "bulk"


def local_node() -> str:
    """Code of this node; the default owner of what is created here."""
    return str(settings.CITYOPS_NODE)


class ExchangedRecord(models.Model):
    """A row that travels between tiers under a dataset of the data standard."""

    rid = models.UUIDField(_("记录标识"), primary_key=True, default=uuid.uuid4, editable=False)
    origin_code = models.CharField(_("归属节点"), max_length=14, default=local_node, editable=False)

    class Meta:
        abstract = True

    @property
    def is_replica(self) -> bool:
        """True where another node owns the record, so that it is read-only here."""
        return self.origin_code != local_node()


@dataclass(frozen=True)
class Blobs:
    """Small pictures that belong to child rows and travel after their record, by the hash of their content 附件."""

    rows: Callable[[], "models.QuerySet[Any]"]
    """Child rows of this node's records that have a picture."""
    read: Callable[[Any], bytes | None]
    """The small picture of a row; None where there is none."""
    keep: Callable[[uuid.UUID, str, bytes], bool]
    """At a receiver: tie a picture (key of the row, hash, content) to its row; False while the row is not there."""


@dataclass(frozen=True)
class ChildRows:
    """Rows that belong to a record and travel inside it (the steps of a case); append-only, joined by ``parent``."""

    name: str
    model: type[models.Model]
    parent: str
    fields: tuple[str, ...]
    order: str
    """Column that orders and, with the parent, identifies a child."""
    dataset: str = ""
    """Dataset whose definition the children follow, as far as they have its fields; empty for none."""
    dataset_fields: Mapping[str, str] = field(default_factory=dict)
    """Fields of that dataset, and the columns that hold them."""
    checks: tuple[tuple[str, str, str], ...] = ()
    """Further rules, as (column, SQL that is true when broken, remedy), run on the staging table."""
    free_text: frozenset[str] = frozenset()
    """Columns in which people write what they like: numbers of persons in them are masked on the way out."""


@dataclass(frozen=True)
class OlderSchema:
    """What an earlier version of a kind had: some of its fields, and some of its child rows."""

    fields: tuple[str, ...]
    children: tuple[str, ...] = ()


@dataclass(frozen=True)
class Need:
    """What a record needs to be there before it is applied 前置记录: it waits, and is applied when that arrives."""

    dataset: str
    column: str
    """Column of the record (not of the dataset) that names what it needs; empty text needs nothing."""
    their_column: str
    """Column of the needed dataset's table that holds the name."""


@dataclass(frozen=True)
class RecordKind:
    """How one model maps to one dataset 数据集.

    ``fields`` maps the dataset's field names to the model's column names; ``rid`` is always carried. A column that
    is not named here never leaves the node. ``local`` lists dataset fields that stay at the owner on purpose.
    """

    dataset: str
    model: type[ExchangedRecord]
    fields: Mapping[str, str]
    flow: Flow = Flow.UP
    scope: Scope = Scope.NATION
    lane: Lane = Lane.NORMAL
    children: tuple[ChildRows, ...] = ()
    local: tuple[str, ...] = ()
    division_field: str = "division_code"
    """Column that says which division a record belongs to; empty for datasets that belong to none."""
    schema_version: int = 1
    older: Mapping[int, OlderSchema] = field(default_factory=dict)
    """Earlier versions that are still sent to, and taken from, peers that have no newer one."""
    free_text: frozenset[str] = frozenset()
    """Columns in which people write what they like: numbers of persons in them are masked on the way out."""
    addressed_by: str = ""
    """JSON column with the codes of the one node that a record sent down is for; empty where it is for all below."""
    is_open: bool = True
    """Whether third parties may hand records of this kind in; not where they follow from others, or from the node."""
    needs: tuple[Need, ...] = ()
    """Records without which a record waits; only what travels to the same nodes as the record itself."""
    checks: tuple[tuple[str, str, str], ...] = field(default=())
    """Rules of the logic between fields, as (code, SQL that is true when broken, remedy), run on the staging table."""

    @property
    def versions(self) -> tuple[int, int]:
        """The lowest and the highest version that this node can read."""
        return min([*self.older, self.schema_version]), self.schema_version

    def as_of(self, version: int) -> "RecordKind":
        """The kind as it was in an earlier version. Raises KeyError for one that is not known."""
        if version == self.schema_version:
            return self
        older = self.older[version]
        return replace(
            self,
            fields={name: self.fields[name] for name in older.fields},
            children=tuple(child for child in self.children if child.name in older.children),
            schema_version=version,
            older={},
            checks=(),  # they may speak of columns that were not there
            needs=tuple(need for need in self.needs if need.column in {self.fields[name] for name in older.fields}),
        )

    @property
    def table(self) -> str:
        """Name of the database table."""
        return self.model._meta.db_table


class Registry:
    """The record kinds of all apps, by dataset code."""

    def __init__(self) -> None:
        self._kinds: dict[str, RecordKind] = {}

    def register(self, kind: RecordKind) -> RecordKind:
        """Add a kind; one model per dataset, one dataset per model."""
        if kind.dataset in self._kinds:
            raise ValueError(f"Dataset {kind.dataset} is registered twice.")
        self._kinds[kind.dataset] = kind
        return kind

    def get(self, dataset: str) -> RecordKind:
        """The kind of a dataset. Raises KeyError for a dataset nobody registered."""
        return self._kinds[dataset]

    def __contains__(self, dataset: object) -> bool:
        return dataset in self._kinds

    def __iter__(self) -> Iterator[RecordKind]:
        return iter(self._kinds[code] for code in sorted(self._kinds))


registry = Registry()
attachments: dict[tuple[str, str], Blobs] = {}
"""Attachments by dataset and name of the child rows, whose primary keys identify them; filled by the apps."""


def _mark(dataset: str, key: str, rows: str, op: str) -> str:
    """Body of a marking trigger: one mark per changed record that this node owns."""
    return (
        "INSERT INTO sync_dirty (dataset, rid, op, marked_at) "
        f"SELECT DISTINCT '{dataset}', r.{key}, '{op}', clock_timestamp() FROM {rows} AS r "
        "WHERE r.origin_code = (SELECT node_code FROM sync_self); RETURN NULL;"
    )


def mark_triggers(dataset: str) -> list[pgtrigger.Trigger]:
    """Statement-level triggers that append a mark to ``sync_dirty`` for each changed record of this node.

    Rows whose owner is another node (replicas) leave no mark. Marks are appended, never merged: a writer still in
    flight must leave its own mark.
    """
    operations = [
        ("insert", pgtrigger.Insert, pgtrigger.Referencing(new="new_rows"), "new_rows", "U"),
        ("update", pgtrigger.Update, pgtrigger.Referencing(new="new_rows"), "new_rows", "U"),
        ("delete", pgtrigger.Delete, pgtrigger.Referencing(old="old_rows"), "old_rows", "D"),
    ]
    return [
        pgtrigger.Trigger(
            name=f"sync_mark_{name}",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=operation,
            referencing=referencing,
            func=_mark(dataset, "rid", rows, op),
        )
        for name, operation, referencing, rows, op in operations
    ]


def mark_parent_trigger(dataset: str, *, parent: str) -> list[pgtrigger.Trigger]:
    """Triggers for child rows (which carry ``origin_code`` too): a child that comes, changes or goes marks its record.

    A child that changes its record marks both.
    """
    return _parent_triggers(dataset, lambda rows: f"SELECT DISTINCT {parent} AS rid, origin_code FROM {rows}")


def mark_through_triggers(dataset: str, *, parent: str, parent_table: str) -> list[pgtrigger.Trigger]:
    """The same for child rows without an ``origin_code`` of their own: their record says whose they are."""
    return _parent_triggers(
        dataset,
        lambda rows: (
            f"SELECT DISTINCT p.rid, p.origin_code FROM {rows} AS k JOIN {parent_table} AS p ON p.rid = k.{parent}"
        ),
    )


def _parent_triggers(dataset: str, named: Callable[[str], str]) -> list[pgtrigger.Trigger]:
    operations = [
        ("", pgtrigger.Insert, pgtrigger.Referencing(new="new_rows"), f"({named('new_rows')})"),
        (
            "_update",
            pgtrigger.Update,
            pgtrigger.Referencing(old="old_rows", new="new_rows"),
            f"({named('old_rows')} UNION {named('new_rows')})",
        ),
        ("_delete", pgtrigger.Delete, pgtrigger.Referencing(old="old_rows"), f"({named('old_rows')})"),
    ]
    return [
        pgtrigger.Trigger(
            name=f"sync_mark_parent{name}",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=operation,
            referencing=referencing,
            func=_mark(dataset, "rid", rows, "U"),
        )
        for name, operation, referencing, rows in operations
    ]


def append_only_triggers(*, parent: str, parent_table: str) -> list[pgtrigger.Trigger]:
    """Triggers that keep the child rows of this node's records as they were written; replicas follow their owner.

    They go only together with their record: whether it is gone is asked at the end of the transaction, because
    children are deleted first.
    """
    mine = "(SELECT node_code FROM sync_self)"
    refuse = "RAISE EXCEPTION 'Rows of % are append-only.', TG_TABLE_NAME;"
    return [
        pgtrigger.Trigger(
            name="append_only_update",
            level=pgtrigger.Row,
            when=pgtrigger.Before,
            operation=pgtrigger.Update,
            func=f"IF OLD.origin_code = {mine} OR NEW.origin_code = {mine} THEN {refuse} END IF; RETURN NEW;",
        ),
        pgtrigger.Trigger(
            name="append_only_delete",
            level=pgtrigger.Row,
            when=pgtrigger.After,
            operation=pgtrigger.Delete,
            timing=pgtrigger.Deferred,
            func=(
                f"IF OLD.origin_code = {mine} AND EXISTS (SELECT FROM {parent_table} WHERE rid = OLD.{parent}) "
                f"THEN {refuse} END IF; RETURN NULL;"
            ),
        ),
        pgtrigger.Trigger(
            name="append_only_truncate",
            level=pgtrigger.Statement,
            when=pgtrigger.Before,
            operation=pgtrigger.Truncate,
            func=refuse,
        ),
    ]
