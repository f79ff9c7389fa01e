"""Compile the daily statistic of cases 案件日统计 (GL04) from the cases: one statement for any number of days."""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from cityops.foundation.records import local_node
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


def _statement() -> str:
    """Cases unfolded to one row per case and distinct moment, counted by street, day and kind, merged into GL04."""
    moments = sorted({moment for moment, _condition in COUNTS.values()})
    unfolded = ", ".join(f"('{moment}', {moment})" for moment in moments)
    counted = ", ".join(
        f"count(*) FILTER (WHERE moment = '{moment}' AND {condition}) AS {name}"
        for name, (moment, condition) in COUNTS.items()
    )
    names = ", ".join(COUNTS)
    table = CaseDailyStatistic._meta.db_table
    same = " AND ".join(f"s.{name} = excluded.{name}" for name in COUNTS)
    merged = ", ".join(f"{name} = excluded.{name}" for name in COUNTS)
    stored = ", ".join(f"coalesce({name}, 0)" for name in COUNTS)
    return f"""
INSERT INTO {table} AS s (rid, origin_code, division_code, stat_date, kind, {names})
SELECT gen_random_uuid(), %(node)s::varchar, street, day, kind, {stored} FROM (
    SELECT rpad(left(c.division_code, {STREET_DIGITS}), 12, '0') AS street, c.kind,
           (m.at AT TIME ZONE %(zone)s::text)::date AS day, {counted}
    FROM (
        SELECT *, CASE WHEN close_deadline IS NULL THEN closed_at ELSE least(close_deadline, closed_at) END AS needed_at
        FROM {Case._meta.db_table} WHERE origin_code = %(node)s::varchar
    ) c CROSS JOIN LATERAL (VALUES {unfolded}) AS m (moment, at)
    WHERE m.at >= %(start)s::timestamptz AND m.at < %(end)s::timestamptz
    GROUP BY 1, 2, 3
) counted FULL JOIN (
    SELECT division_code AS street, stat_date AS day, kind FROM {table}
    WHERE origin_code = %(node)s::varchar AND stat_date BETWEEN %(first)s::date AND %(last)s::date
) stored USING (street, day, kind)
ON CONFLICT (origin_code, division_code, stat_date, kind) DO UPDATE SET {merged} WHERE NOT ({same})
"""


def compile_statistics(first: date | None = None, last: date | None = None) -> int:
    """Compile the days from ``first`` to ``last`` (all days up to yesterday, by default); returns the changed rows.

    Set-based; an unchanged day stays untouched, so nothing is sent again. A day whose cases have gone is emptied.
    """
    zone = timezone.get_default_timezone()
    today = timezone.localdate()
    last = last or today - timedelta(days=1)
    first = first or date(2000, 1, 1)
    values = {
        "node": local_node(),
        "zone": settings.TIME_ZONE,
        "start": datetime.combine(first, datetime.min.time(), tzinfo=zone),
        "first": first,
        "last": last,
        "end": datetime.combine(last + timedelta(days=1), datetime.min.time(), tzinfo=zone),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_statement(), values)
        return int(cursor.rowcount)
