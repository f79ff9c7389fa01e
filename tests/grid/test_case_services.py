"""Registering and moving cases, on the real database."""

import datetime as dt
import itertools
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cityops.accounts.models import Organisation
from cityops.foundation.errors import InvalidInput, NotAllowed, NotThere, Refused
from cityops.foundation.models import AuditEvent
from grid.models import Case, CaseStep, Component
from grid.rules.codes import CURRENT
from grid.rules.stages import Stage
from grid.rules.transitions import MOVES, Action
from grid.services.cases import act, register
from grid.services.registering import CASE_COLUMNS, STEP_COLUMNS
from sync.exchange.models import DirtyMark
from tests.factories import grid as ground
from tests.factories.people import NINGBO, division, organisation, person

pytestmark = pytest.mark.django_db
MONDAY = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)
"""17:00 of a working Monday in the city's time."""


@pytest.fixture(autouse=True)
def _ready():
    ground.ready_city()


@pytest.fixture
def department():
    return organisation("CZ0000000000000001", name="环卫所")


def staff(*roles, **fields):
    return person(roles, **fields)


def everyone():
    """One person for every desk but the department's."""
    return staff("acceptor", "duty_leader", "dispatcher", "collector")


def walk(case, department, *, until=Action.CLOSE):
    """Carry a case along the straight way up to and including ``until``."""
    desk, worker = everyone(), staff("department", organisation=department)
    way = [
        (desk, Action.ACCEPT, {}),
        (desk, Action.FILE, {}),
        (desk, Action.DISPATCH, {"duty_org": department.org_code}),
        (worker, Action.SIGN, {}),
        (worker, Action.FEED_BACK, {"opinion": "已清理"}),
        (desk, Action.SEND_CHECK, {}),
        (desk, Action.PASS_CHECK, {}),
        (desk, Action.CLOSE, {}),
    ]
    for user, action, fields in way:
        case = act(user, case, action, **fields)
        if action == until:
            break
    return case


# --- registering


def test_the_statement_fills_every_column():
    stored = {f.column for f in Case._meta.concrete_fields} - {"geom_3857"}
    assert set(CASE_COLUMNS) == stored
    assert set(STEP_COLUMNS) == {f.column for f in CaseStep._meta.concrete_fields} - {"id"}


def test_a_report_becomes_a_case_in_its_grid_with_number_step_and_trace():
    user = staff("collector", organisation=organisation())
    answer = register(user, ground.report(), at=MONDAY)
    case = Case.objects.get(pk=answer.rid)
    assert answer.case_no == case.case_no == "330100202611230000000001"
    assert (case.state, case.grid_code, case.division_code) == ("10", ground.COMMUNITY + "001", ground.COMMUNITY)
    assert (case.matter_code, case.matter_name, case.dept_name1) == ("33010206001", "暴露垃圾", "测试城管局")
    assert (case.limit_value, case.limit_unit, case.filing_condition) == (4, "work_hour", "立案条件1")
    assert case.stage_due_at == answer.stage_due_at == MONDAY + dt.timedelta(minutes=15)
    assert case.stage_warn_at == MONDAY + dt.timedelta(minutes=12)
    step = case.steps.get()
    assert (step.seq, step.action, step.to_state, step.operator_role) == (1, "01", "10", "01")
    assert (step.operator_id, step.operator_org) == (user.pk, user.organisation.org_code)
    event = AuditEvent.objects.get(action="case.report")
    assert (event.object_key, event.division_code) == (case.case_no, ground.COMMUNITY)
    assert DirtyMark.objects.filter(dataset="GL01", rid=case.rid).exists()


def test_registering_takes_one_statement_besides_the_audit_entry():
    user = staff("collector")
    register(user, ground.report())
    with CaptureQueriesContext(
        connection,
    ) as queries:
        register(user, ground.report())
    writes = [q["sql"] for q in queries if "SAVEPOINT" not in q["sql"]]
    assert len(writes) == 2


def test_the_same_report_again_is_the_same_case():
    user, report = staff("collector"), ground.report(rid=uuid.uuid4())
    first, second = register(user, report), register(user, report)
    assert (first.is_new, second.is_new) == (True, False)
    assert (second.case_no, second.grid_code) == (first.case_no, first.grid_code)
    assert Case.objects.count() == CaseStep.objects.count() == 1
    assert AuditEvent.objects.filter(action="case.report").count() == 1


def test_the_name_of_somebody_else_s_report_tells_nothing_of_it():
    report = ground.report(rid=uuid.uuid4())
    known = register(staff("collector"), report)
    with pytest.raises(InvalidInput) as refused:
        register(staff("collector"), report)
    assert [fault["field"] for fault in refused.value.facts["errors"]] == ["rid"]
    assert known.case_no not in str(refused.value)
    assert Case.objects.count() == 1


def test_numbers_run_by_the_day_of_the_city():
    user = staff("collector")
    late = dt.datetime(2026, 11, 23, 15, 59, tzinfo=dt.UTC)
    numbers = [register(user, ground.report(), at=at).case_no for at in (late, late, late + dt.timedelta(minutes=1))]
    assert [n[6:14] for n in numbers] == ["20261123", "20261123", "20261124"]
    assert [int(n[14:]) for n in numbers] == [1, 2, 1]


def test_a_point_in_no_grid_is_kept_without_one():
    answer = register(staff("collector"), ground.report(longitude=ground.WEST + 0.2))
    assert (answer.grid_code, answer.division_code) == ("", "330100000000")


def test_a_retired_grid_is_not_used():
    ground.UnitGrid.objects.update(status="9")
    assert register(staff("collector"), ground.report()).grid_code == ""


@pytest.mark.parametrize(
    ("fields", "field", "rule"),
    [
        ({"longitude": 30.005, "latitude": 120.005}, "longitude", "swapped"),
        ({"longitude": 118.0}, "longitude", "outside"),
        ({"longitude": 3342000.0, "latitude": 500000.0}, "longitude", "projected"),
        ({"longitude": float("nan")}, "longitude", "not_a_number"),
        ({"coordinate_system": "Mars"}, "longitude", "crs_unknown"),
        ({"class_code": "99999"}, "class_code", "class_unknown"),
        ({"kind": "1"}, "class_code", "class_unknown"),
        ({"component_id": "33010201001000001"}, "component_id", "component_unknown"),
        ({"description": "  "}, "description", "required"),
        ({"address": "路" * 257}, "address", "too_long"),
        ({"source": "77"}, "source", "code"),
    ],
)
def test_a_bad_report_is_refused_with_place_and_remedy_and_leaves_nothing(fields, field, rule):
    with pytest.raises(InvalidInput) as refusal:
        register(staff("collector"), ground.report(**fields))
    error = refusal.value.facts["errors"][0]
    assert (error["field"], error["code"]) == (field, rule)
    assert error["detail"]
    assert not Case.objects.exists()
    assert not AuditEvent.objects.filter(action="case.report").exists()


def test_a_point_of_another_system_is_converted():
    from cityops.foundation.coordinates import CoordinateSystem, convert

    lon, lat = convert(ground.WEST + 0.005, ground.SOUTH + 0.005, CoordinateSystem.CGCS2000, CoordinateSystem.GCJ02)
    answer = register(staff("collector"), ground.report(longitude=lon, latitude=lat, coordinate_system="GCJ-02"))
    case = Case.objects.get(pk=answer.rid)
    assert (round(case.geom.x, 6), round(case.geom.y, 6)) == (120.005, 30.005)


def test_a_person_registers_only_in_the_own_division():
    other = staff("collector", division_code="330106000000")
    with pytest.raises(InvalidInput) as refusal:
        register(other, ground.report())
    assert refusal.value.facts["errors"][0]["code"] == "no_boundary"
    assert not Case.objects.exists()


def test_without_the_permission_nothing_is_registered():
    with pytest.raises(NotAllowed):
        register(staff("evaluator"), ground.report())
    assert not Case.objects.exists()


def manhole(**fields):
    """A manhole cover in the first grid."""
    return Component.objects.create(
        obj_id="33010201001000001",
        obj_name="供水井盖",
        dept_code1="SW1",
        dept_name1="水务集团",
        grid_code=ground.COMMUNITY + "001",
        division_code=ground.COMMUNITY,
        init_date=dt.date(2026, 1, 1),
        class_code="01001",
        std_ref=CURRENT,
        geom="SRID=4490;POINT(120.005 30.005)",
        **fields,
    )


def test_a_case_of_a_component_names_its_authority():
    ground.class_entry("01001", kind="1", name="供水井盖")
    manhole()
    case = ground.registered(kind="1", class_code="01001", component_id="33010201001000001")
    assert (case.dept_code1, case.dept_name1, case.limit_value) == ("SW1", "水务集团", None)


def test_who_reported_is_kept_as_a_hash_for_the_public():
    case = ground.registered(reporter_type="2", reporter="13800000000", source="03")
    assert len(case.reporter_id) == 64
    assert "138" not in case.reporter_id or case.reporter_id.isalnum()
    assert ground.registered(reporter_type="1", reporter="C-17").reporter_id == "C-17"


# --- moving


def test_a_case_goes_from_report_to_close(department):
    case = walk(ground.registered(), department)
    stored = Case.objects.get(pk=case.pk)
    assert (stored.state, stored.close_type, stored.version) == (Stage.CLOSED, "1", 9)
    assert stored.task_no == stored.case_no[6:]
    assert (
        stored.reported_at
        <= stored.accepted_at
        <= stored.filed_at
        <= stored.dispatched_at
        <= stored.disposed_at
        <= stored.checked_at
        <= stored.closed_at
    )
    assert stored.dispose_deadline < stored.close_deadline
    assert (stored.stage_due_at, stored.light) == (None, "none")
    steps = list(stored.steps.order_by("seq").values_list("seq", "action", "from_state", "to_state", "operator_role"))
    assert [s[0] for s in steps] == list(range(1, 10))
    assert [s[1] for s in steps] == ["01", "04", "05", "07", "09", "10", "17", "18", "20"]
    assert all(before[3] == after[2] for before, after in itertools.pairwise(steps))
    assert [s[4] for s in steps] == ["01", "02", "03", "04", "05", "05", "02", "01", "03"]
    assert AuditEvent.objects.filter(object_key=stored.case_no).count() == 9


def test_rework_goes_back_to_the_same_department_and_keeps_the_clock(department):
    case = walk(ground.registered(), department, until=Action.SEND_CHECK)
    due = case.dispose_deadline
    case = act(everyone(), case, "fail_check", opinion="未清理干净")
    assert (case.state, case.rework_count, case.disposed_at, case.duty_org) == ("45", 1, None, department.org_code)
    assert case.dispose_deadline == case.stage_due_at == due
    worker = staff("department", organisation=department)
    act(worker, case, "sign")
    act(worker, case, "feed_back", opinion="再次清理")
    assert Case.objects.get(pk=case.pk).state == Stage.FEEDBACK


def returned(department, hours=1):
    """A case of MONDAY with a limit of four work hours that came back after ``hours``; (case, dispatcher)."""
    case, user = ground.registered(at=MONDAY), everyone()
    for action, fields in (("accept", {}), ("file", {}), ("dispatch", {"duty_org": department.org_code})):
        case = act(user, case, action, at=MONDAY, **fields)
    worker = staff("department", organisation=department)
    act(worker, case, "sign", at=MONDAY)
    at = MONDAY + dt.timedelta(hours=hours)
    act(worker, case, "apply_return", at=at, opinion="不属本单位")
    return act(user, case, "approve_return", at=at), user


def test_a_department_sends_a_case_back_and_still_sees_it(department):
    case, _user = returned(department)
    assert (case.state, case.return_count, case.duty_org) == ("41", 1, department.org_code)
    assert case.stage_due_at == MONDAY + dt.timedelta(hours=1, minutes=15)
    step = case.steps.order_by("-seq").first()
    assert (step.action, step.from_state, step.to_state) == ("11", "50", "41")
    assert case.applications.get().reason == "不属本单位"
    assert DirtyMark.objects.filter(dataset="GL01", rid=case.rid).exists()
    with pytest.raises(NotAllowed):
        act(staff("department", organisation=department), case, "dispatch_again")


def test_another_department_begins_with_a_whole_limit(department):
    case, user = returned(department)
    at, other = MONDAY + dt.timedelta(hours=15), organisation("CZ0000000000000002")
    case = act(user, case, "dispatch_again", at=at, duty_org=other.org_code, opinion="属你单位")
    assert (case.state, case.duty_org, case.dispatched_at) == ("45", other.org_code, at)
    assert case.dispose_deadline == case.stage_due_at == dt.datetime(2026, 11, 24, 4, 0, tzinfo=dt.UTC)
    assert case.steps.order_by("-seq").first().action == "08"
    with pytest.raises(NotThere):
        act(staff("department", organisation=department), case, "sign")
    assert act(staff("department", organisation=other), case, "sign").state == "50"


@pytest.mark.parametrize(("hours", "left"), [(0.5, 3.5), (1, 3), (20, 0)])
def test_the_same_department_goes_on_with_what_was_left(department, hours, left):
    case, user = returned(department, hours)
    before = case.dispose_deadline
    at = dt.datetime(2026, 11, 25, 0, 0, tzinfo=dt.UTC)
    case = act(user, case, "dispatch_again", at=at, duty_org=department.org_code, opinion="属你单位")
    assert case.dispatched_at == MONDAY
    assert case.dispose_deadline == (at + dt.timedelta(hours=left) if left else before)
    assert case.stage_warn_at <= case.stage_due_at == case.dispose_deadline < case.close_deadline


@pytest.mark.parametrize(("before", "after"), [("01", "01"), ("02", "01"), ("03", "01"), ("04", "04"), ("05", "05")])
def test_closing_a_case_mends_its_component(department, before, after):
    ground.class_entry("01001", kind="1", name="供水井盖")
    thing = manhole(state=before)
    case = walk(ground.registered(kind="1", class_code="01001", component_id=thing.obj_id), department)
    thing.refresh_from_db()
    assert thing.state == after
    told = AuditEvent.objects.filter(action="component.change_state", object_key=thing.obj_id)
    assert [event.reason for event in told] == ([case.case_no] if before != after else [])
    assert (thing.change_date is not None) == (before != after)


@pytest.mark.parametrize("action", sorted(set(Action) - {Action.REPORT}))
@pytest.mark.parametrize("stage", sorted(Stage))
def test_what_the_table_does_not_have_is_refused_and_changes_nothing(stage, action, department):
    if stage in MOVES[action].from_stages:
        return
    case = ground.stored_case(state=stage, duty_org=department.org_code, closed_at=timezone.now())
    roles = ("acceptor", "duty_leader", "dispatcher", "collector", "department", "leader", "hotline")
    fields = {
        "opinion": "意见",
        "reason": "01",
        "duty_org": department.org_code,
        "rule": None,
        "main_case": ground.stored_case().case_no,
        "why": "season",
        "until": timezone.localdate() + dt.timedelta(days=9),
        "due_at": timezone.now() + dt.timedelta(days=1),
        "satisfaction": "5",
    }
    move = MOVES[action]
    given = {name: fields[name] for name in move.inputs}
    with pytest.raises(Refused) as refusal:
        act(staff(*roles), case, action, **given)
    assert refusal.value.facts["state"] == stage
    assert Case.objects.get(pk=case.pk).state == stage
    assert not case.steps.exists()


@pytest.mark.parametrize("action", sorted(set(Action) - {Action.REPORT, Action.WITHDRAW}))
def test_every_move_needs_its_permission(action, department):
    case = ground.stored_case(state=next(iter(MOVES[action].from_stages)), duty_org=department.org_code)
    with pytest.raises(NotAllowed):
        act(staff("evaluator"), case, action)
    assert not case.steps.exists()


def test_a_case_of_another_division_is_not_there():
    division(NINGBO)
    case = ground.registered()
    with pytest.raises(NotThere):
        act(staff("acceptor", division_code=NINGBO), case, "accept")


def test_a_department_sees_only_what_it_was_given(department):
    case = walk(ground.registered(), department, until=Action.DISPATCH)
    stranger = staff("department", organisation=organisation())
    with pytest.raises(NotThere):
        act(stranger, case, "sign")


def test_a_replica_is_read_only():
    case = ground.stored_case(origin_code="330200000000-C")
    with pytest.raises(Refused) as refusal:
        act(everyone(), case, "accept")
    assert refusal.value.facts["owner"] == "330200000000-C"


def test_nobody_judges_the_own_work(department):
    case = walk(ground.registered(), department, until=Action.SEND_CHECK)
    handler = CaseStep.objects.filter(case=case, action="09").get().operator_id
    from cityops.accounts.models import Role, User

    worker = User.objects.get(pk=handler)
    worker.groups.add(Role.objects.get(code="inspector"))
    worker = User.objects.get(pk=handler)
    with pytest.raises(NotAllowed):
        act(worker, case, "pass_check")
    colleague = staff("inspector", organisation=department)
    with pytest.raises(NotAllowed):
        act(colleague, case, "pass_check")
    assert act(staff("inspector"), case, "pass_check").state == Stage.TO_CLOSE


def test_the_same_click_twice_writes_one_step():
    case, user = ground.registered(), everyone()
    act(user, case, "accept")
    again = act(user, case.case_no, "accept")
    assert (again.version, again.steps.count()) == (2, 2)
    with pytest.raises(Refused):
        act(everyone(), case, "accept")


def test_a_move_on_an_old_version_is_refused():
    case, user = ground.registered(), everyone()
    act(user, case, "accept", version=1)
    with pytest.raises(Refused) as refusal:
        act(user, case, "file", version=1)
    assert refusal.value.facts["version"] == 2


@pytest.mark.parametrize(
    ("state", "action", "fields", "field"),
    [
        ("10", "reject", {}, "reason"),
        ("10", "reject", {"reason": "99"}, "reason"),
        ("10", "accept", {"duty_org": "x"}, "duty_org"),
        ("30", "file", {"rule": "999999"}, "rule"),
        ("40", "dispatch", {}, "duty_org"),
        ("40", "dispatch", {"duty_org": "nobody"}, "duty_org"),
        ("50", "apply_return", {}, "opinion"),
        ("41", "dispatch_again", {"opinion": "请处置"}, "duty_org"),
        ("41", "dispatch_again", {"duty_org": "nobody", "opinion": "请处置"}, "duty_org"),
        ("61", "fail_check", {"opinion": " "}, "opinion"),
        ("10", "accept", {"opinion": "长" * 2001}, "opinion"),
        ("10", "fly", {}, "action"),
    ],
)
def test_wrong_inputs_name_the_field_and_change_nothing(state, action, fields, field):
    department = organisation("CZ0000000000000001")
    case = ground.stored_case(state=state, duty_org=department.org_code if action == "apply_return" else "")
    user = staff("acceptor", "duty_leader", "dispatcher", "collector", "department", organisation=department)
    with pytest.raises(InvalidInput) as refusal:
        act(user, case, action, **fields)
    assert refusal.value.facts["errors"][0]["field"] == field
    assert Case.objects.get(pk=case.pk).version == 1
    assert not case.steps.exists()


def test_rejecting_keeps_the_reason_and_stops_the_clock():
    case = act(everyone(), ground.registered(), "reject", reason="02", opinion="与前案重复")
    assert (case.state, case.reject_reason, case.stage_due_at) == ("31", "02", None)
    assert case.rejected_at is not None


def test_the_filing_condition_decides_the_deadline(department):
    urgent = ground.disposal_rule(number=2, value="2", unit="urgent_hour")
    case = ground.registered(at=MONDAY)
    user = everyone()
    act(user, case, "accept", at=MONDAY)
    act(user, case, "file", at=MONDAY, rule=urgent.pk)
    case = act(user, case, "dispatch", at=MONDAY, duty_org=department.org_code)
    assert case.dispose_deadline == MONDAY + dt.timedelta(hours=2)
    assert case.close_deadline == MONDAY + dt.timedelta(hours=3)
    assert case.filing_condition == "立案条件2"


def test_a_class_without_rules_gets_the_default_limit(department):
    ground.class_entry("09001", name="占道经营")
    case, user = ground.registered(class_code="09001"), everyone()
    act(user, case, "accept")
    case = act(user, case, "file")
    assert (case.limit_value, case.limit_unit) == (3, "work_day")


def test_only_organisations_that_handle_can_be_dispatched_to():
    case, user = ground.registered(), everyone()
    act(user, case, "accept")
    act(user, case, "file")
    with pytest.raises(InvalidInput):
        act(user, case, "dispatch", duty_org="ZG0000000000000001")
    elsewhere = organisation(division_code=NINGBO)
    with pytest.raises(InvalidInput):
        act(user, case, "dispatch", duty_org=elsewhere.org_code)
    Organisation.objects.update(status="0")
    with pytest.raises(InvalidInput):
        act(user, case, "dispatch", duty_org=elsewhere.org_code)
