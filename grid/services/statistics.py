"""Compile the daily statistic of cases 案件日统计 (GL04) from the cases: one statement for any number of days."""

from datetime import date, timedelta
from functools import cache

from django.db import connection, transaction
from django.utils import timezone

from cityops.foundation.records import local_node
from grid.selectors.statistics import COUNTS, TABLE, counted, days_counted


@cache
def _statement() -> str:
    """The counts merged into GL04; a stored day that no case counts for any more becomes zero."""
    names = ", ".join(COUNTS)
    given = ", ".join(f"coalesce({name}, 0)" for name in COUNTS)
    same = " AND ".join(f"s.{name} = excluded.{name}" for name in COUNTS)
    merged = ", ".join(f"{name} = excluded.{name}" for name in COUNTS)
    return f"""
INSERT INTO {TABLE} AS s (rid, origin_code, division_code, stat_date, kind, {names})
SELECT gen_random_uuid(), owner, street, day, kind, {given} FROM ({counted()}) counted FULL JOIN (
    SELECT origin_code AS owner, division_code AS street, kind, stat_date AS day FROM {TABLE}
    WHERE origin_code = ANY(%(owners)s::varchar[]) AND stat_date BETWEEN %(first)s::date AND %(last)s::date
) stored USING (owner, street, kind, day)
ON CONFLICT (origin_code, division_code, stat_date, kind) DO UPDATE SET {merged} WHERE NOT ({same})
"""


def compile_statistics(first: date | None = None, last: date | None = None) -> int:
    """Compile the days from ``first`` to ``last`` (all days up to yesterday, by default); returns the changed rows.

    Set-based; an unchanged day stays untouched, so nothing is sent again. A day whose cases have gone is emptied.
    """
    last = last or timezone.localdate() - timedelta(days=1)
    first = first or date(2000, 1, 1)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_statement(), days_counted([local_node()], first, last))
        return int(cursor.rowcount)
