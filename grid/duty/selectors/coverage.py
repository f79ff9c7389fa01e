"""Coverage of unit grids 单元网格巡查覆盖率 per shift: counted in one statement, from the roster and the visits.

A unit grid counts as visited when anybody who collects was in it during the shift: the figure speaks of ground that
was looked at, not of who looked. It exists by responsibility grid, shift, day and division, and for no person.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection
from django.utils import timezone

from grid.duty.models import Assignment, DutyGrid, DutyGridUnit, Visit
from grid.duty.rules.coverage import Coverage, total
from grid.selectors.ground import division_prefix

SCHEDULED = f"""
SELECT a.day, a.shift_id, a.duty_grid_id, u.grid_code, min(a.starts_at) AS starts_at, max(a.ends_at) AS ends_at
FROM {Assignment._meta.db_table} a JOIN {DutyGrid._meta.db_table} g ON g.rid = a.duty_grid_id
JOIN {DutyGridUnit._meta.db_table} u ON u.duty_grid_id = g.rid AND u.since <= a.day
    AND (u.until IS NULL OR u.until >= a.day)
WHERE a.day BETWEEN %(first)s::date AND %(last)s::date AND a.starts_at <= %(at)s::timestamptz
    AND g.grid_kind = '{DutyGrid.Kind.COLLECTING.value}'
    AND starts_with(u.grid_code, %(prefix)s::text) AND starts_with(g.grid_code, %(scope)s::text)
    AND (%(shift)s::bigint IS NULL OR a.shift_id = %(shift)s::bigint)
    AND (%(grid)s::uuid IS NULL OR a.duty_grid_id = %(grid)s::uuid)
GROUP BY a.day, a.shift_id, a.duty_grid_id, u.grid_code
"""
VISITED = f"""
EXISTS (SELECT FROM {Visit._meta.db_table} v
    WHERE v.grid_code = s.grid_code AND v.at >= s.starts_at AND v.at < s.ends_at)
"""
COUNTED = f"""
SELECT day, shift_id, duty_grid_id, count(*) FILTER (WHERE {VISITED}), count(*) FROM ({SCHEDULED}) s
GROUP BY day, shift_id, duty_grid_id ORDER BY day, shift_id, duty_grid_id
"""
BY_UNIT = f"""
SELECT grid_code, count(*) FILTER (WHERE {VISITED}), count(*) FROM ({SCHEDULED}) s GROUP BY grid_code
"""


@dataclass(frozen=True)
class Asked:
    """What coverage is asked for: days, a division's prefix, perhaps one shift or one responsibility grid.

    ``scope`` is what the person who asks may see: the beginning of the codes of responsibility grids.
    """

    first: dt.date
    last: dt.date
    prefix: str = ""
    scope: str = ""
    shift: int | None = None
    grid: Any = None


@dataclass(frozen=True)
class CoverageRow:
    """One responsibility grid in one shift of one day."""

    day: dt.date
    shift_id: int
    duty_grid_id: Any
    coverage: Coverage


def _rows(statement: str, asked: Asked, at: dt.datetime | None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {**asdict(asked), "at": at or timezone.now()})
        return list(cursor.fetchall())


def coverage_rows(asked: Asked, at: dt.datetime | None = None) -> list[CoverageRow]:
    """Coverage by day, shift and responsibility grid; shifts that have not begun at ``at`` are left out."""
    return [
        CoverageRow(day, shift, grid, Coverage(visited, scheduled))
        for day, shift, grid, visited, scheduled in _rows(COUNTED, asked, at)
    ]


def coverage_by_unit(asked: Asked, at: dt.datetime | None = None) -> dict[str, Coverage]:
    """Unit grid → in how many of the shifts it was scheduled for it was visited."""
    return {code: Coverage(visited, scheduled) for code, visited, scheduled in _rows(BY_UNIT, asked, at)}


def coverage(period: tuple[dt.date, dt.date], division: str, at: dt.datetime | None = None) -> Coverage:
    """单元网格巡查覆盖率 of a division in a period (first and last day): Σ visited ÷ Σ scheduled unit grids per shift.

    ``rate_percent`` is None where nothing was scheduled. Source: grid.md §7, design decision 21.
    """
    first, last = period
    return total(row.coverage for row in coverage_rows(Asked(first, last, division_prefix(division)), at))


def added_by(rows: Iterable[CoverageRow], key: str) -> dict[Any, Coverage]:
    """Coverage added up by ``day``, ``shift_id`` or ``duty_grid_id``."""
    parts: dict[Any, list[Coverage]] = defaultdict(list)
    for row in rows:
        parts[getattr(row, key)].append(row.coverage)
    return {name: total(found) for name, found in parts.items()}
