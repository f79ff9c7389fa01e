"""Random people work on a stored case through the services: whatever is tried, its record stays true."""

import datetime as dt
import itertools

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from cityops.foundation.errors import CityOpsError, Refused
from cityops.foundation.models import AuditEvent
from grid.models import Case, CaseApplication, CaseStep, CaseTask
from grid.rules.stages import Stage
from grid.rules.transitions import BY_STEP, MOVES, Action, can_move
from grid.rules.workflow import SPINE
from grid.services.cases import act
from sync.exchange.models import DirtyMark
from tests.factories import grid as ground
from tests.factories.people import organisation, person

START = dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC)
ACTIONS = sorted(set(Action) - {Action.REPORT})
STEP = [field.attname for field in CaseStep._meta.concrete_fields]


class Office:
    """The people of a city, made once for all examples."""

    def __init__(self):
        ground.ready_city()
        self.departments = [organisation("CZ0000000000000001"), organisation("CZ0000000000000002")]
        self.desk = person(("acceptor", "duty_leader", "dispatcher", "collector"))
        self.main = ground.registered(self.desk, at=START)
        self.people = [
            self.desk,
            *(person("department", organisation=org) for org in self.departments),
            person(("inspector", "department"), organisation=self.departments[0]),
            person("evaluator"),
            person("leader"),
            person(("duty_leader", "hotline")),
        ]


class StoredCase(RuleBasedStateMachine):
    """One case in the database."""

    office: Office
    reached: set[str]

    @initialize()
    def report(self):
        self.now = START
        self.case = ground.registered(self.office.desk, at=START)
        self.known = []
        self.last = None

    def fields(self, action, department):
        given = {
            "opinion": "意见",
            "reason": "02",
            "duty_org": department.org_code,
            "rule": None,
            "main_case": self.office.main.case_no,
            "why": "season",
            "until": self.now.date() + dt.timedelta(days=20),
            "due_at": self.now + dt.timedelta(hours=8),
            "satisfaction": "4",
        }
        return {name: given[name] for name in MOVES[action].inputs}

    def attempt(self, action, person_number, department_number, **more):
        """Let somebody try something; what is refused must leave everything as it was."""
        before = self.stored()
        marks = self.marks()
        user = self.office.people[person_number]
        fields = self.fields(action, self.office.departments[department_number])
        try:
            act(user, self.case.case_no, action, at=self.now, **fields, **more)
        except CityOpsError as refusal:
            assert (self.stored(), self.marks()) == (before, marks)
            return refusal
        if self.stored() != before:
            assert can_move(Stage(before[0]["state"]), action, before[0]["pending"])
            assert self.marks() > marks
            self.last = (action, person_number, department_number)
        return None

    def stored(self):
        steps = list(CaseStep.objects.filter(case=self.case).order_by("seq").values(*STEP))
        return Case.objects.filter(pk=self.case.pk).values().get(), steps

    def marks(self):
        return DirtyMark.objects.filter(dataset="GL01", rid=self.case.rid).count()

    @rule(action=st.sampled_from(ACTIONS), who=st.integers(0, 6), to=st.integers(0, 1), minutes=st.integers(0, 3000))
    def somebody_tries_something(self, action, who, to, minutes):
        self.now += dt.timedelta(minutes=minutes)
        self.attempt(action, who, to)

    @rule(turn=st.integers(0, 99), who=st.integers(0, 6), to=st.integers(0, 1), minutes=st.integers(0, 300))
    def somebody_does_what_is_next(self, turn, who, to, minutes):
        self.now += dt.timedelta(minutes=minutes)
        case, _steps = self.stored()
        open_now = [a for a in ACTIONS if can_move(Stage(case["state"]), a, case["pending"])]
        open_now += [action for action in open_now if action in SPINE] * 2 * len(open_now)
        if open_now:
            action = open_now[turn % len(open_now)]
            for number in (who, 0, 1, 2, 5, 6):
                if self.attempt(action, number, to) is None:
                    break

    @rule()
    def the_last_click_comes_twice(self):
        if self.last is not None and MOVES[self.last[0]].to_stage is not None:
            before = self.stored()
            self.attempt(*self.last)
            assert self.stored() == before

    @rule(action=st.sampled_from(ACTIONS), who=st.integers(0, 2))
    def somebody_acts_on_an_old_page(self, action, who):
        version = self.stored()[0]["version"]
        if version > 1:
            before = self.stored()
            refusal = self.attempt(action, who, 0, version=version - 1)
            assert self.stored() == before
            assert refusal is None or isinstance(refusal, CityOpsError)

    @invariant()
    def steps_are_only_appended_and_numbered_without_gap(self):
        _case, steps = self.stored()
        assert steps[: len(self.known)] == self.known
        assert [step["seq"] for step in steps] == list(range(1, len(steps) + 1))
        self.known = steps

    @invariant()
    def steps_follow_the_table_and_end_where_the_case_stands(self):
        case, steps = self.stored()
        assert (case["state"], case["version"]) == (steps[-1]["to_state"], len(steps))
        for before, after in itertools.pairwise(steps):
            move = BY_STEP[after["action"]]
            assert after["from_state"] == before["to_state"]
            assert after["from_state"] in move.from_stages
            assert after["to_state"] in {move.target(Stage(after["from_state"])), after["from_state"]}
            assert after["operated_at"] >= before["operated_at"]
        self.reached.add(case["state"])
        actions = [step["action"] for step in steps]
        reworks = actions.count("19") + actions.count("36")
        assert (case["rework_count"], case["return_count"]) == (reworks, actions.count("11"))
        assert case["postpone_count"] == actions.count("13")

    @invariant()
    def the_ledger_and_the_case_agree(self):
        case, _steps = self.stored()
        waiting = CaseApplication.objects.filter(case=self.case, state="pending")
        assert [row.kind for row in waiting] == ([case["pending"]] if case["pending"] else [])
        assert CaseTask.objects.filter(case=self.case, done_at=None).exists() == (case["state"] in {"12", "61"})

    @invariant()
    def every_step_has_its_audit_entry(self):
        assert AuditEvent.objects.filter(object_key=self.case.case_no).count() == len(self.stored()[1])


@pytest.mark.django_db
def test_a_stored_case_stays_true():
    StoredCase.office, StoredCase.reached = Office(), set()
    run_state_machine_as_test(
        StoredCase,
        settings=settings(
            deadline=None,
            max_examples=12,
            stateful_step_count=40,
            phases=(Phase.explicit, Phase.generate),
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert {Stage.FILED, Stage.DISPATCHED, Stage.HANDLING} <= StoredCase.reached


@pytest.mark.django_db
def test_an_old_page_is_refused_even_for_a_move_that_is_open():
    case, user = ground_case(), person("acceptor")
    act(user, case, "accept", at=START)
    with pytest.raises(Refused):
        act(user, case, "reject", version=1, reason="01")
    assert Case.objects.get(pk=case.pk).version == 2


def ground_case():
    ground.ready_city()
    return ground.registered(at=START)
