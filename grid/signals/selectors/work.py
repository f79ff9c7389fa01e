"""Work that looks odd over weeks: disposals before the deadline, grids without reports, pairs that always agree."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from cityops.accounts.models import Organisation
from cityops.foundation.records import local_node
from grid.models import Case, CaseStep, UnitGrid
from grid.models.ground import CodeState
from grid.rules.transitions import MOVES, Action
from grid.signals.rules.finding import Checks, Closings, Found, Quiet, agreeing_pairs, bunched, quiet_grids
from grid.signals.rules.kinds import Terms

_CASE, _STEP, _GRID = Case._meta.db_table, CaseStep._meta.db_table, UnitGrid._meta.db_table
BESIDE = 0.0003
"""Degrees within which two grids are neighbours, about 30 m: a road may lie between them."""
CLOSINGS = f"""
SELECT duty_org, count(*) FILTER (WHERE disposed_at <= dispose_deadline),
    count(*) FILTER (WHERE disposed_at <= dispose_deadline
        AND dispose_deadline - disposed_at <= (dispose_deadline - dispatched_at) * (%(last)s::float8 / 100)),
    count(*)
FROM {_CASE}
WHERE disposed_at >= %(start)s AND disposed_at < %(end)s AND duty_org <> '' AND origin_code = %(node)s
    AND updated_at >= %(start)s AND dispatched_at < dispose_deadline
GROUP BY 1 ORDER BY 1
"""
QUIET = f"""
WITH own AS (
    SELECT g.grid_code, g.division_code, g.geom, coalesce(r.number, 0) AS number
    FROM {_GRID} AS g LEFT JOIN (
        SELECT grid_code, count(*) AS number FROM {_CASE}
        WHERE reported_at >= %(start)s AND reported_at < %(end)s AND source = %(collector)s AND origin_code = %(node)s
        GROUP BY 1
    ) AS r USING (grid_code)
    WHERE g.status = %(valid)s AND g.origin_code = %(node)s
        AND NOT (g.init_date > %(start)s::date AND g.init_date <= %(end)s::date)
)
SELECT o.grid_code, o.division_code, o.number, count(*), avg(n.number)::float8
FROM own AS o JOIN {_GRID} AS g2 ON g2.geom && ST_Expand(o.geom, {BESIDE}) AND g2.grid_code <> o.grid_code
    AND ST_DWithin(g2.geom, o.geom, {BESIDE})
    JOIN own AS n ON n.grid_code = g2.grid_code
GROUP BY 1, 2, 3 HAVING avg(n.number) >= %(mean)s ORDER BY 1
"""
CHECKS = f"""
SELECT s.operator_id, c.duty_org, count(*), count(*) FILTER (WHERE s.action = %(failed)s), min(c.division_code)
FROM {_STEP} AS s JOIN {_CASE} AS c ON c.rid = s.case_id
WHERE s.action IN (%(passed)s, %(failed)s) AND s.operated_at >= %(start)s AND s.operated_at < %(end)s
    AND c.updated_at >= %(start)s AND c.origin_code = %(node)s AND c.duty_org <> '' AND s.operator_id IS NOT NULL
GROUP BY 1, 2 ORDER BY 1, 2
"""


def _rows(statement: str, **given: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"node": local_node(), **given})
        return cursor.fetchall()


def bunched_closings(terms: Terms, start: datetime, end: datetime) -> list[Found]:
    """Departments that handle at the end of the limit."""
    rows = [Closings(*row) for row in _rows(CLOSINGS, start=start, end=end, last=terms.values["last_percent"])]
    found = bunched(rows, terms, timezone.localdate(end), settings.CITYOPS_REGION)
    places = dict(
        Organisation.objects.filter(org_code__in=[one.org_code for one in found]).values_list(
            "org_code", "division_code"
        )
    )
    return [_at(one, places.get(one.org_code, settings.CITYOPS_REGION)) for one in found]


def _at(found: Found, division_code: str) -> Found:
    return Found(**{**vars(found), "division_code": division_code})


def quiet(terms: Terms, start: datetime, end: datetime) -> list[Found]:
    """Grids without reports of collectors beside busy ones."""
    rows = _rows(
        QUIET,
        start=start,
        end=end,
        collector=Case.Source.COLLECTOR,
        valid=CodeState.VALID,
        mean=terms.values["neighbour_mean"],
    )
    return quiet_grids([Quiet(*row) for row in rows], terms, timezone.localdate(end))


def agreeing(terms: Terms, start: datetime, end: datetime) -> list[Found]:
    """Checkers and departments between whom nothing ever fails."""
    rows = _rows(
        CHECKS,
        start=start,
        end=end,
        passed=MOVES[Action.PASS_CHECK].step_code,
        failed=MOVES[Action.FAIL_CHECK].step_code,
    )
    return agreeing_pairs([Checks(*row) for row in rows], terms, timezone.localdate(end))
