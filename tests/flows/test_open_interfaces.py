"""Programs that nobody here wrote read a running city: GDAL by OGC API Features, a PyPI client by Open311."""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterable, Iterator

import pytest
import requests
import shapely
from georeport import GeoReport

from tests.launcher import Instance, PrivateRedis

pytestmark = pytest.mark.flow
COMPONENTS = 100_000
OTHERS = 500
"""Components of another city in the same table: what a replica of it would be."""
NEW_COMPONENTS = """
INSERT INTO grid_component (rid, origin_code, obj_id, obj_name, dept_code1, dept_name1, dept_code2, dept_name2,
    dept_code3, dept_name3, grid_code, division_code, state, init_date, data_source, note, street_code, street_name,
    community_name, class_code, std_ref, geom, precision_class, extra, source_crs)
SELECT gen_random_uuid(), %(node)s, %(county)s || '01001' || lpad(n::text, 6, '0'), '供水井盖', 'D', '城管局', '', '',
    '', '', %(county)s || '001001001', %(county)s || '001001', '01', '2026-01-01', '普查', '', '', '文新街道', '',
    '01001', 'GB/T 47678.5-2026', ST_SetSRID(ST_MakePoint(120 + random() / 3, 30 + random() / 3), 4490), '', '{}', ''
FROM generate_series(1, %(count)s) n
"""
NEW_CASES = """
INSERT INTO grid_case (rid, origin_code, case_no, task_no, kind, std_ref, matter_code, class_code, matter_name,
    ext_class, dept_code1, dept_name1, component_id, source, source_no, description, address, geom, grid_code,
    division_code, reporter_type, reporter_id, reported_at, reject_reason, duty_org, filing_condition, deadline_class,
    limit_unit, close_deadline, close_type, state, rework_count, return_count, postpone_count, is_hung, is_void,
    urgency, is_supervised, satisfaction, is_simulated, updated_at, version)
SELECT gen_random_uuid(), '330100000000-C', '33010020260701' || lpad(n::text, 10, '0'), '', '2', 'GB/T 47678.5-2026',
    '', '06001', '暴露垃圾', '', 'D', '城管局', '', CASE WHEN n % 5 = 0 THEN '10' ELSE '03' END, '',
    '李某 13800000000 报暴露垃圾', '文三路', ST_SetSRID(ST_MakePoint(120.1234567, 30.2), 4490), '', '330102001001',
    '2', 'hash', now() - n * interval '1 hour', '', '', '', '', '', now() + interval '1 day', '',
    CASE WHEN n % 2 = 0 THEN '80' ELSE '50' END, 0, 0, 0, '0', '0', '3', '0', '', false, now(), 1
FROM generate_series(1, 50) n
"""
PEOPLE = """
from cityops.accounts.models import Role, User
from cityops.accounts.services.tokens import issue_token
robot = User.objects.create_user(username="gis", division_code="330100000000", is_integration=True)
robot.groups.set(Role.objects.filter(code__in=["data_officer", "acceptor"]))
print("token=" + issue_token(None, robot, "flow", ["read", "write"], 1)[1])
"""


@pytest.fixture(scope="module")
def city() -> Iterator[Instance]:
    """杭州 with 100,000 components, some of another city, and fifty cases; its web server runs."""
    with PrivateRedis() as redis, Instance("municipal", "330100000000", "330100000000-C", redis=redis) as one:
        one.manage("node_init")
        with one.connect() as connection:
            for node, county, count in (
                ("330100000000-C", "330102", COMPONENTS),
                ("330200000000-C", "330203", OTHERS),
            ):
                connection.execute(NEW_COMPONENTS, {"node": node, "county": county, "count": count})
            connection.execute(NEW_CASES)
            connection.execute("ANALYZE")
        one.token = one.manage("shell", "-c", PEOPLE).partition("token=")[2].split()[0]
        one.start_web()
        yield one


def digest(rows: Iterable[tuple[str, float, float]]) -> str:
    """SHA-256 over id and coordinates, every number to its last digit."""
    text = "\n".join(f"{key} {x!r} {y!r}" for key, x, y in sorted(rows))
    return hashlib.sha256(text.encode()).hexdigest()


def gdal(program: str, *arguments: str, **settings: str) -> str:
    """Run a program of Debian's gdal-bin; it must be there."""
    found = shutil.which(program, path="/usr/bin")
    assert found, f"{program} is missing: bin/setup dev installs gdal-bin"
    env = {"PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", **settings}
    done = subprocess.run([found, *arguments], env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_gdal_reads_a_hundred_thousand_components_to_the_last_digit(city, tmp_path):
    address, headers = f"OAPIF:{city.base_url}/ogc/v1/", f"Authorization: Bearer {city.token}"
    layers = gdal("ogrinfo", "-q", address, GDAL_HTTP_HEADERS=headers)
    assert [name for name in ("unit-grids", "components", "cases") if name in layers] == [
        "unit-grids",
        "components",
        "cases",
    ]
    told = gdal("ogrinfo", "-so", address, "components", GDAL_HTTP_HEADERS=headers)
    assert f"Feature Count: {COMPONENTS}" in told

    target = tmp_path / "components.gpkg"
    begun = time.monotonic()
    gdal("ogr2ogr", "-oo", "PAGE_SIZE=10000", str(target), address, "components", GDAL_HTTP_HEADERS=headers)
    seconds = time.monotonic() - begun

    with sqlite3.connect(target) as file:
        read = file.execute("SELECT obj_id, obj_name, class_code, init_date, geom FROM components").fetchall()
    assert len(read) == COMPONENTS
    assert {row[1:4] for row in read} == {("供水井盖", "01001", "2026-01-01")}
    points = shapely.from_wkb([row[4][8:] for row in read])  # a point of GeoPackage: 8 bytes of header, then WKB
    xs, ys = shapely.get_x(points).tolist(), shapely.get_y(points).tolist()
    with city.connect() as connection:
        stored = connection.execute(
            "SELECT obj_id, ST_X(geom), ST_Y(geom) FROM grid_component WHERE division_code LIKE '3301%'"
        ).fetchall()
    assert digest(zip((row[0] for row in read), xs, ys, strict=True)) == digest(stored)
    assert seconds < 60


def test_gdal_narrows_by_place_and_property_and_signs_in_with_name_and_token(city):
    address = f"OAPIF:{city.base_url}/ogc/v1/"
    with city.connect() as connection:
        expected = connection.execute(
            "SELECT count(*) FROM grid_component WHERE division_code LIKE '3301%%'"
            " AND ST_X(geom) BETWEEN 120.1 AND 120.11 AND ST_Y(geom) BETWEEN 30.1 AND 30.11"
        ).fetchone()[0]
    assert expected > 0
    box = ("-spat", "120.1", "30.1", "120.11", "30.11")
    told = gdal("ogrinfo", "-so", *box, address, "components", GDAL_HTTP_USERPWD=f"gis:{city.token}")
    assert f"Feature Count: {expected}" in told
    other = gdal(
        "ogrinfo", "-so", address, "components", "-where", "obj_id='33020301001000001'",
        GDAL_HTTP_HEADERS=f"Authorization: Bearer {city.token}",
    )  # fmt: skip
    assert "Feature Count: 0" in other


@pytest.fixture
def _no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.mark.usefixtures("_no_proxy")
@pytest.mark.parametrize("form", ["json", "xml"])
def test_a_client_of_georeport_reads_services_and_requests(city, form):
    client = GeoReport(f"{city.base_url}/open311/v2", jurisdiction="330100", output_format=form)
    services = client.get_service_list()
    assert len(services) > 100
    litter = next(one for one in services if one["service_code"] == "2-06001")
    definition = client.get_service_definition(
        next(one for one in services if one["metadata"] in (True, "true"))["service_code"]
    )
    assert "attributes" in definition
    found = client.get_service_requests()
    assert len(found) == 40, "fifty cases, ten of them petitions"
    assert {one["service_code"] for one in found} == {litter["service_code"]}
    closed = client.get_service_requests(status="closed")
    assert 0 < len(closed) < 40
    assert {one["status"] for one in closed} == {"closed"}
    one = client.get_service_request(closed[0]["service_request_id"])
    assert one["service_request_id"] == closed[0]["service_request_id"]
    assert one["requested_datetime"] == closed[0]["requested_datetime"]
    assert (float(one["lat"]), float(one["long"])) == (30.2, 120.123)
    assert "13800000000" not in json.dumps(found, ensure_ascii=False)
    with pytest.raises(requests.HTTPError):
        GeoReport(f"{city.base_url}/open311/v2", jurisdiction="330200", output_format=form).get_service_list()
