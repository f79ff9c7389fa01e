"""Three real instances: a city's records reach province and nation, through kills, each number exactly once."""

import json
import signal
import sys
import time

import pytest

from tests.chain import at_all
from tests.flows.joined.conftest import RECORDS
from tests.launcher import Instance, Process, wait_for

pytestmark = pytest.mark.flow
COMPONENTS = """
WITH made AS (
    INSERT INTO grid_component (rid, origin_code, obj_id, obj_name, dept_code1, dept_name1, dept_code2, dept_name2,
        dept_code3, dept_name3, grid_code, division_code, state, init_date, data_source, note, street_code,
        street_name, community_name, class_code, std_ref, geom, precision_class, extra, source_crs)
    SELECT gen_random_uuid(), %(node)s, '330102' || '00101' || to_char(g, 'FM000000'), '窨井盖', '001', '城管局', '',
        '', '', '', '330102001001001', '330102001001', '01', DATE '2026-01-01', '01', '第' || g || '个', '330102001',
        '', '', '00101', 'GB/T 47678.5-2026',
        ST_SetSRID(ST_MakePoint(120.1 + g * 1e-6, 30.2), 4490), '', '{}', ''
    FROM generate_series(%(first)s::int, %(last)s::int) g RETURNING 1
) SELECT count(*) FROM made
"""


def add_records(city: Instance, first: int, last: int) -> None:
    """Let the city survey components."""
    with city.connect() as connection:
        connection.execute(COMPONENTS, {"node": city.node, "first": first, "last": last})


def digests(instance: Instance, owner: str) -> dict[str, tuple[int, str]]:
    """What an instance holds of an owner, by dataset."""
    lines = [json.loads(line) for line in instance.manage("digest", "--json", "--owner", owner).splitlines()]
    return {line["dataset"]: (line["records"], line["digest"]) for line in lines}


def held_of(joined: list[Instance], owner: str) -> list[dict[str, tuple[int, str]]]:
    """What each instance holds of an owner."""
    return at_all(joined, lambda one: digests(one, owner))


def equal_digests(joined: list[Instance], owner: str) -> dict[str, tuple[int, str]]:
    """What all instances hold of an owner, after a look that it is the same."""
    first, *others = held_of(joined, owner)
    assert all(other == first for other in others), (first, others)
    return first


def held(instance: Instance, dataset: str = "JC07", *, alive: bool = False) -> int:
    """Records of a dataset at an instance, deleted ones included unless only those alive are asked for."""
    with instance.connect() as connection:
        query = "SELECT count(*) FROM sync_record WHERE dataset = %s AND owner_code LIKE '%%-C'"
        query += " AND op = 'U'" if alive else ""
        return connection.execute(query, [dataset]).fetchone()[0]


def assert_every_number_once(receiver: Instance, owner: str) -> None:
    """The inbox of every stream holds exactly 1 to the cursor, and so do the stored batches."""
    with receiver.connect() as connection:
        rows = connection.execute(
            "SELECT s.seq, count(i.seq), count(DISTINCT i.seq), min(i.seq), max(i.seq) FROM sync_stream s "
            "JOIN sync_inbox i ON i.stream_id = s.id WHERE s.producer_code = %s GROUP BY s.id",
            [owner],
        ).fetchall()
        assert rows
        for seq, count, distinct, first, last in rows:
            assert (count, distinct, first, last) == (seq, seq, 1, seq)
        covered = connection.execute(
            "SELECT s.seq = sum(b.to_seq - b.from_seq + 1) FROM sync_batch b JOIN sync_stream s ON s.id = b.stream_id "
            "WHERE s.producer_code = %s GROUP BY s.id",
            [owner],
        ).fetchall()
        assert all(row[0] for row in covered)


def test_dictionaries_come_down_and_records_go_up_without_celery(joined):
    nation, province, city = joined
    add_records(city, 1, 50)
    nation.manage("sync_run")
    for instance in (province, city, province):
        instance.manage("sync_run")
    at_nation, *below = [{code: found[code] for code in ("JC01", "JC08")} for found in held_of(joined, nation.node)]
    assert below == [at_nation, at_nation]
    assert min(records for records, _digest in at_nation.values()) > 100
    assert equal_digests(joined, city.node)["JC07"][0] == 50
    for lines in at_all([city, province], lambda one: one.manage("reconcile")):
        results = [json.loads(line)["result"] for line in lines.splitlines()]
        assert results
        assert set(results) == {"equal"}


def test_the_city_s_own_signature_arrives_at_the_nation(joined):
    nation, _province, city = joined
    query = "SELECT encode(header, 'hex'), encode(signature, 'hex') FROM sync_batch b JOIN sync_stream s "
    query += "ON s.id = b.stream_id WHERE s.producer_code = %s ORDER BY s.lane, b.from_seq"
    with nation.connect() as upper, city.connect() as lower:
        assert upper.execute(query, [city.node]).fetchall() == lower.execute(query, [city.node]).fetchall()


def test_a_row_that_was_changed_behind_the_platform_s_back_is_found_and_mended(joined):
    _nation, province, city = joined
    with province.connect() as connection:
        connection.execute("UPDATE grid_component SET obj_name = '被改动' WHERE obj_id = '33010200101000007'")
        connection.execute("DELETE FROM grid_component WHERE obj_id = '33010200101000008'")
    found = [json.loads(line) for line in city.manage("reconcile").splitlines()]
    mended = next(line for line in found if line["dataset"] == "JC07")
    assert (mended["result"], mended["differing"] + mended["missing"]) == ("different", 2)
    city.manage("sync_run")
    province.manage("sync_run")
    equal_digests(joined, city.node)


def test_a_deleted_record_disappears_above(joined):
    nation, province, city = joined
    with city.connect() as connection:
        connection.execute("DELETE FROM grid_component WHERE obj_id = '33010200101000009'")
    city.manage("sync_run")
    province.manage("sync_run")
    equal_digests(joined, city.node)
    with nation.connect() as connection:
        found = connection.execute("SELECT count(*) FROM grid_component WHERE obj_id = '33010200101000009'").fetchone()
    assert found == (0,)


def test_nothing_is_lost_or_doubled_when_worker_web_server_and_redis_are_killed(joined, city_redis):
    nation, province, city = joined
    before, killed = held(province), {}
    full = before + RECORDS

    def kill(what: str, process: Process, eighths: int) -> None:
        """Kill a process once so many records are at the province, and see that it died while others were coming."""
        wait_for(f"records before {what} is killed", lambda: held(province) >= before + eighths * RECORDS // 8, 600)
        assert process.is_running
        process.end(signal.SIGKILL)
        killed[what] = full - held(province)
        assert 0 < killed[what] < RECORDS, f"no records were travelling when {what} was killed"

    at_all([province, city], lambda one: one.start_worker(concurrency=1))
    begun = time.monotonic()
    add_records(city, 1001, 1000 + RECORDS)
    kill("worker of the city", city.processes["worker"], 1)
    city.start_worker(concurrency=1)
    kill("web server of the province", province.processes["web"], 3)
    province.start_web()
    kill("redis of the city", city_redis.process, 5)
    city_redis.start()
    wait_for("all records at the province", lambda: held(province) == full, 900)
    wait_for("all records at the nation", lambda: held(nation) == full, 900)
    seconds = time.monotonic() - begun
    at_all([province, city], lambda one: one.processes["worker"].end())
    found = equal_digests(joined, city.node)
    assert found["JC07"][0] == held(city, alive=True) >= RECORDS
    for receiver in (province, nation):
        assert_every_number_once(receiver, city.node)
    facts = {"records": RECORDS, "seconds": round(seconds, 1), "records_per_second": round(RECORDS / seconds)}
    sys.stdout.write(
        json.dumps({**facts, "still_to_come_at_kill": killed, "digests": found}, ensure_ascii=False) + "\n"
    )
