"""What happens in a simulated city beside the straight way of a case: verification, delays, suspensions, voids,
supervision, urging, rework at the desk, appeals, return visits. Shares are ours: few, as in a city that works."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from grid.rules.clock import WorkCalendar
from grid.rules.stages import Stage
from grid.rules.tempo import Living, NextMove, at_desk, lag, outside
from grid.rules.transitions import Action
from grid.rules.workflow import DEFAULT_WORKFLOW

COLLECTOR = "01"
PUBLIC = ("02", "03", "11")
"""Sources whose reporters are asked back (CL_CASESRC)."""
VERIFY_SHARE = 0.09
"""Reports of others than collectors that are looked at before filing …"""
UNTRUE_SHARE = 0.14
"""… and of these, those that turn out untrue."""
SELF_HANDLED_SHARE = 0.05
VOID_SHARE = 0.004
DELAY_SHARE = 0.022
SUSPENSION_SHARE = 0.006
SUPERVISION_SHARE = 0.006
URGE_SHARE = 0.02
REWORK_SHARE = 0.01
APPEAL_SHARE = 0.12
"""Of cases handled late."""
VISIT_SHARE = 0.35
REFUSED = {"delay": 0.25, "suspension": 0.2, "void": 0.25, "appeal": 0.6}
SUSPENDED_DAYS = 10
"""So long a suspension is asked for; it is lifted by hand before."""
ANSWER_WITHIN = timedelta(days=1)
"""By when a supervision wants its answer."""
SATISFACTION = ("5", "4", "3", "2", "1")
SATISFACTION_WEIGHTS = (46, 33, 13, 5, 3)
Player = Callable[[Living, Random, WorkCalendar, float], NextMove | None]


def aside(case: Living, rng: Random, calendar: WorkCalendar, quality: float) -> NextMove | None:
    """A move beside the straight way, where one is drawn; None where the case goes on as usual."""
    player = _ASIDES.get(Stage(case.state))
    return None if player is None else player(case, rng, calendar, quality)


def verified(case: Living, rng: Random, calendar: WorkCalendar, quality: float) -> NextMove:
    """What the collector finds at the place."""
    at = outside(rng, case.updated_at, 17, calendar.zone)
    return NextMove(Action.VERIFY_FALSE if rng.random() < UNTRUE_SHARE else Action.VERIFY_TRUE, at)


def _reported(case: Living, rng: Random, calendar: WorkCalendar, quality: float) -> NextMove | None:
    drawn = rng.random()
    if case.source == COLLECTOR:
        if drawn < SELF_HANDLED_SHARE and DEFAULT_WORKFLOW.may_self_handle(case.class_code):
            return NextMove(Action.SELF_HANDLE, case.updated_at + lag(rng, 7, 0.4))
        return None
    if drawn < VERIFY_SHARE:
        return NextMove(Action.SEND_VERIFY, at_desk(rng, case.updated_at, 5, calendar.zone))
    return None


def _filed(case: Living, rng: Random, calendar: WorkCalendar, quality: float) -> NextMove | None:
    if rng.random() < VOID_SHARE:
        return NextMove(Action.APPLY_VOID, at_desk(rng, case.updated_at, 8, calendar.zone))
    return None


def _handling(case: Living, rng: Random, calendar: WorkCalendar, quality: float) -> NextMove | None:
    if getattr(case, "awaits_answer", False):
        return NextMove(Action.ANSWER_SUPERVISION, case.updated_at + lag(rng, 90))
    drawn, due = rng.random() * quality, case.dispose_deadline
    is_fresh = case.rework_count == 0 and case.postpone_count == 0 and not getattr(case, "was_hung", False)
    if not is_fresh or due is None or due <= case.updated_at:
        return None
    at = case.updated_at + (due - case.updated_at) * rng.uniform(0.25, 0.85)
    for action, share in _SHARES:
        if drawn < share:
            return NextMove(action, at)
        drawn -= share
    return None


_SHARES = (
    (Action.APPLY_DELAY, DELAY_SHARE),
    (Action.APPLY_SUSPENSION, SUSPENSION_SHARE),
    (Action.SUPERVISE, SUPERVISION_SHARE),
    (Action.URGE, URGE_SHARE),
)


def _suspended(case: Living, rng: Random, calendar: WorkCalendar, quality: float) -> NextMove:
    since = case.updated_at + timedelta(days=rng.uniform(1, SUSPENDED_DAYS - 3))
    return NextMove(Action.RESUME, at_desk(rng, since, 20, calendar.zone))


def _feedback(case: Living, rng: Random, calendar: WorkCalendar, quality: float) -> NextMove | None:
    if case.rework_count == 0 and rng.random() < REWORK_SHARE:
        return NextMove(Action.REWORK, at_desk(rng, case.updated_at, 8, calendar.zone))
    return None


def _closed(case: Living, rng: Random, calendar: WorkCalendar, quality: float) -> NextMove | None:
    drawn = rng.random()
    if case.source in PUBLIC and not case.satisfaction and drawn < VISIT_SHARE:
        since = case.updated_at + timedelta(hours=rng.uniform(2, 60))
        return NextMove(Action.RETURN_VISIT, outside(rng, since, 30, calendar.zone))
    is_late = case.disposed_at and case.dispose_deadline and case.disposed_at > case.dispose_deadline
    if is_late and not case.appeal and drawn > 1 - APPEAL_SHARE:
        since = case.updated_at + timedelta(hours=rng.uniform(3, 70))
        return NextMove(Action.APPEAL, outside(rng, since, 30, calendar.zone))
    return None


_ASIDES: dict[Stage, Player] = {
    Stage.REPORTED: _reported,
    Stage.FILED: _filed,
    Stage.HANDLING: _handling,
    Stage.SUSPENDED: _suspended,
    Stage.FEEDBACK: _feedback,
    Stage.CLOSED: _closed,
}


def _decided(approve: Action, refuse: Action) -> Player:
    """Who decides an application says no to a share, on the first level or a further one."""

    def decide(case: Living, rng: Random, calendar: WorkCalendar, quality: float) -> NextMove:
        at: datetime = at_desk(rng, case.updated_at, 35, calendar.zone)
        return NextMove(refuse if rng.random() < REFUSED[case.pending] else approve, at)

    return decide


DECIDERS: dict[str, Player] = {
    "delay": _decided(Action.APPROVE_DELAY, Action.REFUSE_DELAY),
    "suspension": _decided(Action.APPROVE_SUSPENSION, Action.REFUSE_SUSPENSION),
    "void": _decided(Action.APPROVE_VOID, Action.REFUSE_VOID),
    "appeal": _decided(Action.APPROVE_APPEAL, Action.REFUSE_APPEAL),
}
