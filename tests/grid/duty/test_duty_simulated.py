"""The duty of a simulated city, the exchange's record kinds, and what an event brings."""

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from cityops.foundation.records import registry
from grid.duty import receivers, tasks
from grid.duty.models import Assignment, DutyGrid, EvaluationGrid, PatrolPlan, Shift, TeamStatistic, Visit
from grid.duty.rules.ground import is_connected
from grid.duty.selectors.areas import neighbours
from grid.duty.selectors.coverage import coverage
from grid.duty.services.simulating import simulate_duty
from grid.models import CaseStep
from grid.services.case_tasks import assigned
from grid.services.simulator.extras import EXTRAS
from grid.services.simulator.world import World
from tests.factories import duty
from tests.factories.grid import WEST, ready_city, registered, stored_case, unit_grid
from tests.factories.people import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    duty.ground(6)
    unit_grid(duty.unit(9), west=WEST + 0.2)
    return World([], [], {}, {}, [], {}, (duty.ORG, "测试环卫所"), [])


def test_a_simulated_city_has_duty_that_can_be_looked_at(world):
    for _number in range(3):
        person("collector", division_code="330102000000")
    now = timezone.now()
    simulate_duty(world, 7, now)
    grids = list(DutyGrid.objects.all())
    assert [len(grid.unit_codes) for grid in grids] == [6, 1]
    assert all(is_connected(grid.unit_codes, neighbours(grid.unit_codes)) for grid in grids)
    assert Shift.objects.count() == 3
    assert Assignment.objects.filter(day__gt=timezone.localdate()).exists()
    assert not Visit.objects.filter(at__gt=now).exists()
    today = timezone.localdate()
    found = coverage((today - timedelta(days=14), today), "330100000000")
    assert 0 < found.visited < found.scheduled
    assert PatrolPlan.objects.get().times == 2
    simulate_duty(world, 7, now)
    assert DutyGrid.objects.count() == 2


def test_duty_is_an_extra_of_the_simulator():
    assert simulate_duty in EXTRAS


def test_no_person_leaves_the_city():
    kinds = {code: registry.get(code) for code in ("JC05", "JC06", "GL10")}
    assert [kind.model for kind in kinds.values()] == [DutyGrid, EvaluationGrid, TeamStatistic]
    assert "leader" in kinds["JC05"].local
    assert "leader" not in kinds["JC05"].fields
    assert not {"supervisor", "visitor"} & {name for kind in kinds.values() for name in kind.fields}


def test_a_step_of_a_case_brings_its_visit():
    duty.ground()
    case, who = stored_case(), person("collector")
    CaseStep.objects.create(
        case=case, origin_code=case.origin_code, seq=1, action="01", to_state="10",
        operator_role="01", operator_id=who.pk, operated_at=timezone.now(),
    )  # fmt: skip
    receivers.case_stepped(case_pk=case.pk)
    tasks.catch_up_visits()
    assert Visit.objects.get().source == "report"


def test_what_a_collector_reports_is_a_visit_and_what_the_hotline_reports_is_none(django_capture_on_commit_callbacks):
    ready_city()
    for role in ("collector", "hotline"):
        with django_capture_on_commit_callbacks(execute=True):
            registered(person(role))
    visit = Visit.objects.get()
    assert (visit.source, visit.grid_code) == ("report", duty.unit(1))


def test_the_core_asks_duty_who_gets_a_task():
    entry = duty.assignment(duty.duty_grid(duty.ground()), duty.running_shift())
    case = stored_case()
    assert assigned(case, "verify", timezone.now(), frozenset()) == entry.on_duty_id
    assert assigned(case, "verify", timezone.now(), frozenset({entry.on_duty_id})) is None


def test_the_month_is_compiled_by_schedule_and_by_hand():
    tasks.team_statistics()
    row = TeamStatistic.objects.get()
    out = io.StringIO()
    call_command("compile_team_statistics", row.period_code, stdout=out)
    assert "no data" in out.getvalue()
    assert "unchanged" in out.getvalue()
    with pytest.raises(CommandError):
        call_command("compile_team_statistics", "2026")
