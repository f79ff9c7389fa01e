"""A simulated city: deterministic, by the rules of people, marked as simulated, and alive."""

import datetime as dt
import itertools
from collections import Counter

import pytest
from django.conf import settings
from django.contrib.gis.geos import MultiPolygon
from django.db import connection
from django.db.models import F

from cityops.accounts.models import Organisation
from cityops.foundation.errors import Refused
from cityops.foundation.records import registry
from cityops.regions.rules import Level
from grid.models import (
    Case,
    CaseApplication,
    CaseDailyStatistic,
    CaseMedia,
    CaseNumber,
    CaseStep,
    CaseSupervision,
    CaseTask,
    Component,
    UnitGrid,
)
from grid.places.models import Place
from grid.rules.behaviour import next_move, quality_of, reports_on
from grid.rules.clock import STANDARD_HOURS, WorkCalendar, WorkingHours
from grid.rules.codes import parse_component_id, parse_grid_code
from grid.rules.stages import FINAL_STAGES, Stage
from grid.rules.tempo import random_of
from grid.rules.transitions import BY_STEP, MOVES, Action
from grid.services.simulator import live
from grid.services.simulator.live import tick
from grid.services.simulator.past import mend_components
from grid.services.simulator.run import Plan, simulate, stored_plan
from grid.services.statistics import compile_statistics
from sync.exchange.services.digests import digest
from tests.factories import grid as ground
from tests.factories.people import division, organisation, person

NOW = dt.datetime(2026, 11, 24, 2, 30, tzinfo=dt.UTC)
"""10:30 of a Tuesday in the city's time."""
PLAN = Plan(seed=7, days=6, per_day=25)
CALENDAR = WorkCalendar(dt.timezone(dt.timedelta(hours=8)), (WorkingHours(dt.date(2000, 1, 1), STANDARD_HOURS),))


def test_a_day_has_its_rush_and_is_the_same_every_time():
    day = dt.date(2026, 11, 23)
    first, again = reports_on(1, day, 400, CALENDAR), reports_on(1, day, 400, CALENDAR)
    assert first == again == sorted(first)
    assert reports_on(2, day, 400, CALENDAR) != first
    hours = Counter(at.astimezone(CALENDAR.zone).hour for at in first)
    assert hours[8] > hours[3] + hours[23]
    assert len(reports_on(1, dt.date(2026, 11, 22), 400, CALENDAR)) < len(first)


@pytest.mark.parametrize("per_day", [1, 25, 400])
def test_a_day_begins_with_the_night_round(per_day):
    for day in (dt.date(2026, 10, 1) + dt.timedelta(days=n) for n in range(60)):
        first = reports_on(3, day, per_day, CALENDAR)[0].astimezone(CALENDAR.zone)
        assert (first.date(), first.hour) == (day, 0)
        assert first.minute < 8


@pytest.mark.parametrize(("quality", "least", "most"), [(0.7, 0.05, 0.11), (1.0, 0.025, 0.055), (1.2, 0.003, 0.03)])
def test_departments_send_back_some_and_not_for_ever(quality, least, most):
    case = ground.Case(
        state="45", version=5, source="01", updated_at=NOW, dispatched_at=NOW, limit_value=4, limit_unit="work_hour"
    )
    moves = [next_move(case, random_of(number), CALENDAR, quality).action for number in range(2000)]
    assert least < moves.count("apply_return") / 2000 < most
    case.return_count = 2
    assert {next_move(case, random_of(number), CALENDAR, quality).action for number in range(500)} == {"sign"}


def test_departments_differ_and_keep_their_character():
    qualities = {quality_of(1, f"org{number}") for number in range(40)}
    assert len(qualities) == 40
    assert min(qualities) < 0.85
    assert max(qualities) > 1.1
    assert quality_of(1, "org1") == quality_of(1, "org1")


@pytest.mark.parametrize("stage", sorted(Stage))
def test_every_move_drawn_is_in_the_table_and_later_than_the_case(stage):
    case = ground.Case(
        state=stage, version=3, source="02", updated_at=NOW, dispatched_at=NOW, limit_value=4, limit_unit="work_hour"
    )
    for number in range(60):
        move = next_move(case, random_of(number), CALENDAR, 0.9)
        if move is None:
            assert stage in FINAL_STAGES
            continue
        assert stage in BY_STEP[_step_of(move.action)].from_stages
        assert move.at >= NOW


def _step_of(action):
    return next(code for code, move in BY_STEP.items() if move.action == action)


def digest_of_cases():
    """One value for all that travels of all cases."""
    with connection.cursor() as cursor:
        return digest(cursor, registry.get("GL01"), settings.CITYOPS_NODE).value


@pytest.fixture
def town(settings, tmp_path):
    """A small city, ready to be simulated."""
    settings.CITYOPS_SIMULATED = True
    settings.CITYOPS_MEDIA_DIR = tmp_path / "pictures"
    live._world.cache_clear()
    ground.ready_city()
    UnitGrid.objects.all().delete()
    county = division("330102000000", name="测试区")
    community = division(ground.COMMUNITY, level=Level.COMMUNITY)
    for place in (county, community):
        place.boundary = MultiPolygon(ground.box(120.0, 30.0, 120.02, 30.02), srid=4490)
        place.save()
    ground.class_entry("01001", kind="1", name="供水井盖")
    worker = organisation("CZ0000000000000001", name="环卫所", industry="SR")
    person("department", organisation=worker)
    for role in ("collector", "acceptor", "duty_leader", "dispatcher", "leader"):
        person(role)
    return worker


@pytest.mark.django_db
class TestTown:
    def test_the_past_follows_the_table_of_moves(self, town):
        done = simulate(PLAN, now=NOW)
        assert done.grids == UnitGrid.objects.count() > 5
        assert done.components == Component.objects.count() > 50
        assert done.cases == Case.objects.filter(is_simulated=True).count() > 80
        assert done.steps == CaseStep.objects.count()
        for case in Case.objects.prefetch_related("steps"):
            steps = sorted(case.steps.all(), key=lambda step: step.seq)
            assert [step.seq for step in steps] == list(range(1, case.version + 1))
            assert steps[-1].to_state == case.state
            assert steps[-1].operated_at == case.updated_at <= NOW
            for before, after in itertools.pairwise(steps):
                move = BY_STEP[after.action]
                assert (after.from_state, before.to_state) == (before.to_state, after.from_state)
                assert after.from_state in move.from_stages
                is_first_level = move.is_agreed and after.to_state == after.from_state
                assert is_first_level or after.to_state == move.target(Stage(after.from_state))
                assert after.operated_at >= before.operated_at
        closed = Case.objects.filter(state="80")
        assert closed.count() > 40
        assert not closed.filter(closed_at=None).exists()
        assert not closed.exclude(close_deadline__gt=F("dispose_deadline")).exists()

    def test_a_city_that_was_simulated_before_gets_the_parts_it_lacks(self, town):
        first = simulate(PLAN, now=NOW)
        assert first.built["places"] > 0
        Place.objects.all().delete()
        again = simulate(PLAN, now=NOW)
        assert (again.cases, again.built) == (0, {"places": first.built["places"]})
        assert simulate(PLAN, now=NOW).built == {}

    def test_the_loop_is_played_in_full(self, town):
        simulate(Plan(seed=7, days=40, per_day=60), now=NOW)
        played = Counter(CaseStep.objects.values_list("action", flat=True))
        for action in (
            "send_verify", "verify_true", "verify_false", "apply_delay", "approve_delay", "refuse_delay",
            "apply_suspension", "approve_suspension", "resume", "apply_void", "approve_void", "self_handle", "urge",
            "supervise", "answer_supervision", "rework", "return_visit", "appeal", "refuse_appeal",
        ):  # fmt: skip
            assert played[MOVES[Action(action)].step_code], action
        assert played["12"] < 0.05 * played["07"]
        waiting = CaseApplication.objects.filter(state="pending")
        assert waiting.count() == Case.objects.exclude(pending="").count()
        assert not waiting.exclude(case__pending=F("kind")).exists()
        assert not CaseApplication.objects.filter(decided_by=F("applied_by")).exists()
        delayed = CaseApplication.objects.filter(kind="delay", state="approved")
        assert not delayed.exclude(new_deadline__gt=F("old_deadline")).exists()
        hung = CaseApplication.objects.filter(kind="suspension", state="approved", ended_at=None)
        assert hung.count() == Case.objects.filter(state="52").count()
        assert CaseSupervision.objects.count() == played["21"]
        assert CaseSupervision.objects.exclude(answered_at=None).count() == played["39"]
        assert CaseTask.objects.count() == played["02"] + played["17"]
        open_tasks = CaseTask.objects.filter(done_at=None)
        assert open_tasks.count() == Case.objects.filter(state__in=("12", "61")).count()

    def test_codes_and_places_are_true(self, town):
        simulate(PLAN, now=NOW)
        grids = {grid.grid_code: grid for grid in UnitGrid.objects.all()}
        for grid in grids.values():
            assert parse_grid_code(grid.grid_code).community == grid.division_code
            assert 2_000 <= grid.area_m2 <= 50_000
            assert grid.geom.valid
        shapes = [grid.geom for grid in grids.values()]
        assert all(a.intersection(b).area < 1e-12 for a in shapes for b in shapes if a is not b)
        for component in Component.objects.all():
            assert parse_component_id(component.obj_id, component.std_ref).class_code == component.class_code
            assert grids[component.grid_code].geom.contains(component.geom)
        assert all(grids[case.grid_code].geom.buffer(1e-9).contains(case.geom) for case in Case.objects.all())

    def test_the_same_seed_gives_the_same_city_and_a_second_run_changes_nothing(self, town):
        simulate(PLAN, now=NOW)
        first = digest_of_cases()
        assert simulate(PLAN, now=NOW).cases == 0
        assert stored_plan() == PLAN
        Case.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # the cases went with their steps: the end of a transaction
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        CaseNumber.objects.all().delete()
        simulate(PLAN, now=NOW)
        assert digest_of_cases() == first
        Case.objects.filter(pk=Case.objects.first().pk).update(return_count=9)
        assert digest_of_cases() != first

    @pytest.mark.parametrize(("hour", "minute"), [(0, 10), (4, 30), (23, 59)])
    def test_today_is_there_at_any_hour_and_nothing_is_in_the_future(self, town, hour, minute):
        now = dt.datetime(2026, 11, 24, hour, minute, tzinfo=CALENDAR.zone)
        simulate(Plan(seed=9, days=1, per_day=30), now=now)
        assert Case.objects.filter(reported_at__gte=now.replace(hour=0, minute=0)).count() >= 3
        assert not Case.objects.filter(updated_at__gt=now).exists()
        assert not CaseStep.objects.filter(operated_at__gt=now).exists()

    def test_closing_in_bulk_mends_components_too(self, town):
        simulate(PLAN, now=NOW)
        case = Case.objects.filter(state="80").order_by("-closed_at").first()
        thing = Component.objects.filter(obj_id=Component.objects.first().obj_id)
        Case.objects.filter(pk=case.pk).update(component_id=thing.get().obj_id)
        for before, after in (("02", "01"), ("03", "01"), ("04", "04"), ("05", "05")):
            thing.update(state=before, change_date=None)
            mend_components()
            assert thing.get().state == after
        thing.update(state="02")
        mend_components()
        assert thing.get().change_date == case.closed_at.astimezone(CALENDAR.zone).date()

    def test_numbers_go_on_where_the_past_ended(self, town):
        simulate(PLAN, now=NOW)
        today = Case.objects.filter(case_no__startswith="33010020261124").count()
        assert CaseNumber.objects.get(day=dt.date(2026, 11, 24)).last == today

    def test_the_present_is_played_through_the_services(self, town):
        simulate(PLAN, now=NOW)
        before, steps = Case.objects.count(), CaseStep.objects.count()
        later = NOW + dt.timedelta(hours=1)
        done = tick(later)
        assert done.registered == Case.objects.count() - before > 0
        assert done.moved > 0
        assert CaseStep.objects.count() == steps + done.registered + done.moved
        assert not Case.objects.filter(is_simulated=False).exists()
        again = tick(later)
        assert again.registered == 0

    def test_the_present_gives_the_photos_that_the_loop_asks_for(self, town, photos_are_asked_for):
        simulate(PLAN, now=NOW)
        before = CaseMedia.objects.count()
        done = sum(tick(NOW + dt.timedelta(hours=hours)).moved for hours in range(1, 9))
        assert done > 20
        steps = CaseStep.objects.filter(operated_at__gt=NOW)
        assert steps.filter(action="10").exists()
        assert steps.filter(action="18").exists()
        made = CaseMedia.objects.exclude(file="").count() - before
        needing = steps.filter(action__in=("03", "10", "18", "19")).count()
        assert CaseMedia.objects.count() - before >= needing > 5, made

    def test_the_present_lifts_suspensions_and_asks_back(self, town):
        simulate(Plan(seed=7, days=20, per_day=60), now=NOW)
        before = Counter(CaseStep.objects.values_list("action", flat=True))
        for hours in range(2, 80, 6):
            tick(NOW + dt.timedelta(hours=hours))
        after = Counter(CaseStep.objects.values_list("action", flat=True))
        assert after["45"] > before["45"]
        assert after["02"] > before["02"]
        assert after["25"] > before["25"]

    def test_what_came_due_during_a_pause_is_dated_to_when_it_was_due(self, town):
        simulate(PLAN, now=NOW)
        later = dt.datetime(2026, 11, 25, 4, 30, tzinfo=CALENDAR.zone)
        due = [at for at in reports_on(PLAN.seed, later.date(), PLAN.per_day, CALENDAR) if at <= later]
        done = tick(later)
        made = Case.objects.filter(reported_at__gte=later.replace(hour=0, minute=0)).order_by("reported_at")
        assert [case.reported_at for case in made] == due
        assert done.registered == len(due)
        assert 0 < done.moved <= 60
        assert CaseStep.objects.filter(operated_at__gt=NOW, operated_at__lt=later - dt.timedelta(hours=6)).exists()
        assert not CaseStep.objects.filter(operated_at__gt=later).exists()

    def test_an_instance_that_is_not_simulated_is_left_alone(self, town, settings):
        settings.CITYOPS_SIMULATED = False
        with pytest.raises(Refused):
            simulate(PLAN, now=NOW)
        with pytest.raises(Refused):
            tick(NOW)
        assert not Case.objects.exists()

    def test_numbers_go_on_after_those_that_were_given(self, town):
        days = [NOW.date() - dt.timedelta(days=number) for number in range(PLAN.days + 1)]
        CaseNumber.objects.bulk_create(CaseNumber(division_code="330100", day=day, last=500) for day in days)
        simulate(PLAN, now=NOW)
        assert min(int(number[-10:]) for number in Case.objects.values_list("case_no", flat=True)) == 501
        for given in CaseNumber.objects.all():
            cases = Case.objects.filter(case_no__startswith=f"330100{given.day:%Y%m%d}")
            assert given.last == 500 + cases.count()

    def test_what_is_missing_is_named(self, town):
        Organisation.objects.filter(org_type="05").update(status="0")
        with pytest.raises(Refused, match="seed_demo"):
            simulate(PLAN, now=NOW)
        assert not UnitGrid.objects.exists()


@pytest.mark.django_db
class TestStatistics:
    def test_the_compiled_days_agree_with_the_cases(self, town):
        simulate(PLAN, now=NOW)
        assert compile_statistics(last=NOW.date()) > 0
        total = Counter()
        for row in CaseDailyStatistic.objects.values("report_num", "register_num", "close_num", "intime_close_num"):
            total.update(row)
        cases = Case.objects.all()
        assert total["report_num"] == cases.count()
        assert total["register_num"] == cases.exclude(filed_at=None).count()
        assert total["close_num"] == cases.exclude(closed_at=None).count()
        assert total["intime_close_num"] == cases.filter(closed_at__lte=F("close_deadline")).count()

    def test_compiling_again_touches_nothing(self, town):
        simulate(PLAN, now=NOW)
        compile_statistics(last=NOW.date())
        assert compile_statistics(last=NOW.date()) == 0

    def test_days_are_those_of_the_city(self):
        ground.stored_case(reported_at=dt.datetime(2026, 11, 20, 16, 30, tzinfo=dt.UTC))
        compile_statistics()
        row = CaseDailyStatistic.objects.get()
        assert (row.stat_date, row.division_code, row.report_num) == (dt.date(2026, 11, 21), "330102001000", 1)

    def test_replicas_are_not_counted(self):
        ground.stored_case(origin_code="330200000000-C", reported_at=NOW - dt.timedelta(days=3))
        assert compile_statistics(last=NOW.date()) == 0
