"""Following the producers above: what comes down is pulled from their history, and from no other.

The child tells where it stands. Where the parent cannot follow, the claim goes up to the producer, who opens a new
epoch; a child that sees its fence first hands up what only it holds, and only then begins anew (the same rules as
upward, the parts changed).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from cityops.foundation.failpoints import failpoint
from cityops.foundation.records import Flow
from sync.exchange.models import Claim, EchoItem, Receipt, RecoveryReport, Stream
from sync.exchange.rules.calls import Claimed, Held, Offer
from sync.exchange.rules.envelope import Envelope, unpack
from sync.exchange.rules.places import is_for, is_under
from sync.exchange.rules.recovering import Standing, may_fence
from sync.exchange.rules.refusals import PeerRefused
from sync.exchange.services import (
    attempts,
    echoing,
    epochs,
    keys,
    merging,
    proofs,
    receiving,
    recovery,
    relaying,
    streams,
)
from sync.exchange.services.client import ParentClient
from sync.exchange.services.greeting import hello
from sync.exchange.services.recovery import Caller, Position
from sync.exchange.services.slices import Deadline, Slice

ABOVE_HERE = frozenset({"CHAIN", "EPOCH"})
"""Refusals by which a pull learns that both ends stand on different histories."""


# The child's side


def settle_down(caller: Caller, hello: Mapping[str, Any]) -> bool:
    """Follow new epochs of producers above, object where the parent cannot follow. Whether positions have changed."""
    hand_up(caller)
    heads: dict[str, Position] = {streams.key_in(head): head for head in hello["down"]}
    fences = {streams.key_in(msgspec.json.decode(one["fence"])): one for one in hello.get("fences", [])}
    changed, objected = False, list[dict[str, Any]]()
    for key, fence in fences.items():
        head = epochs.standing_in(heads.get(key))
        names = streams.names_in(msgspec.json.decode(fence["fence"]))
        known = Stream.objects.filter(**names).first()
        if known is None or (head is not None and known.epoch_id == head.epoch_id and not known.fence):
            _heed(fence, caller.link.peer_code)
    for stream in Stream.objects.filter(flow=Flow.DOWN).exclude(producer_code=settings.CITYOPS_NODE):
        head = epochs.standing_in(heads.get(streams.key_of(stream)))
        fence = fences.get(streams.key_of(stream))
        if head is not None and fence is not None and may_fence(head.epoch_no, stream.epoch_no):
            _follow(caller, stream, fence)
            changed = True
        elif not _may_follow(stream, head) and (stream.seq or stream.fence):
            objected.append(_claim(stream))
    _tell_claims(caller, objected)
    return changed


def _may_follow(stream: Stream, head: Standing | None) -> bool:
    """Whether this node's place may lie in the parent's history; what lies before its head a pull finds out."""
    own = epochs.standing(stream)
    if head is None or (head.epoch_no, head.epoch_id) != (own.epoch_no, own.epoch_id):
        return False
    return own.seq < head.seq or own == head


def _follow(caller: Caller, stream: Stream, fence: Mapping[str, str]) -> None:
    """Hand up what only this node holds, then stand at the beginning of the new epoch."""
    for kind in recovery.kinds_of(stream):
        for theirs, buckets, _highest in recovery.echo_pages(caller, stream.producer_code, kind):
            own = [
                *echoing.held_in(stream.producer_code, kind, buckets),
                *echoing.parked_of(stream.producer_code, kind),
            ]
            _offer(caller, stream.producer_code, kind.dataset, _beyond(own, theirs))
    _heed(fence, caller.link.peer_code)


def _heed(fence: Mapping[str, str], sender: str) -> None:
    epochs.heed(fence["fence"].encode(), bytes.fromhex(fence["signature"]), sender=sender)


def _beyond(own: Iterable[Held], theirs: Iterable[Held]) -> list[Held]:
    """The versions held here that the parent does not hold, whatever their numbers."""
    there: dict[UUID, list[Held]] = {}
    for held in theirs:
        there.setdefault(held[0], []).append(held)
    return [
        held
        for held in own
        if not any(echoing.version_of(one).says_the_same(echoing.version_of(held)) for one in there.get(held[0], ()))
    ]


def _offer(caller: Caller, owner: str, dataset: str, wanted: list[Held]) -> None:
    left = {(held[0], held[1], held[2], held[4]): held for held in wanted}
    while left:
        offer = echoing.prove(owner, dataset, list(left.values()))
        if not offer.items:
            return
        caller.json("offer", msgspec.to_builtins(offer))
        for one in offer.items:
            left.pop((one.rid, one.rec_epoch, one.rev, one.content), None)


def hand_up(caller: Caller) -> None:
    """As a relay: hand up what children offered to producers above."""
    peer = caller.link.peer_code
    owners = EchoItem.objects.filter(taken_at=None).values_list("owner_code", flat=True).distinct()
    for owner in [one for one in owners if one == peer or is_under(settings.CITYOPS_NODE, one)]:
        while (offer := echoing.kept_for(owner)).items:
            caller.json("offer", msgspec.to_builtins(offer))
            taken = [item.number for item in offer.items]
            EchoItem.objects.filter(pk__in=taken).update(taken_at=timezone.now())


def _claim(stream: Stream) -> dict[str, Any]:
    """Where this node stands in a stream from above, for its producer."""
    highest = epochs.highest_epoch(stream.producer_code)
    return {**streams.position(stream), "holder": settings.CITYOPS_NODE, "highest": highest}


def _tell_claims(caller: Caller, objected: Sequence[dict[str, Any]]) -> None:
    """Object for this node, and for the children whose objections wait here."""
    waiting = [one for one in Claim.objects.all() if is_under(settings.CITYOPS_NODE, one.producer_code)]
    told = [*objected, *(one.position for one in waiting)]
    if told:
        caller.json("notes", {"claims": told})
        Claim.objects.filter(pk__in=[one.pk for one in waiting]).delete()


def pull(client: ParentClient, heads: Sequence[Position], done: Slice, deadline: Deadline) -> None:
    """Take what comes down after this node's own positions; where the history is another one, object."""
    for head in heads:
        names = streams.names_in(head)
        stream = Stream.objects.filter(**names).first()
        if stream is None:
            stream = streams.begin(names, epoch_no=int(head["epoch_no"]), epoch_id=UUID(str(head["epoch_id"])))
        if str(stream.epoch_id) != str(head["epoch_id"]):
            continue
        try:
            _pull_stream(client, stream, int(head["seq"]), done, deadline)
        except PeerRefused as refusal:
            if refusal.code not in ABOVE_HERE:
                raise
            _tell_claims(client, [_claim(stream)])


def _pull_stream(client: ParentClient, stream: Stream, head: int, done: Slice, deadline: Deadline) -> None:
    while stream.seq < head and not deadline.is_over:
        status, body = client.call("pull", msgspec.json.encode(streams.position(stream)))
        if status == 204:
            break
        failpoint("pull.answered")
        sealed = unpack(body)
        if not keys.is_known(sealed.read().kid):
            hello(client)  # the key came into use after the last one
        receipt = _take_batch(sealed, client.link.peer_code)
        done.batches_pulled += 1
        done.records_pulled += receipt.upto_seq - receipt.from_seq + 1
        stream.refresh_from_db()


def _take_batch(sealed: Envelope, sender: str) -> Receipt:
    tries = attempts.begin(sealed)
    try:
        return receiving.receive(sealed, sender=sender, tries=tries)
    finally:
        attempts.end(sealed)


# The parent's side


def contest(claims: Sequence[Claimed], child: str) -> None:
    """Take a child's objections: the producer judges, a relay keeps them for it. Raises PeerRefused SCOPE."""
    for claim in claims:
        said = msgspec.to_builtins(claim)
        said["holder"] = claim.holder or child
        if claim.flow != Flow.DOWN or not (is_under(child, claim.producer) and _is_of(child, claim)):
            raise PeerRefused("SCOPE", f"{child} has no place in {claim.flow} of {claim.producer}.")
        if claim.producer == settings.CITYOPS_NODE:
            _judge(said)
        else:
            relaying.object_to(said, said["holder"])


def _is_of(child: str, claim: Claimed) -> bool:
    is_below = claim.holder in {"", child} or is_under(claim.holder, child)
    return is_below and is_for(child, claim.audience)


@transaction.atomic
def _judge(said: Position) -> None:
    """As the producer: open a new epoch where somebody stands on another history, or in a later life of this node."""
    held = epochs.standing_in(said)
    names = streams.names_in(said)
    stream = Stream.objects.filter(**names).first() or streams.begin_own(names)
    epochs.announce(stream)
    if held is None or held.epoch_no < stream.epoch_no:
        return
    cause = recovery.cause_of(stream, held, str(said["holder"]))
    if not cause:
        return
    known = [held.epoch_no, int(said.get("highest", 0))]
    stream = epochs.open_epoch(stream, known=known, cause=cause, is_held=False)
    epochs.go_live(stream, [kind.dataset for kind in recovery.kinds_of(stream)])
    RecoveryReport.objects.create(
        stream=stream,
        peer_code=str(said["holder"]),
        epoch_no=stream.epoch_no,
        cause=cause[:300],
        ended_at=timezone.now(),
    )


@transaction.atomic
def take_offer(link: Any, offer: Offer) -> dict[str, int]:
    """Take what a child holds of producers above it: merged where this node is the producer, else kept for it.

    Raises PeerRefused where a batch is not of a producer above the child, or does not prove what it should.
    """
    producers = {unpack(data).read().producer for data in offer.batches}
    if len(producers) > 1 or not all(is_under(link.peer_code, one) for one in producers):
        raise PeerRefused("SCOPE", f"{link.peer_code} offers batches of {', '.join(sorted(producers))}.")
    if not producers:
        return {"kept": 0}
    (producer,) = producers
    if producer != settings.CITYOPS_NODE:
        return {"kept": relaying.keep(offer, producer)}
    done = merging.merge_versions(proofs.read(offer))
    _count(done)
    return {"kept": done.looked_at}


def _count(done: merging.Merged) -> None:
    last = RecoveryReport.objects.order_by("-id").first()
    if last is not None:
        last.looked_at, last.adopted, last.forks = (
            last.looked_at + done.looked_at,
            last.adopted + done.adopted,
            last.forks + done.forks,
        )
        last.save(update_fields=["looked_at", "adopted", "forks"])
