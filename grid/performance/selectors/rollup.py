"""The daily rollup: what dashboards read instead of millions of cases.

The counts are those of the daily statistic (GL04) with a finer key, made by the same SQL; a test holds their sums
together. ``panels`` reads one table once.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection

from grid.performance.models import DailyCount
from grid.selectors.statistics import COUNTS, counted

DIMENSIONS = {
    "duty_org": "c.duty_org",
    "class_major": "left(c.class_code, 2)",
    "source": "c.source",
}
"""Column → where a case has it."""
TABLE = DailyCount._meta.db_table
GROUPS = ("stat_date", "street", "duty_org", "class_major", "source")
GROUPINGS = ((), *((name,) for name in GROUPS))


def rollup_sql() -> str:
    """SQL of the counts by the key of the rollup."""
    return counted(DIMENSIONS)


@dataclass(frozen=True)
class Panels:
    """The panels of a dashboard: the totals, and the same counts by day, part, department, class and source."""

    total: dict[str, int]
    by: dict[str, dict[Any, dict[str, int]]] = field(default_factory=dict)


def panels(prefix: str, first: date, last: date, *, user: Any, digits: int = 6) -> Panels:
    """All panels of a division and some days in one reading of the rollup; parts by ``digits`` of the division code."""
    scope = "division_code LIKE %(prefix)s AND division_code LIKE %(own)s"
    bound = " AND duty_org = ANY(%(orgs)s::varchar[])" if user is not None and user.is_bound_to_organisation else ""
    sums = ", ".join(f"sum({name})::bigint" for name in COUNTS)
    sets = ", ".join(f"({', '.join(columns)})" for columns in GROUPINGS)
    sql = f"""
    SELECT grouping({", ".join(GROUPS)}), {", ".join(GROUPS)}, {sums} FROM (
        SELECT *, left(division_code, %(digits)s::int) AS street FROM {TABLE}
        WHERE stat_date BETWEEN %(first)s AND %(last)s AND {scope}{bound}
    ) days GROUP BY GROUPING SETS ({sets})"""
    values = {
        "prefix": f"{prefix}%",
        "own": f"{'' if user is None else user.scope_prefix}%",
        "orgs": user.organisation_codes if bound else [],
        "digits": digits,
        "first": first,
        "last": last,
    }
    found = Panels(dict.fromkeys(COUNTS, 0), {name: {} for name in GROUPS})
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        for mask, *rest in cursor.fetchall():
            _place(found, mask, rest)
    return found


def _place(found: Panels, mask: int, rest: list[Any]) -> None:
    """Put a row of the grouping sets where it belongs: a cleared bit of the mask says what it is grouped by."""
    keys, sums = rest[: len(GROUPS)], rest[len(GROUPS) :]
    counts = {name: int(number or 0) for name, number in zip(COUNTS, sums, strict=True)}
    for place, name in enumerate(GROUPS):
        if not mask >> (len(GROUPS) - 1 - place) & 1:
            found.by[name][keys[place]] = counts
            return
    found.total.update(counts)
