"""A world of nodes under faults: the acts of a run, the truth about what was committed, and how it comes to rest.

Every act is a tuple of plain values, so that a schedule can be printed, read again and shortened. The truth is kept
here, apart from the product: which word was committed over which.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from django.db import OperationalError, connection, transaction

from cityops.foundation.failpoints import arm, disarm
from sync.exchange.services import parking, running, sequencing
from tests.chaos import checking, kinds, resting, truth, watching
from tests.chaos.joining import work
from tests.chaos.nodes import CITY_A, CITY_B, NATION, PARENT, PROVINCE, Killed, Node, Snapshot, start
from tests.chaos.truth import Key, Memory, Truth
from tests.chaos.wire import Fault, Network, killed

Act = tuple[Any, ...]
ROUNDS = 40
"""Rounds of all nodes within which everything must be at rest."""
SHORT = {NATION: "N", PROVINCE: "P", CITY_A: "A", CITY_B: "B"}
LONG_TOP_DOWN = tuple(SHORT)
LONG = {short: code for code, short in SHORT.items()}


class Unsettled(AssertionError):
    """The nodes did not come to rest, or an invariant is broken."""


@dataclass
class World:
    """Nodes, network, and the truth."""

    network: Network
    codes: tuple[str, ...]
    truth: Truth = field(default_factory=Truth)
    memory: dict[str, Memory] = field(default_factory=dict)
    backups: dict[str, list[Snapshot]] = field(default_factory=dict)
    opened: dict[str, tuple[Key, str] | None] = field(default_factory=dict)
    watch: watching.Watch = field(default_factory=watching.Watch)
    counts: dict[str, int] = field(default_factory=dict)
    number: int = 0
    restored: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for code in self.codes:
            self.memory[code] = Memory()
            self.nodes[code].memory = None
        for code, node in self.nodes.items():
            node.is_up = code in self.codes

    @property
    def nodes(self) -> dict[str, Node]:
        """The nodes by code."""
        return self.network.nodes

    def count(self, what: str) -> None:
        """One more of something."""
        self.counts[what] = self.counts.get(what, 0) + 1

    def play(self, schedule: Iterable[Act], told: Callable[[int, Act, str], None] | None = None) -> None:
        """Do one act after the other; look at every node after each."""
        for number, act in enumerate(schedule):
            self.number += 1
            outcome = getattr(self, f"do_{act[0]}")(*act[1:])
            self.count(act[0])
            if told is not None:
                told(number, act, str(outcome if outcome is not None else "ok"))
            self.watch.look(self)

    # --- what users do

    def word(self, letter: str = "w") -> str:
        """A word that was never used."""
        return f"{letter}{self.number}"

    def _commit(self, key: Key, word: str, *, poison: bool = False, over: str | None = None) -> None:
        memory = self.memory[key[1]]
        before = memory.now.get(key, "") if over is None else over
        self.truth.commit(memory, key, word, before, poison=poison)

    def _over(self, key: Key) -> str:
        """What a write of a record replaces: what stands there now, or the deletion that took it away."""
        held = self.held(key[1], key)
        known = self.memory[key[1]].now.get(key, "")
        return held if held else (known if known.startswith("x") else "")

    def held(self, code: str, key: Key) -> str:
        """The word that a node holds of a record; '' where it holds none."""
        kind = kinds.KINDS[key[0]]
        query = f'SELECT "{kind.word}" FROM "{kind.model._meta.db_table}" WHERE rid = %s'
        rows = self.nodes[code].rows(query, kinds.rid_of(*key))
        return rows[0][0] if rows else ""

    def do_write(self, kind: str, node: str, key: str) -> None:
        """Somebody changes a record, and is told that it is saved."""
        self._write((kind, LONG[node], key))

    def do_poison(self, node: str, key: str) -> None:
        """An organisation that stands above itself: its owner may keep it so, others park it."""
        number = kinds.KINDS["organisation"].fields(LONG[node], key, "")["org_code"]
        self._write(("organisation", LONG[node], key), poison=True, parent_code=number)

    def _write(self, key: Key, *, poison: bool = False, **more: str) -> None:
        word, over = self.word(), self._over(key)
        with self.nodes[key[1]].active():
            kinds.put(*key, word, **more)
        self._commit(key, word, poison=poison, over=over)

    def do_delete(self, kind: str, node: str, key: str) -> str:
        """Somebody deletes a record."""
        name, code = (kind, LONG[node], key), LONG[node]
        over = self._over(name)
        with self.nodes[code].active():
            gone = kinds.take_away(kind, code, key)
        if gone:
            self._commit(name, self.word("x"), over=over)
        return "deleted" if gone else "was not there"

    def do_open(self, node: str) -> str:
        """Somebody writes in a transaction that stays open; nothing is saved yet."""
        code = LONG[node]
        if self.opened.get(code):
            return "open already"
        key, word = ("organisation", code, f"long{self.number}"), self.word()
        with self.nodes[code].active(second=True):
            connection.ensure_connection()
            transaction.set_autocommit(False)
            kinds.put(*key, word)
        self.opened[code] = key, word
        return "open"

    def do_close(self, node: str, keep: bool) -> str:
        """The long transaction ends: committed or rolled back."""
        code = LONG[node]
        held = self.opened.pop(code, None)
        if held is None:
            return "nothing open"
        with self.nodes[code].active(second=True):
            (transaction.commit if keep else transaction.rollback)()
            transaction.set_autocommit(True)
        if keep:
            self._commit(*held)
        return "committed" if keep else "rolled back"

    # --- what the exchange does, and what it meets

    def do_slice(self, node: str, *faults: tuple[str, str, float]) -> str:
        """A slice of the exchange; the faults befall its messages, one after the other."""
        self.network.faults = [Fault(kind, at, call=call) for kind, call, at in faults]
        try:
            return self._slice(LONG[node])
        finally:
            self.network.faults = []

    def _slice(self, code: str) -> str:
        if not self.nodes[code].is_up:
            return "down"
        try:
            done = work(self.nodes[code])
        except Killed:
            self._died(code)
            return "killed"
        return done.error or f"{done.marks} marks, {done.records_sent} sent, {done.records_pulled} pulled"

    def _died(self, code: str) -> None:
        held = self.opened.pop(code, None)
        self.nodes[code].crash()
        self.count("killed")
        del held  # its transaction was not committed: nobody was told that it is saved

    def do_kill(self, node: str, point: str, number: int) -> str:
        """The worker of a node dies when it passes a point for the ``number``-th time."""
        arm(point, number, killed)
        try:
            return self._slice(LONG[node])
        finally:
            disarm()

    def do_kill_parent(self, node: str, point: str, call: str) -> str:
        """The web process of the parent dies while it answers a call."""
        self.network.faults = [Fault("kill", point=point, call=call)]
        try:
            return self._slice(LONG[node])
        finally:
            self.network.faults = []

    def do_sequence(self, node: str) -> str:
        """The sequencer alone."""
        with self.nodes[LONG[node]].active():
            return f"{sequencing.sequence()} marks"

    def do_steal(self, node: str) -> str:
        """A second sender of the same node works in the middle of the first one's push: its lock was stolen."""
        code, told = LONG[node], []

        def second(message: Any) -> None:
            if message.call != "push" or told:
                return
            told.append(message)
            lock, running.SEND_LOCK = running.SEND_LOCK, running.SEND_LOCK + 7
            try:
                with self.nodes[code].active(second=True):
                    running.run_slice(60)
            finally:
                running.SEND_LOCK = lock

        if self.opened.get(code):
            return "its second connection is busy"
        self.network.on_message = second
        try:
            return self._slice(code)
        finally:
            self.network.on_message = None

    def do_write_between(self, node: str, point: str) -> str:
        """Somebody's change is committed while the sequencer works; a second sequencer tries its luck as well."""
        code = LONG[node]
        if self.opened.get(code):
            return "its second connection is busy"
        key, word = ("organisation", code, "between"), self.word()
        over = self._over(key)

        def between() -> None:
            with self.nodes[code].active(second=True):
                kinds.put(*key, word)
                if sequencing.sequence():
                    raise Unsettled("I4: two sequencers worked at once")
            self._commit(key, word, over=over)
            self.count("between")

        arm(point, 1, between)
        try:
            return self._slice(code)
        finally:
            disarm()

    def do_release(self, which: int) -> str:
        """A request that was held on its way arrives after all."""
        return "arrived" if self.network.release(which) else "nothing held"

    def do_replay(self, which: int, times: int = 1) -> str:
        """An earlier request arrives again, byte for byte."""
        return "arrived" if {True} == {self.network.replay(which) for _time in range(times)} else "nothing captured"

    def do_down(self, node: str) -> None:
        """All processes of a node stop."""
        self.nodes[LONG[node]].is_up = False

    def do_up(self, node: str) -> None:
        """They start again."""
        code = LONG[node]
        if not self.nodes[code].is_up:
            self.nodes[code].is_up = True
            start(self.nodes[code])

    def do_freeze(self, node: str) -> None:
        """Somebody at the parent suspends the link to a child."""
        code = LONG[node]
        self.nodes[PARENT[code]].raw.execute(
            "UPDATE sync_link SET state = 'frozen', frozen_reason = 'HELD: chaos' WHERE peer_code = %s", [code]
        )

    def do_thaw(self, node: str) -> None:
        """Somebody lets it work again."""
        self._thaw(PARENT[LONG[node]], LONG[node])

    def _thaw(self, code: str, peer: str) -> None:
        self.nodes[code].raw.execute(
            "UPDATE sync_link SET state = 'live', frozen_reason = '', retry_at = NULL "
            "WHERE peer_code = %s AND state = 'frozen'",
            [peer],
        )

    def do_retry_parked(self, node: str) -> str:
        """Parked records are tried again."""
        with self.nodes[LONG[node]].active():
            return str(parking.retry_waiting())

    # --- backups

    def do_backup(self, node: str) -> str:
        """A backup of a node."""
        code = LONG[node]
        self.nodes[code].memory = self.memory[code].copy()
        kept = self.backups.setdefault(code, [])
        kept.append(self.nodes[code].backup())
        return f"backup {len(kept)}"

    def do_restore(self, node: str, which: int) -> str:
        """A node is put back to one of its backups; it may have been any of them, and it starts anew."""
        code = LONG[node]
        kept = self.backups.get(code)
        if not kept:
            return "no backup"
        self.opened.pop(code, None)
        chosen = kept[which % len(kept)]
        self.nodes[code].restore(chosen)
        self.memory[code] = chosen.memory.copy()
        self.restored.add(code)
        self.truth.survive(self.alive())
        self.watch.forget(code)
        self.nodes[code].is_up = True
        start(self.nodes[code])
        return f"backup {which % len(kept) + 1} of {len(kept)}"

    def alive(self) -> set[str]:
        """Every word that exists on any disk now."""
        found = {word for memory in self.memory.values() for word in memory.now.values() if word.startswith("x")}
        for code in self.codes:
            node = self.nodes[code]
            found |= {word for _owner, word in checking.words_of(node).values()}
            found |= truth.in_conflicts(node) | truth.in_parked(node)
        return found

    # --- coming to rest

    def heal(self) -> None:
        """The faults end: everything runs, held messages arrive, a person thaws what was frozen."""
        self.network.faults, self.network.on_message = [], None
        disarm()
        for code in self.codes:
            self.do_close(SHORT[code], keep=True)
            self.do_up(SHORT[code])
        while self.network.release():
            self.count("late")
        for code in self.codes:
            frozen = self.nodes[code].rows("SELECT peer_code, frozen_reason FROM sync_link WHERE state = 'frozen'")
            for peer, reason in frozen:
                self.count(f"thawed {reason.split(':')[0]}")
                self._thaw(code, peer)

    def settle(self) -> int:
        """Let all nodes work until nothing moves. Returns the rounds it took. Raises Unsettled."""
        errors: list[str] = []
        for number in range(ROUNDS):
            moving = resting.unrest(self)
            if not moving and not errors:
                return number
            errors = [error for code in reversed(self.codes_top_down) if (error := self._turn(code))]
            for code in self.codes:
                if self.nodes[code].rows("SELECT 1 FROM sync_parked WHERE state = 'P' LIMIT 1"):
                    with self.nodes[code].active():
                        parking.retry_waiting()
            self.watch.look(self)
        raise Unsettled(f"I15: not at rest after {ROUNDS} rounds: {errors} {moving}")

    def _turn(self, code: str) -> str:
        """A node's share of a round. Returns the error that it met; '' for none."""
        if PARENT.get(code) in self.codes:
            return work(self.nodes[code]).error
        with self.nodes[code].active():
            while sequencing.sequence():
                pass
        return ""

    @property
    def codes_top_down(self) -> list[str]:
        """The nodes, the nation first."""
        return [code for code in LONG_TOP_DOWN if code in self.codes]

    def reconcile(self) -> None:
        """Compare every link's two ends by the product's own digests. Raises Unsettled where they stay different."""
        for code in self.codes:
            if PARENT.get(code) not in self.codes:
                continue
            with self.nodes[code].active():
                found = running.reconcile()
            wrong = [
                f"{one.owner_code}/{one.dataset} {one.result} {one.examples}" for one in found if one.result != "equal"
            ]
            if wrong and not any(truth.in_parked(self.nodes[one]) for one in self.codes):
                raise Unsettled(f"I6: {code} and its parent differ: {wrong}")

    def finish(self, *, compares: bool = True) -> int:
        """Heal, come to rest, compare, and check every invariant. Returns the rounds it took.

        ``compares``: by the product's own digests, too.
        """
        self.heal()
        rounds = self.settle()
        if compares:
            self.reconcile()
            rounds += self.settle()
        checking.check(self, compares=compares)
        return rounds

    def conflicts(self) -> int:
        """Versions that are kept for a person's decision."""
        return sum(self.nodes[code].rows("SELECT count(*) FROM sync_conflict")[0][0] for code in self.codes)

    def close(self) -> None:
        """Leave nothing open."""
        for code in self.codes:
            with suppress(OperationalError):
                self.nodes[code].crash()
