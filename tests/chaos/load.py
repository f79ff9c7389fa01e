"""The load of level iii: users of the cities who write, change, delete, hold transactions open."""

import json
import random
import threading
import time
from pathlib import Path
from typing import Any

import psycopg

from tests.chaos import kinds
from tests.chaos.nodes import Node, plain
from tests.chaos.truth import Key
from tests.chaos.world import World

DELETED, POISONED, HELD, ROLLED_BACK = 0.10, 0.02, 0.05, 0.05
INSERT = (
    "INSERT INTO accounts_organisation (rid, origin_code, org_code, name, short_name, org_type, division_code, "
    "parent_code, industry, duty_scope, contact, phone, status) VALUES (%(rid)s, %(owner)s, %(code)s, %(name)s, '', "
    "'05', %(division)s, %(parent)s, '', '', %(contact)s, %(phone)s, '1') ON CONFLICT (rid) DO UPDATE SET "
    "name = excluded.name, parent_code = excluded.parent_code"
)
CONTACT, PHONE, IDENTITY = "欧阳测试人", "13987654321", "330102198502021236"
"""Seeded into columns that never travel: found at an upper node, they are a breach."""


class Users(threading.Thread):
    """Those of one city. What they were told goes to the truth, and to a history of one JSON line each."""

    def __init__(self, world: World, node: Node, seed: int, folder: Path, *, rate: float, keys: int) -> None:
        super().__init__(daemon=True)
        self.world, self.node, self.rate, self.keys = world, node, rate, keys
        self.chance = random.Random(seed)
        self.history = folder / f"history-{node.code}.jsonl"
        self.gate = threading.Lock()
        """Held by whoever restores this node: nobody writes meanwhile."""
        self.done = threading.Event()
        self.written = self.failed = 0

    def run(self) -> None:
        """Write until told to stop."""
        with self.history.open("a") as file:
            while not self.done.is_set():
                with self.gate:
                    self._one(file)
                time.sleep(self.chance.expovariate(self.rate))

    def _one(self, file: Any) -> None:
        key: Key = ("organisation", self.node.code, str(self.chance.randrange(self.keys)))
        draw = self.chance.random()
        with NUMBERS:
            self.world.number += 1
            word = f"{'x' if draw < DELETED else 'w'}{self.world.number}"
        said = {"key": key[2], "word": word}
        file.write(json.dumps({"type": "invoke", "at": time.time(), **said}) + "\n")
        try:
            outcome = self._write(key, word, draw)
        except psycopg.Error as error:
            outcome = f"info {type(error).__name__}"
            self.failed += 1
        file.write(json.dumps({"type": outcome, "at": time.time(), **said}) + "\n")

    def _write(self, key: Key, word: str, draw: float) -> str:
        poison = DELETED <= draw < DELETED + POISONED
        with plain(self.node.database, autocommit=False) as connection:
            rid = kinds.rid_of(*key)
            row = connection.execute(
                "SELECT name FROM accounts_organisation WHERE rid = %s FOR UPDATE", [rid]
            ).fetchone()
            known = self.world.memory[key[1]].now.get(key, "")
            over = row[0] if row else (known if known.startswith("x") else "")
            if word.startswith("x"):
                if row is None:
                    return "fail"
                connection.execute("DELETE FROM accounts_organisation WHERE rid = %s", [rid])
            else:
                connection.execute(INSERT, self._values(key, word, poison=poison))
            if self.chance.random() < HELD:
                time.sleep(self.chance.uniform(0, 2))
            if self.chance.random() < ROLLED_BACK:
                connection.rollback()
                return "fail"
            connection.commit()
        with NUMBERS:
            self.world.truth.commit(self.world.memory[key[1]], key, word, over, poison=poison)
        self.written += 1
        return "ok"

    def _values(self, key: Key, word: str, *, poison: bool) -> dict[str, Any]:
        fields = kinds.KINDS["organisation"].fields(key[1], key[2], word)
        return {
            "rid": kinds.rid_of(*key),
            "owner": key[1],
            "code": fields["org_code"],
            "name": word,
            "division": fields["division_code"],
            "parent": fields["org_code"] if poison else "",
            "contact": CONTACT,
            "phone": PHONE,
        }


NUMBERS = threading.Lock()
"""One writer of the truth at a time."""
