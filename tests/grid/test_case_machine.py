"""Whatever people do in whatever order, a case stays true: a state machine over rules and clock."""

import datetime as dt
from collections import Counter
from decimal import Decimal
from types import SimpleNamespace
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from grid.rules import FINAL_STAGES, MOVES, OPEN_STAGES, Action, Stage
from grid.rules.clock import (
    STANDARD_HOURS,
    Unit,
    WorkCalendar,
    WorkingHours,
    add_limit,
    limit_length,
    used_between,
)
from grid.rules.moving import Desk, FilingRule, changes_of
from grid.rules.transitions import BY_STEP, is_own_work, moves_from, reachable
from grid.rules.workflow import parse_workflow

DESK = Desk(WorkCalendar(ZoneInfo("Asia/Shanghai"), (WorkingHours(dt.date(2000, 1, 1), STANDARD_HOURS),)))
START = dt.datetime(2026, 11, 20, 9, 0, tzinfo=dt.UTC)
units = st.sampled_from(sorted(Unit))
limits = st.integers(1, 100).map(lambda tenths: Decimal(tenths) / 10)
ASSERTED = {
    Action.FILE,
    Action.DISPATCH,
    Action.DISPATCH_AGAIN,
    Action.REFUSE_RETURN,
    Action.RESUME,
    Action.APPROVE_DELAY,
}
"""Moves with rules of their own below."""
TIMES = ("reported_at", "accepted_at", "filed_at", "dispatched_at", "disposed_at", "checked_at", "closed_at")


class OneCase(RuleBasedStateMachine):
    """A case in the hands of random people, through every row of the table and every sub-state."""

    @initialize(two_level=st.booleans(), rework=st.sampled_from(["continues", "restarts"]))
    def report(self, two_level, rework):
        self.workflow = parse_workflow("test", {"two_level": two_level, "rework_clock": rework})
        self.now = START
        self.case = SimpleNamespace(
            state=Stage.REPORTED.value,
            case_no="330100202611200000000001",
            division_code="330102001001",
            version=1,
            pending="",
            duty_org="",
            close_type="",
            is_hung="0",
            is_void="0",
            updated_at=START,
            limit_value=None,
            limit_unit="",
            run_seconds=None,
            paused_at=None,
            reported_at=START,
            stage_due_at=DESK.stage_end("accept", START),
            **dict.fromkeys(("rework_count", "return_count", "postpone_count", "checks_passed"), 0),
            **dict.fromkeys((*TIMES[1:], "dispose_deadline", "close_deadline", "stage_warn_at")),
        )
        self.versions = [1]
        self.done = Counter()

    def can(self, action):
        return any(
            move.action is action for move in self.workflow.moves_from(Stage(self.case.state), self.case.pending)
        )

    def move(self, action, **inputs):
        before = dict(vars(self.case))
        changed = changes_of(self.case, action, self.now, DESK, inputs, workflow=self.workflow)
        vars(self.case).update(changed)
        self.versions.append(self.case.version)
        self.done[action] += 1
        return before

    @rule(minutes=st.integers(0, 4000))
    def time_passes(self, minutes):
        self.now += dt.timedelta(minutes=minutes)

    @rule(action=st.sampled_from(sorted(set(Action) - {Action.REPORT, *ASSERTED})), to=st.sampled_from(["CZ1", "CZ2"]))
    def somebody_acts(self, action, to):
        if self.can(action):
            inputs = {"reason": "01", "rule": FilingRule("条件", Decimal(4), "work_hour"), "duty_org": to}
            self.move(action, **inputs, main_case=None, satisfaction="5")

    @rule(value=limits, unit=units)
    def it_is_filed(self, value, unit):
        if self.can(Action.FILE):
            self.move(Action.FILE, rule=FilingRule("条件", value, unit))

    @rule(to=st.sampled_from(["CZ1", "CZ2"]))
    def it_is_dispatched(self, to):
        if self.can(Action.DISPATCH):
            self.move(Action.DISPATCH, duty_org=to)
            assert self.case.dispose_deadline == self.whole_limit()

    def whole_limit(self):
        return add_limit(self.now, self.case.limit_value, self.case.limit_unit, DESK.calendar)

    @rule(to=st.sampled_from(["CZ1", "CZ2"]))
    def it_is_dispatched_again(self, to):
        if self.can(Action.DISPATCH_AGAIN):
            before = self.move(Action.DISPATCH_AGAIN, duty_org=to)
            if to == before["duty_org"]:
                self.went_on(before)
            else:
                assert self.case.dispose_deadline == self.whole_limit()

    def went_on(self, before):
        """The clock goes on with exactly what was left when it was stopped; a used-up one stays where it was."""
        due, stopped, unit = before["dispose_deadline"], before["paused_at"], self.case.limit_unit
        if due <= stopped:
            assert self.case.dispose_deadline == due
        else:
            left = used_between(stopped, due, unit, DESK.calendar)
            assert used_between(self.now, self.case.dispose_deadline, unit, DESK.calendar) == left
            assert self.case.dispose_deadline >= due
        assert self.case.paused_at is None

    @rule(action=st.sampled_from([Action.REFUSE_RETURN, Action.RESUME]))
    def the_clock_goes_on(self, action):
        if self.can(action):
            self.went_on(self.move(action))

    @rule()
    def a_delay_adds_one_limit(self):
        if self.can(Action.APPROVE_DELAY):
            before, unit = self.move(Action.APPROVE_DELAY), self.case.limit_unit
            added = used_between(before["dispose_deadline"], self.case.dispose_deadline, unit, DESK.calendar)
            assert added == limit_length(self.case.limit_value, unit)
            assert self.case.stage_due_at == self.case.dispose_deadline

    @invariant()
    def counts_are_those_of_what_was_done(self):
        assert self.case.return_count == self.done[Action.APPROVE_RETURN]
        assert self.case.postpone_count == self.done[Action.APPROVE_DELAY]
        assert self.case.rework_count == self.done[Action.FAIL_CHECK] + self.done[Action.REWORK]

    @invariant()
    def versions_grow_by_one(self):
        assert self.versions == list(range(1, len(self.versions) + 1))

    @invariant()
    def a_final_or_suspended_case_has_no_stage_clock_and_every_other_has(self):
        stage = Stage(self.case.state)
        assert (self.case.stage_due_at is None) == (stage in FINAL_STAGES or stage is Stage.SUSPENDED)
        assert (self.case.closed_at is not None) == (stage in {Stage.CLOSED, Stage.SELF_CLOSED})
        assert (self.case.is_hung == "1") == (stage is Stage.SUSPENDED)

    @invariant()
    def a_stopped_clock_has_a_reason(self):
        if self.case.paused_at is not None:
            stage = Stage(self.case.state)
            waits = self.case.pending == "return" or stage in {Stage.RETURNED, Stage.SUSPENDED}
            assert waits
            assert self.case.paused_at <= self.now

    @invariant()
    def an_application_is_made_where_the_table_says(self):
        if self.case.pending:
            applied = {move for move in MOVES.values() if move.applies == self.case.pending}
            assert any(self.case.state in move.from_stages for move in applied)

    @invariant()
    def closing_is_due_after_disposing(self):
        if self.case.dispose_deadline is not None and self.case.close_type != "2":
            assert self.case.close_deadline > self.case.dispose_deadline

    @invariant()
    def a_warning_is_not_after_its_deadline(self):
        if self.case.stage_due_at is not None and self.case.stage_warn_at is not None:
            assert self.case.stage_warn_at <= self.case.stage_due_at

    @invariant()
    def a_disposed_case_is_past_handling(self):
        if self.case.state in {Stage.RETURNED, Stage.DISPATCHED, Stage.HANDLING}:
            assert self.case.disposed_at is None


TestOneCase = OneCase.TestCase
TestOneCase.settings = settings(
    deadline=None, max_examples=200, stateful_step_count=50, suppress_health_check=[HealthCheck.too_slow]
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
        Action.PASS_CHECK,
        Action.FAIL_CHECK,
        Action.FORCE_CLOSE,
        Action.APPLY_VOID,
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
