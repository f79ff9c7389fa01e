"""Records of a third party into a city as NDJSON over HTTP, against COPY and upsert with the same evidence.

The limit is that of the job ``exchange``: plain psycopg without HTTP. Ours: one request per batch with a token; every
line is decoded and validated by the definition of its dataset, staged, judged by the rules of the exchange, merged,
noted with its version, and marked for the exchange; the answer has a line for each. Making the lines is the third
party's own and not counted. Numbering what came in is where the job ``exchange`` begins.
"""

import http.client
import json
from collections.abc import Iterator
from typing import Any

import psycopg

from benchmarks.exchange import BATCH, Limit, write_cases
from benchmarks.measuring import Meter, peak_rss_mb, report
from benchmarks.world import CITY, Standalone, pids_of
from tests.launcher import Instance, PrivateRedis

N = 50_000
PATH = "/api/v1/exchange/records/?dataset=GL01"


def run(n: int, rounds: int) -> Iterator[dict[str, Any]]:
    """One line for the NDJSON road."""
    count = n or N
    with PrivateRedis() as server, Instance(*CITY, redis=server) as source, Standalone(server) as city:
        source.create()
        city.create()
        city.manage("node_init")
        city.manage("seed_demo")
        city.start_web(workers=1, threads=2)
        city.set_up_django()
        yield from _measure(source, city, count, rounds)


def _measure(source: Instance, city: Standalone, count: int, rounds: int) -> Iterator[dict[str, Any]]:
    meter = Meter(lambda: pids_of(city, source))
    token = city.new_token(officer())
    with source.connect() as sender, city.connect() as receiver:
        limit = Limit(sender, receiver)
        for number in range(rounds):
            write_cases(sender, count, number)
            requests = requests_of(sender, count, number)
            meter.measure("limit", count, lambda number=number: limit.transfer(count, number))
            meter.measure("ndjson", count, lambda requests=requests: hand_in(city, token, requests))
            check(sender, receiver)
    web = pids_of(city)
    yield meter.line("ndjson", "ndjson", "limit", "record", batch=BATCH, rss_mb={"receiver": peak_rss_mb(web)})


def officer() -> str:
    """Somebody of the city who may hand records in."""
    from cityops.accounts.models import User

    name: str = User.objects.filter(groups__role__code="data_officer").values_list("username", flat=True)[0]
    return name


def requests_of(sender: psycopg.Connection[Any], count: int, number: int) -> list[bytes]:
    """The cases of a round as NDJSON, one text per request."""
    from cityops.foundation.records import registry

    fields = registry.get("GL01").fields
    columns = ", ".join(f"{column} AS {name}" for name, column in fields.items() if name != "geom")
    rows = sender.execute(
        f"SELECT row_to_json(t) FROM (SELECT rid, 1 AS rev, {columns}, ST_AsGeoJSON(geom)::json AS geom FROM grid_case "
        "WHERE rid IN (SELECT md5(%s::text || ' ' || n)::uuid FROM generate_series(1, %s::int) n)) t",
        [str(number), count],
    )
    lines = [json.dumps({k: v for k, v in row.items() if v not in (None, "")}, ensure_ascii=False) for (row,) in rows]
    return ["\n".join(lines[first : first + BATCH]).encode() for first in range(0, count, BATCH)]


def hand_in(city: Standalone, token: str, requests: list[bytes]) -> None:
    """Send the requests one after the other over one connection. Raises RuntimeError where a line is refused."""
    connection = http.client.HTTPConnection("127.0.0.1", city.port, timeout=300)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
    for body in requests:
        connection.request("POST", PATH, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 200 or answer.headers["X-Refused"] != "0":
            raise RuntimeError(f"{answer.status}: {text[:500]!r}")
    connection.close()


def check(sender: psycopg.Connection[Any], receiver: psycopg.Connection[Any]) -> None:
    """Both ends hold the same cases, or the measurement is worth nothing."""
    same = (
        "SELECT count(*), md5(string_agg(rid::text || case_no || description || reported_at::text || "
        "ST_AsText(geom, 9), '' ORDER BY rid)) FROM grid_case"
    )
    here, there = sender.execute(same).fetchone(), receiver.execute(same).fetchone()
    if here != there:
        raise RuntimeError(f"The city holds {there}, its source {here}.")


if __name__ == "__main__":
    report(run)
