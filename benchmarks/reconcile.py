"""Reconciling equal components of a city and its province, against one read and hash of the same rows at each end.

The limit reads the table once in its order and hashes every row; nothing is joined, sorted or compared. Ours computes
the digests of both ends with versions and deleted records, over HTTP with signatures, and keeps the signed statement.
The second way corrupts single rows at the province first: what it costs more than the equal case is what the
differences cost.
"""

from collections.abc import Iterator
from typing import Any

import psycopg

from benchmarks.measuring import Meter, report
from benchmarks.world import COMMUNITY, Standalone, fill_columns, filling, pids_of
from tests.chain import join
from tests.launcher import Instance, PrivateRedis

N = 1_000_000
DIFFERENT = 100
CITY, PROVINCE = "330100000000-C", "330000000000-P"


def run(n: int, rounds: int) -> Iterator[dict[str, Any]]:
    """One line for equal ends, one for ends that differ in a few records."""
    count = n or N
    with PrivateRedis() as server, Instance("provincial", "330000000000", PROVINCE, redis=server) as province:
        province.manage("node_init")
        province.start_web(workers=1, threads=2)
        with Standalone(server) as city:
            city.manage("node_init")
            join(city, province)
            city.set_up_django()
            yield from _measure(city, province, count, rounds)


def _measure(city: Standalone, province: Instance, count: int, rounds: int) -> Iterator[dict[str, Any]]:
    from sync.exchange.services.running import run_slice

    while not run_slice(60).is_idle:
        pass
    meter = Meter(lambda: pids_of(city, province))
    with city.connect() as here, province.connect() as there:
        ends = (here, there)
        for end in ends:
            write_components(end, count)
        looked_at = 0
        for _round in range(rounds):
            meter.measure("limit", count, lambda: [read_and_hash(end) for end in ends])
            meter.measure("equal", count, lambda: expect(reconcile(), "equal", 0))
            changed = corrupt(there, min(DIFFERENT, count))
            meter.measure("different", count, lambda changed=changed: expect(reconcile(), "different", changed))
            mend(there)
            here.execute("TRUNCATE sync_dirty")
            looked_at = changed
    yield meter.line("reconcile", "equal", "limit", "record")
    yield meter.line("reconcile", "different", "limit", "record", different=looked_at)


def write_components(connection: psycopg.Connection[Any], count: int) -> None:
    """The same components at either end, as numbered by the city and received by the province."""
    columns = {
        "rid": "md5('component ' || n)::uuid",
        "origin_code": f"'{CITY}'",
        "obj_id": "'33010201001' || lpad(to_hex(n), 6, '0')",
        "obj_name": "'供水井盖 ' || n % 997",
        "class_code": "'01001'",
        "std_ref": "'GB/T 47678.5-2026'",
        "dept_code1": "'12330100MB0000001X'",
        "dept_name1": "'杭州市城市管理局'",
        "grid_code": f"'{COMMUNITY}' || lpad((n % 900 + 1)::text, 3, '0')",
        "division_code": f"'{COMMUNITY}'",
        "init_date": "date '2026-01-01'",
        "geom": "ST_SetSRID(ST_MakePoint(120 + n % 1000 * 0.0001, 30 + n / 1000 * 0.0001), 4490)",
    }
    fill_columns(connection, "grid_component", columns)
    names, values = ", ".join(columns), ", ".join(columns.values())
    with filling(connection, "grid_component"):
        connection.execute(f"INSERT INTO grid_component ({names}) SELECT {values} FROM generate_series(1, {count}) n")
    connection.execute(
        "INSERT INTO sync_record (rid, dataset, owner_code, rec_epoch, rev, op, content_sha, seq, at) "
        f"SELECT rid, 'JC07', '{CITY}', 1, 1, 'U', decode(repeat('ab', 32), 'hex'), row_number() OVER (), now() "
        "FROM grid_component"
    )
    connection.execute("VACUUM ANALYZE sync_record")
    stream = {
        "producer_code": f"'{CITY}'",
        "flow": "'up'",
        "scope": "'N'",
        "lane": "'bulk'",
        "epoch_no": "1",
        "epoch_id": "gen_random_uuid()",
        "seq": str(count),
        "state": "'live'",
        "chain": "decode(repeat('00', 32), 'hex')",
    }
    fill_columns(connection, "sync_stream", stream)
    connection.execute(
        f"INSERT INTO sync_stream ({', '.join(stream)}) SELECT {', '.join(stream.values())} ON CONFLICT DO NOTHING"
    )
    connection.execute("UPDATE sync_stream SET seq = %s WHERE producer_code = %s AND lane = 'bulk'", [count, CITY])


def read_and_hash(connection: psycopg.Connection[Any]) -> None:
    """Read every row once, in the order of the table, and hash what travels of it."""
    from cityops.foundation.records import registry
    from sync.exchange.services.shapes import Shape

    listed = Shape(registry.get("JC07")).listed("r")
    connection.execute("SET max_parallel_workers_per_gather = 0")
    connection.execute(
        f"SELECT count(sha256(convert_to(ROW({listed})::text, 'UTF8'))) FROM grid_component r"
    ).fetchone()


def reconcile() -> Any:
    """Compare the components with the province, as a slice does."""
    from cityops.foundation.records import registry
    from sync.exchange.services import comparing, running
    from sync.exchange.services.client import ParentClient

    link = running.parent_link()
    if link is None:
        raise RuntimeError("The city has no parent.")
    with ParentClient(link) as client:
        running.hello(client)
        return comparing.compare_with_parent(client, [(CITY, registry.get("JC07"))])[0]


def expect(found: Any, result: str, differing: int) -> None:
    """The comparison came out as it must, or the measurement is worth nothing."""
    if (found.result, found.differing) != (result, differing):
        raise RuntimeError(f"{found.result}, {found.differing} differing; expected {result}, {differing}.")


def corrupt(connection: psycopg.Connection[Any], count: int) -> int:
    """Change some rows of the province behind everybody's back."""
    done = connection.execute(
        "UPDATE grid_component SET obj_name = 'x' || obj_name "
        "WHERE rid IN (SELECT md5('component ' || n)::uuid FROM generate_series(1, %s) n)",
        [count],
    )
    return done.rowcount


def mend(connection: psycopg.Connection[Any]) -> None:
    """Take the change back."""
    connection.execute("UPDATE grid_component SET obj_name = substr(obj_name, 2) WHERE obj_name LIKE 'x%%'")


if __name__ == "__main__":
    report(run)
