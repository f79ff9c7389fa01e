"""Back-pressure: what a receiver cannot take now it refuses with a reason and a time, before anything is stored."""

import math
import shutil
import time

from django.conf import settings
from django.core.cache import cache
from django.db.models import F, Q, Sum

from cityops.foundation.records import Flow, Lane
from sync.exchange.models import Link, Stream
from sync.exchange.rules.envelope import Header
from sync.exchange.rules.pace import Bucket
from sync.exchange.rules.places import codes_below
from sync.exchange.rules.refusals import PeerRefused

LEAST_FREE = 0.1
"""Share of the disk that stays free: PostgreSQL stops for good on a full one."""
MOST_PENDING = 10_000
"""Records of a link that are parked or wait; beyond it somebody has to look first."""
WAIT_DISK, WAIT_BUSY = 300, 60
"""Seconds after which a child may ask again."""
BUCKET_SECONDS = 3600


def free_share() -> float:
    """The share of the disk of ``SYNC_DISK_PATH`` that is free, 0 to 1."""
    usage = shutil.disk_usage(settings.SYNC_DISK_PATH)
    return usage.free / usage.total


def check(link: Link, header: Header) -> None:
    """Whether a batch of the child can be taken now. Raises PeerRefused DISK, BUSY or RATE with ``retry_after``.

    The urgent lane is held up by a full disk only.
    """
    if free_share() < LEAST_FREE:
        raise PeerRefused("DISK", f"Less than {LEAST_FREE:.0%} of the disk is free here.", retry_after=WAIT_DISK)
    if header.lane == Lane.URGENT:
        return
    if pending_of(link) > MOST_PENDING:
        raise PeerRefused(
            "BUSY", f"More than {MOST_PENDING} records of {link.peer_code} are parked or wait.", retry_after=WAIT_BUSY
        )
    _take_tokens(link, header.count)


def pending_of(link: Link) -> int:
    """Records that came over the link upward and are not applied yet."""
    producers = Q(producer_code=link.peer_code) | Q(producer_code__regex=codes_below(link.peer_code))
    found = Stream.objects.filter(producers, flow=Flow.UP).aggregate(n=Sum(F("parked_count") + F("waiting_count")))
    return int(found["n"] or 0)


def _take_tokens(link: Link, count: int) -> None:
    """One bucket per child, so that a child that returns after a day does not starve the others."""
    rate = float(settings.SYNC_CHILD_RECORDS_PER_SECOND)
    bucket = Bucket(rate, rate * 60)
    name, now = f"sync-bucket:{link.peer_code}", time.time()
    level, at = cache.get(name) or (bucket.size, now)
    level, wait = bucket.take(level, max(0.0, now - at), count)
    cache.set(name, (level, now), BUCKET_SECONDS)
    if wait:
        told = f"{link.peer_code} sends more than {rate:.0f} records a second."
        raise PeerRefused("RATE", told, retry_after=math.ceil(wait))
