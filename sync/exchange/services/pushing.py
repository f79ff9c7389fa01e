"""Pushing: what follows the parent's positions, the urgent lane first, the streams of a lane in turn."""

import time
from collections import Counter
from collections.abc import Callable, Mapping

import msgspec
from django.conf import settings
from django.utils import timezone

from cityops.foundation.failpoints import failpoint
from cityops.foundation.records import Lane
from sync.exchange.models import Batch, Link, Stream
from sync.exchange.rules.pace import LANES_SLOWED, larger, pause_asked, smaller
from sync.exchange.rules.refusals import SLOWED, PeerRefused
from sync.exchange.services import alarms, keys, receiving, sealing, vouching
from sync.exchange.services.client import ParentClient, PeerUnreachable
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
    told: set[str] = set()
    turns: Counter[int] = Counter()
    while not deadline.is_over:
        batch = _next_batch(link, sent, turns)
        if batch is not None:
            _tell_keys(client, batch, told)
            if not _push_batch(client, batch):
                continue
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
    if link.slow_until is not None and link.slow_until > timezone.now():
        waiting = [stream for stream in waiting if stream.lane not in LANES_SLOWED]
    for stream in sorted(waiting, key=lambda one: (LANES.index(one.lane), turns[one.pk], one.pk)):
        found = Batch.objects.filter(stream=stream, epoch_no=stream.epoch_no, from_seq=sent[stream.pk] + 1).first()
        if found is not None:
            return found
    return None


def _tell_keys(client: ParentClient, batch: Batch, told: set[str]) -> None:
    """Before a batch of a node below: the keys from below, once for each key that comes into use."""
    if batch.kid in told or keys.is_own(batch.kid):
        return
    offers = vouching.keys_for_parent()
    client.json("notes", {"keys": offers})
    told.update(offer["kid"] for offer in offers)


def _push_batch(client: ParentClient, batch: Batch) -> bool:
    """Send a batch; False where the parent is too busy for it, so that for a while only the urgent lane goes.

    Batches that are sealed from now on follow the road: half as large after a call that was cut, a quarter larger
    after one that went well.
    """
    failpoint("push.before")
    begun, link = time.monotonic(), client.link
    try:
        _status, body = client.call("push", sealing.sealed_or_bare(batch).pack())
    except PeerUnreachable:
        link.batch_records = smaller(link.batch_records or settings.SYNC_BATCH_RECORDS)
        link.save(update_fields=["batch_records"])
        raise
    except PeerRefused as refusal:
        if refusal.code not in SLOWED:
            raise
        link.slow_until = timezone.now() + pause_asked(refusal)
        link.save(update_fields=["slow_until"])
        client.hello({})
        return False
    failpoint("push.answered")
    if link.batch_records:
        grown = larger(link.batch_records, settings.SYNC_BATCH_RECORDS)
        link.batch_records = grown if grown < settings.SYNC_BATCH_RECORDS else 0
        link.save(update_fields=["batch_records"])
    alarms.beat(alarms.PUSH, seconds=round(time.monotonic() - begun, 3))
    answer = msgspec.json.decode(body)
    receiving.keep_receipt(
        answer["receipt"].encode(), bytes.fromhex(answer["signature"]), receiver=client.link.peer_code
    )
    return True
