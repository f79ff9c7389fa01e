"""Checks made from definitions: of records, and of staging tables."""

import pytest
from django.db import connection

from cityops.foundation.records import registry
from sync.standard.files import shipped_catalogue
from sync.standard.rules.definitions import Catalogue, CodeListDef, DatasetDef, FieldDef, parse_condition, parse_type
from sync.standard.validation import check_record, record_type, sql_checks

FIELDS = (
    FieldDef("number", "编号", "C(6)", "M"),
    FieldDef("kind", "类别", "C(1)", "M", codelist="CL_X"),
    FieldDef("amount", "数量", "N(5,2)", "O"),
    FieldDef("count", "件数", "N(3)", "O"),
    FieldDef("at", "时间", "DT", "O"),
    FieldDef("ended_on", "结束", "D", "C", when="kind = 2"),
    FieldDef("place", "位置", "G(POINT)", "O"),
    FieldDef("done", "完成", "L", "O"),
)
THING = DatasetDef("XX01", "样例", "thing", FIELDS)
CATALOGUE = Catalogue("T", "t", "s", "designed", (THING,), (CodeListDef("CL_X", "类", (("1", "一"), ("2", "二"))),))
GOOD = {"number": "A1", "kind": "1", "amount": 12.5, "at": "2026-11-24T08:00:00+08:00", "done": True}


def faults(**changes):
    record = {key: value for key, value in {**GOOD, **changes}.items() if value is not ...}
    return [(fault.field, fault.rule) for fault in check_record(record, THING, name="1", catalogue=CATALOGUE)]


def test_a_good_record_has_no_fault():
    assert faults(place={"type": "Point", "coordinates": [120.1, 30.2]}, count=999) == []


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"number": ...}, ("number", "required")),
        ({"number": ""}, ("number", "required")),
        ({"number": "A123456"}, ("number", "length")),
        ({"number": 5}, ("number", "type")),
        ({"kind": "3"}, ("kind", "code_list")),
        ({"amount": 1000}, ("amount", "range")),
        ({"amount": 1.234}, ("amount", "range")),
        ({"amount": "much"}, ("amount", "type")),
        ({"count": 1000}, ("count", "range")),
        ({"at": "2026-11-24 08:00"}, ("at", "type")),
        ({"at": "2026-11-24T08:00:00"}, ("at", "type")),
        ({"kind": "2"}, ("ended_on", "conditional")),
        ({"place": {"type": "Polygon", "coordinates": [[[1, 2]]]}}, ("place", "geometry")),
        ({"place": {"type": "Point", "coordinates": [30.2, 120.1]}}, ("place", "geometry")),
        ({"done": "yes"}, ("done", "type")),
        ({"extra": 1}, ("extra", "unknown_field")),
    ],
)
def test_each_fault_names_field_and_rule(changes, found):
    assert faults(**changes) == [found]


def test_all_faults_of_a_record_are_told_with_record_and_remedy():
    found = check_record({"kind": "9", "count": 5000}, THING, name="line 7", catalogue=CATALOGUE)
    assert [fault.field for fault in found] == ["number", "kind", "count"]
    assert all(fault.record == "line 7" for fault in found)
    assert "1, 2" in found[1].remedy
    assert "编号" in found[0].remedy


@pytest.mark.parametrize("text", ["C", "N()", "X(3)", "C(a)"])
def test_a_type_that_cannot_be_read_is_refused(text):
    with pytest.raises(ValueError, match=r"write|length"):
        parse_type(text)


@pytest.mark.parametrize("text", ["kind 1", "kind =", "kind set 1"])
def test_a_condition_that_cannot_be_read_is_refused(text):
    with pytest.raises(ValueError, match="condition"):
        parse_condition(text)


STAGE = """
    CREATE TEMP TABLE stage (number text, kind text, amount numeric, "count" int, at timestamptz, ended_on date,
    place geometry, done boolean) ON COMMIT DROP
"""


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("row", "found"),
    [
        ("'A1', '1', 1.5, 3, now(), NULL, ST_Point(120, 30), true", []),
        ("'A1', '1', NULL, NULL, NULL, NULL, NULL, NULL", []),
        ("'', '1', 1.5, 3, now(), NULL, NULL, true", [("number", "required")]),
        ("NULL, '1', 1.5, 3, now(), NULL, NULL, true", [("number", "required")]),
        ("'A123456', '1', 1.5, 3, now(), NULL, NULL, true", [("number", "length")]),
        ("'A1', '3', 1.5, 3, now(), NULL, NULL, true", [("kind", "code_list")]),
        ("'A1', '2', 1.5, 3, now(), NULL, NULL, true", [("ended_on", "conditional")]),
        ("'A1', '1', 1000, 1000, now(), NULL, NULL, true", [("amount", "range"), ("count", "range")]),
        ("'A1', '1', 1, 1, now(), NULL, ST_MakeLine(ST_Point(1, 2), ST_Point(2, 3)), true", [("place", "geometry")]),
    ],
)
def test_a_staging_table_is_checked_by_the_same_rules(row, found):
    checks = sql_checks(THING, catalogue=CATALOGUE)
    with connection.cursor() as cursor:
        cursor.execute(STAGE)
        cursor.execute(f"INSERT INTO stage VALUES ({row})")
        broken = []
        for check in checks:
            cursor.execute(f"SELECT count(*) FROM stage WHERE {check.broken}")
            if cursor.fetchone()[0]:
                broken.append((check.field, check.code))
    assert broken == found
    assert all(check.remedy for check in checks)


@pytest.mark.django_db
def test_every_registered_kind_can_be_checked_under_its_own_columns():
    for kind in registry:
        checks = sql_checks(kind.dataset, kind.fields, alias="s")
        broken = " OR ".join(f"({check.broken})" for check in checks)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {kind.table} s WHERE {broken}")
            assert cursor.fetchone() == (0,)


def test_every_dataset_of_the_product_makes_a_type():
    catalogue = shipped_catalogue()
    assert len(catalogue.datasets) == 60
    for dataset in catalogue.datasets:
        assert record_type(dataset, catalogue=catalogue).__struct_fields__ == tuple(
            entry.name for entry in dataset.fields
        )


def test_a_case_in_no_grid_is_a_good_record():
    grid = shipped_catalogue().by_code["GL01"].by_name["grid_code"]
    assert not grid.is_required
