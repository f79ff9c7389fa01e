"""New, moved and bulk-changed components, their history, and checks against the ground."""

import datetime as dt

import pytest
from django.contrib.gis.geos import Point
from django.db import DatabaseError, transaction
from django.utils import timezone

from cityops.foundation.errors import InvalidInput, NotAllowed, NotThere, Refused
from cityops.foundation.models import AuditEvent
from grid.models import Component, ComponentChange, ComponentCheck
from grid.selectors import inventory as selectors
from grid.services import component_checks, components, inventory
from grid.services.component_checks import Seen, assign, raise_check, settle
from grid.services.inventory import NewComponent
from tests.factories import grid as ground
from tests.factories.ground import COVER, FIRST, component, csv_file
from tests.factories.people import division, organisation, person

pytestmark = pytest.mark.django_db
WATER = "SW0000000000000001"
HERE = {"longitude": ground.WEST + 0.004, "latitude": ground.SOUTH + 0.004}
EAST_GRID = ground.COMMUNITY + "002"


@pytest.fixture
def city():
    ground.city()
    division("330102000000", name="测试区")
    division(ground.COMMUNITY[:9] + "000", level=5, name="测试街道")
    ground.unit_grid()
    ground.unit_grid(EAST_GRID, west=ground.WEST + 0.01)
    ground.class_entry(COVER, kind="1", name="供水井盖")
    organisation(WATER, name="测试水务公司")


@pytest.fixture
def keeper(city):
    return person("data_officer")


def new(**fields) -> NewComponent:
    return NewComponent(**{"class_code": COVER, "units": {"dept_code1": WATER}, **HERE, **fields})


def kinds() -> list[str]:
    return list(ComponentChange.objects.order_by("id").values_list("kind", flat=True))


# --- one by hand


def test_a_new_component_gets_the_next_id_its_grid_and_its_units(keeper):
    component()
    made = inventory.create(keeper, new(units={"dept_name1": "测试水务公司", "dept_code3": WATER}))
    made.refresh_from_db()
    assert made.obj_id == FIRST[:-1] + "2"
    assert (made.grid_code, made.division_code) == (ground.COMMUNITY + "001", ground.COMMUNITY)
    assert (made.street_name, made.community_name, made.obj_name) == ("测试街道", "测试社区", "供水井盖")
    assert (made.dept_code1, made.dept_name3) == (WATER, "测试水务公司")
    assert kinds() == ["created"]
    assert AuditEvent.objects.filter(action="component.create", object_key=made.obj_id).exists()


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"class_code": "01999"}, "class_code"),
        ({"longitude": 120.3}, "longitude"),
        ({"longitude": 30.0, "latitude": 120.0}, "longitude"),
        ({"units": {}}, "dept_code1"),
        ({"units": {"dept_code1": "NONE"}}, "dept_code1"),
    ],
)
def test_what_is_wrong_with_a_new_component_is_told_beside_its_field(keeper, fields, name):
    with pytest.raises(InvalidInput) as refusal:
        inventory.create(keeper, new(**fields))
    assert [entry["field"] for entry in refusal.value.facts["errors"]] == [name]
    assert not Component.objects.exists()


def test_nobody_records_a_component_in_another_district(city):
    with pytest.raises(InvalidInput):
        inventory.create(person("data_officer", division_code="330106000000"), new())
    assert not Component.objects.exists()


# --- moved


def test_a_moved_component_lies_in_the_grid_of_its_new_place(keeper):
    component()
    inventory.move(keeper, FIRST, Point(ground.WEST + 0.015, ground.SOUTH + 0.005, srid=4490), reason="道路改造")
    moved = Component.objects.get()
    assert (moved.grid_code, moved.obj_id) == (EAST_GRID, FIRST)
    assert moved.change_date == timezone.localdate()
    change = ComponentChange.objects.get()
    assert (change.kind, change.reason) == ("moved", "道路改造")
    assert change.before["grid_code"] == ground.COMMUNITY + "001"
    assert change.before["geom"].startswith("POINT")


def test_a_move_without_reason_outside_or_of_another_kind_is_refused(keeper):
    component()
    kept = Component.objects.values().get()
    there = Point(ground.WEST + 0.015, ground.SOUTH + 0.005, srid=4490)
    line = inventory.shape_of(f"LINESTRING({ground.WEST + 0.001} 30.001, {ground.WEST + 0.002} 30.001)")
    for shape, reason in ((there, " "), (Point(121, 31, srid=4490), "x"), (line, "x")):
        with pytest.raises(InvalidInput):
            inventory.move(keeper, FIRST, shape, reason=reason)
    assert Component.objects.values().get() == kept
    with pytest.raises(InvalidInput):
        inventory.shape_of("nonsense")


def test_a_component_does_not_move_into_another_county(keeper):
    component()
    ground.unit_grid("330106001001001", west=ground.WEST + 0.02)
    with pytest.raises(Refused, match="330106"):
        inventory.move(keeper, FIRST, Point(ground.WEST + 0.025, ground.SOUTH + 0.005, srid=4490), reason="x")
    assert Component.objects.get().grid_code == ground.COMMUNITY + "001"


# --- several at once


def test_several_change_for_one_reason_and_those_that_cannot_are_told(keeper):
    other, gone = FIRST[:-1] + "2", FIRST[:-1] + "3"
    component()
    component(other, state="02")
    component(gone, state="05")
    done = inventory.change_states(keeper, [FIRST, other, gone, "33010201001999999"], "02", "巡查")
    assert (done.changed, done.same) == ([FIRST], [other])
    assert set(done.refused) == {gone, "33010201001999999"}
    assert dict(Component.objects.values_list("obj_id", "state")) == {FIRST: "02", other: "02", gone: "05"}
    assert [change.reason for change in ComponentChange.objects.all()] == ["巡查"]


@pytest.mark.parametrize(("ids", "state", "reason"), [([FIRST], "02", ""), ([], "02", "x"), ([FIRST], "77", "x")])
def test_a_bulk_change_without_reason_choice_or_known_state_is_refused(keeper, ids, state, reason):
    component()
    with pytest.raises(InvalidInput):
        inventory.change_states(keeper, ids, state, reason)
    assert Component.objects.get().state == "01"


# --- history


def test_the_view_of_a_day_takes_later_changes_back(keeper):
    component(init_date=dt.date(2020, 1, 1))
    components.change_state(user=keeper, obj_id=FIRST, state="02", reason="破损")
    components.edit(user=keeper, obj_id=FIRST, values={"note": "新"})
    now, yesterday = timezone.localdate(), timezone.localdate() - dt.timedelta(days=1)
    thing = Component.objects.get()
    before, after = selectors.as_of(thing, yesterday), selectors.as_of(thing, now)
    assert (before.fields["state"], before.fields["note"], before.fields["change_date"]) == ("01", "", None)
    assert (before.undone, before.was_there) == (2, True)
    assert (after.fields["state"], after.fields["note"], after.undone) == ("02", "新", 0)


def test_before_it_was_recorded_it_was_not_there(keeper):
    made = inventory.create(keeper, new())
    assert not selectors.as_of(made, timezone.localdate() - dt.timedelta(days=1)).was_there
    assert selectors.as_of(made, timezone.localdate()).was_there


@pytest.mark.parametrize("act", ["update", "delete"])
def test_the_history_is_append_only(keeper, act):
    inventory.create(keeper, new())
    rows = ComponentChange.objects.all()
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.update(reason="x") if act == "update" else rows.delete()
    assert ComponentChange.objects.get().reason == ""


def test_an_import_writes_down_what_it_made_and_what_it_changed(keeper, tmp_path):
    from grid.services.imports.runs import begin_run, execute_run

    row = {"obj_id": FIRST, "dept_code1": WATER, "dept_name1": "甲", "note": "旧", **HERE}
    for note in ("旧", "旧", "新"):
        path = csv_file(tmp_path / "c.csv", [{**row, "note": note}])
        run = execute_run(begin_run("components", path, options={}), path)
    made, changed = ComponentChange.objects.order_by("id")
    assert (made.kind, changed.kind, changed.run) == ("created", "imported", run.pk)
    assert changed.before == {"note": "旧", "change_date": None}
    assert changed.after == {"note": "新", "change_date": timezone.localdate().isoformat()}


# --- checks


def differs(**fields) -> Seen:
    good = {"finding": "differs", "description": "名称不符", "obj_id": FIRST, "values": {"obj_name": "雨水井盖"}}
    return Seen(**{**good, **fields})


def test_a_check_is_raised_once_and_is_due_in_ten_days(keeper):
    component()
    case = ground.stored_case(component_id=FIRST)
    check = raise_check(person("collector"), differs(case_no=case.case_no))
    again = raise_check(keeper, differs(description="again"))
    assert again.pk == check.pk
    assert check.due_on == timezone.localdate() + dt.timedelta(days=10)
    assert (check.state, check.case_no, check.grid_code) == ("open", case.case_no, ground.COMMUNITY + "001")
    assert AuditEvent.objects.filter(action="component_check.raise").count() == 1
    assert selectors.check_counts(keeper) == {"open": 1, "unassigned": 1, "overdue": 0, "mine": 0, "settled": 0}


def test_a_correction_writes_what_was_seen_into_the_record(keeper):
    component()
    spot = Point(ground.WEST + 0.015, ground.SOUTH + 0.005, srid=4490)
    case = ground.stored_case()
    seen = differs(values={"obj_name": "雨水井盖", "state": "02"}, spot=spot, case_no=case.case_no)
    check = raise_check(keeper, seen)
    settle(keeper, check.pk, "corrected", opinion="现场核实")
    thing = Component.objects.get()
    assert (thing.obj_name, thing.state, thing.grid_code) == ("雨水井盖", "02", EAST_GRID)
    assert kinds() == ["fields", "state", "moved"]
    assert set(ComponentChange.objects.values_list("case_no", "reason")) == {(case.case_no, "现场核实")}
    check.refresh_from_db()
    assert (check.state, check.outcome, check.settled_by) == ("settled", "corrected", keeper)


@pytest.mark.parametrize(
    ("finding", "outcome", "state"),
    [
        ("missing", "corrected", "03"),
        ("missing", "removed", "05"),
        ("missing", "right", "01"),
        ("differs", "right", "01"),
    ],
)
def test_a_check_ends_in_the_state_that_its_outcome_says(keeper, finding, outcome, state):
    component()
    values = {"obj_name": "雨水井盖"} if finding == "differs" else {}
    check = raise_check(keeper, differs(finding=finding, values=values))
    settle(keeper, check.pk, outcome, opinion="已查看")
    assert (Component.objects.get().state, Component.objects.get().obj_name) == (state, "供水井盖")


def test_what_the_record_lacks_is_settled_with_the_component_recorded_since(keeper):
    case = ground.stored_case()
    check = raise_check(keeper, Seen("unrecorded", "新装路灯", case_no=case.case_no))
    with pytest.raises(InvalidInput):
        settle(keeper, check.pk, "recorded", opinion="补录")
    made = inventory.create(keeper, new(), case_no=case.case_no)
    settle(keeper, check.pk, "recorded", opinion="补录", obj_id=made.obj_id)
    check.refresh_from_db()
    assert check.component == made


def test_a_settled_check_is_not_settled_again_and_a_wrong_outcome_changes_nothing(keeper):
    component()
    check = raise_check(keeper, differs())
    for outcome, opinion in (("recorded", "x"), ("nonsense", "x"), ("right", " ")):
        with pytest.raises(InvalidInput):
            settle(keeper, check.pk, outcome, opinion=opinion)
    settle(keeper, check.pk, "right", opinion="无误")
    with pytest.raises(Refused):
        settle(keeper, check.pk, "right", opinion="无误")


def test_a_check_is_given_to_somebody_whose_division_holds_it(keeper):
    component()
    check = raise_check(keeper, differs())
    near, far = person("collector", username="near"), person("collector", username="far", division_code="330106000000")
    for name in (far.username, "nobody", person("leader").username):
        with pytest.raises(InvalidInput):
            assign(keeper, check.pk, name)
    assert assign(keeper, check.pk, near.username).state == "assigned"
    assert selectors.check_counts(near)["mine"] == 1
    assert near in selectors.checkers(keeper, check)
    assert far not in selectors.checkers(keeper, check)


def test_who_may_not_raises_assigns_and_settles_nothing(keeper):
    component()
    with pytest.raises(NotAllowed):
        raise_check(person("leader"), differs())
    check = raise_check(keeper, differs())
    collector = person("collector")
    for act in (lambda: assign(collector, check.pk, "x"), lambda: settle(collector, check.pk, "right", opinion="x")):
        with pytest.raises(NotAllowed):
            act()
    elsewhere = person("data_officer", division_code="330106000000")
    for act in (
        lambda: settle(elsewhere, check.pk, "right", opinion="x"),
        lambda: raise_check(elsewhere, differs(finding="missing", values={})),
    ):
        with pytest.raises(NotThere):
            act()
    assert ComponentCheck.objects.get().state == "open"


@pytest.mark.parametrize(
    "fields",
    [
        {"finding": "nonsense"},
        {"description": " "},
        {"values": {}},
        {"values": {"class_code": "01002"}},
        {"values": {"state": "77"}},
        {"obj_id": ""},
        {"finding": "unrecorded"},
    ],
)
def test_a_check_that_says_nothing_useful_is_refused(keeper, fields):
    component()
    with pytest.raises(InvalidInput):
        raise_check(keeper, differs(**fields))
    assert not ComponentCheck.objects.exists()


def test_a_replica_is_not_checked_here(keeper):
    component(origin_code="330200000000-C")
    with pytest.raises(Refused):
        raise_check(keeper, differs())
    assert component_checks.DUE_DAYS == 10
