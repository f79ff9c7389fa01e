"""Limits that pause, resume and are lengthened: worked examples and properties, without a database."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from grid.rules import clock
from grid.rules.clock import Unit, WorkCalendar, WorkingHours
from grid.rules.runs import Delay, LineKind, Pause, Run, RunStep, disposed_at, explain_run, run_of

ZONE = ZoneInfo("Asia/Shanghai")
BASE = WorkingHours(dt.date(2000, 1, 1), clock.STANDARD_HOURS)
SUMMER = WorkingHours(dt.date(2015, 5, 1), ((dt.time(8), dt.time(12)), (dt.time(15), dt.time(19))), is_yearly=True)
WINTER = WorkingHours(
    dt.date(2014, 10, 1), ((dt.time(8, 30), dt.time(12)), (dt.time(13, 30), dt.time(17, 30))), is_yearly=True
)
PLAIN = WorkCalendar(ZONE, (BASE,))
SEASONS = WorkCalendar(
    ZONE,
    (BASE, WINTER, SUMMER),
    {dt.date(2026, 11, 23): False, dt.date(2026, 11, 22): True, dt.date(2024, 2, 29): False},
    frozenset({2026}),
)
NOVEMBER = 16
"""16 November 2026 is a Monday in a week without holidays."""


def at(day: int, hour: int, minute: int = 0) -> dt.datetime:
    """A moment of November 2026 in the city's time."""
    return dt.datetime(2026, 11, day, hour, minute, tzinfo=ZONE)


def hours(number: float) -> dt.timedelta:
    """So many hours."""
    return dt.timedelta(hours=number)


# Worked examples: 16 Monday, 20 Friday, 23 Monday


@pytest.mark.parametrize(
    ("run", "due"),
    [
        (Run(at(20, 17, 30), Decimal(4), "work_hour"), at(23, 11, 30)),
        (Run(at(16, 8), Decimal(1), "work_day", (Pause(at(16, 10), at(17, 8)),)), at(17, 16)),
        (Run(at(16, 8), Decimal(1), "work_day", (Pause(at(16, 10), at(16, 13)),)), at(17, 10)),
        (Run(at(16, 8), Decimal(1), "work_day", (), (Delay(at(16, 9), Decimal(1), "work_day"),)), at(17, 18)),
        (Run(at(16, 8), Decimal(2), "urgent_hour", (Pause(at(16, 9), at(17, 9)),)), at(17, 10)),
        # Paused when it was used up already: nothing is won
        (Run(at(16, 8), Decimal(1), "work_hour", (Pause(at(16, 10), at(16, 12)),)), at(16, 9)),
        # A delay that is approved late counts from the deadline, not from the approval
        (Run(at(16, 8), Decimal(1), "work_hour", (), (Delay(at(16, 16), Decimal(1), "work_hour"),)), at(16, 10)),
        # Two pauses and a delay between them
        (
            Run(
                at(16, 8),
                Decimal(1),
                "work_day",
                (Pause(at(16, 9), at(16, 10)), Pause(at(17, 8), at(18, 8))),
                (Delay(at(16, 11), Decimal(4), "work_hour"),),
            ),
            at(18, 15),
        ),
    ],
)
def test_worked_examples_of_pauses_and_delays(run, due):
    assert run.due(PLAIN) == due
    told = [line for line in explain_run(run, PLAIN) if line.kind is LineKind.COUNTED]
    assert told[-1].ends_at == due
    assert told[-1].left == dt.timedelta(0)


def test_a_limit_that_stands_still_is_not_due_and_tells_what_is_left():
    run = Run(at(16, 8), Decimal(1), "work_day", (Pause(at(16, 10), None, "材料不全"),))
    assert run.due(PLAIN) is None
    assert run.due_if_running(PLAIN) == at(16, 18)
    assert run.left(at(19, 9), PLAIN) == hours(6)
    assert run.share(at(19, 9), PLAIN) == Fraction(1, 4)
    assert run.paused_since == at(16, 10)
    last = explain_run(run, PLAIN)[-1]
    assert (last.kind, last.ends_at, last.left, last.why) == (LineKind.PAUSED, None, hours(6), "材料不全")


def test_the_light_of_a_delayed_limit_is_taken_of_the_new_limit():
    run = Run(at(16, 8), Decimal(1), "work_day", (), (Delay(at(16, 9), Decimal(1), "work_day"),))
    assert run.length == hours(16)
    assert run.warn_at(PLAIN) == at(17, 14, 48)  # 12.8 of 16 hours
    half = WorkCalendar(ZONE, (BASE,), yellow_share=Fraction(1, 2))
    assert run.warn_at(half) == at(16, 18)
    paused = Run(at(16, 8), Decimal(1), "work_day", (Pause(at(16, 10), at(16, 11)),))
    assert paused.warn_at(half) == at(16, 15)


def test_each_day_tells_its_hours_and_years_without_notice_are_marked():
    run = Run(at(20, 17), Decimal(2), "work_day")
    lines = explain_run(run, PLAIN)
    shown = [(line.day.day, [(a.hour, b.hour) for a, b in line.spans], line.left) for line in lines]
    assert shown == [
        (20, [(17, 18)], hours(15)),
        (23, [(8, 12), (14, 18)], hours(7)),
        (24, [(8, 12), (14, 17)], hours(0)),
    ]
    assert not any(line.is_official for line in lines)
    assert all(line.is_official for line in explain_run(run, SEASONS))
    assert [line.day.day for line in explain_run(run, SEASONS)] == [
        20,
        22,
        24,
        25,
    ]  # winter hours; the 22nd for the 23rd
    natural = explain_run(Run(at(20, 17), Decimal(2), "urgent_day"), PLAIN)
    assert [(line.starts_at, line.ends_at, line.is_official) for line in natural] == [(at(20, 17), at(22, 17), True)]


def test_a_pause_beyond_the_limit_is_told_and_ignored():
    run = Run(at(16, 8), Decimal(1), "work_hour", (Pause(at(16, 10), at(16, 12), "缓办"),))
    assert [line.kind for line in explain_run(run, PLAIN)] == [LineKind.COUNTED, LineKind.IGNORED]
    assert run.left(at(16, 12), PLAIN) == hours(-3)


# From the steps of a case

WALK = [
    RunStep("01", at(16, 8)),
    RunStep("07", at(16, 9), at(17, 9)),
    RunStep("32", at(16, 10), None, "不属本单位"),
    RunStep("33", at(16, 11), at(17, 10)),
    RunStep("15", at(16, 14), None, "待配件"),
    RunStep("16", at(18, 14), None),
    RunStep("13", at(18, 15), None, "同意延期"),
    RunStep("10", at(18, 17)),
]


def test_the_steps_of_a_case_make_its_run():
    run = run_of(WALK, Decimal(1), "work_day", PLAIN)
    assert run.started_at == at(16, 9)
    assert [(pause.starts_at, pause.ends_at, pause.why) for pause in run.pauses] == [
        (at(16, 10), at(16, 11), "不属本单位"),
        (at(16, 14), at(18, 14), "待配件"),
    ]
    assert [(delay.at, delay.value) for delay in run.delays] == [(at(18, 15), 1)]
    assert run.due(PLAIN) == at(20, 10)
    assert disposed_at(WALK) == at(18, 17)
    assert disposed_at([*WALK, RunStep("36", at(18, 18))]) is None


@pytest.mark.parametrize(
    ("given", "started", "pauses"),
    [
        (at(17, 17), at(16, 8), 1),  # 2 of 8 hours were used: the same department goes on
        (at(18, 9), at(17, 9), 0),  # a whole limit: another department begins
        (None, at(17, 9), 0),
    ],
)
def test_a_second_dispatch_goes_on_or_begins_anew_as_its_deadline_says(given, started, pauses):
    steps = [RunStep("07", at(16, 8)), RunStep("11", at(16, 10)), RunStep("08", at(17, 9), given)]
    run = run_of(steps, Decimal(1), "work_day", PLAIN)
    assert (run.started_at, len(run.pauses)) == (started, pauses)
    assert run.paused_since is None


def test_taking_back_a_return_lets_the_clock_run_taking_back_a_delay_does_nothing():
    start = [RunStep("07", at(16, 8)), RunStep("32", at(16, 10))]
    assert run_of([*start, RunStep("46", at(16, 11))], Decimal(1), "work_day", PLAIN).due(PLAIN) == at(17, 9)
    hung = [RunStep("07", at(16, 8)), RunStep("15", at(16, 10)), RunStep("46", at(16, 11))]
    assert run_of(hung, Decimal(1), "work_day", PLAIN).due(PLAIN) is None


def test_before_a_dispatch_there_is_no_run():
    assert run_of(WALK[:1], Decimal(1), "work_day", PLAIN) is None


# Seasons


@pytest.mark.parametrize(
    ("day", "first"),
    [
        (dt.date(2013, 6, 1), (dt.time(8), dt.time(12))),  # before any season the base holds
        (dt.date(2014, 10, 1), (dt.time(8, 30), dt.time(12))),
        (dt.date(2015, 4, 30), (dt.time(8, 30), dt.time(12))),
        (dt.date(2026, 5, 1), (dt.time(8), dt.time(12))),
        (dt.date(2026, 9, 30), (dt.time(8), dt.time(12))),
        (dt.date(2026, 10, 1), (dt.time(8, 30), dt.time(12))),
        (dt.date(2027, 1, 1), (dt.time(8, 30), dt.time(12))),
        (dt.date(2027, 5, 1), (dt.time(8), dt.time(12))),
    ],
)
def test_summer_and_winter_hours_come_back_each_year(day, first):
    assert SEASONS.periods_on(day)[0] == first


def test_hours_of_one_time_hold_until_the_next_season():
    once = WorkingHours(dt.date(2026, 7, 1), ((dt.time(6), dt.time(14)),))
    calendar = WorkCalendar(ZONE, (BASE, WINTER, SUMMER, once))
    assert calendar.periods_on(dt.date(2026, 9, 30)) == once.periods
    assert calendar.periods_on(dt.date(2026, 10, 1)) == WINTER.periods
    assert calendar.periods_on(dt.date(2027, 7, 1)) == SUMMER.periods


def test_a_later_setting_of_the_same_season_takes_over():
    later = WorkingHours(dt.date(2026, 5, 1), ((dt.time(7), dt.time(15)),), is_yearly=True)
    calendar = WorkCalendar(ZONE, (BASE, SUMMER, later))
    assert calendar.periods_on(dt.date(2025, 6, 1)) == SUMMER.periods
    assert calendar.periods_on(dt.date(2026, 6, 1)) == later.periods
    assert calendar.periods_on(dt.date(2030, 6, 1)) == later.periods


def test_a_season_that_begins_on_a_leap_day_begins_on_the_28th_in_other_years():
    leap = WorkingHours(dt.date(2024, 2, 29), ((dt.time(7), dt.time(15)),), is_yearly=True)
    assert leap.begun_by(dt.date(2025, 2, 28)) == dt.date(2025, 2, 28)
    assert leap.begun_by(dt.date(2025, 2, 27)) == dt.date(2024, 2, 29)


# Properties

first, last = (dt.datetime(year, 1, 1) for year in (2023, 2027))  # noqa: DTZ001 (hypothesis adds the zone)
moments = st.datetimes(first, last, timezones=st.just(ZONE))
spells = st.integers(0, 40 * 24 * 60).map(lambda minutes: dt.timedelta(minutes=minutes))
values = st.integers(1, 100).map(lambda tenths: Decimal(tenths) / 10)
units = st.sampled_from(sorted(Unit))
calendars = st.sampled_from([PLAIN, SEASONS])
at_any_speed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@at_any_speed
@given(moments, spells, spells, units, calendars)
def test_counting_is_additive(start, first, second, unit, calendar):
    middle, end = start + first, start + first + second
    parts = [clock.used_between(*pair, unit, calendar) for pair in ((start, middle), (middle, end))]
    assert sum(parts, dt.timedelta()) == clock.used_between(start, end, unit, calendar)


@at_any_speed
@given(moments, spells, spells, units, calendars)
def test_counting_is_monotone_and_never_more_than_natural_time(start, spell, more, unit, calendar):
    used = clock.used_between(start, start + spell, unit, calendar)
    assert dt.timedelta(0) <= used <= spell
    assert used <= clock.used_between(start, start + spell + more, unit, calendar)
    assert used <= clock.used_between(start - more, start + spell, unit, calendar)


@at_any_speed
@given(moments, values, units, calendars)
def test_adding_a_limit_and_measuring_gives_the_limit(start, value, unit, calendar):
    due = clock.add_limit(start, value, unit, calendar)
    assert clock.used_between(start, due, unit, calendar) == clock.limit_length(value, unit)


@at_any_speed
@given(moments, values, st.sampled_from(["work_hour", "work_day"]), calendars)
def test_a_work_limit_never_ends_outside_the_hours(start, value, unit, calendar):
    due = clock.add_limit(start, value, unit, calendar)
    spans = calendar.spans_on(due.astimezone(ZONE).date())
    assert any(opens < due <= closes for opens, closes in spans)


@at_any_speed
@given(moments, st.tuples(values, units), calendars, spells, spells)
def test_a_pause_shifts_the_end_by_exactly_the_time_it_took(start, limit, calendar, before, spell):
    value, unit = limit
    due = clock.add_limit(start, value, unit, calendar)
    paused, resumed = start + before, start + before + spell
    assume(paused < due)
    later = clock.resumed_due(due, paused, resumed, unit, calendar)
    assert clock.used_between(due, later, unit, calendar) == clock.used_between(paused, resumed, unit, calendar)
    run = Run(start, value, unit, (Pause(paused, resumed),))
    assert run.due(calendar) == later
    assert run.used(later, calendar) == run.length
    assert run.used(resumed, calendar) == run.used(paused, calendar)


@at_any_speed
@given(moments, values, units, calendars, spells)
def test_a_pause_of_no_working_time_changes_nothing_of_what_is_used(start, value, unit, calendar, before):
    paused = start + before
    run = Run(start, value, unit)
    again = Run(start, value, unit, (Pause(paused, paused),))
    assert again.used(paused + before, calendar) == run.used(paused + before, calendar)


@st.composite
def runs(draw):
    """A run with up to three pauses, one after the other, and up to two delays."""
    start, cursor, pauses = draw(moments), None, []
    cursor = start
    for _number in range(draw(st.integers(0, 3))):
        begins = cursor + draw(spells) / 8
        cursor = begins + draw(spells) / 8
        pauses.append(Pause(begins, cursor))
    if pauses and draw(st.booleans()):
        pauses[-1] = Pause(pauses[-1].starts_at)
    unit = draw(units)
    delays = [Delay(start + draw(spells) / 4, draw(values), unit) for _number in range(draw(st.integers(0, 2)))]
    return Run(start, draw(values), unit, tuple(pauses), tuple(sorted(delays, key=lambda delay: delay.at)))


@at_any_speed
@given(runs(), calendars)
def test_the_explanation_counts_what_the_rule_counts(run, calendar):
    lines = explain_run(run, calendar)
    counted = [line for line in lines if line.kind is LineKind.COUNTED]
    total = sum((line.counted for line in counted), dt.timedelta())
    assert all(sum((b - a for a, b in line.spans), dt.timedelta()) == line.counted for line in counted)
    due = run.due(calendar)
    if due is None:
        assert (lines[-1].kind, lines[-1].ends_at) == (LineKind.PAUSED, None)
        assert lines[-1].left == run.left(lines[-1].starts_at, calendar) == run.length - total
    else:
        assert counted[-1].ends_at == due
        assert total == run.length == run.used(due, calendar)
        assert run.started_at <= run.warn_at(calendar) <= due


@at_any_speed
@given(runs(), calendars)
def test_lights_go_from_green_to_yellow_to_red_as_the_used_share_does(run, calendar):
    due, warn = run.due(calendar), run.warn_at(calendar)
    assume(due is not None)
    for moment in (run.started_at, warn, warn + (due - warn) / 2, due, due + dt.timedelta(days=3)):
        light = clock.light_at(moment, warn=warn, due=due)
        share = run.share(moment, calendar)
        if light == "red":
            assert share >= 1
        elif light == "yellow":
            assert calendar.yellow_share <= share <= 1
        else:
            assert share <= calendar.yellow_share
