"""Recovery 恢复 over the link to the parent: every contact compares where both ends stand before anything travels.

Here this node is the producer of what goes up; ``relaying`` and ``following`` do the rest. Each step is a transaction
of its own and may be repeated: a recovery that is broken off, by a crash or by another restore, begins again at the
next contact. That the parent was restored meanwhile shows at its next answer: calls are for one life of it only.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Protocol
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from cityops.foundation import audit
from cityops.foundation.records import Flow, RecordKind, registry
from sync.exchange.models import Link, RecordVersion, RecoveryReport, SeenVersion, Stream, SyncSelf
from sync.exchange.rules.calls import Held, Offer
from sync.exchange.rules.places import may_send_up
from sync.exchange.rules.recovering import Course, Mark, Standing, course, fence_stands
from sync.exchange.services import digests, echoing, epochs, merging, proofs, streams
from sync.exchange.services.client import PeerUnreachable
from sync.exchange.services.merging import Merged

Position = Mapping[str, Any]
ASKED_AT_ONCE = 5000
"""Versions that one call asks for."""


class Caller(Protocol):
    """The part of the client that a recovery uses."""

    link: Link

    def json(self, name: str, facts: dict[str, Any]) -> dict[str, Any]:
        """One call with JSON both ways."""


@dataclass
class Settled:
    """From which number each stream may be pushed; streams that must wait are left out."""

    starts: dict[int, int] = field(default_factory=dict)
    has_changed: bool = False
    """Whether the peer's positions are old now: say hello again."""


def settle_own(caller: Caller, hello: Mapping[str, Any]) -> Settled:
    """Bring the own streams upward to a common history with the parent, and with what it tells of nodes above it."""
    here, settled = settings.CITYOPS_NODE, Settled()
    positions: dict[str, Position] = {streams.key_in(position): position for position in hello["up"]}
    claims: Sequence[Position] = hello.get("claims", [])
    for position in (*positions.values(), *claims):
        names = streams.names_in(position)
        if position["producer"] == here and not Stream.objects.filter(**names).exists():
            streams.begin_own(names)
    for stream in Stream.objects.filter(flow=Flow.UP, producer_code=here):
        if may_send_up(sender=here, producer=here, scope=stream.scope, receiver=caller.link.peer_code):
            key = streams.key_of(stream)
            above = [position for position in claims if streams.key_in(position) == key]
            _settle_one(caller, stream, positions.get(key), above, settled)
    if hello.get("has_echoes"):
        take_echoes(caller)
    _overtake(int(hello.get("highest", 0)))
    return settled


def _settle_one(
    caller: Caller, stream: Stream, position: Position | None, above: Sequence[Position], settled: Settled
) -> None:
    head, held = epochs.standing(stream), epochs.standing_in(position)
    if stream.state == Stream.State.RECOVERING and fence_stands(head, held):
        _recover(caller, stream)
        settled.has_changed = True
        return
    cause = cause_of(stream, held, caller.link.peer_code)
    cause = cause or next((found for one in above if (found := _cause_above(stream, one))), "")
    if not cause and stream.state == Stream.State.RECOVERING:
        cause = f"The fence of epoch {stream.epoch_no} of {stream} does not stand at {caller.link.peer_code}."
    if cause:
        known = [int(one["epoch_no"]) for one in (position, *above) if one is not None]
        stream = epochs.open_epoch(stream, known=known, cause=cause)
        _report(stream, caller.link.peer_code, cause)
        _recover(caller, stream)
        settled.has_changed = True
        return
    if epochs.announce(stream) or (held is None and stream.fence):
        caller.json("fence", epochs.fence_json(stream))
    settled.starts[stream.pk] = held.seq if held is not None else 0


def _report(stream: Stream, peer: str, cause: str) -> None:
    RecoveryReport.objects.create(stream=stream, peer_code=peer, epoch_no=stream.epoch_no, cause=cause[:300])


def cause_of(stream: Stream, held: Standing | None, holder: str) -> str:
    """Why the producer must recover a stream with a receiver that stands there; empty where it need not."""
    head = epochs.standing(stream)
    if held is None or course(head, held, lambda seq: epochs.chain_at(stream, seq)) is not Course.RECOVER:
        return ""
    return (
        f"{holder} stands at {held.seq} of epoch {held.epoch_no} of {stream}, which is no part of the history that led "
        f"to {head.seq} of epoch {head.epoch_no} here."
    )


def _cause_above(stream: Stream, position: Position) -> str:
    """The same for a node beyond the parent. One in an earlier epoch is the relay's to bring on."""
    held = epochs.standing_in(position)
    if held is None or held.epoch_no < stream.epoch_no:
        return ""
    return cause_of(stream, held, str(position.get("holder", "")))


def _recover(caller: Caller, stream: Stream) -> None:
    """Fence, echo, open (steps 2 to 5 of the design). Raises PeerRefused, PeerUnreachable: begun again later."""
    answer = caller.json("fence", epochs.fence_json(stream))
    _raise_epoch(int(answer["highest"]))
    done = Merged()
    for kind in kinds_of(stream):
        done.add(_take_back(caller, kind))
    standing = epochs.standing_in(caller.json("fence", epochs.fence_json(stream))["position"])
    if not fence_stands(epochs.standing(stream), standing):
        raise PeerUnreachable(f"{stream}: the fence was moved during the recovery; it begins again.")
    _open(stream, done, caller.link)


@transaction.atomic
def _raise_epoch(highest: int) -> None:
    epochs.raise_node_epoch(highest)


@transaction.atomic
def _open(stream: Stream, done: Merged, link: Link) -> None:
    """Let the stream live again, say what was found, and have both ends compared."""
    epochs.go_live(stream, [kind.dataset for kind in kinds_of(stream)])
    counts = {"looked_at": done.looked_at, "adopted": done.adopted, "forks": done.forks}
    RecoveryReport.objects.filter(stream=stream, epoch_no=stream.epoch_no, ended_at=None).update(
        ended_at=timezone.now(), **counts
    )
    audit.record("stream.recover", kind="Stream", key=str(stream), after={"epoch": stream.epoch_no, **counts})
    Link.objects.filter(pk=link.pk, compare_asked_at=None).update(compare_asked_at=timezone.now())


def kinds_of(stream: Stream) -> list[RecordKind]:
    """The kinds whose records travel in a stream."""
    names = (stream.flow, stream.scope, stream.lane)
    return [kind for kind in registry if (kind.flow.value, kind.scope.value, kind.lane.value) == names]


def _take_back(caller: Caller, kind: RecordKind) -> Merged:
    """Merge what the parent holds of own records of a kind and this node never had."""
    here, done = settings.CITYOPS_NODE, Merged()
    for page, _buckets, _highest in echo_pages(caller, here, kind):
        for offer in proofs_of(caller, here, kind, unknown_here(page)):
            done.add(merging.merge_versions(proofs.read(offer)))
    return done


def unknown_here(page: Sequence[Held]) -> list[Held]:
    """Of versions of own records those that this node has neither now nor had before what it has now."""
    rids = [held[0] for held in page]
    now = {
        one.rid: echoing.version_of((one.rid, one.rec_epoch, one.rev, one.op, bytes(one.content_sha).hex()))
        for one in RecordVersion.objects.filter(rid__in=rids)
    }
    had = own_histories(rids)

    def is_known(held: Held) -> bool:
        version, local = echoing.version_of(held), now.get(held[0])
        if local is None:
            return False
        return version == local or (version.mark in had.get(held[0], ()) and local.number > version.number)

    return [held for held in page if not is_known(held)]


def own_histories(rids: Iterable[UUID]) -> dict[UUID, set[Mark]]:
    """The versions that this node had of its records, as far as it knows or others proved it."""
    wanted = list(rids)
    found = {rid: set(marks) for rid, marks in echoing.histories(settings.CITYOPS_NODE, wanted).items()}
    for seen in SeenVersion.objects.filter(rid__in=wanted):
        found.setdefault(seen.rid, set()).add((seen.rec_epoch, seen.rev, bytes(seen.content_sha).hex()))
    return found


def echo_pages(caller: Caller, owner: str, kind: RecordKind) -> Iterable[tuple[list[Held], list[int], int]]:
    """Page by page: the versions that the parent holds, in which buckets, and the highest epoch among all of them."""
    after: int | None = -1
    with transaction.atomic(), connection.cursor() as cursor:
        digests.begin_snapshot(cursor)
        reader = settings.CITYOPS_NODE if kind.flow is Flow.DOWN else ""
        mine = {str(n): d for n, d in digests.digest(cursor, kind, owner, reader).buckets.items()}
    while after is not None:
        answer = caller.json("echo", {"owner": owner, "dataset": kind.dataset, "buckets": mine, "after": after})
        after = answer["next"]
        yield msgspec.convert(answer["leaves"], list[Held]), answer["buckets"], int(answer["highest"])


def proofs_of(caller: Caller, owner: str, kind: RecordKind, wanted: Sequence[Held]) -> Iterable[Offer]:
    """The wanted versions with their batches, in as many answers as it takes."""
    left = {(held[0], held[1], held[2], held[4]): held for held in wanted}
    while left:
        facts: dict[str, Any] = {
            "owner": owner,
            "dataset": kind.dataset,
            "wanted": list(islice(left.values(), ASKED_AT_ONCE)),
        }
        offer = msgspec.convert(caller.json("evidence", facts), Offer)
        for one in offer.items:
            left.pop((one.rid, one.rec_epoch, one.rev, one.content), None)
        if not offer.items:
            _note_unproven(owner, kind, len(facts["wanted"]))
            left = dict(islice(left.items(), len(facts["wanted"]), None))
            continue
        yield offer


@transaction.atomic
def _note_unproven(owner: str, kind: RecordKind, count: int) -> None:
    """Versions whose batches nobody keeps any more: nothing is taken on a peer's bare word."""
    audit.record("stream.unproven", kind=kind.dataset, key=owner, after={"versions": count}, succeeded=False)


def take_echoes(caller: Caller) -> Merged:
    """Merge what the parent keeps for this node from nodes beyond it."""
    done, taken = Merged(), list[int]()
    while True:
        facts = {"owner": settings.CITYOPS_NODE, "taken": taken}
        offer = msgspec.convert(caller.json("evidence", facts), Offer)
        if not offer.items:
            return done
        done.add(merging.merge_versions(proofs.read(offer)))
        taken = [item.number for item in offer.items]


@transaction.atomic
def _overtake(highest: int) -> None:
    """Send everything anew where a node above holds versions of an epoch that is later than this node's."""
    if highest <= SyncSelf.objects.get(id=1).epoch:
        return
    epochs.hold_sequencer()
    epochs.raise_node_epoch(highest)
    for stream in Stream.objects.filter(flow=Flow.UP, producer_code=settings.CITYOPS_NODE):
        if stream.state == Stream.State.LIVE:
            epochs.go_live(stream, [kind.dataset for kind in kinds_of(stream)])
