"""One bounded slice of the exchange: number what changed, push upward, pull from above.

The same slice runs from Celery and from ``manage.py sync_run``; the database is the queue, so a slice that dies or a
wake-up that is lost costs delay, never data.
"""

import logging
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone
from psycopg.errors import LockNotAvailable

from cityops.foundation import audit
from cityops.foundation.records import Flow, Lane
from sync.exchange.models import Batch, Comparison, Link, Receipt, Stream
from sync.exchange.rules.calls import NotesAnswer, OfferedKey
from sync.exchange.rules.envelope import Envelope, unpack
from sync.exchange.rules.pace import LANES_SLOWED, larger, smaller
from sync.exchange.rules.places import may_send_up
from sync.exchange.rules.refusals import RETRIED, SLOWED, PeerRefused
from sync.exchange.services import (
    attempts,
    blobs,
    comparing,
    housekeeping,
    nodes,
    parking,
    receiving,
    resending,
    sealing,
    sequencing,
    streams,
    trust,
    uploading,
)
from sync.exchange.services.client import ParentClient, PeerUnreachable
from tiers.models import Node

logger = logging.getLogger(__name__)
SEND_LOCK = 0x43535032
"""Advisory lock of the one slice that talks to the parent."""
LOCK_WAIT_SECONDS = 60
"""How long a comparison waits for the slice that talks."""
RETRY_PARKED_AFTER = timedelta(hours=1)
TIDY_SECONDS = 3600.0
_tidied: dict[str, float] = {}
RETRY_CAP_SECONDS = 300
LONGEST_PAUSE_SECONDS = 3600.0
PATIENT = frozenset({"SUSPENDED", "SCHEMA", "PROTOCOL", "TOO_LARGE", "HOP", "FAILED", "DISK"}) | SLOWED
"""Refusals that heal when the other end is thawed, approves, is mended or brought up to date: tried again, for ever."""
LANES = (Lane.URGENT.value, Lane.NORMAL.value, Lane.BULK.value)
"""What goes first."""
NOT_OF_CSP = (KeyError, TypeError, ValueError, AttributeError, msgspec.MsgspecError)
"""What an answer that is not of CSP/1 raises where it is read."""
PUSH_SHARE = 0.75
"""Part of a slice that may go into pushing, so that a long backlog upward never keeps out what comes down."""
Names = tuple[str, str, str, str]


@dataclass
class Slice:
    """What one slice did."""

    marks: int = 0
    batches_sent: int = 0
    records_sent: int = 0
    batches_pulled: int = 0
    records_pulled: int = 0
    error: str = ""

    @property
    def is_idle(self) -> bool:
        """Whether there was nothing to do."""
        return not (self.marks or self.batches_sent or self.batches_pulled)


class Deadline:
    """The end of a slice."""

    def __init__(self, seconds: float) -> None:
        self._begun = time.monotonic()
        self._end = self._begun + seconds

    def share(self, part: float) -> "Deadline":
        """The moment at which a part of the whole time is used up."""
        found = Deadline(0)
        found._end = self._begun + part * (self._end - self._begun)
        return found

    @property
    def is_over(self) -> bool:
        """Whether the time is used up."""
        return time.monotonic() >= self._end


def run_slice(seconds: float | None = None) -> Slice:
    """Work until nothing is left to do or the time is used up; errors of the link are noted, not raised.

    Numbering and pushing take turns: what is numbered travels at once, however much waits behind it.
    """
    deadline = Deadline(settings.SYNC_SLICE_SECONDS if seconds is None else seconds)
    done = Slice()
    _number(done)
    with _only_one() as mine:
        if mine:
            _talk(done, deadline)
            if done.is_idle:
                _keep_up(deadline)
    while not deadline.is_over and _number(done):
        pass
    return done


def _number(done: Slice) -> int:
    """One round of the sequencer."""
    road = Link.objects.to_parent().exclude(batch_records=0).values_list("batch_records", flat=True).first()
    marks = sequencing.sequence(limit=road)
    done.marks += marks
    return marks


def _keep_up(deadline: Deadline) -> None:
    """What is due from time to time, while nothing travels: parked records are tried again, the tables tidied."""
    blobs.tie()
    parking.wake(until=lambda: deadline.is_over)
    parking.retry_after_upgrade(until=lambda: deadline.is_over)
    parking.retry_waiting(untried_for=RETRY_PARKED_AFTER, until=lambda: deadline.is_over)
    if time.monotonic() - _tidied.get("at", -TIDY_SECONDS) >= TIDY_SECONDS:
        _tidied["at"] = time.monotonic()
        housekeeping.tidy()


@contextmanager
def _only_one(wait_seconds: int = 0) -> Iterator[bool]:
    """Hold the lock of the talking slice; ends with the connection, so a killed process leaves none behind."""
    with connection.cursor() as cursor:
        mine = _lock(cursor, wait_seconds)
        try:
            yield mine
        finally:
            if mine and connection.is_usable():
                cursor.execute("SELECT pg_advisory_unlock(%s)", [SEND_LOCK])


def _lock(cursor: CursorWrapper, wait_seconds: int) -> bool:
    """Take the lock, where another holds it after waiting in the queue for it. Whether it is held."""
    cursor.execute("SELECT pg_try_advisory_lock(%s)", [SEND_LOCK])
    if cursor.fetchone()[0]:
        return True
    if not wait_seconds:
        return False
    cursor.execute("SELECT set_config('lock_timeout', %s, false)", [f"{wait_seconds}s"])
    try:
        cursor.execute("SELECT pg_advisory_lock(%s)", [SEND_LOCK])
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        return False
    finally:
        cursor.execute("RESET lock_timeout")
    return True


def parent_link() -> Link | None:
    """The link upward, where records may travel over it or its approval is awaited."""
    return Link.objects.to_parent().filter(state__in=[Link.State.LIVE, Link.State.PENDING]).first()


def _talk(done: Slice, deadline: Deadline) -> None:
    link = parent_link()
    if link is None or (link.retry_at is not None and link.retry_at > timezone.now()):
        return
    try:
        with ParentClient(link) as client:
            _exchange(client, done, deadline)
    except (PeerRefused, PeerUnreachable) as error:
        done.error = str(error)
        note_failure(link, error)
    except NOT_OF_CSP as error:
        logger.exception("the parent's answer could not be read")
        done.error = f"{type(error).__name__}: {error}"
        note_failure(link, PeerUnreachable(done.error))
    else:
        note_success(link)


def _exchange(client: ParentClient, done: Slice, deadline: Deadline) -> None:
    """Say hello, push what the parent lacks, pull what this node lacks; again from hello when a cursor has moved."""
    for _attempt in range(3):
        answer = hello(client)
        try:
            _push(client, answer["up"], done, deadline.share(PUSH_SHARE))
            _pull(client, answer["down"], done, deadline)
            if answer["compare"] or client.link.compare_asked_at is not None:
                _compare(client)
            elif done.is_idle and not client.link.backlog:
                comparing.compare_with_parent(client, comparing.due(client.link))
            if not client.link.backlog:
                uploading.send(client, deadline)
            _tell(client)
        except PeerRefused as refusal:
            if refusal.code not in RETRIED:
                raise
            logger.info("hello again after %s", refusal.code)
        else:
            return
    raise PeerUnreachable("The parent's cursor keeps moving; somebody else sends for this node.")


def hello(client: ParentClient) -> dict[str, Any]:
    """Say hello and take what the answer teaches: keys, clock, approval."""
    link = client.link
    answer = client.hello({})
    offered = msgspec.convert(answer["keys"], list[OfferedKey])
    trust.learn_keys(offered, from_parent=True, voucher=link.peer_code)
    schemas = msgspec.convert(answer.get("schemas", {}), dict[str, tuple[int, int]])
    if (known := {dataset: list(ends) for dataset, ends in schemas.items()}) != link.peer_schemas:
        link.peer_schemas = known
        link.save(update_fields=["peer_schemas"])
    if link.state == Link.State.PENDING:
        _note_approval(link)
        client.json("notes", {"keys": trust.keys_for_parent()})
    return answer


@transaction.atomic
def _note_approval(link: Link) -> None:
    """The parent lets this node in: the link is live, and the register says that the node is joined."""
    link.state, link.enrolled_at = Link.State.LIVE, timezone.now()
    link.save(update_fields=["state", "enrolled_at"])
    own = Node.objects.filter(node_code=settings.CITYOPS_NODE).first()
    if own is not None:
        nodes.mark_joined(own)
        own.save()


def _push(client: ParentClient, positions: list[dict[str, Any]], done: Slice, deadline: Deadline) -> None:
    """Send what follows the parent's positions, the urgent lane first, the streams of a lane in turn.

    Between two batches the sequencer gets a round. A stream that begins meanwhile is sent by the next slice.
    """
    known = {_names(position): position for position in positions}
    link, sent = client.link, {}
    for stream in _up_streams(link):
        at = known.get((stream.producer_code, stream.flow, stream.scope, stream.lane))
        sent[stream.pk] = _starting_point(stream, at)
    foreign = Stream.objects.filter(pk__in=sent).exclude(producer_code=settings.CITYOPS_NODE)
    if any(stream.seq > sent[stream.pk] for stream in foreign):
        client.json("notes", {"keys": trust.keys_for_parent()})
    turns: Counter[int] = Counter()
    while not deadline.is_over:
        batch = _next_batch(link, sent, turns)
        if batch is not None:
            if not _push_batch(client, batch):
                continue
            done.batches_sent += 1
            done.records_sent += batch.to_seq - sent[batch.stream_id]
            link.backlog -= batch.to_seq - sent[batch.stream_id]
            sent[batch.stream_id] = batch.to_seq
            turns[batch.stream_id] += 1
        if not _number(done) and batch is None:
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


def _up_streams(link: Link) -> list[Stream]:
    return [
        stream
        for stream in Stream.objects.filter(flow=Flow.UP)
        if may_send_up(
            sender=settings.CITYOPS_NODE,
            producer=stream.producer_code,
            scope=stream.scope,
            receiver=link.peer_code,
        )
    ]


def _starting_point(stream: Stream, at: dict[str, Any] | None) -> int:
    """The number that the parent has. Raises PeerRefused where the parent stands on another history."""
    if at is None:
        return 0
    if at["epoch_id"] != str(stream.epoch_id) or int(at["seq"]) > stream.seq:
        raise PeerRefused("EPOCH", f"{stream}: the parent stands at {at['seq']} of an epoch that is not ours.")
    seq = int(at["seq"])
    if seq:
        last = Batch.objects.filter(stream=stream, epoch_no=stream.epoch_no, to_seq=seq).first()
        if last is None or bytes(last.to_chain).hex() != at["chain"]:
            raise PeerRefused("CHAIN", f"{stream}: another history led to {seq} at the parent.")
    return seq


def _push_batch(client: ParentClient, batch: Batch) -> bool:
    """Send a batch; False where the parent is too busy for it, so that for a while only the urgent lane goes.

    Batches that are sealed from now on follow the road: half as large after a call that was cut, a quarter larger
    after one that went well.
    """
    link = client.link
    try:
        _status, body = client.call("push", sealing.sealed_batch(batch).pack())
    except PeerUnreachable:
        link.batch_records = smaller(link.batch_records or settings.SYNC_BATCH_RECORDS)
        link.save(update_fields=["batch_records"])
        raise
    except PeerRefused as refusal:
        if refusal.code not in SLOWED:
            raise
        link.slow_until = timezone.now() + _pause_asked(refusal)
        link.save(update_fields=["slow_until"])
        client.hello({})
        return False
    if link.batch_records:
        grown = larger(link.batch_records, settings.SYNC_BATCH_RECORDS)
        link.batch_records = grown if grown < settings.SYNC_BATCH_RECORDS else 0
        link.save(update_fields=["batch_records"])
    answer = msgspec.json.decode(body)
    receiving.keep_receipt(
        answer["receipt"].encode(), bytes.fromhex(answer["signature"]), receiver=client.link.peer_code
    )
    return True


def _pause_asked(refusal: PeerRefused) -> timedelta:
    """How long the peer asks to wait; nobody can hold a link up for longer than an hour."""
    asked = refusal.facts.get("retry_after")
    seconds = float(asked) if isinstance(asked, int | float) else float(RETRY_CAP_SECONDS)
    return timedelta(seconds=min(max(seconds, 1.0), LONGEST_PAUSE_SECONDS))


def _pull(client: ParentClient, heads: list[dict[str, Any]], done: Slice, deadline: Deadline) -> None:
    for head in heads:
        names = streams.names_in(head)
        stream = Stream.objects.filter(**names).first()
        if stream is None:
            stream = streams.begin(names, epoch_no=head["epoch_no"], epoch_id=UUID(head["epoch_id"]))
        while stream.seq < int(head["seq"]) and not deadline.is_over:
            status, body = client.call("pull", _position_json(stream))
            if status == 204:
                break
            receipt = _take_batch(unpack(body), client.link.peer_code)
            done.batches_pulled += 1
            done.records_pulled += receipt.upto_seq - receipt.from_seq + 1
            stream.refresh_from_db()


def _take_batch(sealed: Envelope, sender: str) -> Receipt:
    tries = attempts.begin(sealed)
    try:
        return receiving.receive(sealed, sender=sender, tries=tries)
    finally:
        attempts.end(sealed)


def _position_json(stream: Stream) -> bytes:
    return msgspec.json.encode(streams.position(stream))


def _tell(client: ParentClient) -> None:
    """Hand over receipts for what was pulled and requests for owners above; take requests for owners here.

    Told at the end of every slice: it is this call, used once, by which the parent knows that the child is there.
    """
    unsent = list(Receipt.objects.filter(receiver_code=settings.CITYOPS_NODE, stream__flow="down", delivered_at=None))
    receipts = [
        {"receipt": bytes(receipt.text).decode(), "signature": bytes(receipt.signature).hex()} for receipt in unsent
    ]
    facts = {"clock": timezone.now(), "backlog": client.link.backlog}
    answer = client.json("notes", {"receipts": receipts, "resend": resending.take_for_parent(), **facts})
    Receipt.objects.filter(pk__in=[receipt.pk for receipt in unsent]).update(delivered_at=timezone.now())
    resending.ask_for_parent(msgspec.convert(answer, NotesAnswer).resend)


def _compare(client: ParentClient) -> list[Comparison]:
    """Compare because somebody at either end asked for it, or because it is night."""
    results = comparing.compare_with_parent(client)
    client.link.compare_asked_at = None
    client.link.save(update_fields=["compare_asked_at"])
    return results


def _names(position: dict[str, Any]) -> Names:
    return position["producer"], position["flow"], position["scope"], position["lane"]


def note_success(link: Link) -> None:
    """The link works."""
    link.last_ok_at, link.fail_count, link.retry_at, link.last_error = timezone.now(), 0, None, ""
    link.save(update_fields=["last_ok_at", "fail_count", "retry_at", "last_error", "backlog"])


def note_failure(link: Link, error: Exception) -> None:
    """Note what went wrong; tried again with growing pauses, except where only a person can help: then frozen."""
    now = timezone.now()
    link.fail_count += 1
    link.last_error, link.last_error_at = str(error)[:300], now
    pause = random.uniform(1, min(RETRY_CAP_SECONDS, 2 ** min(link.fail_count, 9)))  # noqa: S311
    link.retry_at = now + timedelta(seconds=pause)
    if isinstance(error, PeerRefused) and "retry_after" in error.facts:
        link.retry_at = now + _pause_asked(error)
    with transaction.atomic():
        if isinstance(error, PeerRefused) and error.code not in RETRIED | PATIENT:
            link.state, link.frozen_reason = Link.State.FROZEN, f"{error.code}: {error}"[:300]
            audit.record("link.freeze", kind="Link", key=link.peer_code, reason=link.frozen_reason, succeeded=False)
        link.save()
    logger.warning("exchange with %s failed: %s", link.peer_code, error)


def reconcile() -> list[Comparison]:
    """Compare everything with the parent; an empty list where there is none. Raises PeerRefused, PeerUnreachable.

    Waits for the slice that talks, so that nothing travels meanwhile. Where it talks for long, PeerUnreachable says
    so, and the comparison is left to a slice.
    """
    link = parent_link()
    if link is None:
        return []
    with _only_one(LOCK_WAIT_SECONDS) as mine:
        if not mine:
            ask_comparison()
            raise PeerUnreachable("The exchange is busy; the next slices compare.")
        with ParentClient(link) as client:
            hello(client)
            results = _compare(client)
            _tell(client)
    return results


def ask_comparison() -> None:
    """Have the next slice compare everything with the parent."""
    Link.objects.to_parent().filter(compare_asked_at=None).update(compare_asked_at=timezone.now())
