"""Several nodes in one process: a database each, the calls between them carried in memory; backups are database copies.

``with node.here():`` makes this process the node: its database, its settings, its keys. A backup is a copy of the
database (CREATE DATABASE … TEMPLATE), a restore the copy of the backup; both take a tenth of a second.
"""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import RequestFactory
from django.urls import resolve

from cityops.foundation.context import become, current_actor
from cityops.foundation.records import registry
from sync.exchange.models import Conflict, DirtyMark, EchoItem, Key, Link, Parked, RecordVersion, Stream
from sync.exchange.rules.places import is_under
from sync.exchange.services import keys, running
from sync.exchange.services.client import PeerUnreachable
from sync.exchange.services.nodes import init_node
from sync.exchange.services.slices import Slice
from sync.exchange.services.streams import key_of

CITY, PROVINCE, NATION = "330100000000-C", "330000000000-P", "000000000000-N"
TIERS = {"C": "municipal", "P": "provincial", "N": "national"}
NAMES = ("CITYOPS_TIER", "CITYOPS_REGION", "CITYOPS_NODE", "CITYOPS_BASE_URL")
VERSION = ("rid", "rec_epoch", "rev", "content_sha", "owner_code", "dataset")
_numbers = itertools.count(1)


def administer(statement: str) -> None:
    """Run a statement on the server, outside every database of a node."""
    facts = {**connection.get_connection_params(), "dbname": "postgres", "autocommit": True}
    facts = {
        name: value
        for name, value in facts.items()
        if name in {"dbname", "user", "password", "host", "port", "autocommit"}
    }
    with psycopg.connect(**facts) as server:
        server.execute(statement)


def copy(source: str, target: str) -> None:
    """Make a database as a copy of another that nobody uses."""
    administer(f'DROP DATABASE IF EXISTS "{target}" WITH (FORCE)')
    administer(f'CREATE DATABASE "{target}" TEMPLATE "{source}" STRATEGY FILE_COPY')


def travels_to(key: str, node: str) -> bool:
    """Whether a stream, by its key, is for a node of this world."""
    producer, flow, scope, *_rest = key.split("/")
    if flow == "down":
        return scope != "C" and is_under(node, producer)
    return is_under(producer, node) and (scope == "N" or (scope == "P" and node.endswith("-P")))


@dataclass
class Node:
    """One node: its code and its database."""

    code: str
    database: str
    world: "World"
    backups: list[str] = field(default_factory=list)
    wrapper: BaseDatabaseWrapper | None = None

    @contextmanager
    def here(self) -> Iterator[None]:
        """Be this node."""
        outer, before, actor = (
            connections["default"],
            {name: getattr(settings, name) for name in NAMES},
            current_actor(),
        )
        if self.wrapper is None:
            self.wrapper = connections.create_connection("default")
            self.wrapper.settings_dict = {**self.wrapper.settings_dict, "NAME": self.database}
        connections["default"] = self.wrapper
        values = (TIERS[self.code[-1]], self.code[:12], self.code, f"http://{self.code}")
        for name, value in zip(NAMES, values, strict=True):
            setattr(settings, name, value)
        try:
            yield
        finally:
            connections["default"] = outer
            become(actor)
            for name, value in before.items():
                setattr(settings, name, value)

    def close(self) -> None:
        """Leave the database, as a server that is shut down."""
        if self.wrapper is not None:
            self.wrapper.close()
            self.wrapper = None

    def back_up(self) -> int:
        """Copy the database. Returns the number of the backup."""
        self.close()
        self.backups.append(f"{self.database}_{len(self.backups)}")
        copy(self.database, self.backups[-1])
        return len(self.backups) - 1

    def restore(self, number: int = -1) -> None:
        """Put a backup in the place of the database."""
        self.close()
        copy(self.backups[number], self.database)

    def talk(self, times: int = 1) -> Slice:
        """Run slices of the exchange."""
        with self.here():
            for _time in range(times):
                Link.objects.update(retry_at=None)
                done = running.run_slice(20, transport=self.world.transport)
        return done

    def ask(self, function: Callable[..., Any], *values: Any) -> Any:
        """Call something at this node."""
        with self.here():
            return function(*values)


class Loop:
    """Carries calls to a node of the same process; it can be cut."""

    def __init__(self, world: "World", address: str) -> None:
        self.world, self.address = world, address

    def post(self, path: str, body: bytes, headers: dict[str, str], method: str = "POST") -> tuple[Any, bytes]:
        """One call, and its answer; ``world.before`` may look at it, hold it or fail it."""
        node = self.world.nodes[self.address.rsplit("//", 1)[1]]
        name = path.rsplit("/", 1)[1]
        if self.world.before is not None:
            self.world.before(node, name, body)
        if node.code in self.world.away:
            raise PeerUnreachable(f"{node.code} is away.")
        with node.here():
            request = RequestFactory().generic(
                method,
                path,
                body,
                content_type=headers["Content-Type"],
                headers={k: v for k, v in headers.items() if k != "Content-Type"},
            )
            found = resolve(path)
            answer = found.func(request, **found.kwargs)
        return SimpleNamespace(status=answer.status_code, headers=answer.headers), bytes(answer.content)

    def close(self) -> None:
        """Nothing to close."""


class World:
    """Nation, province and city, joined."""

    def __init__(self, template: str) -> None:
        self.nodes: dict[str, Node] = {}
        self.away: set[str] = set()
        self.before: Callable[[Node, str, bytes], None] | None = None
        number = next(_numbers)
        for code in (NATION, PROVINCE, CITY):
            self.nodes[code] = Node(code, f"{template}_{number}_{code[:4]}{code[-1]}", self)
            copy(template, self.nodes[code].database)
        public: dict[str, dict[str, str]] = {}
        for code, node in self.nodes.items():
            with node.here():
                init_node()
                key = keys.own_key()
                public[code] = {"kid": key.kid, "suite": key.suite, "public_key": key.public_key}
        for child, parent in ((PROVINCE, NATION), (CITY, PROVINCE)):
            self._join(child, parent, public)

    def _join(self, child: str, parent: str, public: dict[str, dict[str, str]]) -> None:
        for one, peer, role in ((child, parent, "parent"), (parent, child, "child")):
            with self.nodes[one].here():
                Key.objects.create(node_code=peer, state="active", **public[peer])
                address = f"http://{parent}" if role == "parent" else ""
                Link.objects.create(peer_code=peer, role=role, state="live", base_url=address)

    def transport(self, address: str) -> Loop:
        """What carries calls to an address."""
        return Loop(self, address)

    def settle(self, rounds: int = 12) -> None:
        """Let all talk until nothing travels any more, then see that the invariants hold."""
        self.nodes[NATION].talk()
        for _round in range(rounds):
            done = [self.nodes[code].talk() for code in (CITY, PROVINCE)]
            if not any(one.error for one in done) and not self.waiting():
                self.check()
                return
            if self.nodes[NATION].ask(DirtyMark.objects.exists):
                self.nodes[NATION].talk()
        raise AssertionError(f"It does not settle: {[one.error for one in done]}, {self.waiting()}")

    def waiting(self) -> list[str]:
        """Streams that are not where their producer is, and what else is on its way."""
        found: list[str] = []
        places: dict[str, dict[str, tuple[int, str]]] = {code: {} for code in self.nodes}
        for code, node in self.nodes.items():
            with node.here():
                found += [f"{code}: mark of {one.dataset}" for one in DirtyMark.objects.all()[:1]]
                found += [f"{code}: echo of {one.rid}" for one in EchoItem.objects.filter(taken_at=None)]
                for one in Stream.objects.all():
                    places[code][key_of(one)] = (one.seq, bytes(one.chain).hex())
                    found += [f"{code}: {one} {one.state}"] if one.state != "live" else []
        for code, streams in places.items():
            for key, place in streams.items():
                if key.startswith(code):
                    others = [other for other in self.nodes if other != code and travels_to(key, other)]
                    found += [
                        f"{key} at {other}" for other in others if places[other].get(key, (0, "")) != place and place[0]
                    ]
        return found

    def check(self) -> None:
        """I6: all hold the same of each owner. I10: a version has one content, or stands in a list of conflicts."""
        contents: dict[tuple[str, int, int], str] = {}
        listed: set[tuple[str, int, int]] = set()
        seen = {}
        for code, node in self.nodes.items():
            with node.here():
                for one in Conflict.objects.all():
                    listed |= {(str(one.rid), side["rec_epoch"], side["rev"]) for side in (one.kept, one.other)}
                held = RecordVersion.objects.exclude(seq=0).values_list(
                    "rid", "rec_epoch", "rev", "content_sha", "owner_code", "dataset"
                )
                seen[code] = {str(row[0]): row for row in held}
        for code, rows in seen.items():
            for rid, (_rid, rec_epoch, rev, sha, owner, dataset) in rows.items():
                kind = registry.get(dataset)
                key = f"{owner}/{kind.flow}/{kind.scope}/"
                for other in self.nodes:
                    if owner == code and other != code and travels_to(key, other):
                        assert seen[other].get(rid) == rows[rid], (
                            f"{dataset} of {owner} at {other}: {self.why(other, rid)}"
                        )
                version = (rid, rec_epoch, rev)
                assert version in listed or contents.setdefault(version, sha) == sha

    def why(self, code: str, rid: str) -> list[str]:
        """What a node says of a record that it should hold."""
        with self.nodes[code].here():
            reasons = [str(one.reasons) for one in Parked.objects.filter(rid=rid)]
            return [*reasons, *map(str, RecordVersion.objects.filter(rid=rid).values())]

    def end(self) -> None:
        """Drop every database of this world."""
        for node in self.nodes.values():
            node.close()
            for name in (node.database, *node.backups):
                administer(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
