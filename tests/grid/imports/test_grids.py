"""Unit grids: codes and topology; what repair mends and what it tells."""

import gzip
import json

import pytest

from grid.models import UnitGrid
from tests.factories import grid as ground

pytestmark = pytest.mark.django_db
MAPPING = '[columns]\ngrid_code = "code"\n'
W, S = ground.WEST, ground.SOUTH


def box(west, south, east, north):
    return [[[west, south], [east, south], [east, north], [west, north], [west, south]]]


def features(path, *grids, packed=False):
    """A GeoJSON file of (code, coordinates) or (code, geometry)."""
    found = [
        {
            "type": "Feature",
            "properties": {"code": code},
            "geometry": shape if isinstance(shape, dict) else {"type": "Polygon", "coordinates": shape},
        }
        for code, shape in grids
    ]
    data = json.dumps({"type": "FeatureCollection", "name": "grids", "features": found}).encode()
    path.write_bytes(gzip.compress(data) if packed else data)
    return path


def code(number):
    return f"{ground.COMMUNITY}{number:03d}"


@pytest.mark.parametrize("packed", [False, True])
def test_neighbours_that_share_a_side_are_taken(city, run_import, tmp_path, packed):
    path = features(
        tmp_path / "g.geojson",
        (code(2), box(W + 0.01, S, W + 0.02, S + 0.01)),
        (code(3), box(W + 0.02, S, W + 0.03, S + 0.01)),
        packed=packed,
    )
    run = run_import("grids", path, MAPPING)
    assert (run.state, run.rows_taken) == ("done", 2)
    taken = UnitGrid.objects.get(grid_code=code(2))
    assert taken.division_code == ground.COMMUNITY
    assert 1_060_000 < taken.area_m2 < 1_075_000


def test_an_overlap_is_refused_and_named(city, run_import, faults, tmp_path):
    path = features(
        tmp_path / "g.geojson",
        (code(2), box(W + 0.01, S, W + 0.0201, S + 0.01)),
        (code(3), box(W + 0.02, S, W + 0.03, S + 0.01)),
        (code(4), box(W + 0.005, S + 0.005, W + 0.008, S + 0.02)),  # over the grid in force
    )
    run = run_import("grids", path, MAPPING)
    assert faults(run) == [(2, "overlap"), (3, "overlap")]
    assert code(2) in run.issues.get(row_no=2).message
    assert code(1) in run.issues.get(row_no=3).message
    assert UnitGrid.objects.count() == 1


def test_repair_gives_an_overlap_to_the_lower_code_and_tells_the_area(city, run_import, tmp_path):
    path = features(
        tmp_path / "g.geojson",
        (code(2), box(W + 0.01, S, W + 0.0201, S + 0.01)),
        (code(3), box(W + 0.02, S, W + 0.03, S + 0.01)),
    )
    run = run_import("grids", path, MAPPING, repair=True)
    assert run.state == "done"
    assert run.summary["overlaps"] == 1
    assert 10_000 < run.summary["overlap_m2"] < 11_000
    told = run.issues.get(code="overlap_mended")
    assert not told.is_fatal
    assert code(2) in told.message
    first, second = UnitGrid.objects.get(grid_code=code(2)), UnitGrid.objects.get(grid_code=code(3))
    assert first.geom.intersection(second.geom).area == 0
    assert first.area_m2 > second.area_m2


def test_an_invalid_outline_is_refused_or_mended(city, run_import, faults, tmp_path):
    bow = [[[W + 0.02, S], [W + 0.03, S + 0.01], [W + 0.03, S], [W + 0.02, S + 0.01], [W + 0.02, S]]]
    path = features(tmp_path / "g.geojson", (code(2), bow))
    refused = run_import("grids", path, MAPPING)
    assert faults(refused) == [(1, "invalid_geometry")]
    mended = run_import("grids", path, MAPPING, repair=True)
    assert mended.state == "done"
    assert mended.summary["invalid"] == 1
    assert all(grid.geom.valid for grid in UnitGrid.objects.all())
    assert mended.summary["pieces_numbered"] == 1
    assert UnitGrid.objects.filter(grid_code=code(3)).exists()


def test_a_grid_outside_its_community_is_refused(city, run_import, faults, tmp_path):
    community = ground.division(ground.COMMUNITY, level=6)
    community.boundary = ground.MultiPolygon(ground.box(W, S, W + 0.02, S + 0.02), srid=4490)
    community.save()
    path = features(tmp_path / "g.geojson", (code(2), box(W + 0.015, S, W + 0.025, S + 0.01)))
    assert faults(run_import("grids", path, MAPPING)) == [(1, "outside_community")]


def test_a_gap_is_told_and_the_grids_are_taken(city, run_import, tmp_path):
    community = ground.division(ground.COMMUNITY, level=6)
    community.boundary = ground.MultiPolygon(ground.box(W, S, W + 0.03, S + 0.01), srid=4490)
    community.save()
    path = features(tmp_path / "g.geojson", (code(2), box(W + 0.02, S, W + 0.03, S + 0.01)))
    run = run_import("grids", path, MAPPING)
    assert run.state == "done"
    assert run.summary["gaps"] == 1
    assert 1_060_000 < run.summary["gap_m2"] < 1_075_000
    assert run.issues.get().key == ground.COMMUNITY


def test_codes_places_and_shapes_that_cannot_be(city, run_import, faults, tmp_path):
    UnitGrid.objects.filter(grid_code=code(1)).update(status="9")
    good = box(W + 0.02, S, W + 0.03, S + 0.01)
    path = features(
        tmp_path / "g.geojson",
        ("330102001", good),
        ("330102001999001", good),
        ("330203001001001", good),
        (code(1), box(W, S, W + 0.01, S + 0.01)),
        (code(5), box(S, W, S + 0.01, W + 0.01)),
        (code(6), {"type": "Point", "coordinates": [W + 0.02, S]}),
        (code(7), {"type": "Polygon", "coordinates": []}),
        (code(8), box(W + 2, S, W + 2.01, S + 0.01)),
    )
    run = run_import("grids", path, MAPPING)
    assert faults(run) == [
        (1, "code_length"),
        (2, "unknown_division"),
        (3, "foreign_division"),
        (4, "retired_code"),
        (5, "swapped"),
        (6, "not_polygon"),
        (7, "no_geometry"),
        (8, "outside_city"),
    ]


@pytest.mark.parametrize("data", [b"{}", b'{"features": [{"a": 1}, {', b"not json", b"\xff\xfe\x00\x81\xff"])
def test_what_is_no_geojson_is_refused(city, run_import, tmp_path, data):
    path = tmp_path / "g.geojson"
    path.write_bytes(data)
    run = run_import("grids", path, MAPPING)
    assert run.state == "refused"
    assert run.refusal


def test_a_grid_is_retired_and_its_ground_given_to_new_codes(city, run_import, tmp_path):
    mapping = MAPPING + 'status = "state"\n'
    path = tmp_path / "g.geojson"
    shapes = [(1, "9", (W, W + 0.01)), (2, "1", (W, W + 0.005)), (3, "1", (W + 0.005, W + 0.01))]
    found = [
        {
            "type": "Feature",
            "properties": {"code": code(number), "state": state},
            "geometry": {"type": "Polygon", "coordinates": box(west, S, east, S + 0.01)},
        }
        for number, state, (west, east) in shapes
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": found}))
    run = run_import("grids", path, mapping)
    assert (run.state, run.rows_taken) == ("done", 3)
    assert dict(UnitGrid.objects.values_list("grid_code", "status")) == {code(1): "9", code(2): "1", code(3): "1"}
    assert UnitGrid.objects.get(grid_code=code(1)).change_date is not None


def test_a_grid_that_is_not_there_cannot_be_retired(city, run_import, faults, tmp_path):
    path = features(tmp_path / "g.geojson", (code(7), box(W + 0.02, S, W + 0.03, S + 0.01)))
    assert faults(run_import("grids", path, MAPPING + '[constants]\nstatus = "9"\n')) == [(1, "unknown_grid")]


def test_a_grid_whose_row_is_refused_keeps_its_ground(city, run_import, faults, tmp_path):
    bow = [[[W + 0.02, S], [W + 0.03, S + 0.01], [W + 0.03, S], [W + 0.02, S + 0.01], [W + 0.02, S]]]
    path = features(
        tmp_path / "g.geojson",
        (code(1), bow),
        (code(2), box(W, S, W + 0.01, S + 0.01)),  # where 001 lies and stays
        (code(3), box(W + 0.04, S, W + 0.05, S + 0.01)),
    )
    run = run_import("grids", path, MAPPING, skip_refused=True)
    assert (run.state, faults(run)) == ("done", [(1, "invalid_geometry"), (2, "overlap")])
    assert set(UnitGrid.objects.values_list("grid_code", flat=True)) == {code(1), code(3)}


def test_what_is_refused_last_takes_with_it_what_came_in_its_place(city, run_import, faults, tmp_path):
    """001 would move out of its community, 002 into the place of 001, 003 into that of 002: all stay."""
    ground.unit_grid(code(2), west=W + 0.01)
    community = ground.division(ground.COMMUNITY, level=6)
    community.boundary = ground.MultiPolygon(ground.box(W, S, W + 0.05, S + 0.05), srid=4490)
    community.save()
    path = features(
        tmp_path / "g.geojson",
        (code(1), box(W + 0.1, S, W + 0.11, S + 0.01)),
        (code(2), box(W, S, W + 0.01, S + 0.01)),
        (code(3), box(W + 0.01, S, W + 0.02, S + 0.01)),
        (code(4), box(W + 0.03, S, W + 0.04, S + 0.01)),
    )
    run = run_import("grids", path, MAPPING, skip_refused=True)
    assert faults(run) == [(1, "outside_community"), (2, "overlap"), (3, "overlap")]
    places = {grid.grid_code: round(grid.geom.extent[0] - W, 6) for grid in UnitGrid.objects.all()}
    assert places == {code(1): 0, code(2): 0.01, code(4): 0.03}


def test_a_community_without_an_outline_is_told(city, run_import, tmp_path):
    path = features(tmp_path / "g.geojson", (code(2), box(W + 0.02, S, W + 0.03, S + 0.01)))
    run = run_import("grids", path, MAPPING)
    told = run.issues.get(code="no_boundary")
    assert (run.state, told.is_fatal, told.key) == ("done", False, ground.COMMUNITY)
    assert "load_regions" in told.remedy


def test_names_stay_where_the_mapping_gives_none_and_the_same_file_changes_nothing(city, run_import, tmp_path):
    UnitGrid.objects.update(name="测试网格", note="已核")
    path = features(tmp_path / "g.geojson", (code(1), box(W, S, W + 0.02, S + 0.01)))
    assert run_import("grids", path, MAPPING).summary["grids_written"] == 1
    assert run_import("grids", path, MAPPING).summary["grids_written"] == 0
    grid = UnitGrid.objects.get()
    assert (grid.name, grid.note) == ("测试网格", "已核")
    assert grid.area_m2 > 1_900_000


def test_a_feature_may_leave_out_a_property_that_others_have(city, run_import, tmp_path):
    path = tmp_path / "g.geojson"
    shapes = [(2, {}, W + 0.01), (3, {"nm": "乙"}, W + 0.02)]
    found = [
        {
            "type": "Feature",
            "properties": {"code": code(number), **more},
            "geometry": {"type": "Polygon", "coordinates": box(west, S, west + 0.01, S + 0.01)},
        }
        for number, more, west in shapes
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": found}))
    assert run_import("grids", path, MAPPING + 'name = "nm"\n').rows_taken == 2
    assert UnitGrid.objects.get(grid_code=code(3)).name == "乙"
    refused = run_import("grids", path, MAPPING + 'name = "none"\n')
    assert "none" in refused.refusal


POINTS = [["120.02", "30.02"], ["120.03", "30.02"], ["120.03", "30.03"], ["120.02", "30.02"]]


@pytest.mark.usefixtures("city")
@pytest.mark.parametrize(
    ("geometry", "rule"),
    [
        ({"type": "Polygon", "coordinates": [POINTS]}, "bad_geometry"),
        ({"type": "Polygon", "coordinates": "abc"}, "bad_geometry"),
        ({"type": "Polygon", "coordinates": {"a": 1}}, "bad_geometry"),
        ({"type": "Polygon", "coordinates": [120.0]}, "bad_geometry"),
        ({"type": "Polygon", "coordinates": [[[[[[120.0, 30.0]]]]]]}, "bad_geometry"),
        ({"type": "Polygon", "coordinates": [[[10**400, 30], [120, 30], [120, 31]]]}, "bad_geometry"),
        ({"type": ["Polygon"], "coordinates": [[[120, 30], [120, 31], [121, 31], [120, 30]]]}, "bad_geometry"),
        ({"type": "GeometryCollection", "geometries": []}, "no_geometry"),
        ([1], "bad_geometry"),
        (None, "no_geometry"),
    ],
)
def test_a_geometry_that_is_none_is_a_fault_of_its_row(run_import, faults, tmp_path, geometry, rule):
    feature = {"type": "Feature", "properties": {"code": code(2)}, "geometry": geometry}
    path = tmp_path / "g.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    assert faults(run_import("grids", path, MAPPING)) == [(1, rule)]


@pytest.mark.parametrize(
    "feature", ['{"properties": ["x"]}', "[" * 100_000 + "]" * 100_000, '{"properties": {"code": ' + "1" * 5_000 + "}}"]
)
def test_json_that_is_no_feature_is_refused_with_its_place(city, run_import, tmp_path, feature):
    path = tmp_path / "g.geojson"
    path.write_text(f'{{"features": [{feature}]}}')
    run = run_import("grids", path, MAPPING)
    assert (run.state, "第 1 个要素" in run.refusal) == ("refused", True)


def test_a_file_gives_the_class_of_area_in_code_or_words(city, run_import, tmp_path):
    path = tmp_path / "g.csv"
    lines = [
        f'{code(number)},{words},"POLYGON(({w} {S},{w + 0.01} {S},{w + 0.01} {S + 0.01},{w} {S + 0.01},{w} {S}))"'
        for number, words, w in ((2, "重点区域", W + 0.01), (3, "C", W + 0.02))
    ]
    path.write_text("\n".join(["单元网格编码,区域类别,wkt", *lines]))
    run_import("grids", path, "")
    named = {code(2): "A", code(3): "C"}
    assert dict(UnitGrid.objects.exclude(grid_code=code(1)).values_list("grid_code", "area_class")) == named
    run_import("grids", path, '[columns]\ngrid_code = "单元网格编码"\nwkt = "wkt"\n')
    assert dict(UnitGrid.objects.exclude(grid_code=code(1)).values_list("grid_code", "area_class")) == named
