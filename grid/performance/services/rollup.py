"""Keep the daily rollup: days are counted anew where cases changed, in one transaction."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from grid.models import Case
from grid.performance.models import RollupMark
from grid.performance.selectors.rollup import DIMENSIONS, TABLE, rollup_sql
from grid.selectors.statistics import COUNTS, RECOMPILED_DAYS, days_counted

OVERLAP = timedelta(minutes=5)
"""Changes are followed again so far back: a transaction may commit after a later one was followed."""
_MOMENTS = (
    "reported_at",
    "accepted_at",
    "filed_at",
    "dispatched_at",
    "disposed_at",
    "dispose_deadline",
    "close_deadline",
    "closed_at",
    "updated_at",
)
LOCK = 7_305_114
"""Advisory lock: one at a time counts."""


def _owners() -> list[str]:
    return list(Case.objects.order_by().values_list("origin_code", flat=True).distinct())


def count_days(first: date, last: date, *, only: Sequence[date] | None = None) -> int:
    """Count the days from ``first`` to ``last`` anew (of them ``only`` some); returns the rows now stored.

    Runs in one transaction; readers see the old counts until the new ones are there.
    """
    names = ", ".join(COUNTS)
    keys = ", ".join(DIMENSIONS)
    values = {**days_counted(_owners(), first, last), "only": list(only) if only is not None else None}
    chosen = "(%(only)s::date[] IS NULL OR {0} = ANY(%(only)s::date[]))"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        cursor.execute(
            f"DELETE FROM {TABLE} WHERE stat_date BETWEEN %(first)s AND %(last)s AND {chosen.format('stat_date')}",
            values,
        )
        cursor.execute(
            f"INSERT INTO {TABLE} (origin_code, division_code, kind, stat_date, {keys}, {names}) "
            f"SELECT owner, street, kind, day, {keys}, {names} FROM ({rollup_sql()}) counted "
            f"WHERE {chosen.format('day')}",
            values,
        )
        return int(cursor.rowcount)


def count_all() -> int:
    """Count every day that any case has a moment in."""
    return count_days(date(2000, 1, 1), timezone.localdate() + timedelta(days=400))


def follow_changes() -> int:
    """Count anew the days that changed cases touch, since this was last done; returns how many days.

    A day that a case has *left* (its deadline moved) is put right by the nightly count of the last days.
    """
    now = timezone.now()
    mark = RollupMark.objects.first()
    if mark is None:
        count_all()
        RollupMark.objects.create(followed_to=now)
        return 0
    days = _touched_days(mark.followed_to - OVERLAP)
    if days:
        count_days(days[0], days[-1], only=days)
    RollupMark.objects.filter(pk=mark.pk).update(followed_to=now)
    return len(days)


def _touched_days(since: datetime) -> list[date]:
    moments = ", ".join(f"({name})" for name in _MOMENTS)
    sql = f"""
    SELECT DISTINCT (m.at AT TIME ZONE %(zone)s::text)::date FROM {Case._meta.db_table} c
    CROSS JOIN LATERAL (VALUES {moments}) AS m (at) WHERE c.updated_at >= %(since)s AND m.at IS NOT NULL ORDER BY 1"""
    with connection.cursor() as cursor:
        cursor.execute(sql, {"zone": settings.TIME_ZONE, "since": since})
        return [day for (day,) in cursor.fetchall()]


def count_recent() -> int:
    """Count the days again whose cases may still change, as the daily statistic does every night."""
    today = timezone.localdate()
    return count_days(today - timedelta(days=RECOMPILED_DAYS), today + timedelta(days=RECOMPILED_DAYS))
