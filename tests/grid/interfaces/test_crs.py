"""Axis order, boxes, moments: by table, without a database."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from grid.interfaces.rules.crs import Crs, QueryFault, mercator_x, mercator_y, parse_bbox, parse_crs
from grid.interfaces.rules.moments import parse_interval

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("crs", "text"),
    [
        (Crs.CRS84, "120,30,121,31"),
        (Crs.CGCS2000, "30,120,31,121"),
        (Crs.WGS84, "30,120,31,121"),
        (Crs.CRS84, "120,30,-5,121,31,99.5"),
        (Crs.CGCS2000, "30,120,0,31,121,0"),
    ],
)
def test_a_box_is_read_in_the_axis_order_of_its_system(crs, text):
    box = parse_bbox(text, crs)
    assert (box.west, box.south, box.east, box.north) == (120, 30, 121, 31)
    assert len(box.boxes) == 1
    assert box.boxes[0] == pytest.approx((13358338.895, 3503549.843, 13469658.386, 3632749.143), abs=0.01)


def test_metres_stay_metres():
    assert parse_bbox("1,2,3,4", Crs.MERCATOR).boxes[0] == pytest.approx((1, 2, 3, 4), abs=1e-5)
    assert mercator_x(180) == pytest.approx(20037508.342789, abs=1e-5)
    assert mercator_y(90) == mercator_y(86)


def test_a_box_over_the_180th_meridian_is_two():
    first, second = parse_bbox("170,-10,-170,10", Crs.CRS84).boxes
    assert first[2] == pytest.approx(mercator_x(180), abs=1e-5)
    assert second[0] == pytest.approx(mercator_x(-180), abs=1e-5)


@pytest.mark.parametrize(
    ("crs", "text", "rule"),
    [
        (Crs.CRS84, "1,2,3", "bbox_form"),
        (Crs.CRS84, "a,b,c,d", "bbox_form"),
        (Crs.CRS84, "1,2,nan,4", "bbox_form"),
        (Crs.CRS84, "120,31,121,30", "bbox_order"),
        (Crs.CRS84, "30,120,31,121", "bbox_range"),
        (Crs.CGCS2000, "120,30,121,31", "bbox_range"),
        (Crs.MERCATOR, "3,2,1,4", "bbox_order"),
    ],
)
def test_what_is_no_box_is_refused_with_its_rule(crs, text, rule):
    with pytest.raises(QueryFault) as refused:
        parse_bbox(text, crs)
    assert (refused.value.name, refused.value.rule) == ("bbox", rule)


@pytest.mark.parametrize("crs", Crs)
def test_a_system_is_known_by_its_uri(crs):
    assert parse_crs("crs", crs.value) is crs


@pytest.mark.parametrize(("text", "crs"), [("[EPSG:4490]", Crs.CGCS2000), ("[OGC:CRS84]", Crs.CRS84)])
def test_a_system_is_known_by_its_safe_curie(text, crs):
    assert parse_crs("crs", text) is crs


@pytest.mark.parametrize("text", ["", "EPSG:4490", "http://www.opengis.net/def/crs/EPSG/0/2154"])
def test_other_systems_are_refused_with_those_that_are_offered(text):
    with pytest.raises(QueryFault) as refused:
        parse_crs("bbox-crs", text)
    assert refused.value.name == "bbox-crs"
    assert Crs.CGCS2000 in refused.value.facts["known"]


def at(*numbers):
    return dt.datetime(*numbers, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("text", "begin", "end"),
    [
        ("2026-07-01T08:00:00Z", at(2026, 7, 1, 8), at(2026, 7, 1, 8)),
        ("2026-07-01T16:00:00+08:00", at(2026, 7, 1, 8), at(2026, 7, 1, 8)),
        ("2026-07-01T16:00:00 08:00", at(2026, 7, 1, 8), at(2026, 7, 1, 8)),
        ("2026-07-01", at(2026, 6, 30, 16), at(2026, 7, 1, 15, 59, 59, 999999)),
        ("2026-07-01/..", at(2026, 6, 30, 16), None),
        ("../2026-07-01", None, at(2026, 7, 1, 15, 59, 59, 999999)),
        ("/2026-07-01T00:00:00Z", None, at(2026, 7, 1)),
        ("2026-07-01T00:00:00Z/2026-07-02T00:00:00Z", at(2026, 7, 1), at(2026, 7, 2)),
    ],
)
def test_moments_days_and_open_intervals_are_read(text, begin, end):
    found = parse_interval(text, SHANGHAI)
    assert (found.begin, found.end) == (begin, end)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("yesterday", "datetime_form"),
        ("2026-13-01", "datetime_form"),
        ("2026-07-01T25:00:00Z", "datetime_form"),
        ("9999-12-31", "datetime_form"),
        ("../..", "interval_open"),
        ("2026-07-02/2026-07-01", "interval_order"),
        ("", "datetime_form"),
    ],
)
def test_what_is_no_time_is_refused_with_its_rule(text, rule):
    with pytest.raises(QueryFault) as refused:
        parse_interval(text, SHANGHAI)
    assert (refused.value.name, refused.value.rule) == ("datetime", rule)
