"""Pushing: what follows the parent's positions, the urgent lane first, the streams of a lane in turn."""

from collections import Counter
from collections.abc import Callable, Mapping

import msgspec

from cityops.foundation.failpoints import failpoint
from cityops.foundation.records import Lane
from sync.exchange.models import Batch, Link, Stream
from sync.exchange.services import receiving, sealing
from sync.exchange.services.client import ParentClient
from sync.exchange.services.slices import Deadline, Slice

LANES = (Lane.URGENT.value, Lane.NORMAL.value, Lane.BULK.value)
"""What goes first."""


def push(
    client: ParentClient, starts: Mapping[int, int], done: Slice, deadline: Deadline, *, number: Callable[[Slice], int]
) -> None:
    """Send what follows ``starts``, the number that the parent has of each stream.

    Between two batches the sequencer gets a round. A stream that begins meanwhile is sent by the next slice.
    """
    link, sent = client.link, dict(starts)
    turns: Counter[int] = Counter()
    while not deadline.is_over:
        batch = _next_batch(link, sent, turns)
        if batch is not None:
            _push_batch(client, batch)
            done.batches_sent += 1
            done.records_sent += batch.to_seq - sent[batch.stream_id]
            link.backlog -= batch.to_seq - sent[batch.stream_id]
            sent[batch.stream_id] = batch.to_seq
            turns[batch.stream_id] += 1
        if not number(done) and batch is None:
            break


def _next_batch(link: Link, sent: dict[int, int], turns: Counter[int]) -> Batch | None:
    """The batch that goes next; None where the parent has everything. Notes the backlog on the link."""
    waiting = [stream for stream in Stream.objects.filter(pk__in=sent) if stream.seq > sent[stream.pk]]
    link.backlog = sum(stream.seq - sent[stream.pk] for stream in waiting)
    for stream in sorted(waiting, key=lambda one: (LANES.index(one.lane), turns[one.pk], one.pk)):
        found = Batch.objects.filter(stream=stream, epoch_no=stream.epoch_no, from_seq=sent[stream.pk] + 1).first()
        if found is not None:
            return found
    return None


def _push_batch(client: ParentClient, batch: Batch) -> None:
    failpoint("push.before")
    _status, body = client.call("push", sealing.sealed_batch(batch).pack())
    failpoint("push.answered")
    answer = msgspec.json.decode(body)
    receiving.keep_receipt(
        answer["receipt"].encode(), bytes.fromhex(answer["signature"]), receiver=client.link.peer_code
    )
