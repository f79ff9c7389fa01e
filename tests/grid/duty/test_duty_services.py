"""What people decide about duty, on the real database."""

import datetime as dt
import uuid

import pytest
from django.contrib.gis.geos import MultiPolygon
from django.db import IntegrityError, transaction
from django.utils import timezone

from cityops.foundation.errors import InvalidInput, NotAllowed, NotThere, Refused
from cityops.foundation.models import AuditEvent
from grid.duty.models import Assignment, DutyGrid, DutyGridUnit, TeamStatistic, Visit
from grid.duty.rules.coverage import Coverage
from grid.duty.selectors import plans
from grid.duty.selectors.areas import neighbours
from grid.duty.selectors.board import board
from grid.duty.selectors.coverage import Asked, coverage, coverage_by_unit, coverage_rows
from grid.duty.selectors.roster import patrol_area_of, shifts_at
from grid.duty.services import areas, roster
from grid.duty.services.choosing import choose_supervisor
from grid.duty.services.retention import forget_visitors
from grid.duty.services.teams import compile_team_statistics
from grid.duty.services.visits import Tap, make_visit, visits_from_steps
from grid.models import CaseStep, CaseTask, UnitGrid
from tests.factories import duty
from tests.factories.grid import COMMUNITY, SOUTH, WEST, stored_case, unit_grid
from tests.factories.people import person

pytestmark = pytest.mark.django_db
CITY = "330100000000"
TODAY = timezone.localdate


def days(number: int) -> dt.date:
    return TODAY() + dt.timedelta(days=number)


@pytest.fixture
def codes():
    return duty.ground()


@pytest.fixture
def leader():
    return person("duty_leader")


class TestAreas:
    def test_neighbours_share_an_edge_and_a_corner_is_none(self, codes):
        unit_grid(duty.unit(5), west=WEST + 0.01, south=SOUTH + 0.01)  # above the second, corner to the first and third
        unit_grid(duty.unit(6), west=WEST + 0.02 + 2e-6, south=SOUTH + 0.01)  # above the third, a hairline apart
        assert neighbours([*codes, duty.unit(5), duty.unit(6)]) == [
            (duty.unit(1), duty.unit(2)),
            (duty.unit(2), duty.unit(3)),
            (duty.unit(2), duty.unit(5)),
            (duty.unit(3), duty.unit(4)),
            (duty.unit(3), duty.unit(6)),
            (duty.unit(5), duty.unit(6)),
        ]

    def test_a_responsibility_grid_is_the_union_of_its_unit_grids(self, codes, leader):
        grid = duty.duty_grid(codes[:2], actor=leader, leader="张某")
        grid.refresh_from_db()
        assert grid.grid_code == COMMUNITY + "001"
        assert grid.division_code == COMMUNITY
        assert grid.unit_codes == codes[:2]
        assert isinstance(grid.geom, MultiPolygon)
        assert grid.geom.area == pytest.approx(2e-4)
        assert duty.duty_grid(codes[2:]).grid_code == COMMUNITY + "002"
        assert AuditEvent.objects.filter(action="duty_grid.create", object_key=grid.grid_code).exists()

    @pytest.mark.parametrize(("numbers", "code"), [((), "required"), ((1, 3), "not_connected"), ((1, 9), "unknown")])
    def test_what_makes_no_area_is_refused_with_its_codes(self, codes, leader, numbers, code):
        with pytest.raises(InvalidInput) as refused:
            duty.duty_grid([duty.unit(number) for number in numbers], actor=leader)
        assert refused.value.facts["errors"][0]["code"] == code
        assert not DutyGrid.objects.exists()

    def test_a_unit_grid_lies_in_one_responsibility_grid_of_a_kind(self, codes, leader):
        duty.duty_grid(codes[:2], actor=leader)
        with pytest.raises(InvalidInput, match="一号责任网格"):
            duty.duty_grid(codes[1:3], actor=leader)
        assert duty.duty_grid(codes[1:3], actor=leader, kind="02").grid_kind == "02"

    def test_unit_grids_of_another_district_are_not_there(self, codes):
        with pytest.raises(InvalidInput, match="不在您的范围内"):
            duty.duty_grid(codes[:1], actor=person("duty_leader", division_code="330106000000"))

    def test_a_change_holds_from_today_on_and_the_past_keeps_its_ground(self, codes, leader):
        grid = duty.duty_grid(codes[:2], actor=leader)
        before = duty.shift("昨班")
        duty.assignment(grid, before, days(-1))
        drawn = areas.Drawn(name="改名", codes=tuple(codes[1:3]), org_code=duty.ORG)
        changed = areas.change_duty_grid(leader, grid.grid_code, drawn)
        assert changed.unit_codes == codes[1:3]
        assert coverage((days(-1), days(-1)), CITY) == Coverage(0, 2)
        assert set(coverage_by_unit(Asked(days(-1), days(-1)))) == set(codes[:2])
        assert set(DutyGridUnit.objects.on(TODAY()).values_list("grid_code", flat=True)) == set(codes[1:3])
        areas.change_duty_grid(leader, grid.grid_code, drawn)
        assert AuditEvent.objects.filter(action="duty_grid.change").count() == 1

    def test_retiring_takes_what_was_planned_later_off_the_roster(self, codes, leader):
        grid, morning = duty.duty_grid(codes[:2], actor=leader), duty.shift()
        duty.assignment(grid, morning, days(-2))
        duty.assignment(grid, morning, days(3))
        with pytest.raises(InvalidInput):
            areas.retire_duty_grid(leader, grid.grid_code, " ")
        assert areas.retire_duty_grid(leader, grid.grid_code, "调整") == 1
        grid.refresh_from_db()
        assert grid.valid_to == TODAY()
        assert Assignment.objects.get().day == days(-2)
        with pytest.raises(Refused):
            areas.retire_duty_grid(leader, grid.grid_code, "再来")
        assert duty.duty_grid(codes[:2], actor=leader, valid_from=days(1)).grid_code.endswith("002")

    def test_an_evaluation_grid_has_a_code_by_the_rule_and_one_outline(self, codes, leader, settings):
        drawn = areas.EvaluationDrawn("商业区", tuple(codes[:2]), "A", "2026")
        grid = areas.create_evaluation_grid(leader, drawn)
        assert (grid.grid_code, grid.division_code, grid.geom.geom_type) == ("33010200101A", "330102001", "Polygon")
        settings.CITYOPS_EVALUATION_GRID_CODE = "6+3+2+1"
        assert areas.create_evaluation_grid(leader, drawn).grid_code == "33010200102A"
        areas.retire_evaluation_grid(leader, grid.pk, "重划")
        grid.refresh_from_db()
        assert grid.status == "9"

    def test_hairlines_between_unit_grids_leave_one_outline(self, codes, leader):
        UnitGrid.objects.filter(grid_code=codes[1]).delete()
        unit_grid(codes[1], west=WEST + 0.01 + 2e-6)
        grid = areas.create_evaluation_grid(leader, areas.EvaluationDrawn("", tuple(codes[:2]), "B", "2026"))
        assert (grid.geom.geom_type, grid.geom.valid) == ("Polygon", True)


class TestRoster:
    @pytest.fixture
    def planned(self, codes, leader):
        return duty.duty_grid(codes[:2], actor=leader), duty.duty_grid(codes[2:], actor=leader, name="二号"), leader

    def test_an_entry_is_made_once(self, planned):
        grid, _other, leader = planned
        morning, who = duty.shift(), person("collector")
        asked = {"day": days(1), "shift": morning, "grid_code": grid.grid_code, "username": who.username}
        assert roster.assign(leader, **asked) == roster.assign(leader, **asked)
        assert AuditEvent.objects.filter(action="roster.plan").count() == 1

    def test_nobody_is_in_two_places(self, planned):
        grid, other, leader = planned
        who, night = person("collector"), duty.shift("夜班", "23:00", "07:00")
        morning = duty.shift("早班", "06:00", "14:00")
        roster.assign(leader, day=days(1), shift=night, grid_code=grid.grid_code, username=who.username)
        with pytest.raises(InvalidInput, match="一号责任网格"):
            roster.assign(leader, day=days(2), shift=morning, grid_code=other.grid_code, username=who.username)
        assert Assignment.objects.count() == 1
        with pytest.raises(IntegrityError), transaction.atomic():
            duty.assignment(other, morning, days(2), who)

    @pytest.mark.parametrize(
        ("role", "division", "told"),
        [("acceptor", CITY, "登记巡查到访"), ("collector", "330106000000", "不包含该网格")],
    )
    def test_only_who_patrols_there_is_planned(self, planned, role, division, told):
        grid, _other, leader = planned
        who = person(role, division_code=division)
        with pytest.raises(InvalidInput, match=told):
            roster.assign(leader, day=days(1), shift=duty.shift(), grid_code=grid.grid_code, username=who.username)

    def test_a_shift_that_is_over_or_does_not_run_is_not_planned(self, planned):
        grid, _other, leader = planned
        who, morning = person("collector"), duty.shift()
        weekday = str(days(1).isoweekday() % 7 + 1)
        other_day = duty.shift("指定日", days="weekdays", weekdays=weekday)
        asked = {"grid_code": grid.grid_code, "username": who.username}
        with pytest.raises(InvalidInput, match="已经结束"):
            roster.assign(leader, day=days(-2), shift=morning, **asked)
        with pytest.raises(InvalidInput, match="不开班"):
            roster.assign(leader, day=days(1), shift=other_day, **asked)

    def test_a_month_is_planned_by_a_repeating_week_all_or_none(self, planned):
        grid, other, leader = planned
        who, morning = person("collector"), duty.shift()
        week = roster.Week(grid.grid_code, morning, who.username, "135", days(1), days(28))
        done = roster.plan_weeks(leader, week)
        assert (done.made, done.present) == (12, 0)
        assert roster.plan_weeks(leader, week) == roster.Planned(0, 12)
        clash = roster.Week(other.grid_code, morning, who.username, "1234567", days(1), days(28))
        with pytest.raises(InvalidInput, match="12 处不能排"):
            roster.plan_weeks(leader, clash)
        assert Assignment.objects.count() == 12

    def test_a_week_is_copied_as_it_was_planned(self, planned):
        grid, _other, leader = planned
        who, morning = person("collector"), duty.shift()
        monday = TODAY() - dt.timedelta(days=TODAY().weekday() + 7)
        for number in (0, 2):
            entry = duty.assignment(grid, morning, monday + dt.timedelta(days=number), who)
        Assignment.objects.filter(pk=entry.pk).update(substitute=person("collector"))
        first = monday + dt.timedelta(days=14)
        done = roster.copy_week(leader, monday=monday, first=first, last=first + dt.timedelta(days=13))
        assert done.made == 4
        assert {row.supervisor for row in Assignment.objects.filter(day__gte=first)} == {who}

    def test_a_substitute_comes_with_a_reason_and_goes_again(self, planned):
        grid, other, leader = planned
        who, stand_in, morning = person("collector"), person("collector"), duty.shift()
        entry = duty.assignment(grid, morning, days(1), who)
        with pytest.raises(InvalidInput, match="替班原因"):
            roster.substitute(leader, entry.pk, username=stand_in.username, reason="")
        entry = roster.substitute(leader, entry.pk, username=stand_in.username, reason="病假")
        assert (entry.supervisor, entry.on_duty) == (who, stand_in)
        with pytest.raises(InvalidInput, match="已排在"):
            roster.assign(leader, day=days(1), shift=morning, grid_code=other.grid_code, username=stand_in.username)
        roster.assign(leader, day=days(1), shift=morning, grid_code=other.grid_code, username=who.username)
        with pytest.raises(InvalidInput, match="已排在"):
            roster.substitute(leader, entry.pk, username="", reason="")

    def test_what_is_over_is_not_changed(self, planned):
        grid, _other, leader = planned
        entry = duty.assignment(grid, duty.shift(), days(-2))
        with pytest.raises(Refused):
            roster.unassign(leader, entry.pk, reason="错排")
        coming = duty.assignment(grid, duty.shift("晚班"), days(2))
        with pytest.raises(NotThere):
            roster.unassign(person("duty_leader", division_code="330106000000"), coming.pk, reason="错排")
        roster.unassign(leader, coming.pk, reason="错排")
        assert AuditEvent.objects.get(action="roster.remove").reason == "错排"

    def test_shifts_hold_for_the_whole_city(self, leader):
        fields = roster.ShiftFields("早班", dt.time(7), dt.time(15))
        with pytest.raises(NotAllowed):
            roster.save_shift(person("duty_leader", division_code="330106000000"), fields)
        made = roster.save_shift(leader, fields)
        with pytest.raises(InvalidInput, match="已有"):
            roster.save_shift(leader, fields)
        assert not roster.retire_shift(leader, made.pk).is_active

    def test_it_is_the_shift_of_yesterday_in_the_small_hours(self):
        night = duty.shift("夜班", "23:00", "07:00")
        zone = timezone.get_default_timezone()
        at = dt.datetime.combine(TODAY(), dt.time(3), zone)
        assert shifts_at(at) == [(night, days(-1))]

    def test_the_patrol_area_is_all_that_is_scheduled_for_the_day(self, planned, codes):
        grid, other, _leader = planned
        who = person("collector")
        duty.assignment(grid, duty.shift("早班", "06:00", "12:00"), days(1), who)
        duty.assignment(other, duty.shift("晚班", "12:00", "18:00"), days(1), who)
        assert patrol_area_of(who, days(1)) == set(codes)
        assert patrol_area_of(who, days(2)) == frozenset()


class TestVisits:
    def test_a_visit_sent_twice_is_one(self, codes):
        who = person("collector")
        tap = Tap(uuid.uuid4(), longitude=WEST + 0.015, latitude=SOUTH + 0.005)
        visit, is_new = make_visit(who, tap)
        assert (visit.grid_code, visit.source, is_new) == (codes[1], "tap", True)
        assert make_visit(who, tap) == (visit, False)
        with pytest.raises(InvalidInput, match="编号"):
            make_visit(person("collector"), tap)
        assert Visit.objects.count() == 1

    def test_no_position_is_kept(self):
        assert {field.name for field in Visit._meta.get_fields()} == {
            "visit_id", "visitor", "grid_code", "division_code", "at", "source", "step_id",
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("tap", "code"),
        [
            (Tap(grid_code="330102001001099"), "grid"),
            (Tap(longitude=121.0, latitude=31.0), "grid"),
            (Tap(), "grid"),
            (Tap(grid_code=duty.unit(1), at=timezone.now() + dt.timedelta(hours=1)), "time"),
            (Tap(grid_code=duty.unit(1), at=timezone.now() - dt.timedelta(days=8)), "time"),
        ],
    )
    def test_what_cannot_be_is_refused(self, codes, tap, code):
        with pytest.raises(InvalidInput) as refused:
            make_visit(person("collector"), tap)
        assert refused.value.facts["errors"][0]["code"] == code

    def test_whoever_works_on_a_case_on_the_spot_was_in_its_grid(self, codes):
        case, who = stored_case(), person("collector")
        steps = {"01": "01", "03": "01", "18": "06", "26": "01", "05": "01"}
        for seq, (action, role) in enumerate(steps.items(), start=1):
            CaseStep.objects.create(
                case=case, origin_code=case.origin_code, seq=seq, action=action, to_state="10",
                operator_role=role, operator_id=who.pk, operated_at=timezone.now(),
            )  # fmt: skip
        CaseStep.objects.create(
            case=case, origin_code=case.origin_code, seq=9, action="01", to_state="10",
            operator_role="02", operator_id=who.pk, operated_at=timezone.now(),
        )  # fmt: skip
        assert visits_from_steps() == 4
        assert visits_from_steps(case=case.pk) == 0
        assert sorted(Visit.objects.values_list("source", flat=True)) == ["check", "report", "verify", "verify"]
        assert set(Visit.objects.values_list("grid_code", "visitor")) == {(codes[0], who.pk)}

    def test_who_made_it_is_forgotten_after_so_many_days_and_the_visit_stays(self, codes, settings):
        settings.CITYOPS_FIELD_DAYS = 30
        who, now = person("collector"), timezone.now()
        old, new = (make_visit(who, Tap(grid_code=codes[0]))[0] for _time in range(2))
        Visit.objects.filter(pk=old.pk).update(at=now - dt.timedelta(days=31))
        assert (forget_visitors(now), forget_visitors(now)) == (1, 0)
        assert dict(Visit.objects.values_list("pk", "visitor")) == {old.pk: None, new.pk: who.pk}
        assert AuditEvent.objects.get(action="duty.forget").after == {"visits": 1}


class TestCoverage:
    def test_it_is_counted_per_shift_and_anybody_who_was_there_counts(self, codes):
        grid, running = duty.duty_grid(codes[:3]), duty.running_shift()
        duty.assignment(grid, running)
        duty.assignment(grid, running)
        assert coverage((days(-1), TODAY()), CITY) == Coverage(0, 3)
        duty.visit(codes[0])
        duty.visit(codes[0])
        duty.visit(codes[1], timezone.now() - dt.timedelta(hours=3))  # before the shift
        duty.visit(codes[3])  # not scheduled
        found = coverage((days(-1), TODAY()), CITY)
        assert found == Coverage(1, 3)
        assert str(found.rate_percent) == "33.33"
        assert coverage((days(-1), TODAY()), "330106000000").rate_percent is None
        assert coverage((days(2), days(3)), CITY).rate_percent is None

    def test_a_shift_that_has_not_begun_is_not_missed(self, codes):
        duty.assignment(duty.duty_grid(codes[:3]), duty.shift(), days(1))
        assert coverage_rows(Asked(TODAY(), days(2))) == []

    def test_the_board_shows_grids_by_code_and_who_is_missing(self, codes, leader):
        grid, other, running = duty.duty_grid(codes[:2]), duty.duty_grid(codes[2:], name="二号"), duty.running_shift()
        entry = duty.assignment(grid, running)
        duty.visit(codes[0])
        found = board(leader)
        assert [row.grid for row in found.rows] == [grid, other]
        assert [row.entries for row in found.rows] == [[entry], []]
        assert found.now == Coverage(1, 2)
        assert [row.grid for row in found.unmanned] == [other]
        assert board(person("duty_leader", division_code="330106000000")).rows == []

    def test_a_plan_says_what_is_still_due(self, codes):
        plan = duty.plan(codes[:2])
        duty.visit(codes[0], timezone.localtime().replace(hour=0, minute=1))
        state = plans.plan_state(plan)
        assert [(due.grid_code, due.missing) for due in state.dues] == [(codes[1], 2), (codes[0], 1)]

    def test_a_plan_per_shift_looks_at_the_shift_that_runs_there(self, codes):
        plan, running = duty.plan(codes, per="shift", times=1), duty.running_shift()
        assert not plans.plan_state(plan).runs
        duty.assignment(duty.duty_grid(codes[:2]), running)
        duty.visit(codes[0])
        duty.visit(codes[1], timezone.now() - dt.timedelta(hours=3))
        assert [(due.grid_code, due.missing) for due in plans.plan_state(plan).dues] == [(codes[1], 1), (codes[0], 0)]


class TestChoosing:
    def test_the_own_grid_comes_first_then_the_nearest(self, codes):
        running = duty.running_shift()
        here = duty.assignment(duty.duty_grid(codes[:1]), running).on_duty
        there = duty.assignment(duty.duty_grid(codes[1:2], name="二号"), running).on_duty
        duty.assignment(duty.duty_grid(codes[3:], name="四号"), running)
        asked = (codes[0], COMMUNITY, timezone.now(), "verify")
        assert choose_supervisor(*asked) == here
        assert choose_supervisor(*asked, not_user=here) == there

    def test_fewest_open_tasks_then_the_lot(self, codes):
        grid, running = duty.duty_grid(codes), duty.running_shift()
        busy, free = (duty.assignment(grid, running).on_duty for _ in range(2))
        now = timezone.now()
        CaseTask.objects.create(case=stored_case(), kind="check", assignee=busy, sent_at=now)
        assert choose_supervisor(codes[0], COMMUNITY, now, "check") == free
        CaseTask.objects.update(done_at=now)
        later = [now + dt.timedelta(seconds=number) for number in range(12)]
        assert {choose_supervisor(codes[0], COMMUNITY, at, "check") for at in later} == {busy, free}

    def test_nobody_on_shift_means_nobody(self, codes):
        duty.assignment(duty.duty_grid(codes), duty.shift(), days(-2))
        assert choose_supervisor(codes[0], COMMUNITY, timezone.now(), "check") is None
        assert choose_supervisor("", "330106001001", timezone.now(), "check") is None

    def test_a_case_outside_all_grids_goes_to_somebody_of_its_community(self, codes):
        entry = duty.assignment(duty.duty_grid(codes), duty.running_shift())
        assert choose_supervisor("", COMMUNITY, timezone.now(), "check") == entry.on_duty


class TestTeams:
    def test_a_month_is_compiled_from_what_there_is_and_once(self, codes):
        grid, morning = duty.duty_grid(codes[:2]), duty.shift()
        kept, missed = duty.assignment(grid, morning, days(-3)), duty.assignment(grid, morning, days(-3))
        duty.visit(codes[0], kept.starts_at, kept.on_duty)
        duty.visit(codes[1], missed.ends_at, missed.on_duty)
        person("acceptor"), person("hotline"), person(("acceptor", "dispatcher"))
        period = f"{days(-3):%Y%m}"
        row, has_changed = compile_team_statistics(period)
        assert has_changed
        assert (row.division_code, row.collectors, row.seat_count, row.dispatchers) == ("330100", 2, 3, 1)
        assert (str(row.collector_shift_rate), row.grids_patrolled, row.grids_total) == ("50.00", 2, 4)
        assert float(row.coverage_km2) == 2.0
        assert compile_team_statistics(period)[1] is False
        assert TeamStatistic.objects.count() == 1

    def test_a_month_without_a_roster_has_no_shift_rate(self):
        assert compile_team_statistics("202601")[0].collector_shift_rate is None
        with pytest.raises(InvalidInput):
            compile_team_statistics("2026")
