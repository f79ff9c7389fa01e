"""Desks: every queue of every post, and the list of cases, among few cases and among fifty times as many.

Two cities of the same build, the same people and the same share of open cases: the large one has fifty times as many in
every queue. The limit is the same page in the small city. ``p95_ms`` and ``limit_p95_ms`` are what the slowest
twentieth of the requests takes by the clock, ``p95_ratio`` their quotient.
"""

import statistics
import time
from collections.abc import Iterator
from typing import Any

from benchmarks.dashboard import open_cases
from benchmarks.measuring import Meter, report
from benchmarks.world import Browser, Standalone, city, pids_of

N = 5_000_000
SHARE = 50
GRIDS = 400
READS = 3
"""How often each queue is read in a round."""
STAGES = ("10", "12", "30", "40", "50", "60", "61", "70")
OPEN = {
    "state": "CASE WHEN n %% 10 > 0 THEN '80' ELSE (%(stages)s::text[])[1 + n / 10 %% %(stage_count)s] END",
    "stage_due_at": "at + hours",
    "is_supervised": "CASE WHEN n %% 200 = 0 THEN '1' ELSE '0' END",
    "pending": "CASE WHEN n %% 300 = 0 THEN 'delay' ELSE '' END",
    "duty_org": "%(organisation)s",
}
"""A tenth is open, at all stages; one in two hundred is supervised, for one in three hundred a delay was asked."""
PEOPLE = ("jianguan", "chuzhi")
LISTS = ("/cases/", "/cases/?view=open", "/cases/?class_code=02001", "/cases/?division=330102004")


class Office:
    """A city with cases in its queues, and people at their desks."""

    def __init__(self, here: Standalone, cases: int) -> None:
        with here.connect() as connection:
            row = connection.execute(
                "SELECT o.org_code FROM accounts_user u JOIN accounts_organisation o ON o.rid = u.organisation_id "
                "WHERE u.username = 'chuzhi'"
            ).fetchone()
        if row is None:
            raise RuntimeError("The department of chuzhi is missing.")
        given = {"stages": list(STAGES), "stage_count": len(STAGES), "organisation": row[0]}
        open_cases(here, cases, OPEN, given)
        here.start_web(workers=1, threads=2)
        self.browsers = {name: Browser(here, name) for name in PEOPLE}
        queues = [(name, path) for name in PEOPLE for path in self._desks(name)]
        self.pages = {"queues": queues, "cases": [("jianguan", path) for path in LISTS]}
        self.seconds: dict[str, list[float]] = {way: [] for way in self.pages}

    def _desks(self, name: str) -> list[str]:
        from grid.desks.rules.desks import DESKS

        found = []
        for desk in DESKS.values():
            try:
                self.browsers[name].get(f"/desks/{desk.key}/")
            except RuntimeError:
                continue  # another post's
            found += [f"/desks/{desk.key}/?tab={tab.key}" for tab in desk.tabs]
        return found

    def count(self, way: str) -> int:
        """How many pages one reading asks for."""
        return READS * len(self.pages[way])

    def read(self, way: str) -> None:
        """All pages of one kind."""
        for _ in range(READS):
            for name, path in self.pages[way]:
                begun = time.perf_counter()
                self.browsers[name].get(path)
                self.seconds[way].append(time.perf_counter() - begun)

    def p95(self, way: str) -> float:
        """Milliseconds within which 95 of 100 requests were answered."""
        return statistics.quantiles(self.seconds[way], n=20)[-1] * 1000


def run(n: int, rounds: int) -> Iterator[dict[str, Any]]:
    """Lines for the queues and for the list of cases among N cases against the same among a fiftieth of them."""
    n = n or N
    few = max(n // SHARE, 1)
    with city(GRIDS) as first, city(GRIDS) as second:
        small, large = Office(first, few), Office(second, n)
        if small.pages != large.pages:
            raise RuntimeError("The two cities show different desks.")
        meter = Meter(lambda: pids_of(first, second))
        for way in small.pages:
            for office in (small, large):
                office.read(way)
                office.seconds[way].clear()
            for _ in range(rounds):
                meter.measure(f"limit of {way}", small.count(way), lambda: small.read(way), is_own=False)  # noqa: B023
                meter.measure(way, large.count(way), lambda: large.read(way), is_own=False)  # noqa: B023
            slowest, quickest = large.p95(way), small.p95(way)
            yield meter.line(
                "desks", way, f"limit of {way}", "page",
                cases=n, limit_cases=few, pages=len(large.pages[way]), p95_ms=round(slowest, 1),
                limit_p95_ms=round(quickest, 1), p95_ratio=round(slowest / quickest, 2),
            )  # fmt: skip


if __name__ == "__main__":
    report(run)
