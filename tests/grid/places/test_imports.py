"""Places come in by file: csv, template, GeoJSON; whole or not at all; and real ones of Shanghai."""

import gzip
import io
import json

import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from cityops.regions.rules import Level
from grid.models import ImportRun, UnitGrid
from grid.places.models import Place
from grid.places.rules.matching import Verdict
from grid.places.selectors.geocoding import geocode, geocode_many
from grid.places.services.batches import match_addresses
from grid.services.imports.runs import ImportRefused, begin_run, execute_run
from tests.factories import grid as ground
from tests.factories.ground import csv_file
from tests.factories.people import division, person
from tests.factories.places import place

pytestmark = pytest.mark.django_db
GOOD = {
    "地点名称": "测试文化广场",
    "地点类别": "兴趣点",
    "标准地址": "测试市上城区中山路10号",
    "经度": ground.WEST + 0.005,
    "纬度": ground.SOUTH + 0.005,
}


@pytest.fixture
def city(db):
    ground.city()
    ground.unit_grid()
    division("330102000000", name="上城区")


def run_import(path, mapping="", user=None, **options):
    begun = begin_run("places", path, mapping=mapping, options=options, user=user)
    try:
        return execute_run(begun, path)
    except ImportRefused as refused:
        return refused.run


def faults(run):
    return sorted(run.issues.filter(is_fatal=True).values_list("row_no", "code"))


def test_a_file_by_its_heads_is_taken_numbered_and_found(city, tmp_path):
    run = run_import(csv_file(tmp_path / "p.csv", [GOOD, {**GOOD, "地点名称": "第二小学"}]))
    assert (run.state, run.rows_taken, run.summary["places_written"]) == ("done", 2, 2), run.refusal
    found = geocode(None, "上城区中山路10号").candidates
    assert {one.place.place_name for one in found} == {"测试文化广场", "第二小学"}
    assert found[0].place.grid_code == ground.COMMUNITY + "001"
    assert Place.objects.get(place_name="第二小学").place_type == "06"


def test_the_same_file_again_changes_nothing_and_a_changed_one_what_differs(city, tmp_path):
    run_import(csv_file(tmp_path / "p.csv", [GOOD]))
    before = Place.objects.get()
    again = run_import(csv_file(tmp_path / "p.csv", [GOOD]))
    assert (again.summary["places_written"], Place.objects.get().rid) == (0, before.rid)
    changed = run_import(csv_file(tmp_path / "p.csv", [{**GOOD, "别名": "红楼"}]))
    assert changed.summary["places_written"] == 1
    assert Place.objects.get().names == ["测试文化广场", "红楼"]


def test_one_wrong_row_and_nothing_is_stored(city, tmp_path):
    rows = [
        {**GOOD, "地点标识": "A1"},
        {**GOOD, "地点标识": "A2", "经度": ground.WEST + 0.1},  # in the city, in no grid
        {**GOOD, "地点标识": "A3", "经度": 125.0},
        {**GOOD, "地点标识": "A4", "地点类别": "77"},
        {**GOOD, "地点标识": "A1"},
    ]
    run = run_import(csv_file(tmp_path / "p.csv", rows))
    assert faults(run) == [(3, "no_grid"), (4, "outside_city"), (5, "unknown_code"), (6, "duplicate")]
    assert (run.state, Place.objects.count()) == ("refused", 0)
    assert run_import(csv_file(tmp_path / "p.csv", rows), skip_refused=True).rows_taken == 1


def test_who_has_a_part_of_the_city_takes_places_there_only(city, tmp_path):
    path = csv_file(tmp_path / "p.csv", [GOOD])
    assert faults(run_import(path, user=person("data_officer", division_code="330106000000"))) == [(2, "outside_scope")]
    assert run_import(path, user=person("data_officer", division_code="330102000000")).state == "done"


def test_places_of_another_node_are_not_replaced(city, tmp_path):
    theirs = place(origin_code="330200000000-C")
    run = run_import(csv_file(tmp_path / "p.csv", [{**GOOD, "地点标识": theirs.place_id}]))
    assert faults(run) == [(2, "not_ours")]


def test_historical_names_are_tied_to_what_they_are_now(city, tmp_path):
    rows = [
        {**GOOD, "place_id": "A1", "valid": "1", "historic_of": ""},
        {**GOOD, "地点名称": "工人俱乐部", "place_id": "A2", "valid": "0", "historic_of": "A1"},
    ]
    run = run_import(csv_file(tmp_path / "p.csv", rows))
    assert run.state == "done", faults(run)
    assert Place.objects.get(place_id="A2").historic_of.place_id == "A1"
    rows[1]["historic_of"] = "A9"
    assert faults(run_import(csv_file(tmp_path / "p.csv", rows))) == [(3, "unknown_historic_of")]


def test_lines_are_taken_by_a_point_on_them_and_an_address_is_made(city, tmp_path):
    west, south = ground.WEST, ground.SOUTH
    line = [[west + 0.001, south + 0.005], [west + 0.009, south + 0.005]]
    features = [
        {"type": "Feature", "properties": {"name": "中山路"}, "geometry": {"type": "LineString", "coordinates": line}}
    ]
    path = tmp_path / "p.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    run = run_import(path, '[columns]\nplace_name = "name"\n[constants]\nplace_type = "03"\n')
    assert (run.state, run.summary["middles"]) == ("done", 1), run.refusal
    street = Place.objects.get()
    assert (street.std_address, street.geom.geom_type, street.door) == ("上城区测试社区中山路", "Point", "中山路")


def test_the_template_is_imported_as_it_is(city, tmp_path, client):
    client.force_login(person("data_officer"))
    from sync.standard.files import DATA, parse_file
    from sync.standard.services.loading import load_dictionary

    for file in sorted((DATA / "datasets").glob("*.json")):
        load_dictionary(parse_file(file.read_bytes(), file.name))
    book = openpyxl.load_workbook(io.BytesIO(client.get(reverse("dataset-template", args=["JC09"])).getvalue()))
    sheet = book.worksheets[0]
    heads = [cell.value for cell in sheet[1]]
    sheet.append([GOOD.get(head, "") for head in heads])
    book.save(tmp_path / "p.xlsx")
    run = run_import(tmp_path / "p.xlsx")
    assert run.rows_taken == 1, [heads, run.refusal, list(run.issues.values_list("field", "message"))]


def test_the_command_tells_what_it_took(city, tmp_path):
    told = io.StringIO()
    call_command("import_places", csv_file(tmp_path / "p.csv", [GOOD]), stdout=told, stderr=io.StringIO())
    assert "taken: 1" in told.getvalue()
    with pytest.raises(CommandError):
        call_command("import_places", tmp_path / "none.csv", stdout=told, stderr=io.StringIO())
    assert ImportRun.objects.get().kind == "places"


# --- real places of Shanghai


@pytest.fixture
def shanghai(db, settings):
    """Huangpu and Pudong around the Bund, as one community under one grid."""
    settings.CITYOPS_REGION, settings.CITYOPS_NODE = "310000000000", "310000000000-C"
    from sync.exchange.models import SyncSelf

    SyncSelf.objects.update(node_code=settings.CITYOPS_NODE)
    division("310000000000", level=Level.PROVINCE, name="上海市")
    division("310101000000", name="黄浦区")
    division("310101002000", level=Level.STREET, name="外滩街道")
    division("310101002001", level=Level.COMMUNITY, name="外滩社区")
    outline = ground.box(121.46, 31.21, 121.54, 31.27)
    UnitGrid.objects.create(grid_code="310101002001001", geom=outline, area_m2=1, init_date="2026-01-01")


def test_real_places_come_in_and_their_own_addresses_are_found(shanghai, shared_data, tmp_path):
    source = shared_data / "city_grid" / "osm_shanghai_buildings_roads_pois_wgs84.geojson.gz"
    with gzip.open(source, "rt", encoding="utf-8") as file:
        features = json.load(file)["features"]
    named = {}
    for one in features:
        facts = one["properties"]
        if facts.get("name") and facts.get("id") and facts["layer"] in {"pois", "buildings"}:
            street, number = facts.get("addr_street"), facts.get("addr_housenumber")
            address = f"上海市黄浦区{street}{number}号" if street and number else ""
            named.setdefault(facts["id"], {**one, "properties": {**facts, "address": address}})
    path = tmp_path / "shanghai.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": list(named.values())}), encoding="utf-8")
    mapping = """
[file]
coordinates = "WGS-84"
[columns]
place_id = "id"
place_name = "name"
std_address = "address"
alias = "name:en"
[constants]
place_type = "06"
source = "OpenStreetMap"
"""
    run = run_import(path, mapping, skip_refused=True)
    assert run.rows_taken == Place.objects.count() > 500, (run.refusal, faults(run)[:10])
    assert run.rows_refused < 0.05 * run.rows_read, run.summary
    doors = list(Place.objects.exclude(door="").filter(std_address__contains="号").order_by("place_id"))
    answers = list(geocode_many(None, [place.std_address for place in doors]))
    hits = sum(answer.verdict is Verdict.FOUND for answer in answers) / len(answers)
    assert len(doors) >= 80
    assert hits >= 0.9, hits
    names = list(Place.objects.order_by("place_id").values_list("place_name", flat=True))[:300]
    report = match_addresses(None, "real", list(enumerate(names, 2)))
    assert {row["text"] for row in report.rows if row["verdict"] == "missing"} <= set("123456789")
    assert report.found / report.total > 0.8, (report.found, report.ambiguous)
