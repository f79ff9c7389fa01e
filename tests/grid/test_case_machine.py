"""Whatever people do in whatever order, a case stays true: a state machine over rules and clock."""

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from grid.rules import FINAL_STAGES, MOVES, OPEN_STAGES, Action, Stage
from grid.rules.clock import STANDARD_HOURS, Unit, WorkCalendar, WorkingHours, add_limit, used_between
from grid.rules.moving import Desk, FilingRule, changes_of
from grid.rules.transitions import BY_STEP, can_move, is_own_work, moves_from, reachable

DESK = Desk(WorkCalendar(ZoneInfo("Asia/Shanghai"), (WorkingHours(dt.date(2000, 1, 1), STANDARD_HOURS),)))
START = dt.datetime(2026, 11, 20, 9, 0, tzinfo=dt.UTC)
units = st.sampled_from(sorted(Unit))
limits = st.integers(1, 100).map(lambda tenths: Decimal(tenths) / 10)
DISPATCHES = {Action.DISPATCH, Action.DISPATCH_AGAIN}
TIMES = ("reported_at", "accepted_at", "filed_at", "dispatched_at", "disposed_at", "checked_at", "closed_at")


class OneCase(RuleBasedStateMachine):
    """A case in the hands of random people."""

    @initialize()
    def report(self):
        self.now = START
        self.case = SimpleNamespace(
            state=Stage.REPORTED.value,
            case_no="330100202611200000000001",
            version=1,
            rework_count=0,
            return_count=0,
            duty_org="",
            updated_at=START,
            limit_value=None,
            limit_unit="",
            reported_at=START,
            stage_due_at=DESK.stage_end("accept", START),
            **dict.fromkeys((*TIMES[1:], "dispose_deadline", "close_deadline", "stage_warn_at")),
        )
        self.versions = [1]
        self.deadline = None
        self.returns = 0

    def move(self, action, **inputs):
        changed = changes_of(self.case, action, self.now, DESK, inputs)
        vars(self.case).update(changed)
        self.versions.append(self.case.version)

    @rule(minutes=st.integers(0, 4000))
    def time_passes(self, minutes):
        self.now += dt.timedelta(minutes=minutes)

    @rule(
        action=st.sampled_from(sorted(set(Action) - {Action.REPORT, Action.FILE, *DISPATCHES})),
        reason=st.sampled_from(["01", "02"]),
    )
    def somebody_acts(self, action, reason):
        if can_move(Stage(self.case.state), action):
            self.move(action, reason=reason)
            self.returns += action is Action.RETURN

    @precondition(lambda self: self.case.state == Stage.ACCEPTED)
    @rule(value=limits, unit=units)
    def it_is_filed(self, value, unit):
        self.move(Action.FILE, rule=FilingRule("条件", value, unit))

    @precondition(lambda self: self.case.state == Stage.FILED)
    @rule()
    def it_is_dispatched(self):
        self.move(Action.DISPATCH, duty_org="CZ1")
        self.deadline = self.case.dispose_deadline
        assert self.deadline == add_limit(self.now, self.case.limit_value, self.case.limit_unit, DESK.calendar)

    @precondition(lambda self: self.case.state == Stage.RETURNED)
    @rule(to=st.sampled_from(["CZ1", "CZ2"]))
    def it_is_dispatched_again(self, to):
        before, had, back, calendar = self.deadline, self.case.duty_org, self.case.updated_at, DESK.calendar
        value, unit = self.case.limit_value, self.case.limit_unit
        self.move(Action.DISPATCH_AGAIN, duty_org=to)
        self.deadline = self.case.dispose_deadline
        if to != had:
            assert self.deadline == add_limit(self.now, value, unit, calendar)
        elif before <= back:
            assert self.deadline == before
        else:
            left = used_between(back, before, unit, calendar)
            assert used_between(self.now, self.deadline, unit, calendar) == left
            assert self.deadline >= before
        assert self.case.stage_warn_at <= self.deadline

    @invariant()
    def returns_are_counted(self):
        assert self.case.return_count == self.returns

    @invariant()
    def versions_grow_by_one(self):
        assert self.versions == list(range(1, len(self.versions) + 1))

    @invariant()
    def a_final_case_has_no_clock_and_an_open_one_has(self):
        is_final = Stage(self.case.state) in FINAL_STAGES
        assert (self.case.stage_due_at is None) == is_final
        assert (self.case.closed_at is not None) == (self.case.state == Stage.CLOSED)

    @invariant()
    def the_disposal_deadline_moves_with_a_dispatch_only(self):
        assert self.case.dispose_deadline == self.deadline
        if self.deadline is not None:
            assert self.case.close_deadline > self.deadline

    @invariant()
    def times_are_in_order(self):
        given = [getattr(self.case, name) for name in TIMES]
        if self.case.rework_count == self.case.return_count == 0:
            known = [at for at in given if at is not None]
            assert known == sorted(known)

    @invariant()
    def a_disposed_case_is_past_handling(self):
        if self.case.state in {Stage.RETURNED, Stage.DISPATCHED, Stage.HANDLING}:
            assert self.case.disposed_at is None


TestOneCase = OneCase.TestCase
TestOneCase.settings = settings(
    deadline=None, max_examples=60, stateful_step_count=30, suppress_health_check=[HealthCheck.too_slow]
)


def test_every_stage_is_entered_and_only_final_ones_are_never_left():
    table = reachable()
    assert set(table) == set(Stage)
    entered = {stage for targets in table.values() for stage in targets} | {Stage.REPORTED}
    assert entered == set(Stage)
    for stage in Stage:
        assert bool(table[stage] - {stage}) == (stage.value in OPEN_STAGES)


def test_from_every_stage_of_the_loop_a_case_can_be_finished():
    table = reachable()
    for stage in set(Stage):
        seen, frontier = {stage}, {stage}
        while frontier:
            frontier = {target for at in frontier for target in table[at]} - seen
            seen |= frontier
        assert seen & FINAL_STAGES


def test_steps_and_moves_are_one_to_one():
    assert len(BY_STEP) == len(MOVES)
    assert [move.action for move in moves_from(Stage.CHECKING)] == [
        Action.APPLY_VOID,
        Action.PASS_CHECK,
        Action.FAIL_CHECK,
        Action.FORCE_CLOSE,
        Action.URGE,
        Action.SUPERVISE,
        Action.ANSWER_SUPERVISION,
    ]


def test_own_work_is_that_of_the_person_and_of_the_department():
    facts = {"handlers": [7], "duty_org": "A"}
    assert is_own_work(by=7, by_orgs=[], **facts)
    assert is_own_work(by=8, by_orgs=["A"], **facts)
    assert not is_own_work(by=8, by_orgs=["B"], **facts)
    assert not is_own_work(by=8, by_orgs=[""], handlers=[], duty_org="")
