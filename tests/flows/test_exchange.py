"""Three real instances: a city's records reach province and nation, through kills, each number exactly once."""

import json
import os

import pytest

from tests.launcher import Instance, PrivateRedis, wait_for

pytestmark = pytest.mark.flow
RECORDS = int(os.environ.get("CITYOPS_FLOW_RECORDS", "3000"))
"""Records that travel while processes are killed; 100000 for the full show."""
QUICK = {"SYNC_TICK_SECONDS": "1"}
CASES = """
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
        connection.execute(CASES, {"node": city.node, "first": first, "last": last})


def digests(instance: Instance, owner: str) -> dict[str, tuple[int, str]]:
    """What an instance holds of an owner, by dataset."""
    lines = [json.loads(line) for line in instance.manage("digest", "--json", "--owner", owner).splitlines()]
    return {line["dataset"]: (line["records"], line["digest"]) for line in lines}


def enrol(parent: Instance, child: Instance) -> None:
    """Join a child by one-time code and approval."""
    code = parent.manage("enrolment_code", child.node).strip()
    child.manage("join", parent.base_url, code)
    parent.manage("approve_join", child.node)


def held(instance: Instance, dataset: str = "JC07") -> int:
    """Records of a dataset at an instance."""
    with instance.connect() as connection:
        query = "SELECT count(*) FROM sync_record WHERE dataset = %s AND owner_code LIKE '%%-C'"
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


@pytest.fixture(scope="module")
def chain():
    """国家, 浙江 and 杭州, joined, with web servers and workers; one Redis for the city alone."""
    with (
        PrivateRedis() as redis,
        PrivateRedis() as upper,
        Instance("national", "000000000000", "000000000000-N", redis=upper, **QUICK) as nation,
        Instance("provincial", "330000000000", "330000000000-P", redis=upper, **QUICK) as province,
        Instance("municipal", "330100000000", "330100000000-C", redis=redis, SYNC_BATCH_RECORDS="500", **QUICK) as city,
    ):
        with nation.connect() as connection:  # the nation's dictionaries are tested with a few classes only
            connection.execute("DELETE FROM regions_division")
        for instance in (nation, province, city):
            instance.manage("node_init")
        nation.start_web()
        province.start_web()
        enrol(nation, province)
        enrol(province, city)
        yield nation, province, city, redis


def test_dictionaries_come_down_and_records_go_up_without_celery(chain):
    nation, province, city, _redis = chain
    add_records(city, 1, 50)
    nation.manage("sync_run")
    for instance in (province, city, province):
        instance.manage("sync_run")
    classes = digests(nation, nation.node)["JC08"]
    assert classes[0] > 0
    assert digests(province, nation.node)["JC08"] == digests(city, nation.node)["JC08"] == classes
    at_city = digests(city, city.node)
    assert at_city["JC07"][0] == 50
    assert digests(province, city.node) == at_city == digests(nation, city.node)
    for instance in (city, province):
        results = [json.loads(line) for line in instance.manage("reconcile").splitlines()]
        assert results
        assert {result["result"] for result in results} == {"equal"}


def test_the_city_s_own_signature_arrives_at_the_nation(chain):
    nation, _province, city, _redis = chain
    query = "SELECT encode(header, 'hex'), encode(signature, 'hex') FROM sync_batch b JOIN sync_stream s "
    query += "ON s.id = b.stream_id WHERE s.producer_code = %s ORDER BY s.lane, b.from_seq"
    with nation.connect() as upper, city.connect() as lower:
        assert upper.execute(query, [city.node]).fetchall() == lower.execute(query, [city.node]).fetchall()


def test_a_row_that_was_changed_behind_the_platform_s_back_is_found_and_mended(chain):
    _nation, province, city, _redis = chain
    with province.connect() as connection:
        connection.execute("UPDATE grid_component SET obj_name = '被改动' WHERE obj_id = '33010200101000007'")
        connection.execute("DELETE FROM grid_component WHERE obj_id = '33010200101000008'")
    found = [json.loads(line) for line in city.manage("reconcile").splitlines()]
    mended = next(line for line in found if line["dataset"] == "JC07")
    assert (mended["result"], mended["differing"] + mended["missing"]) == ("different", 2)
    city.manage("sync_run")
    assert digests(province, city.node)["JC07"] == digests(city, city.node)["JC07"]
    province.manage("sync_run")


def test_a_deleted_record_disappears_above(chain):
    nation, province, city, _redis = chain
    with city.connect() as connection:
        connection.execute("DELETE FROM grid_component WHERE obj_id = '33010200101000009'")
    city.manage("sync_run")
    province.manage("sync_run")
    assert digests(nation, city.node)["JC07"] == digests(city, city.node)["JC07"]
    with nation.connect() as connection:
        found = connection.execute("SELECT count(*) FROM grid_component WHERE obj_id = '33010200101000009'").fetchone()
    assert found == (0,)


def test_nothing_is_lost_or_doubled_when_worker_web_server_and_redis_are_killed(chain):
    nation, province, city, redis = chain
    before = held(province)
    province.start_worker(concurrency=1)
    city.start_worker(concurrency=1)
    add_records(city, 1001, 1000 + RECORDS)
    step = max(RECORDS // 8, 1)
    wait_for("some records at the province", lambda: held(province) >= before + step, 300)
    city.kill("worker")
    assert held(province) < before + RECORDS, "too few records to kill anything on the way"
    city.start_worker(concurrency=1)
    wait_for("more records at the province", lambda: held(province) >= before + 3 * step, 300)
    province.kill("web")
    redis.kill()
    province.start_web()
    redis.start()
    wait_for("all records at the province", lambda: held(province) == before + RECORDS, 900)
    wait_for("all records at the nation", lambda: held(nation) == before + RECORDS, 900)
    city.processes["worker"].end()
    province.processes["worker"].end()
    at_city = digests(city, city.node)
    assert digests(province, city.node) == at_city == digests(nation, city.node)
    assert_every_number_once(province, city.node)
    assert_every_number_once(nation, city.node)
