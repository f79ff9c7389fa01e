"""What is frozen stays; corrections stand beside it; departments may object; results travel."""

import datetime as dt
import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, transaction
from django.utils import timezone

from cityops.foundation.errors import InvalidInput, NotAllowed, NotThere, Refused
from cityops.foundation.models import AuditEvent
from cityops.foundation.records import registry
from grid.models import Case
from grid.performance.models import (
    CorrectionRecord,
    Objection,
    PerformanceResult,
    PerformanceSnapshot,
    SnapshotRow,
    StoredFormulas,
)
from grid.performance.selectors import snapshots
from grid.performance.selectors.sets import default_key, find_set, shipped_sets
from grid.performance.services import formulas as formula_services
from grid.performance.services import objections
from grid.performance.services.snapshots import correct, freeze, freeze_due, read_period
from grid.rules.periods import parse_period
from sync.exchange.models import DirtyMark
from tests.factories.people import person
from tests.grid.performance.conftest import PARKS, ROADS

OCTOBER = parse_period("2026-10")


@pytest.fixture
def frozen(month, evaluator):
    """October, frozen."""
    return {one.target: one for one in freeze(evaluator, OCTOBER)}


def test_freezing_keeps_areas_departments_and_posts(frozen):
    assert set(frozen) == {"1", "2", "3"}
    rows = {row.target_code: row for row in frozen["1"].rows.all()}
    assert list(rows) == ["3301", "330102", "330106"]
    assert rows["330102"].counts["register_num"] == 5
    assert rows["330102"].values["closing_rate"] == "66.6667"
    assert AuditEvent.objects.filter(action="performance.freeze").count() == 3


def test_later_changes_of_cases_do_not_alter_a_snapshot(frozen, month, evaluator):
    before = list(SnapshotRow.objects.order_by("pk").values())
    Case.objects.filter(pk=month["late"].pk).update(is_void="1", state="90")
    assert list(SnapshotRow.objects.order_by("pk").values()) == before
    assert freeze(evaluator, OCTOBER) == []


@pytest.mark.parametrize("change", ["update", "delete"])
def test_the_database_itself_refuses_to_change_what_is_frozen(frozen, change):
    rows = SnapshotRow.objects.all()
    with pytest.raises(ProgrammingError), transaction.atomic():
        rows.update(score=100) if change == "update" else rows.delete()


def test_what_changed_since_is_told_by_object_and_count(frozen, month, evaluator):
    assert snapshots.changes_since(frozen["2"], user=evaluator) == []
    Case.objects.filter(pk=month["late"].pk).update(rework_count=0)
    found = snapshots.changes_since(frozen["2"], user=evaluator)
    assert [(one.code, one.count, one.held, one.now) for one in found] == [(ROADS, "rework_num", 1, 0)]


def test_a_correction_says_what_was_what_is_and_why_and_the_snapshot_stays(frozen, month, evaluator):
    Case.objects.filter(pk=month["late"].pk).update(rework_count=0)
    made = correct(evaluator, frozen["2"], "返工登记有误")
    assert [one.row.target_code for one in made] == [ROADS]
    record = CorrectionRecord.objects.get()
    assert (record.old["counts"]["rework_num"], record.new["counts"]["rework_num"]) == (1, 0)
    assert record.reason == "返工登记有误"
    row = frozen["2"].rows.get(target_code=ROADS)
    assert row.counts["rework_num"] == 1
    held = next(one for one in snapshots.rows_of(frozen["2"], user=evaluator) if one.row == row)
    assert held.counts["rework_num"] == 0
    assert held.is_corrected
    sent = PerformanceResult.objects.get(target_code=ROADS)
    assert str(sent.score) == record.new["score"] != record.old["score"]
    assert correct(evaluator, frozen["2"], "再算一次") == []


def test_a_correction_needs_a_reason(frozen, evaluator):
    with pytest.raises(InvalidInput):
        correct(evaluator, frozen["1"], "  ")


def test_only_who_answers_for_the_whole_city_freezes(month):
    with pytest.raises(NotAllowed):
        freeze(person("evaluator", division_code="330102000000"), OCTOBER)


@pytest.mark.parametrize("text", ["2026-10-05", "2026W41", "October", ""])
def test_days_and_weeks_are_not_frozen(text):
    with pytest.raises(InvalidInput):
        read_period(text)


def test_a_period_that_runs_is_not_frozen():
    with pytest.raises(Refused):
        read_period(str(timezone.localdate().year))


@pytest.mark.parametrize(
    ("today", "periods"),
    [
        (dt.date(2026, 11, 3), {"2026-10"}),
        (dt.date(2026, 10, 3), {"2026-09", "2026Q3"}),
        (dt.date(2026, 7, 3), {"2026-06", "2026Q2", "2026H1"}),
        (dt.date(2027, 1, 3), {"2026-12", "2026Q4", "2026H2", "2026"}),
    ],
)
def test_on_the_third_what_ended_with_the_month_is_frozen(ground, today, periods):
    assert {one.period for one in freeze_due(today)} == periods


# --- what travels


def test_results_travel_as_gl05_without_any_person(frozen):
    found = PerformanceResult.objects.all()
    assert {one.target_type for one in found} <= {"1", "2", "3"}
    assert {(one.period, one.period_code) for one in found} == {("M", "202610")}
    one = found.get(target_code=PARKS)
    assert (one.score, one.grade, one.formula_version) == (100, "A", "sample-2026.1")
    assert one.metrics["closing_rate"] == "100.0000"
    assert one.division_code == "330100000000"
    assert found.get(target_code="330102").division_code == "330102000000"
    kind = registry.get("GL05")
    assert "operator_id" not in kind.fields.values()


def test_a_result_marks_itself_for_the_exchange(month, evaluator):
    before = DirtyMark.objects.filter(dataset="GL05").count()
    freeze(evaluator, OCTOBER)
    assert DirtyMark.objects.filter(dataset="GL05").count() > before


def test_half_years_are_frozen_here_and_do_not_travel(month, evaluator):
    freeze(evaluator, parse_period("2026H1"))
    assert PerformanceSnapshot.objects.filter(period="2026H1").exists()
    assert not PerformanceResult.objects.exists()


# --- who sees what


def test_a_department_sees_its_own_row_only(frozen, roads_person):
    seen = PerformanceSnapshot.objects.visible_to(roads_person)
    assert [one.target for one in seen] == ["2"]
    assert [held.row.target_code for held in snapshots.rows_of(frozen["2"], user=roads_person)] == [ROADS]
    assert [one.target_code for one in PerformanceResult.objects.visible_to(roads_person)] == [ROADS]


def test_a_district_sees_its_own_row(frozen):
    found = person("evaluator", division_code="330102000000")
    assert [held.row.target_code for held in snapshots.rows_of(frozen["1"], user=found)] == ["330102"]
    with pytest.raises(NotThere):
        snapshots.find_snapshot(frozen["2"].pk, user=found)


# --- objections


def test_a_department_objects_to_a_number_and_gets_an_answer(frozen, roads_person, evaluator):
    row = frozen["2"].rows.get(target_code=ROADS)
    made = objections.raise_objection(roads_person, row.pk, "rework_num", "该案件不是返工")
    with pytest.raises(Refused):
        objections.raise_objection(roads_person, row.pk, "rework_num", "再提一次")
    answered = objections.answer_objection(evaluator, made.pk, is_accepted=True, answer="属实，将更正")
    assert (answered.state, answered.answered_by) == (Objection.State.ACCEPTED, evaluator)
    with pytest.raises(Refused):
        objections.answer_objection(evaluator, made.pk, is_accepted=False, answer="不改")


def test_nobody_objects_for_another_department(frozen, roads_person):
    row = frozen["2"].rows.get(target_code=PARKS)
    with pytest.raises(NotThere):
        objections.raise_objection(roads_person, row.pk, "rework_num", "不服")


def test_after_the_window_no_objection_is_taken(frozen, roads_person, monkeypatch):
    row = frozen["2"].rows.get(target_code=ROADS)
    late = timezone.now() + snapshots.OBJECTION_WINDOW + dt.timedelta(minutes=1)
    monkeypatch.setattr(snapshots.timezone, "now", lambda: late)
    with pytest.raises(Refused):
        objections.raise_objection(roads_person, row.pk, "rework_num", "不服")


@pytest.mark.parametrize(("count", "reason"), [("nothing", "不服"), ("rework_num", " ")])
def test_an_objection_names_a_number_and_a_reason(frozen, roads_person, count, reason):
    row = frozen["2"].rows.get(target_code=ROADS)
    with pytest.raises(InvalidInput):
        objections.raise_objection(roads_person, row.pk, count, reason)


# --- formula sets


def document(**changes):
    """The sample under another version."""
    return {**shipped_sets()["sample-2026.1"].document, "version": "2026.2", **changes}


def test_a_set_is_loaded_beside_the_others_and_may_hold_by_default(ground, evaluator):
    stored = formula_services.load_formulas(evaluator, document(), is_default=True)
    assert (stored.key, default_key(), find_set().key) == ("sample-2026.2", "sample-2026.2", "sample-2026.2")
    assert find_set("sample-2026.1").version == "2026.1"
    formula_services.choose_default(evaluator, "jinniu-2026.1")
    assert default_key() == "jinniu-2026.1"


def test_a_version_never_changes(ground, evaluator):
    formula_services.load_formulas(evaluator, document())
    assert formula_services.load_formulas(evaluator, document()).key == "sample-2026.2"
    with pytest.raises(Refused):
        formula_services.load_formulas(evaluator, document(title="另一份"))
    with pytest.raises(Refused):
        formula_services.load_formulas(evaluator, document(version="2026.1", title="另一份"))
    assert StoredFormulas.objects.count() == 1


def test_every_fault_of_a_set_is_told(ground, evaluator):
    with pytest.raises(InvalidInput) as refused:
        formula_services.load_formulas(evaluator, document(grades=[], provenance="mine"))
    assert {one["code"] for one in refused.value.facts["errors"]} == {"grades_falling_to_zero", "provenance"}


def test_a_file_that_is_no_json_object_is_refused():
    for content in (b"{", b"[]", b"\xff\xfe", b" " * (formula_services.LARGEST + 1)):
        with pytest.raises(InvalidInput):
            formula_services.read_document(content)


def test_the_commands_load_and_freeze(month, tmp_path):
    path = tmp_path / "set.json"
    path.write_text(json.dumps(document()), encoding="utf-8")
    out = io.StringIO()
    call_command("load_formulas", path, "--default", stdout=out)
    call_command("freeze_performance", "2026-10", stdout=out)
    call_command("freeze_performance", "2026-10", stdout=out)
    assert "sample-2026.2" in out.getvalue()
    assert "frozen already" in out.getvalue()
    with pytest.raises(CommandError):
        call_command("freeze_performance", "2026-10-05")
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(CommandError):
        call_command("load_formulas", path)
