"""The rules of recovery against the executable model of the design: same schedule, same state after each step."""

import importlib.util
import random
import sys
from types import ModuleType
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.exchange.rules import recovering as rules
from sync.exchange.rules.recovering import Act, Course, Standing, Version

LINKS = 2
SPACE = UUID(int=0)
link = st.integers(0, LINKS - 1)
number = st.integers(0, 99)
node = st.sampled_from(["o", *range(LINKS)])
ACTIONS = st.one_of(
    st.tuples(st.just("write"), st.sampled_from("abcde"), st.sampled_from(["up", "up", "up", "del"])),
    st.tuples(
        st.just("push"), link, st.integers(1, 4), st.sampled_from(["none", "lost_request", "crash_before_commit"])
    ),
    st.tuples(st.just("replay"), number),
    st.tuples(st.just("snapshot"), node),
    st.tuples(st.just("restore"), node, number),
    st.tuples(st.just("rec"), link, st.integers(1, 2)),
)


@pytest.fixture(scope="module")
def model(shared_data) -> ModuleType:
    """The executable model."""
    path = shared_data.parent / "design" / "sync-model" / "sync_model2.py"
    spec = importlib.util.spec_from_file_location("sync_model2", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    arguments, sys.argv = sys.argv, ["sync_model2"]
    try:
        spec.loader.exec_module(module)
    finally:
        sys.argv = arguments
    return module


def version(one: Any) -> Version | None:
    return None if one is None else Version(one.epoch, one.rev, "U", f"{one.op}{one.tok}")


def marks(history: set[Any], rid: str) -> set[rules.Mark]:
    return {(epoch, rev, tok) for known, epoch, rev, tok in history if known == rid}


def standing(epoch_no: int, epoch_id: str | None, seq: int, chain: str | None) -> Standing:
    return Standing(epoch_no, uuid5(SPACE, str(epoch_id)), seq, str(chain))


def owner_of(model: ModuleType, decided_by: Any) -> Any:  # noqa: C901 (a class as the model has it)
    """An owner of the model for which the product's rules decide."""

    class Owner(model.Owner):
        def begin(self, which: int, r: Any, eid: str) -> None:
            one = self.db["links"][which]
            epoch_no = decided_by.next_epoch(one["num"], r.db["known"])
            one.update(state="RECOVERING", num=epoch_no, eid=eid, todo=None)
            self.db["epoch"] = decided_by.next_epoch(self.db["epoch"], epoch_no, r.db["maxep"])
            r.fence(epoch_no, eid)

        def step(self, which: int, r: Any, n: int, eid: str) -> None:
            d, one = self.db, self.db["links"][which]
            if one["state"] != "RECOVERING":
                return
            head = standing(one["num"], one["eid"], 0, None)
            if not decided_by.fence_stands(head, standing(*r.hello())):
                self.begin(which, r, eid)
            if one["todo"] is None:
                one["todo"] = sorted(r.db["rec"])
            for rid in one["todo"][:n]:
                self.take(rid, r)
            one["todo"] = one["todo"][n:]
            if not one["todo"]:
                one.update(state="LIVE", todo=None, out=[], chain=[model.H(one["eid"])])
                for rid in sorted(d["rec"]):
                    self.emit(one, rid)

        def take(self, rid: str, r: Any) -> None:
            if rid in r.db["rec"]:
                self.merge(rid, r)

        def merge(self, rid: str, r: Any) -> None:
            d, theirs, ours = self.db, r.db["rec"][rid], self.db["rec"].get(rid)
            peer, local = version(theirs), version(ours)
            had = {(epoch, rev, tok) for epoch, rev, tok in marks(d["hist"], rid)}
            act = decided_by.merge(
                local,
                peer,
                in_local_history=(theirs.epoch, theirs.rev, theirs.tok) in had,
                local_in_peers_history=ours is not None
                and (ours.epoch, ours.rev, ours.tok) in marks(r.db["hist"], rid),
            )
            if act is Act.ADOPT:
                self.put(rid, theirs)
            elif act is Act.FORK:
                epoch, rev = decided_by.after_fork(local, peer, d["epoch"])
                anc = ours.anc | theirs.anc | {ours.tok, theirs.tok}
                d["conf"].append((rid, ours, theirs))
                self.put(rid, model.V(epoch, rev, ours.op, ours.tok + "+", anc))
            d["hist"].add((rid, theirs.epoch, theirs.rev, theirs.tok))

    return Owner()


def receiver_of(model: ModuleType, decided_by: Any) -> Any:
    """The same for a receiver."""

    class Receiver(model.Receiver):
        def fence(self, n: int, eid: str) -> None:
            if decided_by.may_fence(n, self.db["known"]):
                self.db.update(known=n, eid=eid, cursor=0, chain=model.H(eid))

    return Receiver()


def ruled(model: ModuleType, decided_by: Any = rules) -> Any:
    """A world of the model in which the product's rules decide."""

    class World(model.World):
        def __init__(self) -> None:
            super().__init__()
            self.o = owner_of(model, decided_by)
            self.r = {which: receiver_of(model, decided_by) for which in range(LINKS)}

        def contact(self, which: int) -> bool:
            one = self.o.db["links"][which]
            if one["state"] == "RECOVERING":
                return False
            chains = one["chain"]
            head = standing(one["num"], one["eid"], len(one["out"]), chains[-1])
            held = standing(*self.r[which].hello())
            if decided_by.course(head, held, lambda seq: chains[seq]) is Course.RECOVER:
                self.o.begin(which, self.r[which], f"e{next(self.e)}")
                return False
            return True

    return World()


def state(world: Any) -> Any:
    return world.o.db, {at: (r.inc, r.db) for at, r in world.r.items()}, world.expect


@settings(max_examples=80, deadline=None)
@given(log=st.lists(ACTIONS, max_size=60))
def test_the_rules_go_step_by_step_with_the_model_and_keep_its_invariants(model, log):
    theirs, ours = model.World(), ruled(model)
    for action in log:
        before = {at: dict(r.db["rec"]) for at, r in ours.r.items()}
        for world in (theirs, ours):
            getattr(world, action[0])(*action[1:])
        assert state(ours) == state(theirs), action
        if action[0] != "restore":  # I3: no record falls back but by a restore
            for at, r in ours.r.items():
                for rid, held in before[at].items():
                    assert (r.db["rec"][rid].epoch, r.db["rec"][rid].rev) >= (held.epoch, held.rev)
    ours.quiesce()
    ours.check()  # I1, I6, I11
    one_content_each(ours)


def one_content_each(world: Any) -> None:
    """I10: a version has one content in the whole system, or stands in the list of conflicts."""
    listed = {(rid, one.epoch, one.rev) for rid, *both in world.o.db["conf"] for one in both}
    seen: dict[Any, str] = {}
    for d in (world.o.db, *(r.db for r in world.r.values())):
        for rid, held in d["rec"].items():
            key = (rid, held.epoch, held.rev)
            assert key in listed or seen.setdefault(key, held.tok) == held.tok


class NoFork:
    """A broken build: a fork is taken for a version that is merely behind."""

    def __getattr__(self, name: str) -> Any:
        return getattr(rules, name)

    def merge(self, *values: Any, **facts: Any) -> Act:
        act = rules.merge(*values, **facts)
        return Act.KEEP if act is Act.FORK else act


class NoChain(NoFork):
    """A broken build: numbers are compared, histories are not."""

    merge = staticmethod(rules.merge)

    def course(self, head: Standing, held: Standing, _chain_at: Any) -> Course:
        return rules.course(head, held, lambda _seq: held.chain)


class NoLowerEpoch(NoFork):
    """A broken build: a receiver in an earlier epoch is simply pushed to."""

    merge = staticmethod(rules.merge)

    def next_epoch(self, *known: int) -> int:
        return max(known)


@pytest.mark.parametrize("broken", [NoFork(), NoChain(), NoLowerEpoch()], ids=lambda one: type(one).__name__)
def test_a_broken_rule_is_found(model, broken):
    for seed in range(600):
        chance = random.Random(seed)
        world = ruled(model, broken)
        try:
            for _step in range(70):
                action = model.gen(chance)
                getattr(world, action[0])(*action[1:])
            world.quiesce()
            world.check()
        except (AssertionError, IndexError):
            return
    pytest.fail("600 runs of a broken build went well")


def place(seq: int, *, epoch: int = 1, epoch_id: int = 1, chain: str = "x") -> Standing:
    return Standing(epoch, UUID(int=epoch_id), seq, chain)


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        (None, Course.BEGIN),
        (place(0, epoch=0), Course.BEGIN),
        (place(3, chain="c3"), Course.CONTINUE),
        (place(2, chain="c2"), Course.CONTINUE),
        (place(2, chain="other"), Course.RECOVER),
        (place(4, chain="c4"), Course.RECOVER),
        (place(2, chain="c2", epoch_id=2), Course.RECOVER),
        (place(2, chain="c2", epoch=2), Course.RECOVER),
        (place(1, chain="gone"), Course.RECOVER),
    ],
)
def test_how_the_producer_goes_on(held, expected):
    kept = {0: "c0", 2: "c2", 3: "c3"}
    assert rules.course(place(3, chain="c3"), held, kept.get) is expected


OLD, NEW, FORKED, GONE = (
    Version(1, 1, "U", "a"),
    Version(1, 2, "U", "b"),
    Version(1, 2, "U", "c"),
    Version(1, 3, "D", ""),
)


@pytest.mark.parametrize(
    ("local", "peer", "facts", "expected"),
    [
        (None, OLD, (False, False, False), Act.ADOPT),
        (OLD, OLD, (True, True, False), Act.NOTHING),
        (OLD, OLD._replace(rec_epoch=4), (False, False, False), Act.NOTHING),
        (OLD, NEW, (False, True, False), Act.ADOPT),
        (OLD, GONE, (False, True, False), Act.ADOPT),
        (NEW, OLD, (True, False, False), Act.KEEP),
        (NEW, FORKED, (False, False, False), Act.FORK),
        (NEW, GONE, (False, False, False), Act.FORK),
        (OLD, NEW, (False, True, True), Act.FORK),
        (OLD, OLD, (True, True, True), Act.KEEP),
        (NEW, OLD, (True, False, True), Act.KEEP),
    ],
)
def test_what_a_version_of_a_peer_means(local, peer, facts, expected):
    ours, theirs, changed = facts
    found = rules.merge(local, peer, in_local_history=ours, local_in_peers_history=theirs, is_changed=changed)
    assert found is expected


def test_sending_anew_is_no_change_but_a_change_and_back_is():
    again = Version(3, 4, "U", "a")
    history = {OLD.mark, again.mark}
    assert rules.unchanged_since(again, history, {OLD.mark, NEW.mark}) == OLD
    assert rules.unchanged_since(again, {*history, NEW.mark}, {OLD.mark, NEW.mark}) == again
    assert rules.unchanged_since(again, history, set()) == again


def test_numbers_after_a_fork_are_above_both():
    assert rules.after_fork(Version(2, 7, "U", "a"), Version(3, 1, "U", "b"), 5) == (5, 8)
    assert rules.after_fork(None, Version(3, 1, "U", "b"), 1) == (3, 2)
