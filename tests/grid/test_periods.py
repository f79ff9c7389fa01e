"""Periods: how they are written, where they begin and end."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from evaluation.rules import parse_period as parse_of_figures
from grid.rules.periods import InvalidPeriod, Kind, Period, parse_period, period_of

SHANGHAI, BOSTON = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("text", "kind", "first", "after"),
    [
        ("2026", Kind.YEAR, date(2026, 1, 1), date(2027, 1, 1)),
        ("2011Q3", Kind.QUARTER, date(2011, 7, 1), date(2011, 10, 1)),
        ("2026Q4", Kind.QUARTER, date(2026, 10, 1), date(2027, 1, 1)),
        ("2026-10", Kind.MONTH, date(2026, 10, 1), date(2026, 11, 1)),
        ("2026-12", Kind.MONTH, date(2026, 12, 1), date(2027, 1, 1)),
        ("2026H1", Kind.HALF, date(2026, 1, 1), date(2026, 7, 1)),
        ("2026H2", Kind.HALF, date(2026, 7, 1), date(2027, 1, 1)),
        ("2026W41", Kind.WEEK, date(2026, 10, 5), date(2026, 10, 12)),
        ("2026W01", Kind.WEEK, date(2025, 12, 29), date(2026, 1, 5)),
        ("2028-02-29", Kind.DAY, date(2028, 2, 29), date(2028, 3, 1)),
    ],
)
def test_a_period_is_read_and_written_the_same(text, kind, first, after):
    period = parse_period(text)
    assert (period.kind, period.first, period.after, period.key) == (kind, first, after, text)


@pytest.mark.parametrize(
    "text", ["", "26", "2026-13", "2026-02-30", "2026Q5", "2026Q0", "2026-1", "2026/10", "1200", "9999", "二〇二六"]
)
def test_what_is_no_period_is_refused_with_what_was_written(text):
    with pytest.raises(InvalidPeriod) as refused:
        parse_period(text)
    assert refused.value.text == text


def test_small_letters_and_blanks_are_taken():
    assert parse_period(" 2011q3 ").key == "2011Q3"


def test_a_period_begins_at_midnight_of_the_instance():
    start, end = parse_period("2026-10-05").bounds(SHANGHAI)
    assert start == datetime(2026, 10, 5, tzinfo=SHANGHAI)
    assert end - start == timedelta(days=1)


def test_a_day_on_which_clocks_change_has_its_real_length():
    start, end = parse_period("2011-11-06").bounds(BOSTON)
    assert end.astimezone(ZoneInfo("UTC")) - start.astimezone(ZoneInfo("UTC")) == timedelta(hours=25)


def test_a_series_ends_with_the_period_itself():
    assert [p.key for p in parse_period("2026-02").series(4)] == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert [p.key for p in parse_period("2026Q1").series(2)] == ["2025Q4", "2026Q1"]
    assert [p.key for p in parse_period("2026-03-01").series(2)] == ["2026-02-28", "2026-03-01"]


def test_parts_are_the_next_shorter_periods():
    assert [p.key for p in parse_period("2026").parts()] == ["2026Q1", "2026Q2", "2026Q3", "2026Q4"]
    assert [p.key for p in parse_period("2011Q3").parts()] == ["2011-07", "2011-08", "2011-09"]
    assert len(list(parse_period("2026-02").parts())) == 28
    assert not list(parse_period("2026-02-01").parts())


@pytest.mark.parametrize("kind", list(Kind))
def test_every_day_lies_in_exactly_one_period_of_a_kind(kind):
    for offset in range(0, 800, 7):
        day = date(2025, 1, 1) + timedelta(days=offset)
        period = period_of(day, kind)
        assert period.first <= day < period.after
        assert parse_period(period.key) == period == Period(period.first, kind)


@pytest.mark.parametrize(
    ("text", "before"),
    [("2026", "2025"), ("2026H2", "2025H2"), ("2026Q1", "2025Q1"), ("2026-10", "2025-10"), ("2026-10-05", "2025-10-05"),
     ("2024-02-29", "2023-02-28"), ("2026W53", "2025W52"), ("2026W41", "2025W41")],
)  # fmt: skip
def test_the_year_before_is_the_same_period_of_it(text, before):
    assert parse_period(text).year_before().key == before


@pytest.mark.parametrize("text", ["2026W54", "2025W53", "2026W00", "2026H3", "2026H0", "2026W1"])
def test_weeks_and_halves_that_a_year_does_not_have_are_none(text):
    with pytest.raises(InvalidPeriod):
        parse_period(text)


@pytest.mark.parametrize("text", ["2026W41", "2026H1"])
def test_figures_are_offered_for_neither_weeks_nor_halves(text):
    with pytest.raises(InvalidPeriod):
        parse_of_figures(text)
