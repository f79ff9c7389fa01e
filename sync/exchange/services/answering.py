"""What a parent answers its children: positions, batches to pull, what a child has to tell."""

from typing import Any

from django.conf import settings
from django.utils import timezone

from cityops.foundation.records import Flow, registry
from sync.exchange.models import Batch, Link, Stream
from sync.exchange.rules.calls import Buckets, Notes, Position, Ranges
from sync.exchange.rules.envelope import Envelope
from sync.exchange.rules.places import is_for, is_under, may_send_up
from sync.exchange.rules.refusals import PeerRefused
from sync.exchange.services import comparing, epochs, following, receiving, relaying, resending, streams, vouching
from sync.exchange.services.sealing import sealed_or_bare


def hello(link: Link) -> dict[str, Any]:
    """Where this node stands in the child's streams, what there is to pull, keys, and records to send again.

    Changes nothing: a hello is not bound to a single use.
    """
    child = link.peer_code
    up = [
        streams.position(stream)
        for stream in Stream.objects.filter(flow=Flow.UP)
        if may_send_up(sender=child, producer=stream.producer_code, scope=stream.scope, receiver=settings.CITYOPS_NODE)
    ]
    below = [
        stream
        for stream in Stream.objects.filter(flow=Flow.DOWN)
        if (stream.seq or stream.fence) and is_under(child, stream.producer_code) and is_for(child, stream.audience)
    ]
    return {
        "node": settings.CITYOPS_NODE,
        "up": up,
        "down": [streams.position(stream) for stream in below],
        "fences": [epochs.fence_json(stream) for stream in below if stream.fence],
        **relaying.told_to(child),
        "keys": vouching.keys_for_child(child),
        "schemas": {kind.dataset: list(kind.versions) for kind in registry},
        "compare": link.compare_asked_at is not None,
        "has_requests": resending.has_for_child(child),
        "clock": timezone.now().isoformat(),
    }


def next_batch(link: Link, at: Position) -> Envelope | None:
    """The batch that follows the child's position in a stream from above; None when it has all.

    Raises PeerRefused: SCOPE for a stream that is not for this child, EPOCH or CHAIN for another history.
    """
    names = {
        "producer_code": at.producer,
        "flow": at.flow,
        "scope": at.scope,
        "lane": at.lane,
        "audience": at.audience,
    }
    seq, chain = int(at.seq), bytes.fromhex(at.chain)
    if at.flow != Flow.DOWN or not (is_under(link.peer_code, at.producer) and is_for(link.peer_code, at.audience)):
        raise PeerRefused("SCOPE", f"This stream is not for {link.peer_code}.")
    stream = Stream.objects.filter(**names).first()
    if stream is None:
        return None
    if stream.epoch_id != at.epoch_id:
        raise PeerRefused("EPOCH", "The stream is in another epoch.", position=streams.position(stream))
    batch = Batch.objects.filter(stream=stream, epoch_no=stream.epoch_no, from_seq=seq + 1).first()
    if batch is None:
        if (seq, chain) != (stream.seq, bytes(stream.chain)):
            raise PeerRefused("CHAIN", "No batch follows this position.", position=streams.position(stream))
        return None
    if bytes(batch.base_chain) != chain:
        raise PeerRefused("CHAIN", "Another history led to this number.", position=streams.position(stream))
    return sealed_or_bare(batch)


def take_notes(link: Link, notes: Notes) -> dict[str, Any]:
    """What a child has to tell: keys under it, receipts, records to send again, results of comparisons."""
    child = link.peer_code
    vouching.learn_keys(notes.keys, from_parent=False, voucher=child)
    for receipt in notes.receipts:
        receiving.keep_receipt(receipt.receipt.encode(), bytes.fromhex(receipt.signature), receiver=child)
    resending.ask_for_child(notes.resend, child)
    following.contest(notes.claims, child)
    for result in notes.compared:
        comparing.keep_result(link, result)
    if notes.has_compared_all:
        link.compare_asked_at = None
    if notes.backlog is not None:
        link.backlog = notes.backlog
    if notes.clock is not None:
        link.clock_skew_seconds = round((notes.clock - timezone.now()).total_seconds(), 1) + 0.0  # no -0.0
    link.save(update_fields=["compare_asked_at", "backlog", "clock_skew_seconds"])
    return {"resend": resending.take_for_child(child)}


def compare(link: Link, theirs: Buckets) -> dict[str, Any]:
    """Where this node's records of an owner and dataset differ from the child's bucket digests."""
    return comparing.answer(link, theirs)


def ranges(link: Link, theirs: Ranges) -> dict[str, Any]:
    """Where this node's records differ from the child's ranges of some buckets."""
    return comparing.answer_ranges(link, theirs)
