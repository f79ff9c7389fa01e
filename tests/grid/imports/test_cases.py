"""Histories of cases: times and deadlines stay, what cannot be true is refused, what lies in no grid is kept."""

import datetime as dt

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from grid.models import Case, CaseDailyStatistic, ImportRun
from tests.factories import grid as ground
from tests.factories.ground import csv_file

pytestmark = pytest.mark.django_db
MAPPING = """
[file]
time_zone = "Asia/Shanghai"
[columns]
state = "状态"
class_code = "类"
description = "描述"
address = "位置"
reported_at = "上报"
filed_at = "立案"
close_deadline = "应结"
closed_at = "结案"
longitude = "经度"
latitude = "纬度"
[templates]
case_no = "330100{号}"
[constants]
dept_code1 = "ZG0000000000000001"
dept_name1 = "测试城管局"
[codes.state]
"办结" = "80"
"在办" = "40"
"""
GOOD = {
    "号": "A1",
    "状态": "办结",
    "类": "06001",
    "描述": "路口有暴露垃圾",
    "位置": "测试路1号",
    "上报": "2025-07-01 08:00:00",
    "立案": "2025-07-01 08:30:00",
    "应结": "2025-07-02 08:30:00",
    "结案": "2025-07-01 17:00:00",
    "经度": ground.WEST + 0.005,
    "纬度": ground.SOUTH + 0.005,
}
OPEN = {"状态": "在办", "结案": ""}


def row(number, **fields):
    return {**GOOD, "号": f"A{number}", **fields}


def test_times_deadlines_and_steps_are_those_of_the_other_system(city, run_import, tmp_path):
    run = run_import("cases", csv_file(tmp_path / "h.csv", [row(1), row(2, **OPEN, 应结="")]), MAPPING)
    assert (run.state, run.rows_taken) == ("done", 2)
    closed, still_open = Case.objects.order_by("case_no")
    assert closed.reported_at == dt.datetime(2025, 7, 1, 0, 0, tzinfo=dt.UTC)
    assert closed.close_deadline == dt.datetime(2025, 7, 2, 0, 30, tzinfo=dt.UTC)
    assert closed.grid_code == ground.COMMUNITY + "001"
    assert closed.matter_code == "33010206001"
    steps = list(closed.steps.values_list("seq", "action", "from_state", "to_state"))
    assert steps == [(1, "01", "", "10"), (2, "05", "10", "40"), (3, "20", "40", "80")]
    assert still_open.close_deadline is None
    assert [step.action for step in still_open.steps.all()] == ["01", "05"]


def test_a_case_in_no_grid_is_kept_and_told(city, run_import, tmp_path):
    run = run_import("cases", csv_file(tmp_path / "h.csv", [row(1, 经度=ground.WEST + 0.2)]), MAPPING)
    case = Case.objects.get()
    assert (case.grid_code, case.division_code) == ("", "330100000000")
    assert run.summary["in_no_grid"] == 1
    assert not run.issues.get(code="no_grid").is_fatal


def test_every_fault_is_told_with_its_row(city, run_import, faults, tmp_path):
    rows = [
        row(1),
        row(1),
        row(3, 类="99999"),
        row(4, 上报="昨天"),
        row(5, 结案="2025-06-30 17:00:00"),
        row(6, 结案=""),
        row(7, 状态="不明"),
        row(8, 经度=ground.SOUTH, 纬度=ground.WEST),
        row(9, 经度=ground.WEST - 1),
        row(10, 上报="2050-01-01 00:00:00", **OPEN),
    ]
    run = run_import("cases", csv_file(tmp_path / "h.csv", rows), MAPPING)
    assert faults(run) == [
        (3, "duplicate"),
        (4, "unknown_class"),
        (5, "bad_date"),
        (6, "closed_after_report"),
        (7, "closed_has_time"),
        (8, "unknown_code"),
        (9, "swapped"),
        (10, "outside_city"),
        (11, "in_future"),
    ]
    assert not Case.objects.exists()


def test_a_history_imported_twice_doubles_nothing(city, run_import, faults, tmp_path):
    path = csv_file(tmp_path / "h.csv", [row(1)])
    run_import("cases", path, MAPPING)
    assert faults(run_import("cases", path, MAPPING)) == [(2, "already_there")]
    assert Case.objects.count() == 1


def test_who_reported_is_not_stored_readably(city, run_import, tmp_path):
    mapping = MAPPING.replace("[constants]", 'reporter_id = "电话"\n[constants]\nreporter_type = "2"')
    run_import("cases", csv_file(tmp_path / "h.csv", [row(1, 电话="13800000000")]), mapping)
    assert len(Case.objects.get().reporter_id) == 64


def test_a_time_that_the_clock_skipped_is_refused(city, run_import, faults, tmp_path):
    mapping = MAPPING.replace("Asia/Shanghai", "America/New_York")
    rows = [row(1, 上报="2025-03-09 02:30:00", 立案="2025-03-09 03:30:00")]
    assert faults(run_import("cases", csv_file(tmp_path / "h.csv", rows), mapping)) == [(2, "bad_date")]


def test_the_command_names_the_rows_and_writes_the_report(city, tmp_path, capsys):
    path = csv_file(tmp_path / "h.csv", [row(1, 类="99999")])
    (tmp_path / "m.toml").write_text(MAPPING, encoding="utf-8")
    report = tmp_path / "issues.csv"
    with pytest.raises(CommandError, match="1 行有误"):
        call_command("import_cases", path, mapping=tmp_path / "m.toml", issues=report)
    assert "unknown_class" in report.read_text(encoding="utf-8-sig")
    assert "99999" in capsys.readouterr().err
    assert ImportRun.objects.get().state == "refused"


def test_the_province_takes_no_history(city, as_tier, tmp_path):
    as_tier("provincial")
    (tmp_path / "m.toml").write_text(MAPPING, encoding="utf-8")
    with pytest.raises(CommandError, match="市级"):
        call_command("import_cases", csv_file(tmp_path / "h.csv", [row(1)]), mapping=tmp_path / "m.toml")
    assert not ImportRun.objects.exists()


def test_the_disposal_rule_fills_only_deadlines_that_are_missing(city, run_import, tmp_path):
    ground.disposal_rule(value="2", unit="urgent_hour")
    path = csv_file(tmp_path / "h.csv", [row(1), row(2, 应结="")])
    run = run_import("cases", path, MAPPING)
    assert run.summary["deadlines_filled"] == 2
    given, filled = Case.objects.order_by("case_no")
    assert given.close_deadline == dt.datetime(2025, 7, 2, 0, 30, tzinfo=dt.UTC)
    assert filled.dispose_deadline == dt.datetime(2025, 7, 1, 2, 30, tzinfo=dt.UTC)
    assert filled.close_deadline > filled.dispose_deadline
    assert (filled.limit_value, filled.limit_unit) == (2, "urgent_hour")


def test_missing_deadlines_stay_missing_where_the_mapping_says_so(city, run_import, tmp_path):
    ground.disposal_rule()
    mapping = MAPPING + "[options]\nfill_deadlines = false\n"
    run_import("cases", csv_file(tmp_path / "h.csv", [row(1, 应结="")]), mapping)
    assert Case.objects.get().close_deadline is None


@pytest.mark.usefixtures("city")
@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"立案": "2025-07-01 07:59:00"}, "wrong_order"),
        ({"立案": "2025-07-01 17:01:00"}, "wrong_order"),
        ({"立案": "2050-01-01 00:00:00", **OPEN}, "in_future"),
        ({"应结": "2025-06-01 00:00:00"}, None),  # a deadline stays as the other system gave it
    ],
)
def test_times_pass_in_the_order_of_the_work_and_none_is_to_come(run_import, faults, tmp_path, fields, rule):
    run = run_import("cases", csv_file(tmp_path / "h.csv", [row(1, **fields)]), MAPPING)
    assert faults(run) == ([(2, rule)] if rule else [])
    assert Case.objects.exists() is (rule is None)


@pytest.mark.parametrize("limit", ["1234567", "-1", "NaN", "1e999999", "99999.95"])
def test_a_limit_that_no_column_holds_is_a_fault_of_its_row(city, run_import, faults, tmp_path, limit):
    mapping = MAPPING.replace("[templates]", 'limit_value = "限"\n[templates]')
    assert faults(run_import("cases", csv_file(tmp_path / "h.csv", [row(1, 限=limit)]), mapping)) == [(2, "bad_number")]


def test_a_value_that_only_the_database_refuses_refuses_the_file(city, run_import, tmp_path, monkeypatch):
    monkeypatch.setattr("grid.services.imports.values.LARGEST_NUMBER", 10**9)
    mapping = MAPPING.replace("[templates]", 'limit_value = "限"\n[templates]')
    run = run_import("cases", csv_file(tmp_path / "h.csv", [row(1, 限="1234567")]), mapping)
    assert (run.state, "无法保存" in run.refusal) == ("refused", True)
    assert not Case.objects.exists()


def test_numbers_of_other_cities_and_the_last_of_a_day_are_refused(city, run_import, faults, tmp_path):
    mapping = MAPPING.replace("330100{号}", "{号}")
    numbers = ["330200202507010000000001", "A1", "330100202507019999999999", "330100202507010000000001"]
    rows = [row(1, 号=number) for number in numbers]
    run = run_import("cases", csv_file(tmp_path / "h.csv", rows), mapping)
    assert faults(run) == [(2, "foreign_number"), (3, "foreign_number"), (4, "number_too_high")]
    assert "330100{列名}" in run.issues.filter(code="foreign_number")[0].remedy


def test_registration_goes_on_after_the_numbers_of_a_history(run_import, tmp_path):
    ground.ready_city()
    today = timezone.localdate()
    number = f"330100{today:%Y%m%d}"
    rows = [row(1, 号=f"{number}0000000007"), row(2, 号=f"{number}0000000003"), row(3, 号="330100202599990000000001")]
    run = run_import("cases", csv_file(tmp_path / "h.csv", rows), MAPPING.replace("330100{号}", "{号}"))
    assert run.state == "done"
    assert ground.registered().case_no == f"{number}0000000008"


def test_the_days_of_a_history_are_counted_with_it(city, run_import, tmp_path):
    run = run_import("cases", csv_file(tmp_path / "h.csv", [row(1), row(2)]), MAPPING)
    counted = CaseDailyStatistic.objects.values_list("stat_date", "report_num", "close_num", "need_close_num")
    assert list(counted) == [(dt.date(2025, 7, 1), 2, 2, 2)]
    assert run.summary["days_counted"] == 1
