"""The clock against a counter that knows no rule but "is this minute worked?": 10⁵ random intervals, each minute."""

import datetime as dt
import random
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from chinese_calendar import is_workday
from chinese_calendar.constants import holidays, workdays

from grid.rules import clock
from grid.rules.clock import WorkCalendar, WorkingHours

INTERVALS = 100_000
ZONE = ZoneInfo("Asia/Shanghai")
FIRST, LAST = dt.date(2019, 1, 1), dt.date(2028, 1, 1)
BEGIN = dt.datetime(2019, 1, 1, tzinfo=ZONE)
MINUTE = dt.timedelta(minutes=1)
BASE = ((8 * 60, 12 * 60), (14 * 60, 18 * 60))
SUMMER = ((8 * 60, 12 * 60), (15 * 60, 19 * 60))
WINTER = ((8 * 60 + 30, 12 * 60), (13 * 60 + 30, 17 * 60 + 30))


def _periods(minutes) -> tuple[tuple[dt.time, dt.time], ...]:
    return tuple((dt.time(*divmod(start, 60)), dt.time(*divmod(end, 60))) for start, end in minutes)


def _minutes_of(day: dt.date):
    """The hours of a day, told by month alone: winter before the first summer was set, then two seasons a year."""
    if day < dt.date(2020, 5, 1):
        return BASE
    return SUMMER if 5 <= day.month <= 9 else WINTER


@pytest.fixture(scope="module")
def calendar() -> WorkCalendar:
    """Notices of the package for days, two seasons for hours."""
    return WorkCalendar(
        ZONE,
        (
            WorkingHours(dt.date(2000, 1, 1), _periods(BASE)),
            WorkingHours(dt.date(2020, 5, 1), _periods(SUMMER), is_yearly=True),
            WorkingHours(dt.date(2020, 10, 1), _periods(WINTER), is_yearly=True),
        ),
        {**dict.fromkeys(holidays, False), **dict.fromkeys(workdays, True)},
    )


@pytest.fixture(scope="module")
def counted() -> np.ndarray:
    """Worked minutes before each minute since BEGIN: one flag per minute, added up."""
    days = (LAST - FIRST).days
    flags = np.zeros(days * 1440, dtype=np.int8)
    for number in range(days):
        day = FIRST + dt.timedelta(days=number)
        worked = is_workday(day) if day.year <= 2026 else day.weekday() < 5
        for start, end in _minutes_of(day) if worked else ():
            flags[number * 1440 + start : number * 1440 + end] = 1
    return np.concatenate(([0], np.cumsum(flags, dtype=np.int32)))


def _random_minutes(counted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Start and end, in minutes since BEGIN: most intervals up to a month, a tenth up to two years."""
    chance = np.random.default_rng(20261126)
    starts = chance.integers(0, len(counted) - 1 - 2 * 366 * 1440, INTERVALS)
    spans = chance.integers(0, 31 * 1440, INTERVALS)
    longer = chance.random(INTERVALS) < 0.1
    spans[longer] = chance.integers(0, 2 * 365 * 1440, int(longer.sum()))
    return starts, starts + spans


def test_a_hundred_thousand_intervals_are_counted_as_minute_by_minute(calendar, counted):
    starts, ends = _random_minutes(counted)
    expected = counted[ends] - counted[starts]
    found = [
        clock.worked_between(BEGIN + int(start) * MINUTE, BEGIN + int(end) * MINUTE, calendar) // MINUTE
        for start, end in zip(starts, ends, strict=True)
    ]
    differing = np.flatnonzero(np.asarray(found) != expected)
    assert not differing.size, [(BEGIN + int(starts[n]) * MINUTE, BEGIN + int(ends[n]) * MINUTE) for n in differing[:3]]
    assert expected.sum() > INTERVALS * 1000


def test_a_hundred_thousand_limits_end_where_the_minutes_run_out(calendar, counted):
    chance = np.random.default_rng(7)
    starts = chance.integers(0, len(counted) - 1 - 366 * 1440, INTERVALS)
    lengths = chance.integers(1, 40 * 60, INTERVALS)
    expected = np.searchsorted(counted, counted[starts] + lengths)
    found = [
        (clock.add_length(BEGIN + int(start) * MINUTE, int(length) * MINUTE, calendar, is_worked=True) - BEGIN)
        // MINUTE
        for start, length in zip(starts, lengths, strict=True)
    ]
    differing = np.flatnonzero(np.asarray(found) != expected)
    assert not differing.size, [(BEGIN + int(starts[n]) * MINUTE, int(lengths[n])) for n in differing[:3]]


def test_seconds_are_counted_as_they_are(calendar, counted):
    chance = random.Random(3)
    for _number in range(2_000):
        start = BEGIN + dt.timedelta(seconds=chance.randrange(len(counted) * 60 - 40 * 86400))
        end = start + dt.timedelta(seconds=chance.randrange(30 * 86400))
        whole = int(counted[(end - BEGIN) // MINUTE] - counted[(start - BEGIN) // MINUTE]) * 60
        found = clock.worked_between(start, end, calendar).total_seconds()
        assert abs(found - whole) < 60
