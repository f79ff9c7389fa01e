"""The suggested department, the duty table behind it, and its workbook."""

import datetime as dt
import io

import openpyxl
import pytest
from django.utils import timezone

from cityops.accounts.models import Organisation
from cityops.foundation.errors import InvalidInput, NotAllowed, NotThere
from cityops.foundation.models import AuditEvent
from cityops.regions.rules import Level
from grid.intake.models import DutyRule
from grid.intake.selectors.departments import duty_coverage, meetings, suggest_departments
from grid.intake.services import duties, duty_files
from tests.factories import grid as ground
from tests.factories.ground import FIRST, component
from tests.factories.people import NINGBO, division, organisation, person

pytestmark = pytest.mark.django_db
STREET = "330102001000"


@pytest.fixture
def city():
    ground.ready_city()
    division(STREET, level=Level.STREET)
    division("330102000000")
    ground.class_entry("07001", name="非法小广告")
    ground.class_entry("01023", name="不明井盖异常")
    ground.class_version()
    for code, name in (("HW", "环卫所"), ("SZ", "市政所"), ("YH", "养护公司")):
        organisation(code, name=name)
    organisation("JD", division_code=STREET, name="测试街道办", org_type=Organisation.Type.STREET)


@pytest.fixture
def officer(city):
    return person("data_officer")


def row(org="HW", **fields):
    return DutyRule.objects.create(**{"org_code": org, "valid_from": dt.date(2026, 1, 1), **fields})


def named(case):
    return [(one.org_code, one.source) for one in suggest_departments(case)]


def test_the_duty_table_comes_before_the_component_and_the_component_before_the_territory(city):
    component(dept_code1="ZG0000000000000001", dept_code2="SZ", dept_code3="YH")
    case = ground.stored_case(component_id=FIRST, class_code="06001")
    assert named(case) == [("YH", "maintenance"), ("SZ", "owner"), ("JD", "territory")]
    row("HW", class_code="06")
    row("SZ", class_code="06001", area="330102001")
    assert named(case) == [
        ("SZ", "duty_table"), ("HW", "duty_table"), ("YH", "maintenance"), ("JD", "territory")
    ]  # fmt: skip
    first = suggest_departments(case)[0]
    assert first.reason == "责任表：小类 06001 · 区划 330102001"
    assert first.name == "市政所"


def test_classes_of_unknown_owner_go_to_the_territory(city):
    component(dept_code3="YH")
    case = ground.stored_case(component_id=FIRST, class_code="01023", matter_name="不明井盖异常")
    assert named(case) == [("JD", "territory")]
    assert "权属不明" in suggest_departments(case)[0].reason


def test_only_organisations_that_can_be_dispatched_to_are_named(city):
    row("ZG0000000000000001"), row("GONE"), row("HW")
    Organisation.objects.filter(org_code="SZ").update(status="0")
    row("SZ", class_code="06001")
    assert named(ground.stored_case()) == [("HW", "duty_table"), ("JD", "territory")]


def test_a_row_for_nights_holds_at_night(city):
    row("HW", starts_at=dt.time(20), ends_at=dt.time(6))
    case, night = ground.stored_case(), timezone.localtime().replace(hour=22)
    assert [one.org_code for one in suggest_departments(case, night)] == ["HW", "JD"]
    assert "20:00–06:00" in suggest_departments(case, night)[0].reason
    assert [one.org_code for one in suggest_departments(case, night.replace(hour=12))] == ["JD"]


def test_suggestions_take_three_questions_for_a_component(city, django_assert_num_queries):
    component(dept_code3="YH")
    case = ground.stored_case(component_id=FIRST)
    with django_assert_num_queries(3):
        suggest_departments(case)


def test_coverage_counts_classes_in_force_with_a_living_organisation(city):
    assert (duty_coverage().classes, duty_coverage().covered) == (3, 0)
    row("HW", class_code="06"), row("GONE", class_code="07")
    row("SZ", class_code="01023", valid_to=dt.date(2026, 1, 2))
    found = duty_coverage()
    assert (found.covered, found.percent, set(found.missing)) == (1, 33.3, {"2-07001", "2-01023"})


def test_overlaps_are_named_conflicts_first(city):
    rows = [row("HW", class_code="06"), row("SZ", class_code="06001"), row("YH", class_code="06")]
    found = meetings(rows)
    assert [(one.sort, {one.row.org_code, one.other.org_code}) for one in found] == [
        ("conflict", {"HW", "YH"}), ("refines", {"SZ", "HW"}), ("refines", {"SZ", "YH"})
    ]  # fmt: skip
    assert found[1].row.org_code == "SZ"


GOOD = {"class_code": "06001", "org_code": "HW", "valid_from": dt.date(2026, 1, 1)}


def test_a_row_is_added_changed_and_deleted_with_a_trace(officer):
    added = duties.save_duty(officer, GOOD)
    duties.save_duty(officer, {"org_code": "SZ"}, pk=added.pk)
    assert DutyRule.objects.get().org_code == "SZ"
    with pytest.raises(InvalidInput):
        duties.delete_duty(officer, added.pk, reason=" ")
    duties.delete_duty(officer, added.pk, reason="机构调整")
    with pytest.raises(NotThere):
        duties.delete_duty(officer, added.pk, reason="机构调整")
    told = AuditEvent.objects.filter(action__startswith="duty_rule").order_by("pk").values_list("action", flat=True)
    assert list(told) == ["duty_rule.add", "duty_rule.change", "duty_rule.delete"]


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"org_code": "NONE"}, "org_code"),
        ({"org_code": "ZG0000000000000001"}, "org_code"),
        ({"class_code": "06999"}, "class_code"),
        ({"class_code": "99"}, "class_code"),
        ({"kind": "1"}, "kind"),
        ({"kind": "2", "class_code": ""}, "kind"),
        ({"area": "330199"}, "area"),
        ({"area": "110101"}, "area"),
        ({"area": "33010"}, "area"),
        ({"area": "330102001001999"}, "area"),
        ({"starts_at": dt.time(8)}, "ends_at"),
        ({"starts_at": dt.time(8), "ends_at": dt.time(8)}, "ends_at"),
        ({"weekdays": [0]}, "weekdays"),
        ({"valid_to": dt.date(2025, 1, 1)}, "valid_to"),
        ({"valid_from": None}, "valid_from"),
    ],
)
def test_a_wrong_row_is_refused_at_its_field(officer, fields, wrong):
    with pytest.raises(InvalidInput) as refusal:
        duties.save_duty(officer, {**GOOD, **fields})
    assert [entry["field"] for entry in refusal.value.facts["errors"]] == [wrong]
    assert not DutyRule.objects.exists()


def test_only_who_is_responsible_for_the_whole_city_changes_the_table(city):
    for user in (person("dispatcher"), person("data_officer", division_code="330102000000"),
                 person("data_officer", division_code=NINGBO)):  # fmt: skip
        with pytest.raises(NotAllowed):
            duties.save_duty(user, GOOD)
        with pytest.raises(NotAllowed):
            duty_files.import_duties(user, workbook([]))
    assert not DutyRule.objects.exists()


def workbook(rows, heads=duty_files.HEADS):
    book, file = openpyxl.Workbook(), io.BytesIO()
    book.active.append(heads)
    for one in rows:
        book.active.append(one)
    book.save(file)
    file.seek(0)
    return file


LINE = ["2", "06001", "330102", "12345", "08:00", "20:00", dt.date(2026, 1, 1), None, "HW", "责任清单"]


def test_a_workbook_comes_in_and_again_changes_nothing(officer):
    assert duty_files.import_duties(officer, workbook([LINE])) == duty_files.Imported(1, 0, 0)
    kept = DutyRule.objects.get()
    assert (kept.weekdays, kept.starts_at, kept.area) == ([1, 2, 3, 4, 5], dt.time(8), "330102")
    assert duty_files.import_duties(officer, workbook([duty_files.cells_of(kept)])) == duty_files.Imported(0, 1, 0)
    assert DutyRule.objects.count() == 1


def test_rows_that_are_not_in_the_file_go_only_where_that_was_asked(officer):
    row("SZ")
    assert duty_files.import_duties(officer, workbook([LINE])).removed == 0
    assert duty_files.import_duties(officer, workbook([LINE]), replace=True).removed == 1
    assert DutyRule.objects.get().org_code == "HW"


@pytest.mark.parametrize(
    ("file", "told"),
    [
        (io.BytesIO(b"nothing"), "xlsx"),
        (workbook([], heads=("x",)), "缺少列"),
        (workbook([LINE, [*LINE[:8], "NONE", ""]]), "第 3 行"),
        (workbook([[*LINE[:4], "8点", *LINE[5:]]]), "第 2 行"),
    ],
)
def test_one_fault_refuses_the_whole_file_and_says_where(officer, file, told):
    with pytest.raises(InvalidInput, match=told):
        duty_files.import_duties(officer, file)
    assert not DutyRule.objects.exists()
