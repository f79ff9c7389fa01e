"""Case registration: one report becomes one case, found in its unit grid, numbered, with its first step.

The limit is the one statement that all of it needs, in plain psycopg, prepared, one transaction each. Ours is the
service (permission, position, texts, calendar, statement, audit entry) and the API (token, throttle, JSON) on top.
"""

import http.client
import json
import random
import uuid
from collections.abc import Iterator
from typing import Any

from benchmarks.measuring import Meter, peak_rss_mb, report
from benchmarks.world import SOUTH, STEP, WEST, Standalone, ask, city, pids_of

N = 200
GRIDS = 20_000
WARM = 20


def run(n: int, rounds: int) -> Iterator[dict[str, Any]]:
    """Lines for the service and for the API."""
    with city(GRIDS) as here:
        reports = Reports(random.Random(20260101))
        here.start_web(workers=1, threads=2)
        here.set_up_django()
        service, limit, api = Service(), Limit(here), Api(here)
        meter = Meter(lambda: pids_of(here))
        for way in (limit, service, api):
            for _ in range(WARM):
                way.register(reports.next())
        count = n or N
        for _ in range(rounds):
            batches = [[reports.next() for _ in range(count)] for _ in range(3)]
            meter.measure("limit", count, lambda b=batches[0]: [limit.register(one) for one in b])
            meter.measure("service", count, lambda b=batches[1]: [service.register(one) for one in b])
            meter.measure("api", count, lambda b=batches[2]: [api.register(one) for one in b], is_own=False)
        memory = {"web": peak_rss_mb(pids_of(here))}
        yield meter.line("register", "service", "limit", "case", grids=GRIDS)
        yield meter.line("register", "api", "limit", "case", grids=GRIDS, rss_mb=memory)


class Reports:
    """Reports at random places on the ground."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice

    def next(self) -> dict[str, Any]:
        """One report."""
        side = GRIDS**0.5 * STEP * 0.98
        return {
            "class_code": "06001",
            "longitude": WEST + side * self._dice.random(),
            "latitude": SOUTH + side * self._dice.random(),
            "description": "路边有暴露垃圾，约两平方米，影响通行。",
            "address": "文三路 100 号东侧人行道",
            "source": "11",
            "reporter_type": "1",
            "reporter": "C0001",
        }


class Service:
    """The service, in this process."""

    def __init__(self) -> None:
        from cityops.accounts.models import User

        self.user = User.objects.get(username="jianguan")

    def register(self, report: dict[str, Any]) -> None:
        """Register a report."""
        from grid.services.cases import Report, register

        register(self.user, Report(**report))


class Limit:
    """The statement of the service with its values, nothing around it."""

    def __init__(self, here: Standalone) -> None:
        from django.db import connection

        self._values: dict[str, Any] = {}
        self._text = ""
        service = Service()
        with connection.execute_wrapper(self._note):
            service.register(Reports(random.Random(1)).next())
        self._connection = here.connect()
        self._connection.prepare_threshold = 0

    def _note(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if isinstance(params, dict) and "lon" in params:
            self._text, self._values = sql, params
        return execute(sql, params, many, context)

    def register(self, report: dict[str, Any]) -> None:
        """Insert a case."""
        place = {"rid": uuid.uuid4(), "lon": report["longitude"], "lat": report["latitude"]}
        row = self._connection.execute(self._text, {**self._values, **place}).fetchone()
        if row is None or row[0] is None:
            raise RuntimeError("The limit registered nothing.")


class Api:
    """``POST /api/v1/desk/cases/`` with a token, on one connection that stays open."""

    def __init__(self, here: Standalone) -> None:
        self._headers = {"Authorization": f"Bearer {here.new_token('jianguan')}", "Content-Type": "application/json"}
        self._connection = http.client.HTTPConnection("127.0.0.1", here.port)

    def register(self, report: dict[str, Any]) -> None:
        """Send a report."""
        headers = {**self._headers, "Idempotency-Key": str(uuid.uuid4())}
        answer = ask(self._connection, "POST", "/api/v1/desk/cases/", json.dumps(report), headers)
        body = answer.read()
        if answer.status != 201:
            raise RuntimeError(f"POST /api/v1/desk/cases/: {answer.status} {body[:300]!r}")


if __name__ == "__main__":
    report(run)
