"""One bounded slice of the exchange: number what changed, push upward, pull from above.

The same slice runs from Celery and from ``manage.py sync_run``; the database is the queue, so a slice that dies or a
wake-up that is lost costs delay, never data.
"""

import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import msgspec
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone
from psycopg.errors import LockNotAvailable

from cityops.foundation import audit
from cityops.foundation.failpoints import failpoint
from sync.exchange.models import Comparison, Link, Receipt
from sync.exchange.rules.calls import NotesAnswer
from sync.exchange.rules.pace import pause_asked
from sync.exchange.rules.refusals import RETRIED, SLOWED, PeerRefused
from sync.exchange.services import (
    alarms,
    blobs,
    comparing,
    following,
    housekeeping,
    parking,
    recovery,
    relaying,
    resending,
    sequencing,
    uploading,
    vouching,
)
from sync.exchange.services.client import ParentClient, PeerUnreachable, Transport, Wire
from sync.exchange.services.greeting import hello
from sync.exchange.services.pushing import push
from sync.exchange.services.recovery import Settled
from sync.exchange.services.slices import Deadline, Slice

logger = logging.getLogger(__name__)
SEND_LOCK = 0x43535032
"""Advisory lock of the one slice that talks to the parent."""
LOCK_WAIT_SECONDS = 60
"""How long a comparison waits for the slice that talks."""
RETRY_PARKED_AFTER = timedelta(hours=1)
TIDY_SECONDS = 3600.0
_tidied: dict[str, float] = {}
RETRY_CAP_SECONDS = 300
PATIENT = frozenset({"SUSPENDED", "SCHEMA", "PROTOCOL", "TOO_LARGE", "HOP", "FAILED", "DISK"}) | SLOWED
"""Refusals that heal when the other end is thawed, approves, is mended or brought up to date: tried again, for ever."""
NOT_OF_CSP = (KeyError, TypeError, ValueError, AttributeError, msgspec.MsgspecError)
"""What an answer that is not of CSP/1 raises where it is read."""
PUSH_SHARE = 0.75
"""Part of a slice that may go into pushing, so that a long backlog upward never keeps out what comes down."""
MOST_RECOVERIES = 4
"""Hellos in one slice after which something was recovered; what is left goes on with the next slice."""


def run_slice(seconds: float | None = None, *, transport: Callable[[str], Transport] = Wire) -> Slice:
    """Work until nothing is left to do or the time is used up; errors of the link are noted, not raised.

    Numbering and pushing take turns: what is numbered travels at once, however much waits behind it. ``transport``
    makes what carries the calls to an address.
    """
    deadline = Deadline(settings.SYNC_SLICE_SECONDS if seconds is None else seconds)
    done = Slice()
    _number(done)
    with _only_one() as mine:
        if mine:
            alarms.beat(alarms.SLICE)
            _talk(done, deadline, transport)
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


def _talk(done: Slice, deadline: Deadline, transport: Callable[[str], Transport]) -> None:
    link = parent_link()
    if link is None or (link.retry_at is not None and link.retry_at > timezone.now()):
        return
    try:
        with ParentClient(link, transport) as client:
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
        try:
            answer, settled = greet(client)
            push(client, settled.starts, done, deadline.share(PUSH_SHARE), number=_number)
            following.pull(client, answer["down"], done, deadline)
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


def _tell(client: ParentClient) -> None:
    """Hand over receipts for what was pulled and requests for owners above; take requests for owners here.

    Told at the end of every slice: it is this call, used once, by which the parent knows that the child is there.
    """
    unsent = list(Receipt.objects.filter(receiver_code=settings.CITYOPS_NODE, stream__flow="down", delivered_at=None))
    receipts = [
        {"receipt": bytes(receipt.text).decode(), "signature": bytes(receipt.signature).hex()} for receipt in unsent
    ]
    facts = {"clock": timezone.now(), "backlog": client.link.backlog, "keys": vouching.own_news()}
    failpoint("tell.before")
    answer = client.json("notes", {"receipts": receipts, "resend": resending.take_for_parent(), **facts})
    Receipt.objects.filter(pk__in=[receipt.pk for receipt in unsent]).update(delivered_at=timezone.now())
    resending.ask_for_parent(msgspec.convert(answer, NotesAnswer).resend)


def greet(client: ParentClient) -> tuple[dict[str, Any], Settled]:
    """Say hello and bring every stream to a common history. Returns the answer, and where pushing begins."""
    for _round in range(MOST_RECOVERIES):
        answer = hello(client)
        settled = recovery.settle_own(client, answer)
        relaying.settle_relayed(client, answer, settled)
        settled.has_changed |= following.settle_down(client, answer)
        if not settled.has_changed:
            return answer, settled
    raise PeerUnreachable("The ends are still being brought to a common history; it goes on with the next slice.")


def _compare(client: ParentClient) -> list[Comparison]:
    """Compare because somebody at either end asked for it, or because it is night."""
    results = comparing.compare_with_parent(client)
    client.link.compare_asked_at = None
    client.link.save(update_fields=["compare_asked_at"])
    return results


def note_success(link: Link) -> None:
    """The link works."""
    link.last_ok_at, link.fail_count, link.retry_at, link.last_error = timezone.now(), 0, None, ""
    link.save(update_fields=["last_ok_at", "fail_count", "retry_at", "last_error", "backlog", "clock_skew_seconds"])


def note_failure(link: Link, error: Exception) -> None:
    """Note what went wrong; tried again with growing pauses, except where only a person can help: then frozen."""
    now = timezone.now()
    link.fail_count += 1
    link.last_error, link.last_error_at = str(error)[:300], now
    pause = random.uniform(1, min(RETRY_CAP_SECONDS, 2 ** min(link.fail_count, 9)))  # noqa: S311
    link.retry_at = now + timedelta(seconds=pause)
    if isinstance(error, PeerRefused) and "retry_after" in error.facts:
        link.retry_at = now + pause_asked(error)
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
