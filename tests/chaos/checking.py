"""The invariants of design a.19, as far as they can be seen from the databases once all is at rest."""

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from cityops.foundation.records import registry
from sync.exchange.services import digests
from tests.chaos import kinds
from tests.chaos.nodes import PARENT, Node
from tests.chaos.truth import Key, in_conflicts
from tests.chaos.watching import Broken

if TYPE_CHECKING:
    from tests.chaos.world import World

STREAMS = (
    "SELECT id, producer_code, flow, scope, lane, audience, epoch_no, epoch_id, seq, chain, applied_count, "
    "superseded_count, parked_count, waiting_count FROM sync_stream"
)
Held = tuple[str, str] | None
Words = dict[tuple[str, Any], tuple[str, str]]
"""(kind, rid): (owner, word)."""
PARKED = "SELECT dataset, rid, reasons, state, line FROM sync_parked"


def check(world: "World", *, compares: bool = True) -> None:
    """All that can be checked at rest. Raises Broken."""
    words = {code: words_of(world.nodes[code]) for code in world.codes}
    parked = {code: _parked(world.nodes[code]) for code in world.codes}
    _owners_keep(world, words)
    _nothing_lost(world, words)
    _receivers_hold(world, words, parked)
    for code in world.codes:
        _gapless(world.nodes[code])
        _conserved(world.nodes[code])
    _one_hash(world)
    if compares:
        _digests_equal(world, parked)


def words_of(node: Node) -> Words:
    """Every record that runs could have written."""
    found = {}
    for kind in kinds.KINDS.values():
        table = kind.model._meta.db_table
        for rid, owner, word in node.rows(f'SELECT rid, origin_code, "{kind.word}" FROM "{table}"'):
            found[kind.name, rid] = owner, word
    return found


def _parked(node: Node) -> set[Any]:
    return {rid for _dataset, rid, _reasons, state, _line in node.rows(PARKED) if state in "PW"}


def _owners_keep(world: "World", words: dict[str, Words]) -> None:
    """I1 at the owner: it holds what it was told last (where it was never restored to a backup)."""
    for code, memory in world.memory.items():
        if code in world.restored:
            continue
        for key, word in memory.now.items():
            held = words[code].get((key[0], kinds.rid_of(*key)))
            if (held[1] if held else "") != ("" if word.startswith("x") else word):
                raise Broken(f"I1: {code} itself holds {held} instead of {word!r} for {key}")


def _nothing_lost(world: "World", words: dict[str, Words]) -> None:
    """I1 after restores: every word that still existed is in the owner's final state, its ancestry, or a conflict."""
    for key, known in world.truth.words.items():
        owner = key[1]
        if owner not in world.codes:
            continue
        held = words[owner].get((key[0], kinds.rid_of(*key)))
        final = {held[1]} if held else world.truth.deletions(key)
        kept = world.truth.contained(final | in_conflicts(world.nodes[owner]))
        lost = {word for word in known if word.startswith("w") and word in world.truth.expected} - kept
        if lost:
            raise Broken(f"I1: {sorted(lost)} of {key} lost: the owner holds {held}, all words were {known}")


def _receivers_hold(world: "World", words: dict[str, Words], parked: dict[str, set[Any]]) -> None:
    """I1, I2, I7: every node that a record is for holds its owner's word; no other node holds it, and no other word."""
    known = {(key[0], kinds.rid_of(*key)): key for key in world.truth.words}
    for kind_rid, key in known.items():
        if key[1] in world.codes:
            for code in world.codes:
                truth = words[key[1]].get(kind_rid)
                excused = kind_rid[1] in parked[code] and truth is not None and truth[1] in world.truth.poison
                _holds(world, code, key, words[code].get(kind_rid), truth, is_excused=excused)
    for code in world.codes:
        extra = {kind_rid for kind_rid, (owner, _word) in words[code].items() if owner in world.codes} - set(known)
        if extra:
            raise Broken(f"I2: {code} holds records that nobody wrote: {sorted(map(str, extra))[:3]}")


def _holds(
    world: "World",
    code: str,
    key: Key,
    held: tuple[str, str] | None,
    truth: tuple[str, str] | None,
    *,
    is_excused: bool,
) -> None:
    """One node holds of one record what it must."""
    if code not in kinds.holders(*key):
        if held:
            raise Broken(f"I13: {code} holds {key}, which is not for it")
    elif held and held[1] not in world.truth.words[key]:
        raise Broken(f"I2: {code} holds {held} for {key}, which nobody ever committed")
    elif held != truth and not is_excused:
        raise Broken(f"{'I1' if truth else 'I7'}: {code} holds {held} for {key}; its owner holds {truth}")


def _gapless(node: Node) -> None:
    """I4: batches follow each other without hole, chain on chain; every entry received has one place in the inbox."""
    for row in node.rows(STREAMS):
        stream, producer, epoch, seq, chain = row[0], row[1], row[6], row[8], bytes(row[9])
        batches = node.rows(
            "SELECT from_seq, to_seq, base_chain, to_chain FROM sync_batch WHERE stream_id = %s AND epoch_no = %s "
            "ORDER BY from_seq",
            stream,
            epoch,
        )
        at, last = 0, None
        for first, upto, base, after in batches:
            if first != at + 1 or (last is not None and bytes(base) != last):
                raise Broken(f"I4: {node.code} stream {row[1:6]}: a batch from {first} follows {at}")
            at, last = upto, bytes(after)
        if at != seq or (last is not None and last != chain):
            raise Broken(f"I4: {node.code} stream {row[1:6]}: batches end at {at}, the head is {seq}")
        if producer != node.code:
            entries = node.rows("SELECT seq FROM sync_inbox WHERE stream_id = %s AND epoch_no = %s", stream, epoch)
            if sorted(number for (number,) in entries) != list(range(1, seq + 1)):
                raise Broken(f"I4: {node.code} stream {row[1:6]}: the inbox is not exactly 1 to {seq}")


def _conserved(node: Node) -> None:
    """I9: cursor = applied + superseded + parked + waiting, in the counts and in the inbox; parked ones are kept."""
    for row in node.rows(STREAMS):
        if row[1] == node.code:
            continue
        stream, epoch, seq, counts = row[0], row[6], row[8], tuple(row[10:14])
        states: Counter[str] = Counter(
            dict(
                node.rows(
                    "SELECT state, count(*) FROM sync_inbox WHERE stream_id = %s AND epoch_no = %s GROUP BY state",
                    stream,
                    epoch,
                )
            )
        )
        if sum(states.values()) != seq:
            raise Broken(f"I9: {node.code} stream {row[1:6]}: {dict(states)} do not add up to {seq}")
        every = Counter(
            dict(node.rows("SELECT state, count(*) FROM sync_inbox WHERE stream_id = %s GROUP BY state", stream))
        )
        if counts not in {tuple(found[letter] for letter in "ASPW") for found in (states, every)}:
            raise Broken(f"I9: {node.code} stream {row[1:6]}: counts {counts}, inbox {dict(every)}")
        kept = dict(node.rows("SELECT state, count(*) FROM sync_parked WHERE stream_id = %s GROUP BY state", stream))
        if any(kept.get(letter, 0) != every[letter] for letter in "PW"):
            raise Broken(f"I9: {node.code} stream {row[1:6]}: {dict(every)} in the inbox, {kept} kept")


def _one_hash(world: "World") -> None:
    """I10: one content for each version in the whole system, unless a fork of it is on record."""
    seen: dict[Any, tuple[bytes, str]] = {}
    forks = {
        rid
        for code in world.codes
        for _dataset, rid, reasons, _state, _line in world.nodes[code].rows(PARKED)
        if any(reason["code"] == "FORK" for reason in (json.loads(reasons) if isinstance(reasons, str) else reasons))
    }
    for code in world.codes:
        for rid, epoch, rev, op, sha in world.nodes[code].rows(
            "SELECT rid, rec_epoch, rev, op, content_sha FROM sync_record"
        ):
            found = seen.setdefault((rid, epoch, rev), (bytes(sha) + op.encode(), code))
            if found[0] != bytes(sha) + op.encode() and rid not in forks:
                raise Broken(f"I10: {rid} {epoch}.{rev} is one thing at {found[1]}, another at {code}")


def _digests_equal(world: "World", parked: dict[str, set[Any]]) -> None:
    """I6: both ends of every link hold the same of each owner and dataset, by the product's digests of the rows."""
    if any(parked.values()):
        return
    found = {}
    for code in world.codes:
        with world.nodes[code].active():
            found[code] = {(one.owner, one.dataset): one.value for one in digests.all_digests()}
    for code in world.codes:
        parent = PARENT.get(code)
        if parent not in world.codes:
            continue
        for (owner, dataset), value in found[code].items():
            kind = registry.get(dataset)
            if kind.addressed_by or not _is_shared(owner, code, kind):
                continue
            if found[parent].get((owner, dataset)) != value:
                raise Broken(f"I6: {dataset} of {owner} differs between {code} and {parent}")


def _is_shared(owner: str, child: str, kind: Any) -> bool:
    if kind.flow.value == "down":
        return owner == PARENT.get(child) or owner == PARENT.get(PARENT.get(child, ""))
    mine = owner == child or PARENT.get(owner) == child
    return mine and (kind.scope.value == "N" or (kind.scope.value == "P" and owner == child and child.endswith("-C")))
