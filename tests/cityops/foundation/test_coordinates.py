"""Conversions between coordinate systems, and what is said about wrong ones."""

import gzip
import json

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from cityops.foundation.coordinates import (
    CHINA,
    CoordinateFault,
    CoordinateSystem,
    check_inside,
    check_point,
    convert,
    convert_coordinates,
    parse_system,
)

HANGZHOU = (118.3, 29.2, 120.8, 30.6)
CGCS2000, WGS84, GCJ02, BD09 = CoordinateSystem
inland = st.tuples(st.floats(CHINA[0] + 0.1, CHINA[2] - 0.1), st.floats(CHINA[1] + 0.1, CHINA[3] - 0.1))
anywhere = st.tuples(st.floats(-180, 180), st.floats(-90, 90))
systems = st.sampled_from(list(CoordinateSystem))


@given(inland, systems, systems)
def test_there_and_back_is_the_same_point(point, source, target):
    there = convert(*point, source, target)
    assert convert(*there, target, source) == pytest.approx(point, abs=1e-7)


@given(anywhere)
def test_outside_the_rectangle_gcj02_is_wgs84(point):
    lon, lat = point
    if not (CHINA[0] <= lon <= CHINA[2] and CHINA[1] <= lat <= CHINA[3]):
        assert convert(lon, lat, WGS84, GCJ02) == point


@given(inland)
def test_the_offset_of_gcj02_is_some_hundred_metres(point):
    lon, lat = convert(*point, WGS84, GCJ02)
    assert 0 < abs(lon - point[0]) + abs(lat - point[1]) < 0.02


@pytest.mark.parametrize(
    ("source", "target", "point", "expected"),
    [
        # Tian'anmen, as the published formulas give it
        (WGS84, GCJ02, (116.391275, 39.906217), (116.397517, 39.907621)),
        (GCJ02, BD09, (116.404, 39.915), (116.410369, 39.921337)),
        (CGCS2000, WGS84, (120.2, 30.25), (120.2, 30.25)),
    ],
)
def test_known_points(source, target, point, expected):
    assert convert(*point, source, target) == pytest.approx(expected, abs=2e-5)


def test_a_geometry_of_any_depth_is_converted():
    square = [[[120.0, 30.0, 5.0], [120.1, 30.0], [120.1, 30.1], [120.0, 30.0]]]
    there = convert_coordinates(square, GCJ02)
    assert there[0][0] == list(convert(120.0, 30.0, GCJ02))
    assert [len(point) for point in there[0]] == [2, 2, 2, 2]


@pytest.mark.parametrize(
    ("text", "system"),
    [
        ("gcj02", GCJ02),
        ("GCJ-02", GCJ02),
        ("EPSG:4490", CGCS2000),
        ("wgs 84", WGS84),
        ("bd09ll", BD09),
        ("CRS84", WGS84),
    ],
)
def test_systems_are_known_by_their_usual_spellings(text, system):
    assert parse_system(text) is system


def test_an_unknown_system_is_refused_with_the_known_ones():
    with pytest.raises(CoordinateFault, match="GCJ-02") as caught:
        parse_system("Beijing54")
    assert caught.value.rule == "crs_unknown"


@pytest.mark.parametrize(
    ("lon", "lat", "rule"),
    [
        (30.27, 120.15, "swapped"),
        (float("nan"), 30.0, "not_a_number"),
        (519000.0, 3350000.0, "projected"),
        (200.0, 30.0, "out_of_range"),
    ],
)
def test_what_is_no_longitude_and_latitude_is_refused(lon, lat, rule):
    with pytest.raises(CoordinateFault) as caught:
        check_point(lon, lat)
    assert caught.value.rule == rule
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("lon", "lat", "rule"),
    [
        (30.27, 120.15, "swapped"),
        (116.4, 39.9, "outside"),
        (120.803, 30.4, "wrong_crs"),
    ],
)
def test_a_point_outside_the_city_is_explained(lon, lat, rule):
    with pytest.raises(CoordinateFault) as caught:
        check_inside(lon, lat, HANGZHOU)
    assert caught.value.rule == rule


def test_a_swapped_point_whose_latitude_is_still_possible_is_seen_by_the_bounds():
    with pytest.raises(CoordinateFault) as caught:
        check_inside(43.8, 87.6, (86.8, 42.7, 88.9, 45.0))
    assert caught.value.rule == "swapped"


def test_fences_in_gcj02_fit_the_cgcs2000_outline_only_after_conversion(shared_data):
    with gzip.open(shared_data / "city_grid" / "district_fences_5cities_gcj02.json.gz", "rt") as file:
        fence = json.load(file)["110101"]
    with gzip.open(shared_data / "admin_cn" / "boundaries_district_cgcs2000.geojson.gz", "rt") as file:
        features = json.load(file)["features"]
    outline = shapely.make_valid(
        next(shapely.from_geojson(json.dumps(f["geometry"])) for f in features if f["properties"]["gb"] == "156110101")
    )

    def overlap(coordinates):
        shape = shapely.make_valid(shapely.from_geojson(json.dumps({**fence, "coordinates": coordinates})))
        return shape.intersection(outline).area / shape.union(outline).area

    assert overlap(fence["coordinates"]) < 0.75
    assert overlap(convert_coordinates(fence["coordinates"], GCJ02)) > 0.92
