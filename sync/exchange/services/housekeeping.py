"""Upkeep of the exchange's own tables."""

import datetime as dt
from itertools import pairwise

from django.db import connection, transaction
from django.utils import timezone

from sync.exchange.services import pruning, resending, trust

MONTHS_AHEAD = 3


def month_starts(day: dt.date, count: int) -> list[dt.date]:
    """The first days of the ``count`` months after the month of ``day``, and of the one that ends them."""
    number = day.year * 12 + day.month
    return [dt.date((number + n) // 12, (number + n) % 12 + 1, 1) for n in range(count + 1)]


@transaction.atomic
def make_partitions(today: dt.date | None = None) -> int:
    """Make the partitions of batch bodies for the coming months. Returns how many were missing."""
    starts = month_starts(today or timezone.now().date(), MONTHS_AHEAD)
    made = 0
    with connection.cursor() as cursor:
        for first, after in pairwise(starts):
            name = f"sync_batch_body_{first:%Y%m}"
            cursor.execute("SELECT to_regclass(%s) IS NULL", [name])
            if cursor.fetchone()[0]:
                cursor.execute(
                    f"CREATE TABLE {name} PARTITION OF sync_batch_body FOR VALUES FROM ('{first}') TO ('{after}')"
                )
                made += 1
    return made


def tidy() -> None:
    """Everything that is due from time to time; a few look-ups where nothing is."""
    trust.clear_old_nonces()
    resending.drop_old()
    make_partitions()
    pruning.prune()
