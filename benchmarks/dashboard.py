"""Dashboard: all panels of a quarter over the cases of a city, against reading the rollup table in one plain statement.

The limit is that statement, prepared, in plain psycopg: the same sums by day, part, department, class and source, one
pass over the rollup. Ours is the selector behind the panels with its scope. ``cases`` is beside it what the same totals
cost where the cases themselves are counted.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from benchmarks.measuring import Meter, report
from benchmarks.world import CITY, Standalone, fill_columns, filling, pids_of
from tests.launcher import PrivateRedis

N = 5_000_000
CHUNK = 250_000
DAYS = 400
QUARTER = 92
CASES = """
SELECT count(*) FILTER (WHERE reported_at >= %(first)s), count(*) FILTER (WHERE filed_at >= %(first)s),
  count(*) FILTER (WHERE disposed_at >= %(first)s), count(*) FILTER (WHERE closed_at >= %(first)s),
  count(*) FILTER (WHERE closed_at >= %(first)s AND closed_at <= close_deadline)
FROM grid_case WHERE division_code LIKE '3301%%'
"""


def open_cases(
    here: Standalone, count: int, more: Mapping[str, str] | None = None, given: Mapping[str, Any] | None = None
) -> None:
    """Cases of 45 streets, 9 departments with a class each, and four sources, over some four hundred days and 400 km².

    ``more``: expressions of further columns, or instead of these; ``given``: the values they name.
    """
    columns = {
        "rid": "gen_random_uuid()",
        "origin_code": "'x'",
        "case_no": "n::text",
        "division_code": "'33010200' || n %% 9 + 1 || '00' || n %% 5 + 1",
        "class_code": "'0' || n %% 9 + 1 || '001'",
        "duty_org": "'ORG' || n %% 9",
        "source": "'0' || n / 9 %% 4 + 1",
        "kind": "'2'",
        "geom": "ST_SetSRID(ST_MakePoint(120 + 0.2 * random(), 30 + 0.2 * random()), 4490)",
        "reported_at": "at",
        "accepted_at": "at + interval '5 min'",
        "filed_at": "at + interval '10 min'",
        "dispatched_at": "at + interval '20 min'",
        "dispose_deadline": "at + interval '24 hours'",
        "disposed_at": "CASE WHEN n %% 10 > 0 THEN at + hours * 0.8 END",
        "close_deadline": "at + interval '30 hours'",
        "closed_at": "CASE WHEN n %% 10 > 0 THEN at + hours END",
        "state": "CASE WHEN n %% 10 > 0 THEN '80' ELSE '50' END",
        "is_void": "'0'",
        "is_hung": "'0'",
        "updated_at": "at + hours",
        "rework_count": "(n %% 25 = 0)::int",
        **(more or {}),
    }
    with here.connect() as connection, filling(connection, "grid_case"):
        fill_columns(connection, "grid_case", columns)
        for first in range(1, count + 1, CHUNK):
            connection.execute(
                f"INSERT INTO grid_case ({', '.join(columns)}) SELECT {', '.join(columns.values())} "
                "FROM generate_series(%(first)s::int, %(last)s::int) n, LATERAL (SELECT now() - random() * "
                "%(days)s * interval '1 day' AS at, "
                "(6 + random() * 30) * interval '1 hour' AS hours WHERE n > 0) drawn",
                {"first": first, "last": min(first + CHUNK - 1, count), "days": DAYS, **(given or {})},
            )


def run(n: int, rounds: int) -> Iterator[dict[str, Any]]:
    """One line for the panels, one for counting the cases themselves."""
    n = n or N
    with PrivateRedis() as server, Standalone(server, CITY) as here:
        here.create()
        open_cases(here, n)
        here.set_up_django()
        from grid.performance.selectors.rollup import DIMENSIONS, GROUPINGS, GROUPS, TABLE, panels
        from grid.performance.services.rollup import count_all
        from grid.selectors.statistics import COUNTS

        count_all()
        last = date.today() - timedelta(days=1)  # noqa: DTZ011
        first = last - timedelta(days=QUARTER)
        sums = ", ".join(f"sum({name})" for name in COUNTS)
        sets = ", ".join(f"({', '.join(columns)})" for columns in GROUPINGS)
        limit = f"""
        SELECT {", ".join(GROUPS)}, {sums}
        FROM (SELECT *, left(division_code, 9) AS street FROM {TABLE}
              WHERE stat_date BETWEEN %(first)s AND %(last)s AND division_code LIKE '3301%%') days
        GROUP BY GROUPING SETS ({sets})"""
        with here.connect() as connection:
            connection.execute(f"VACUUM ANALYZE {TABLE}")
            rows = connection.execute(f"SELECT count(*) FROM {TABLE}").fetchone()
            days = {"first": first, "last": last}
            meter = Meter(lambda: pids_of(here))
            for _ in range(rounds + 1):
                meter.measure("limit", 1, lambda: connection.execute(limit, days, prepare=True).fetchall())
                meter.measure("panels", 1, lambda: panels("3301", first, last, user=None, digits=9))
                meter.measure("cases", 1, lambda: connection.execute(CASES, days, prepare=True).fetchall())
            more = {"cases": n, "rollup_rows": rows[0] if rows else 0, "dimensions": len(DIMENSIONS) + 2}
            yield meter.line("dashboard", "panels", "limit", "dashboard", **more)
            yield meter.line("dashboard", "cases", "limit", "dashboard", **more)


if __name__ == "__main__":
    report(run)
