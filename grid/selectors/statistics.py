"""The daily statistic of cases 案件日统计 (GL04) as a question: counted from the cases, and compared with what came."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from cityops.foundation.derived import Difference
from cityops.regions.models import Division
from grid.models import Case, CaseDailyStatistic

STREET_DIGITS = 9
"""The statistic goes down to the street (GL04: 到街道)."""
COUNTS: dict[str, tuple[str, str]] = {
    "report_num": ("reported_at", "true"),
    "valid_report_num": ("filed_at", "true"),
    "accept_num": ("accepted_at", "true"),
    "register_num": ("filed_at", "true"),
    "dispatch_num": ("dispatched_at", "true"),
    "need_dispose_num": ("dispose_deadline", "is_hung = '0' AND is_void = '0'"),
    "dispose_num": ("disposed_at", "true"),
    "intime_dispose_num": ("disposed_at", "disposed_at <= dispose_deadline"),
    "overtime_to_dispose_num": ("dispose_deadline", "disposed_at IS NULL AND is_hung = '0' AND is_void = '0'"),
    "need_close_num": ("needed_at", "is_hung = '0' AND is_void = '0'"),
    "close_num": ("closed_at", "state IN ('80', '81')"),
    "intime_close_num": ("closed_at", "state IN ('80', '81') AND closed_at <= close_deadline"),
    "rework_num": ("disposed_at", "rework_count > 0"),
    "postpone_num": ("dispose_deadline", "postpone_count > 0"),
    "hang_num": ("updated_at", "is_hung = '1'"),
    "void_num": ("updated_at", "is_void = '1'"),
}
"""Column → (moment that says on which day a case counts, condition). A case counts at most once in each."""
RECOMPILED_DAYS = 45
"""Rework, closing and deadlines change the counts of past days; a city compiles so many of them again every night."""
MOST_SHOWN = 50
TABLE = CaseDailyStatistic._meta.db_table


def counted(more: Mapping[str, str] | None = None) -> str:
    """SQL that counts cases by owner, street, day and kind: each unfolded to a row per distinct moment.

    ``more`` are further columns to count by (name → SQL over the case ``c``). Parameters: ``owners``, ``zone`` (days
    are those of this instance), ``start`` and ``end`` of the days counted.
    """
    moments = sorted({moment for moment, _condition in COUNTS.values()})
    unfolded = ", ".join(f"('{moment}', {moment})" for moment in moments)
    stored = ", ".join(moment for moment in moments if moment != "needed_at")
    counts = ", ".join(
        f"count(*) FILTER (WHERE moment = '{moment}' AND {condition}) AS {name}"
        for name, (moment, condition) in COUNTS.items()
    )
    by = "".join(f", {sql} AS {name}" for name, sql in (more or {}).items())
    places = ", ".join(str(number) for number in range(1, 5 + len(more or {})))
    return f"""
    SELECT c.origin_code AS owner, rpad(left(c.division_code, {STREET_DIGITS}), 12, '0') AS street, c.kind,
           (m.at AT TIME ZONE %(zone)s::text)::date AS day{by}, {counts}
    FROM (
        SELECT *, CASE WHEN close_deadline IS NULL THEN closed_at ELSE least(close_deadline, closed_at) END AS needed_at
        FROM {Case._meta.db_table} WHERE origin_code = ANY(%(owners)s::varchar[])
            AND greatest({stored}, close_deadline) >= %(start)s::timestamptz
    ) c CROSS JOIN LATERAL (VALUES {unfolded}) AS m (moment, at)
    WHERE m.at >= %(start)s::timestamptz AND m.at < %(end)s::timestamptz
    GROUP BY {places}"""


def days_counted(owners: Sequence[str], first: date, last: date) -> dict[str, Any]:
    """The parameters of ``counted`` for the days from ``first`` to ``last``."""
    zone = timezone.get_default_timezone()
    return {
        "owners": list(owners),
        "zone": settings.TIME_ZONE,
        "first": first,
        "last": last,
        "start": datetime.combine(first, datetime.min.time(), tzinfo=zone),
        "end": datetime.combine(last + timedelta(days=1), datetime.min.time(), tzinfo=zone),
    }


@cache
def _comparison() -> str:
    names = ", ".join(COUNTS)
    pairs = ", ".join(f"('{name}', r.{name}, d.{name})" for name in COUNTS)
    return f"""
WITH derived AS ({counted()}), received AS (
    SELECT origin_code AS owner, division_code AS street, kind, stat_date AS day, {names} FROM {TABLE}
    WHERE origin_code = ANY(%(owners)s::varchar[]) AND stat_date BETWEEN %(first)s::date AND %(last)s::date
)
SELECT owner, day, concat(p.name, ' ', left(street, {STREET_DIGITS})), kind, n.name, n.received, n.derived
FROM received r FULL JOIN derived d USING (owner, street, kind, day)
CROSS JOIN LATERAL (VALUES {pairs}) AS n (name, received, derived)
LEFT JOIN {Division._meta.db_table} p ON p.code = street AND (p.valid_to IS NULL OR p.valid_to >= current_date)
WHERE street LIKE %(scope)s AND coalesce(n.received, 0) <> coalesce(n.derived, 0)
ORDER BY day DESC, owner, street, kind, n.name LIMIT {MOST_SHOWN}
"""


def differing_days(owners: Sequence[str], *, user: Any) -> list[Difference]:
    """Where the daily statistics of some cities are not what their cases here give, over the days that a city compiles
    again; the latest first, at most MOST_SHOWN. One statement.

    What a city changed about a past day since its last night differs until the next one.
    """
    if not owners:
        return []
    today = timezone.localdate()
    values = days_counted(owners, today - timedelta(days=RECOMPILED_DAYS), today - timedelta(days=1))
    with connection.cursor() as cursor:
        cursor.execute(_comparison(), {**values, "scope": f"{user.scope_prefix}%"})
        rows = cursor.fetchall()
    return [
        Difference(owner, day, place, str(Case.Kind(kind).label), _title(name), received, derived)
        for owner, day, place, kind, name, received, derived in rows
    ]


def _title(name: str) -> str:
    return str(CaseDailyStatistic._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
