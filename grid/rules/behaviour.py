"""How the people of a simulated city behave: when things are reported, how soon each desk acts, who does well.

Everything is drawn from a ``random.Random`` that the caller seeds by city, case and version of the case. So the past
that is written in bulk and the present that is played through the services are one story: the next move of a case
depends on nothing but the seed and the case as it stands.
"""

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from random import Random

from grid.rules.asides import DECIDERS, aside, verified
from grid.rules.clock import WorkCalendar, add_length
from grid.rules.stages import Stage
from grid.rules.tempo import Living, NextMove, at_desk, is_worked_limit, lag, limit_of, outside, random_of
from grid.rules.transitions import REJECT_REASONS, Action

HOURS = (1, 1, 1, 1, 1, 3, 12, 34, 52, 46, 38, 30, 18, 26, 36, 38, 36, 42, 34, 22, 14, 9, 5, 2)
"""Reports by hour of the day: a rush in the morning and one in the late afternoon."""
NIGHT_ROUND = 3
"""Reports of the round with which the night shift begins, so that a day is never empty …"""
NIGHT_ROUND_MINUTES = 8
"""… for longer than this."""
WEEKDAYS = (1.12, 1.06, 1.04, 1.03, 1.1, 0.84, 0.72)
OFF_SHARE = 0.7
"""Share of a working day's reports that come on a public holiday."""
SOURCES = (("01", 58), ("02", 19), ("03", 13), ("04", 5), ("08", 2), ("11", 3))
"""CL_CASESRC with weights: collectors first, then hotline, public, video, departments, volunteers."""
REPORTERS = {"01": "1", "02": "2", "03": "2", "04": "3", "08": "4", "11": "2"}
"""CL_CASESRC → CL_REPORTER."""
STUCK_SHARE = 0.02
"""Share of dispatched cases that lie unsigned for days."""
MOST_RETURNS = 2
"""A case that came back this often is handled by whoever has it then."""
REFUSED_RETURNS = 0.2
"""Share of applications for return that are not granted."""
SAME_AGAIN_SHARE = 0.3
"""Share of returned cases that the dispatcher sends to the same department again."""
MOST_REWORK = 2
"""After this many failures a check passes: somebody senior went along."""


@lru_cache(maxsize=4096)
def quality_of(seed: int, org_code: str) -> float:
    """How well a department works: 0.68 (slow, often sent back) to 1.25 (quick and thorough)."""
    return random_of(seed, "quality", org_code).triangular(0.68, 1.25, 1.0)


def reports_on(seed: int, day: date, per_day: float, calendar: WorkCalendar) -> list[datetime]:
    """The moments of a day at which something is reported, in order, in UTC; about ``per_day`` on a usual day."""
    rng = random_of(seed, "day", day)
    busy = WEEKDAYS[day.weekday()] * (1.0 if calendar.is_workday(day) or day.weekday() > 4 else OFF_SHARE)
    number = max(0, round(per_day * busy * rng.triangular(0.86, 1.16, 1.0)))
    hours = rng.choices(range(24), weights=HOURS, k=number)
    clocks = [time(hour, rng.randrange(60), rng.randrange(60)) for hour in hours]
    clocks[:NIGHT_ROUND] = [
        time(0, rng.randrange(NIGHT_ROUND_MINUTES), rng.randrange(60)) for _ in clocks[:NIGHT_ROUND]
    ]
    moments = [datetime.combine(day, clock, tzinfo=calendar.zone) for clock in clocks]
    return sorted(moment.astimezone(UTC) for moment in moments)


def next_move(case: Living, rng: Random, calendar: WorkCalendar, quality: float) -> NextMove | None:
    """The next move of a case as it stands since ``updated_at``; None where the simulation leaves it alone.

    ``quality`` is that of the department that has the case (1.0 before dispatch).
    """
    if case.pending:
        decider = _DECIDERS.get(case.pending)
        return None if decider is None else decider(case, rng, calendar, quality)
    other = aside(case, rng, calendar, quality)
    if other is not None:
        return other
    player = _PLAYERS.get(Stage(case.state))
    return None if player is None else player(case, rng, calendar, quality)


def _reported(case: Living, rng: Random, calendar: WorkCalendar, quality: float) -> NextMove:
    at = at_desk(rng, case.updated_at, 5.5, calendar.zone)
    if rng.random() < (0.035 if case.source == "01" else 0.1):
        return NextMove(Action.REJECT, at, rng.choices(list(REJECT_REASONS), weights=(3, 5, 2, 3, 2, 1))[0])
    return NextMove(Action.ACCEPT, at)


def _accepted(case: Living, rng: Random, calendar: WorkCalendar, quality: float) -> NextMove:
    at = at_desk(rng, case.updated_at, 14, calendar.zone)
    return NextMove(Action.REJECT, at, "06") if rng.random() < 0.008 else NextMove(Action.FILE, at)


def _filed(case: Living, rng: Random, calendar: WorkCalendar, quality: float) -> NextMove:
    return NextMove(Action.DISPATCH, at_desk(rng, case.updated_at, 6, calendar.zone))


def _dispatched(case: Living, rng: Random, calendar: WorkCalendar, quality: float) -> NextMove:
    waits = lag(rng, 32 if is_worked_limit(case) else 9) / quality
    if rng.random() < STUCK_SHARE:
        waits += timedelta(hours=rng.uniform(16, 220))
    waits = min(waits, max(limit_of(case) / 3, timedelta(minutes=4))) if rng.random() > 0.06 else waits
    at = add_length(case.updated_at, waits, calendar, is_worked=is_worked_limit(case))
    is_first = case.rework_count == 0
    if is_first and case.return_count < MOST_RETURNS and rng.random() < max(0.012, 0.038 + 0.12 * (1.0 - quality)):
        return NextMove(Action.APPLY_RETURN, at)
    return NextMove(Action.SIGN, at)


def _return_applied(case: Living, rng: Random, calendar: WorkCalendar, quality: float) -> NextMove:
    at = at_desk(rng, case.updated_at, 9, calendar.zone)
    return NextMove(Action.REFUSE_RETURN if rng.random() < REFUSED_RETURNS else Action.APPROVE_RETURN, at)


def _returned(case: Living, rng: Random, calendar: WorkCalendar, quality: float) -> NextMove:
    return NextMove(Action.DISPATCH_AGAIN, at_desk(rng, case.updated_at, 12, calendar.zone))


def _handling(case: Living, rng: Random, calendar: WorkCalendar, quality: float) -> NextMove:
    limit, is_worked = limit_of(case), is_worked_limit(case)
    if case.rework_count or case.dispatched_at is None:
        at = add_length(case.updated_at, limit * rng.uniform(0.08, 0.35), calendar, is_worked=is_worked)
    else:
        share = rng.lognormvariate(math.log(0.46 / quality), 0.46)
        at = add_length(case.dispatched_at, limit * share, calendar, is_worked=is_worked)
    earliest = case.updated_at + lag(rng, 11, 0.4)
    return NextMove(Action.FEED_BACK, max(at, earliest))


def _feedback(case: Living, rng: Random, calendar: WorkCalendar, quality: float) -> NextMove:
    return NextMove(Action.SEND_CHECK, at_desk(rng, case.updated_at, 6, calendar.zone))


def _checking(case: Living, rng: Random, calendar: WorkCalendar, quality: float) -> NextMove:
    at = outside(rng, case.updated_at, 19, calendar.zone)
    fails = max(0.012, 0.05 + 0.22 * (1.0 - quality))
    if case.rework_count < MOST_REWORK and rng.random() < fails:
        return NextMove(Action.FAIL_CHECK, at)
    return NextMove(Action.PASS_CHECK, at)


def _to_close(case: Living, rng: Random, calendar: WorkCalendar, quality: float) -> NextMove:
    return NextMove(Action.CLOSE, at_desk(rng, case.updated_at, 8, calendar.zone))


_DECIDERS = {"return": _return_applied, **DECIDERS}
_PLAYERS = {
    Stage.REPORTED: _reported,
    Stage.VERIFYING: verified,
    Stage.ACCEPTED: _accepted,
    Stage.FILED: _filed,
    Stage.RETURNED: _returned,
    Stage.DISPATCHED: _dispatched,
    Stage.HANDLING: _handling,
    Stage.FEEDBACK: _feedback,
    Stage.CHECKING: _checking,
    Stage.TO_CLOSE: _to_close,
}


def days_until(last: date, days: int) -> Iterator[date]:
    """The ``days`` days before ``last``, and ``last`` itself, in order."""
    for back in range(days, -1, -1):
        yield last - timedelta(days=back)
