"""The same figure at city, province and nation: digits, records, and the digest of the record versions behind it."""

import json

import pytest

from tests.chain import at_all
from tests.launcher import Instance

pytestmark = pytest.mark.flow
CASES = """
INSERT INTO grid_case (rid, origin_code, case_no, task_no, kind, std_ref, matter_code, class_code, matter_name,
    ext_class, dept_code1, dept_name1, component_id, source, source_no, description, address, geom, grid_code,
    division_code, reporter_type, reporter_id, reported_at, filed_at, rejected_at, reject_reason, dispatched_at,
    duty_org, filing_condition, deadline_class, limit_unit, disposed_at, close_deadline, closed_at, close_type, state,
    rework_count, return_count, postpone_count, is_hung, is_void, urgency, is_supervised, satisfaction, is_simulated,
    updated_at, version)
SELECT gen_random_uuid(), '330100000000-C', '330100' || to_char(at, 'YYYYMMDD') || lpad(n::text, 10, '0'), '', '2',
    'GB/T 47678.5-2026', '', '06001', '暴露垃圾', '', '12330100MB0000001X', '城管局', '', '01', '', '暴露垃圾',
    '文三路',
    ST_SetSRID(ST_MakePoint(120.1, 30.3), 4490), '', '330102001001', '1', 'C1', at,
    CASE WHEN n % 20 > 0 THEN at + interval '9 min' END, CASE WHEN n % 20 = 0 THEN at + interval '9 min' END,
    CASE WHEN n % 20 = 0 THEN '01' ELSE '' END, at + interval '20 min', '', '', '', '',
    CASE WHEN n % 20 > 0 AND n % 9 > 0 THEN at + interval '5 hours' END,
    CASE WHEN n % 20 > 0 AND n % 7 > 0 THEN at + interval '30 hours' END,
    CASE WHEN n % 20 > 0 AND n % 9 > 0 THEN at + (n % 40) * interval '1 hour' + interval '6 hours' END, '1',
    CASE WHEN n % 20 = 0 THEN '31' WHEN n % 9 > 0 THEN '80' ELSE '50' END,
    (n % 13 = 0)::int, 0, 0, '0', '0', '3', '0', '', false, at + interval '60 hours', 1
FROM generate_series(1, 600) n, LATERAL (SELECT '2026-07-01 00:00+08'::timestamptz + n * interval '2 hours' AS at) x
"""
ON_TIME = ("on_time_closing_rate", "2026Q3", "--cohort")
MEAN = ("mean_handling_hours", "2026-07")


def figure(instance: Instance, asked: tuple[str, ...]) -> dict:
    code, period, *options = asked
    found = json.loads(
        instance.manage("figure", code, "3301", period, "--json", "--records", *options).splitlines()[-1]
    )
    del found["as_of"]
    return found


def at_every_tier(instances: list[Instance], asked: tuple[str, ...]) -> list[dict]:
    return at_all(instances, lambda one: figure(one, asked))


def test_city_province_and_nation_count_the_same_from_the_same_versions(joined):
    _nation, province, city = joined
    with city.connect() as connection:
        connection.execute(CASES)
    city.manage("sync_run")
    province.manage("sync_run")
    for asked in (ON_TIME, MEAN):
        at_nation, at_province, at_city = at_every_tier(joined, asked)
        assert at_city == at_province == at_nation
        assert at_city["denominator"] == at_city["lineage"]["records"] == len(at_city["records"]) > 100
        assert at_city["lineage"]["unnumbered"] == 0
    on_time = figure(city, ON_TIME)
    assert on_time["inputs"]["needed"] == 570
    assert 0 < on_time["numerator"] < on_time["denominator"] < 570
    _the_case_changes_and_the_figure_follows(joined, on_time)


def _the_case_changes_and_the_figure_follows(instances: list[Instance], before: dict) -> None:
    _nation, province, city = instances
    late = next(one for one in before["records"] if "on_time" not in one["counted_as"] and one["closed_at"])
    with city.connect() as connection:
        connection.execute(
            "UPDATE grid_case SET closed_at = close_deadline, version = version + 1 WHERE rid = %s", [late["rid"]]
        )
    city.manage("sync_run")
    province.manage("sync_run")
    at_nation, at_province, at_city = at_every_tier(instances, ON_TIME)
    assert at_city == at_province == at_nation
    assert at_city["numerator"] == before["numerator"] + 1
    assert at_city["lineage"]["digest"] != before["lineage"]["digest"]
