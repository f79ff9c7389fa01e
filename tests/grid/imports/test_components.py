"""Components: ids by their standard, classes, places; every refusal names the row, the rule and the remedy."""

import datetime as dt

import pytest
from django.utils import timezone

from cityops.foundation.models import AuditEvent
from grid.models import Component
from sync.exchange.models import DirtyMark
from tests.factories import grid as ground
from tests.factories.ground import FIRST, component, csv_file
from tests.factories.people import division

pytestmark = pytest.mark.django_db
MAPPING = """
[columns]
obj_id = "标识码"
dept_code1 = "主管代码"
dept_name1 = "主管"
longitude = "经度"
latitude = "纬度"
init_date = "普查日"
"""
GOOD = {
    "标识码": "33010201001000001",
    "主管代码": "ZG0000000000000001",
    "主管": "测试城管局",
    "经度": ground.WEST + 0.005,
    "纬度": ground.SOUTH + 0.005,
    "普查日": "2026-03-01",
}


def row(number: int = 1, **fields):
    return {**GOOD, "标识码": f"33010201001{number:06d}", **fields}


def test_a_good_file_is_taken_and_located(city, run_import, tmp_path):
    run = run_import("components", csv_file(tmp_path / "c.csv", [row(1), row(2)]), MAPPING)
    assert (run.state, run.rows_taken, run.rows_refused) == ("done", 2, 0)
    taken = Component.objects.get(obj_id="33010201001000001")
    assert (taken.grid_code, taken.division_code) == (ground.COMMUNITY + "001", ground.COMMUNITY)
    assert (taken.class_code, taken.obj_name, taken.state) == ("01001", "供水井盖", "01")
    assert (taken.street_code, taken.change_date) == ("330102001", None)
    assert AuditEvent.objects.get(action="import.run").after["taken"] == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_encoding_is_found_out(city, run_import, tmp_path, encoding):
    path = csv_file(tmp_path / "c.csv", [row(1)], encoding=encoding)
    assert run_import("components", path, MAPPING).rows_taken == 1
    assert Component.objects.get().dept_name1 == "测试城管局"


def test_the_same_file_again_changes_the_same_components(city, run_import, tmp_path):
    run_import("components", csv_file(tmp_path / "c.csv", [row(1)]), MAPPING)
    first = Component.objects.get()
    run_import("components", csv_file(tmp_path / "c.csv", [row(1, 主管="另一部门")]), MAPPING)
    second = Component.objects.get()
    assert (second.rid, second.dept_name1) == (first.rid, "另一部门")
    assert second.change_date is not None


def test_every_fault_is_told_with_row_rule_and_remedy(city, run_import, faults, tmp_path):
    rows = [
        row(1),
        row(2, 标识码="3301020100000001"),  # 16 digits read by the 17-digit standard
        row(3, 标识码="33010209999000003"),  # unknown class
        row(4, 标识码="33999901001000004"),  # county of another place
        row(5, 标识码="33010901001000005"),  # county nobody knows
        row(6, 经度=121.5),  # outside the city
        row(7, 经度=ground.SOUTH + 0.005, 纬度=ground.WEST + 0.005),  # swapped, beyond 90
        row(8, 经度=500000.0, 纬度=3350000.0),  # metres of a projection
        row(1),  # the number of row 2 again
        row(10, 普查日="2026-02-30"),
        row(11, 主管=""),
        row(12, 经度=ground.WEST + 0.2),  # in the city, in no grid
    ]
    run = run_import("components", csv_file(tmp_path / "c.csv", rows), MAPPING)
    assert run.state == "refused"
    assert faults(run) == [
        (3, "code_length"),
        (4, "unknown_class"),
        (5, "foreign_division"),
        (6, "unknown_division"),
        (7, "outside_city"),
        (8, "swapped"),
        (9, "projected"),
        (10, "duplicate"),
        (11, "bad_date"),
        (12, "missing"),
        (13, "no_grid"),
    ]
    assert all(issue.message and issue.remedy for issue in run.issues.all())
    assert not Component.objects.exists()


def test_a_16_digit_id_is_taken_where_the_file_says_its_standard(city, run_import, tmp_path):
    ground.class_entry("0101", kind="1", name="上水井盖", version="GB/T 30428.2-2013")
    mapping = MAPPING + '[constants]\nstd_ref = "GB/T 30428.2-2013"\n'
    run = run_import("components", csv_file(tmp_path / "c.csv", [row(标识码="3301020101000001")]), mapping)
    assert run.rows_taken == 1
    assert Component.objects.get().class_code == "0101"


def test_a_17_digit_id_read_by_the_old_standard_is_refused(city, run_import, faults, tmp_path):
    ground.class_entry("0101", kind="1", name="上水井盖", version="GB/T 30428.2-2013")
    mapping = MAPPING + '[constants]\nstd_ref = "GB/T 30428.2-2013"\n'
    run = run_import("components", csv_file(tmp_path / "c.csv", [row(1)]), mapping)
    assert faults(run) == [(2, "code_length")]


def test_a_standard_that_is_not_loaded_is_named(city, run_import, tmp_path):
    mapping = MAPPING + '[constants]\nstd_ref = "CJ/T 214-2007"\n'
    run = run_import("components", csv_file(tmp_path / "c.csv", [row(标识码="3301020101000001")]), mapping)
    issue = run.issues.get()
    assert issue.code == "standard_not_loaded"
    assert "load_standard" in issue.remedy


def test_gcj02_read_as_cgcs2000_is_recognised_by_the_grid_it_names(city, run_import, tmp_path):
    division("330102002001", level=6)
    ground.unit_grid("330102002001001", west=120.15, south=30.25)
    mapping = MAPPING + 'grid_code = "网格"\n[options]\ngrid_margin_m = 1.0\n'
    place = {"经度": 120.16412, "纬度": 30.2574, "网格": "330102002001001"}
    path = csv_file(tmp_path / "c.csv", [row(1, **place)])
    issue = run_import("components", path, mapping).issues.get()
    assert issue.code == "grid_differs"
    assert "GCJ-02" in issue.remedy
    again = run_import("components", path, '[file]\ncoordinates = "GCJ-02"\n' + mapping)
    assert again.rows_taken == 1
    assert Component.objects.get().source_crs == "GCJ-02"


def test_a_dry_run_tells_all_and_stores_nothing(city, run_import, tmp_path):
    run = run_import("components", csv_file(tmp_path / "c.csv", [row(1), row(2, 普查日="x")]), MAPPING, dry_run=True)
    assert (run.state, run.rows_read, run.rows_refused, run.summary["rows_good"]) == ("dry_run", 2, 1, 1)
    assert not Component.objects.exists()


def test_good_rows_are_taken_where_others_may_be_skipped(city, run_import, tmp_path):
    path = csv_file(tmp_path / "c.csv", [row(1), row(2, 普查日="x")])
    run = run_import("components", path, MAPPING, skip_refused=True)
    assert (run.state, run.rows_taken, run.rows_refused) == ("done", 1, 1)
    assert Component.objects.count() == 1


def test_a_missing_column_is_named_with_the_columns_there_are(city, run_import, tmp_path):
    path = csv_file(tmp_path / "c.csv", [{k: v for k, v in row(1).items() if k != "纬度"}])
    run = run_import("components", path, MAPPING)
    assert run.state == "refused"
    assert "纬度" in run.refusal
    assert "经度" in run.refusal


def test_a_record_of_another_node_is_not_overwritten(city, run_import, faults, tmp_path):
    path = csv_file(tmp_path / "c.csv", [row(1)])
    run_import("components", path, MAPPING)
    Component.objects.update(origin_code="330200000000-C")
    assert faults(run_import("components", path, MAPPING)) == [(2, "not_ours")]


def _workbook(path, *rows):
    import openpyxl

    book = openpyxl.Workbook()
    for cells in (list(GOOD), *rows):
        book.active.append(cells)
    book.save(path)
    return path


def test_an_xlsx_workbook_is_read_like_a_csv(city, run_import, tmp_path):
    path = _workbook(tmp_path / "c.xlsx", list(row(1).values()), list(row(2).values()))
    run = run_import("components", path, MAPPING)
    assert (run.state, run.rows_taken) == ("done", 2)


def test_a_code_in_a_number_cell_has_lost_digits_and_is_refused(city, run_import, tmp_path):
    path = _workbook(tmp_path / "c.xlsx", [33010201001000002, *list(row(2).values())[1:]])
    run = run_import("components", path, MAPPING)
    assert run.state == "refused"
    assert "标识码" in run.refusal
    assert "文本格式" in run.refusal


PARTLY = """
[columns]
obj_id = "标识码"
dept_code1 = "主管代码"
dept_name1 = "主管"
longitude = "经度"
latitude = "纬度"
"""


def stored(**fields):
    good = {
        "state": "02",
        "note": "已加锁",
        "dept_code2": "D2",
        "dept_name2": "权属单位",
        "init_date": dt.date(2020, 1, 1),
    }
    return component(FIRST, **{**good, **fields})


def test_columns_that_the_mapping_does_not_name_stay_as_they_are_stored(city, run_import, tmp_path):
    stored()
    run_import("components", csv_file(tmp_path / "c.csv", [row(1, 主管="另一部门")]), PARTLY)
    now = Component.objects.get()
    assert (now.dept_name1, now.state, now.note, now.dept_code2) == ("另一部门", "02", "已加锁", "D2")
    assert (now.init_date, now.change_date) == (dt.date(2020, 1, 1), timezone.localdate())


def test_an_empty_cell_empties_a_text_and_leaves_the_state(city, run_import, tmp_path):
    stored()
    mapping = PARTLY + 'note = "备注"\nstate = "状态"\n'
    run_import("components", csv_file(tmp_path / "c.csv", [row(1, 备注="", 状态="")]), mapping)
    now = Component.objects.get()
    assert (now.note, now.state, now.dept_code2) == ("", "02", "D2")


def test_an_identical_file_changes_no_row_and_sends_nothing(city, run_import, tmp_path):
    path = csv_file(tmp_path / "c.csv", [row(1), row(2)])
    assert run_import("components", path, MAPPING).summary["components_written"] == 2
    DirtyMark.objects.all().delete()
    again = run_import("components", path, MAPPING)
    assert (again.rows_taken, again.summary["components_written"]) == (2, 0)
    assert set(Component.objects.values_list("change_date", flat=True)) == {None}
    assert not DirtyMark.objects.exists()


@pytest.mark.usefixtures("city")
@pytest.mark.parametrize(("before", "found"), [("05", [(2, "state_refused")]), ("02", [])])
def test_a_state_changes_only_as_people_may_change_it(run_import, faults, tmp_path, before, found):
    stored(state=before)
    path = csv_file(tmp_path / "c.csv", [row(1, 状态="01")])
    run = run_import("components", path, PARTLY + 'state = "状态"\n')
    assert faults(run) == found
    assert Component.objects.get().state == (before if found else "01")
