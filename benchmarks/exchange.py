"""Exchange of cases from a city to its province, against COPY and upsert with the same evidence.

The limit is plain psycopg without HTTP, in transactions of the same size: one row per record in a table of versions at
the sender, COPY out, COPY into a stage, upsert into an equal table with the same indexes, one row per record in equal
tables of versions and of arrivals, the bytes kept, one receipt. Nothing is hashed, signed, compressed or checked.
Ours starts at the marks that the change left: numbering, digests, signature, HTTP, checks, upsert, receipts.
"""

from collections.abc import Iterator
from typing import Any

import psycopg

from benchmarks.measuring import Meter, peak_rss_mb, report
from benchmarks.world import Standalone, fill_columns, pids_of
from tests.chain import join
from tests.launcher import Instance, PrivateRedis

N = 100_000
BATCH = 10_000
EVIDENCE = ("sync_record", "sync_inbox", "sync_batch_body")


def run(n: int, rounds: int) -> Iterator[dict[str, Any]]:
    """One line for the native path."""
    count = n or N
    with PrivateRedis() as server, Instance("provincial", "330000000000", "330000000000-P", redis=server) as province:
        province.manage("node_init")
        province.start_web(workers=1, threads=2)
        with Standalone(server) as city:
            city.manage("node_init")
            join(city, province)
            city.set_up_django()
            yield from _measure(city, province, count, rounds)


def _measure(city: Standalone, province: Instance, count: int, rounds: int) -> Iterator[dict[str, Any]]:
    meter = Meter(lambda: pids_of(city, province))
    with city.connect() as sender, province.connect() as receiver:
        limit = Limit(sender, receiver)
        for number in range(rounds):
            write_cases(sender, count, number)
            meter.measure("limit", count, lambda number=number: limit.transfer(count, number))
            meter.measure("native", count, send)
            check(sender, receiver)
    web = pids_of(province)
    yield meter.line("exchange", "native", "limit", "record", batch=BATCH, rss_mb={"receiver": peak_rss_mb(web)})


def write_cases(connection: psycopg.Connection[Any], count: int, number: int) -> None:
    """New cases of the city, about 1.5 kB each; their triggers mark them."""
    columns = {
        "rid": "md5(%(number)s::text || ' ' || n)::uuid",
        "origin_code": "'330100000000-C'",
        "case_no": "'330100' || %(number)s::text || lpad(n::text, 10, '0')",
        "kind": "'2'",
        "std_ref": "'GB/T 47678.5-2026'",
        "matter_code": "'33010206001'",
        "class_code": "'06001'",
        "matter_name": "'暴露垃圾'",
        "dept_code1": "'12330100MB0000001X'",
        "dept_name1": "'杭州市城市管理局'",
        "source": "'01'",
        "description": "'巡查发现路边有暴露垃圾，编号 ' || n || repeat('，约两平方米，影响通行，请尽快清理', 12)",
        "address": "'上城区文三路 ' || n || ' 号东侧人行道，近公交站'",
        "division_code": "'330102001001'",
        "grid_code": "'330102001001' || lpad((n %% 400)::text, 3, '0')",
        "reporter_type": "'1'",
        "reporter_id": "'C' || n %% 300",
        "geom": "ST_SetSRID(ST_MakePoint(120 + random() / 4, 30 + random() / 4), 4490)",
        "reported_at": "at",
        "accepted_at": "at + interval '5 min'",
        "filed_at": "at + interval '10 min'",
        "dispatched_at": "at + interval '20 min'",
        "disposed_at": "at + interval '5 hours'",
        "checked_at": "at + interval '6 hours'",
        "dispose_deadline": "at + interval '24 hours'",
        "close_deadline": "at + interval '30 hours'",
        "closed_at": "at + interval '7 hours'",
        "close_type": "'1'",
        "state": "'80'",
        "is_void": "'0'",
        "is_hung": "'0'",
        "is_supervised": "'0'",
        "urgency": "'3'",
    }
    fill_columns(connection, "grid_case", columns)
    connection.execute(
        f"INSERT INTO grid_case ({', '.join(columns)}) SELECT {', '.join(columns.values())} "
        "FROM generate_series(1, %(count)s) n, "
        "LATERAL (SELECT timestamptz '2026-01-01' + n * interval '3 minutes' AS at) moment",
        {"count": count, "number": number},
    )


def send() -> None:
    """Slices of the exchange until nothing is left."""
    from sync.exchange.services.running import run_slice

    while not (done := run_slice(60)).is_idle:
        if done.error:
            raise RuntimeError(done.error)


def check(sender: psycopg.Connection[Any], receiver: psycopg.Connection[Any]) -> None:
    """Both ends hold the same versions, or the measurement is worth nothing."""
    versions = (
        "SELECT count(*), sum(rev), md5(string_agg(encode(content_sha, 'hex'), '' ORDER BY rid)) "
        "FROM sync_record WHERE dataset = 'GL01'"
    )
    here, there = sender.execute(versions).fetchone(), receiver.execute(versions).fetchone()
    if here != there:
        raise RuntimeError(f"The province holds {there}, the city {here}.")


class Limit:
    """The same rows by COPY and upsert, into tables made like the real ones."""

    def __init__(self, sender: psycopg.Connection[Any], receiver: psycopg.Connection[Any]) -> None:
        self._sender, self._receiver = sender, receiver
        rows = receiver.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'grid_case' "
            "AND is_generated = 'NEVER' ORDER BY ordinal_position"
        )
        self._columns = [name for (name,) in rows]
        sender.execute("CREATE TABLE limit_sync_record (LIKE sync_record INCLUDING ALL)")
        for table in ("grid_case", *EVIDENCE):
            receiver.execute(f"CREATE TABLE limit_{table} (LIKE {table} INCLUDING ALL)")
        self._version = {
            "rid": "rid",
            "dataset": "'GL01'",
            "owner_code": "'330100000000-C'",
            "op": "'U'",
            "content_sha": "decode(repeat('ab', 32), 'hex')",
        }
        fill_columns(receiver, "sync_record", self._version)
        receiver.execute("CREATE TABLE limit_receipt (batch bigint PRIMARY KEY, text bytea)")
        listed = ", ".join(self._columns)
        receiver.execute(
            f"CREATE TEMP TABLE stage ON COMMIT DELETE ROWS AS SELECT {listed} FROM grid_case WITH NO DATA"
        )

    def transfer(self, count: int, number: int) -> None:
        """Move the cases of a round, batch by batch."""
        for first in range(1, count + 1, BATCH):
            self._batch(first, min(first + BATCH - 1, count), number)

    def _batch(self, first: int, last: int, number: int) -> None:
        listed = ", ".join(self._columns)
        names, version = ", ".join(self._version), ", ".join(self._version.values())
        wanted = "SELECT md5(%s::text || ' ' || n)::uuid FROM generate_series(%s::int, %s::int) n"
        asked = [str(number), first, last]
        with self._sender.transaction():
            self._sender.execute(
                f"INSERT INTO limit_sync_record ({names}) SELECT {version} FROM grid_case WHERE rid IN ({wanted})",
                asked,
            )
        with self._sender.cursor() as cursor:
            rows = f"SELECT {listed} FROM grid_case WHERE rid IN ({wanted})"
            with cursor.copy(f"COPY ({rows}) TO STDOUT", asked) as out:
                lines = b"".join(bytes(line) for line in out)
        changes = ", ".join(f"{name} = excluded.{name}" for name in self._columns if name != "rid")
        batch_no = number * 1_000_000 + first
        with self._receiver.transaction(), self._receiver.cursor() as cursor:
            with cursor.copy("COPY stage FROM STDIN") as into:
                into.write(lines)
            cursor.execute(
                f"INSERT INTO limit_grid_case ({listed}) SELECT {listed} FROM stage "
                f"ON CONFLICT (rid) DO UPDATE SET {changes}"
            )
            cursor.execute(f"INSERT INTO limit_sync_record ({names}) SELECT {version} FROM stage")
            cursor.execute(
                "INSERT INTO limit_sync_inbox (stream_id, epoch_no, seq, rid, state, batch_id) "
                "SELECT 1, 1, %s + row_number() OVER (), rid, 'A', %s FROM stage",
                [batch_no, batch_no],
            )
            cursor.execute(
                "INSERT INTO limit_sync_batch_body (batch_id, stored_on, body) VALUES (%s, current_date, %s)",
                [batch_no, lines],
            )
            cursor.execute("INSERT INTO limit_receipt VALUES (%s, %s)", [batch_no, b"received"])


if __name__ == "__main__":
    report(run)
