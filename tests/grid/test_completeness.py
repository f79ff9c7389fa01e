"""The completeness report: shares by class, and the lines D1, D2 and M4 with their thresholds."""

import datetime as dt

import pytest
from django.contrib.gis.geos import MultiPolygon
from django.utils import timezone

from cityops.regions.models import Division
from grid.rules.codes import CURRENT
from grid.selectors.completeness import (
    FIELDS,
    Tick,
    all_ticks,
    completeness,
    d1_grids,
    d2_classes,
    d2_updated,
    m4_responsible,
)
from sync.standard.models import DictionaryVersion
from tests.factories import grid as ground
from tests.factories.ground import COVER, FIRST, component
from tests.factories.people import NINGBO, person

pytestmark = pytest.mark.django_db
SECOND = FIRST[:-1] + "2"


@pytest.fixture
def city():
    DictionaryVersion.objects.create(
        kind="classes", code=CURRENT, title="分类", source="tests", provenance="transcribed",
        valid_from=dt.date(2026, 7, 1), is_default=True, content_sha=b"\0" * 32,
    )  # fmt: skip
    ground.city()
    ground.class_entry(COVER, kind="1", name="供水井盖")
    ground.class_entry("01002", kind="1", name="污水井盖")
    today = timezone.localdate()
    component(init_date=today, dept_code2="A", dept_code3="B", note="x")
    component(SECOND, init_date=today - dt.timedelta(days=800), change_date=today - dt.timedelta(days=400))


def test_a_class_is_counted_field_by_field(city):
    report = completeness(None)
    (line,) = report.lines
    assert (line.class_code, line.class_name, line.number) == (COVER, "供水井盖", 2)
    assert (line.filled["obj_id"], line.filled["note"], line.filled["change_date"]) == (2, 1, 1)
    assert (line.updated, line.three_units, line.states) == (1, 1, {"01": 2})
    assert (line.updated_percent, line.units_percent) == (50.0, 50.0)
    assert (len(FIELDS), len(line.shares)) == (18, 18)
    assert report.whole.number == 2


def test_removed_ones_and_other_standards_are_left_out(city):
    component(FIRST[:-1] + "3", state="05")
    component("3301020101000001", class_code="0101", std_ref="GB/T 30428.2-2013")
    report = completeness(None)
    assert (report.whole.number, report.other_standards) == (2, 1)


def test_d2_counts_the_classes_of_the_national_list_and_what_is_fresh(city):
    classes, fresh = d2_classes(), d2_updated()
    assert (classes.count, classes.total, classes.percent, classes.passes) == (1, 2, 50.0, False)
    assert (fresh.count, fresh.total, fresh.passes) == (1, 2, False)
    component("33010201002000001", class_code="01002", init_date=timezone.localdate())
    assert d2_classes().passes
    assert classes.threshold == 90.0
    assert "SELECT" in classes.query


def test_m4_counts_classes_in_use_whose_every_component_has_an_authority(city):
    assert (m4_responsible().count, m4_responsible().total) == (1, 1)
    component("33010201002000001", class_code="01002", dept_code1="")
    ground.stored_case(dept_code1="")
    tick = m4_responsible()
    assert (tick.count, tick.total, tick.passes) == (1, 3, False)
    ground.stored_case(dept_code1="ZG")
    assert m4_responsible().count == 2


def test_d1_finds_gaps_overlaps_and_short_codes(city):
    whole = MultiPolygon(ground.box(ground.WEST, ground.SOUTH, ground.WEST + 0.02, ground.SOUTH + 0.01), srid=4490)
    Division.objects.filter(code=ground.COMMUNITY).update(boundary=whole)
    ground.unit_grid()
    covered, apart, digits = d1_grids()
    assert (covered.count, covered.total) == (0, 1)
    assert covered.facts["gap_m2"] == pytest.approx(covered.facts["area_m2"] / 2, rel=0.01)
    assert (apart.passes, digits.passes) == (True, True)
    ground.unit_grid(ground.COMMUNITY + "002", west=ground.WEST + 0.01)
    assert d1_grids()[0].passes
    ground.unit_grid(ground.COMMUNITY + "03", west=ground.WEST + 0.005)
    _covered, apart, digits = d1_grids()
    assert (apart.count, apart.total, apart.facts["pairs"]) == (0, 3, 2)
    assert (digits.count, digits.passes) == (2, False)


def test_nothing_to_count_is_no_share_and_no_pass():
    tick = Tick("X", "x", 0, 0, 90.0, "")
    assert (tick.percent, tick.passes) == (None, False)
    assert [t.percent for t in all_ticks()] == [None] * 6


def test_a_share_just_below_the_threshold_does_not_pass_by_rounding():
    tick = Tick("X", "x", 8999, 10000, 90.0, "")
    assert (tick.percent, tick.passes) == (89.9, False)


def test_everybody_counts_what_they_may_see(city):
    assert completeness(person("data_officer", division_code=NINGBO)).whole.number == 0
    assert completeness(person("data_officer")).whole.number == 2
    assert completeness(person("data_officer"), NINGBO).whole.number == 0
