"""Nodes in one process: each a database of its own; the process is one node after the other.

A node is entered by ``with node.active():``; inside, Django's connection, the settings and the cache are those of the
node. Calls between nodes go through ``wire``: the real client writes HTTP, the real views answer it, each inside
its own node.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from django.apps import apps
from django.conf import settings
from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache
from django.db import connections
from django.db.utils import load_backend

from cityops.foundation.context import SYSTEM, become
from cityops.foundation.records import registry

NATION, PROVINCE, CITY_A, CITY_B = "000000000000-N", "330000000000-P", "330100000000-C", "330200000000-C"
TIERS = {"N": "national", "P": "provincial", "C": "municipal"}
PARENT = {PROVINCE: NATION, CITY_A: PROVINCE, CITY_B: PROVINCE}
FIRST_PORT = 9001


class Killed(BaseException):
    """The process of a node ends at once, as by SIGKILL: nothing after this point happens, its connections break."""


@dataclass(frozen=True)
class Snapshot:
    """A backup of one node: the rows of what the exchange touches, and where the sequences stood."""

    rows: dict[str, list[bytes]]
    sequences: list[tuple[str, int | None]]
    memory: Any = None
    """What the checker knew of the node then."""


def plain(database: str, *, autocommit: bool = True) -> psycopg.Connection[Any]:
    """A connection past Django to a database of the tests' server."""
    given = settings.DATABASES["default"]
    keys = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
    words = {key: given[name] for key, name in keys.items() if given.get(name)}
    return psycopg.connect(dbname=database, autocommit=autocommit, **words)


def copy_database(source: str, target: str) -> None:
    """Make a database as a copy of another one, to which nobody may be connected."""
    with plain("postgres") as server:
        server.execute(f'DROP DATABASE IF EXISTS "{target}" WITH (FORCE)')
        server.execute(f'CREATE DATABASE "{target}" TEMPLATE "{source}" STRATEGY FILE_COPY')


def drop_database(name: str) -> None:
    """Throw a database away."""
    with plain("postgres") as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def touched_tables() -> list[str]:
    """Tables that a run changes: those of the exchange, of every record kind with its children, and the audit trail."""
    models = {
        *apps.get_app_config("exchange").get_models(),
        *(kind.model for kind in registry),
        *(child.model for kind in registry for child in kind.children),
        apps.get_model("foundation", "AuditEvent"),
    }
    return sorted({model._meta.db_table for model in models})


@dataclass
class Node:
    """One node: who it is, its database, and the doors to it."""

    code: str
    database: str
    folder: Path
    port: int
    name: str = ""
    is_up: bool = True
    starts: int = 0
    memory: Any = None
    _wrapper: Any = None
    _writer: Any = None
    _raw: psycopg.Connection[Any] | None = None
    cache: LocMemCache = field(init=False)

    def __post_init__(self) -> None:
        self.name = self.name or self.code
        self.cache = LocMemCache(f"chaos-{self.database}", {})

    @property
    def base_url(self) -> str:
        """Where its children find it."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def parent(self) -> str:
        """The node above; '' for the nation."""
        return PARENT.get(self.code, "")

    def _connect(self) -> Any:
        given = dict(settings.DATABASES["default"])
        shipped = connections.settings["default"]
        return load_backend(given["ENGINE"]).DatabaseWrapper({**shipped, **given, "NAME": self.database}, "default")

    @contextmanager
    def active(self, *, second: bool = False) -> Iterator[None]:
        """Be this node; ``second`` uses another connection to its database, as another process of it would."""
        if second:
            self._writer = self._writer or self._connect()
        else:
            self._wrapper = self._wrapper or self._connect()
        before = connections["default"], caches["default"]
        names = ("CITYOPS_TIER", "CITYOPS_REGION", "CITYOPS_NODE", "CITYOPS_NAME", "CITYOPS_BASE_URL")
        old = {name: getattr(settings, name) for name in (*names, "CITYOPS_KEY_DIR")}
        connections["default"] = self._writer if second else self._wrapper
        caches["default"] = self.cache
        here = (TIERS[self.code[-1]], self.code[:12], self.code, self.name, self.base_url)
        self._set({**dict(zip(names, here, strict=True)), "CITYOPS_KEY_DIR": self.folder / "keys"})
        become(SYSTEM)
        try:
            yield
        finally:
            connections["default"], caches["default"] = before
            self._set(old)

    @staticmethod
    def _set(values: dict[str, Any]) -> None:
        for name, value in values.items():
            setattr(settings, name, value)

    @property
    def raw(self) -> psycopg.Connection[Any]:
        """A look past Django, always in autocommit."""
        if self._raw is None or self._raw.closed:
            self._raw = plain(self.database)
        return self._raw

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """What a query finds."""
        return self.raw.execute(query, parameters or None).fetchall()

    def crash(self) -> None:
        """The processes of the node are gone: what was not committed is undone, their locks are free.

        The connections themselves are used again, since a new one costs as much as a slice.
        """
        for name in ("_wrapper", "_writer"):
            wrapper = getattr(self, name)
            if wrapper is None or wrapper.connection is None:
                continue
            try:
                wrapper.connection.rollback()
                wrapper.connection.execute("SELECT pg_advisory_unlock_all()")
                wrapper.connection.rollback()
                wrapper.connection.autocommit = True
                wrapper.autocommit, wrapper.in_atomic_block, wrapper.needs_rollback = True, False, False
                wrapper.savepoint_ids, wrapper.atomic_blocks, wrapper.run_on_commit = [], [], []
                wrapper.closed_in_transaction = wrapper.rollback_exc = False
            except psycopg.Error:
                with suppress(psycopg.Error):
                    wrapper.connection.close()
                setattr(self, name, None)
        self.cache.clear()

    def close(self) -> None:
        """Let go of the database."""
        for wrapper in (self._wrapper, self._writer):
            if wrapper is not None and wrapper.connection is not None:
                wrapper.connection.close()
        self._wrapper = self._writer = None
        if self._raw is not None:
            self._raw.close()
            self._raw = None

    # --- backup and restore

    def backup(self) -> Snapshot:
        """A consistent copy of what is committed now."""
        columns = {table: self._columns(table) for table in touched_tables()}
        with self.raw.transaction(), self.raw.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            rows = {}
            for table, listed in columns.items():
                with cursor.copy(f'COPY (SELECT {listed} FROM "{table}") TO STDOUT') as copy:
                    rows[table] = [bytes(line) for line in copy]
            cursor.execute("SELECT schemaname || '.' || quote_ident(sequencename), last_value FROM pg_sequences")
            return Snapshot(rows, cursor.fetchall(), self.memory)

    def restore(self, snapshot: Snapshot) -> None:
        """Put the database back to a backup; whoever was connected is cut off."""
        self.crash()
        columns = {table: self._columns(table) for table in snapshot.rows}
        with self.raw.transaction(), self.raw.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute("; ".join(f'DELETE FROM "{table}"' for table in snapshot.rows))
            for table, lines in snapshot.rows.items():
                if lines:
                    with cursor.copy(f'COPY "{table}" ({columns[table]}) FROM STDIN') as copy:
                        copy.write(b"".join(lines))
            moved = [
                f"SELECT setval('{name}', {value or 1}, {'true' if value else 'false'})"
                for name, value in snapshot.sequences
            ]
            cursor.execute("; ".join(moved))
            cursor.execute("UPDATE sync_self SET server_facts = 'as it was restored'")
        self.memory = snapshot.memory

    def _columns(self, table: str) -> str:
        if table not in _COLUMNS:
            _COLUMNS[table] = ", ".join(
                row[0]
                for row in self.rows(
                    "SELECT quote_ident(column_name) FROM information_schema.columns WHERE table_schema = 'public' "
                    "AND table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position",
                    table,
                )
            )
        return _COLUMNS[table]


_COLUMNS: dict[str, str] = {}


def start(node: Node) -> None:
    """What a start of the node's processes does before they work."""
    from sync.exchange.services.nodes import init_node

    node.starts += 1
    with node.active():
        init_node()


def fresh_name(prefix: str) -> str:
    """A name for a database that nobody has."""
    return f"{prefix}_{uuid.uuid4().hex[:10]}"
