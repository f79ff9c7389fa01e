"""Figures: all indicators of a nation's regions over six months, against the counts in one plain statement.

The limit counts the same cases by month and city for the same inputs with hand-written SQL over one pass of the table;
ours is the selector behind the overview page, for every division of the country.
"""

from collections.abc import Iterator
from typing import Any

from benchmarks.measuring import Meter, report
from benchmarks.world import NATION, Standalone, fill_columns, pids_of
from tests.launcher import PrivateRedis

N = 200_000
LIMIT = """
SELECT left(division_code, 4), date_trunc('month', placed.at AT TIME ZONE 'Asia/Shanghai'), count(*),
  count(*) FILTER (WHERE closed_at < upper), count(*) FILTER (WHERE close_deadline IS NOT NULL),
  count(*) FILTER (WHERE closed_at < upper AND closed_at <= close_deadline)
FROM grid_case CROSS JOIN LATERAL (VALUES (closed_at), (close_deadline)) placed(at)
CROSS JOIN LATERAL (SELECT (date_trunc('month', placed.at AT TIME ZONE 'Asia/Shanghai') + interval '1 month')
  AT TIME ZONE 'Asia/Shanghai' AS upper) month
WHERE placed.at >= now() - interval '6 months' AND is_void = '0' AND state NOT IN ('31', '90', '91')
GROUP BY 1, 2
"""


def open_cases(here: Standalone, count: int) -> None:
    """Cases of 40 cities over 200 days, nine in ten of them closed."""
    columns = {
        "rid": "gen_random_uuid()",
        "origin_code": "'x'",
        "case_no": "n::text",
        "division_code": "(3301 + n %% 40) || '02001001'",
        "geom": "ST_SetSRID(ST_MakePoint(120, 30), 4490)",
        "reported_at": "at",
        "filed_at": "at + interval '10 min'",
        "dispatched_at": "at + interval '20 min'",
        "disposed_at": "CASE WHEN n %% 10 > 0 THEN at + hours * 0.8 END",
        "close_deadline": "at + interval '30 hours'",
        "closed_at": "CASE WHEN n %% 10 > 0 THEN at + hours END",
        "state": "CASE WHEN n %% 10 > 0 THEN '80' ELSE '50' END",
        "is_void": "'0'",
        "is_hung": "'0'",
        "rework_count": "(n %% 25 = 0)::int",
    }
    with here.connect() as connection:
        fill_columns(connection, "grid_case", columns)
        connection.execute(
            f"INSERT INTO grid_case ({', '.join(columns)}) SELECT {', '.join(columns.values())} "
            "FROM generate_series(1, %(count)s) n, LATERAL (SELECT now() - random() * interval '200 days' AS at, "
            "(6 + random() * 30) * interval '1 hour' AS hours WHERE n > 0) drawn",
            {"count": count},
        )
        connection.execute("VACUUM ANALYZE grid_case")


def run(n: int, rounds: int) -> Iterator[dict[str, Any]]:
    """One line for the overview of the nation."""
    with PrivateRedis() as server, Standalone(server, NATION) as here:
        here.create()
        open_cases(here, n or N)
        here.set_up_django()
        from evaluation import selectors
        from evaluation.rules import INDICATORS
        from evaluation.web.asked import default_period

        nation, period = selectors.find_place(here.region), default_period()
        with here.connect() as connection:
            meter = Meter(lambda: pids_of(here))
            for _ in range(rounds + 1):
                meter.measure("limit", n or N, lambda: connection.execute(LIMIT).fetchall())
                meter.measure(
                    "overview",
                    n or N,
                    lambda: selectors.overview(nation, period, INDICATORS["on_time_closing_rate"], user=None),
                )
            yield meter.line(
                "figures", "overview", "limit", "case", regions=len(selectors.overview_parts(nation, None))
            )


if __name__ == "__main__":
    report(run)
