"""The rules of duty, by table."""

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from grid.duty.rules import choosing, coverage, ground, shifts
from grid.duty.rules.choosing import Candidate
from grid.duty.rules.coverage import Coverage, Span
from grid.duty.rules.shifts import Booking, Days, Hours

ZONE = ZoneInfo("Asia/Shanghai")
DAY = dt.date(2026, 11, 24)
MORNING = Hours(dt.time(7), dt.time(15))
NIGHT = Hours(dt.time(23), dt.time(7))


def moment(hour: int, minute: int = 0, day: dt.date = DAY) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour, minute), ZONE)


@pytest.mark.parametrize(
    ("codes", "pairs", "pieces"),
    [
        ("", [], []),
        ("a", [], ["a"]),
        ("ab", [], ["a", "b"]),
        ("ab", [("a", "b")], ["ab"]),
        ("abc", [("a", "b"), ("c", "b")], ["abc"]),
        ("acd", [("a", "b"), ("b", "c"), ("c", "d")], ["cd", "a"]),
        ("abcd", [("d", "c"), ("a", "b")], ["ab", "cd"]),
    ],
)
def test_unit_grids_hang_together_by_shared_edges_only(codes, pairs, pieces):
    assert ground.pieces_of(codes, pairs) == [frozenset(piece) for piece in pieces]
    assert ground.is_connected(codes, pairs) == (len(pieces) == 1)


@pytest.mark.parametrize(
    ("codes", "division"),
    [
        (["330102001001001"], "330102001001"),
        (["330102001001001", "330102001001009"], "330102001001"),
        (["330102001001001", "330102001002001"], "330102001000"),
        (["330102001001001", "330102002001001"], "330102000000"),
        (["330102001001001", "330106002001001"], "330100000000"),
        (["330102001001001", "320106002001001"], ""),
        ([], ""),
    ],
)
def test_an_area_belongs_to_the_smallest_division_around_it(codes, division):
    assert ground.smallest_division(codes) == division


def test_codes_of_responsibility_grids_end_at_999():
    assert ground.duty_grid_code("330102001001", 7) == "330102001001007"
    for number in (0, 1000):
        with pytest.raises(ValueError, match="sequence"):
            ground.duty_grid_code("330102001001", number)


def test_the_code_of_an_evaluation_grid_is_a_rule_that_can_be_set():
    usual = ground.EvaluationCode.from_text("6+3+2+1")
    assert (usual.build("330102001", 7, "B"), usual.length, usual.last) == ("33010200107B", 12, 99)
    assert usual.fits("33010200107B")
    assert not usual.fits("33010200107D")
    other = ground.EvaluationCode.from_text("6+0+5+1")
    assert other.build("330102001", 7, "A") == "33010200007A"


@pytest.mark.parametrize("text", ["", "6+3+2", "6+3+2+2", "5+3+2+1", "6 3 2 1"])
def test_a_code_rule_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match="6\\+3\\+2\\+1"):
        ground.EvaluationCode.from_text(text)


@pytest.mark.parametrize(
    ("street", "number", "kind"), [("330102001", 1, "D"), ("33010200", 1, "A"), ("330102001", 100, "A")]
)
def test_parts_that_do_not_fit_make_no_code(street, number, kind):
    with pytest.raises(ValueError):
        ground.EvaluationCode().build(street, number, kind)


@pytest.mark.parametrize(
    ("hours", "at", "day"),
    [
        (MORNING, moment(7), DAY),
        (MORNING, moment(14, 59), DAY),
        (MORNING, moment(15), None),
        (MORNING, moment(6, 59), None),
        (NIGHT, moment(23), DAY),
        (NIGHT, moment(3), DAY - dt.timedelta(days=1)),
        (NIGHT, moment(7), None),
        (NIGHT, moment(22, 59), None),
        (Hours(dt.time(8), dt.time(8)), moment(3), DAY - dt.timedelta(days=1)),
    ],
)
def test_whose_shift_it_is_at_a_moment(hours, at, day):
    assert shifts.day_at(hours, at, ZONE) == day
    assert shifts.day_at(hours, at.astimezone(dt.UTC), ZONE) == day


@pytest.mark.parametrize(
    ("hours", "is_workday", "runs"),
    [
        (Hours(dt.time(7), dt.time(15)), False, True),
        (Hours(dt.time(7), dt.time(15), Days.WORKDAYS), False, False),
        (Hours(dt.time(7), dt.time(15), Days.WORKDAYS), True, True),
        (Hours(dt.time(7), dt.time(15), Days.WEEKDAYS, "26"), False, True),
        (Hours(dt.time(7), dt.time(15), Days.WEEKDAYS, "13"), True, False),
    ],
)
def test_on_which_days_a_shift_runs(hours, is_workday, runs):
    assert shifts.runs_on(hours, DAY, is_workday=is_workday) is runs  # a Tuesday


def test_who_is_booked_twice():
    early, late = Booking(1, moment(7), moment(15)), Booking(1, moment(15), moment(23))
    other, across = Booking(2, moment(7), moment(15)), Booking(1, moment(14), moment(16))
    assert shifts.collisions([early, late, other]) == []
    assert shifts.collisions([across], [early, late, other]) == [(across, early), (across, late)]
    assert shifts.collisions([early, early]) == [(early, early)]


def test_a_month_has_its_days():
    assert len(shifts.days_of_month(2026, 2)) == 28
    assert shifts.days_of_month(2026, 12)[-1] == dt.date(2026, 12, 31)


@pytest.mark.parametrize(
    ("scheduled", "visited", "counts", "rate"),
    [
        ("abcd", "ab", (2, 4), Decimal("50.00")),
        ("abc", "aab", (2, 3), Decimal("66.67")),
        ("ab", "xy", (0, 2), Decimal("0.00")),
        ("ab", "ab", (2, 2), Decimal("100.00")),
        ("", "ab", (0, 0), None),
    ],
)
def test_coverage_counts_unit_grids_once_and_says_nothing_without_any(scheduled, visited, counts, rate):
    found = coverage.coverage_of(scheduled, visited)
    assert (found.visited, found.scheduled) == counts
    assert found.rate_percent == rate


def test_coverage_of_several_shifts_adds_counts_and_never_rates():
    found = coverage.total([Coverage(1, 1), Coverage(0, 9), Coverage(0, 0)])
    assert (found.rate_percent, found.missing) == (Decimal("10.00"), 9)
    assert coverage.total([]).rate_percent is None


def test_the_patrol_area_is_the_union_of_what_is_scheduled():
    assert coverage.patrol_area(["ab", "bc"]) == {"a", "b", "c"}
    assert coverage.patrol_area([]) == frozenset()


@pytest.mark.parametrize(
    ("minutes", "count"), [([], 0), ([0], 1), ([0, 10, 20], 1), ([0, 30], 2), ([0, 29, 58], 2), ([58, 0, 29], 2)]
)
def test_visits_close_together_are_one_round(minutes, count):
    assert coverage.rounds([moment(8, minute) for minute in minutes]) == count


@pytest.mark.parametrize(
    ("span", "shift", "found"),
    [
        (Span.SHIFT, (moment(7), moment(15)), (moment(7), moment(15))),
        (Span.SHIFT, None, None),
        (Span.DAY, None, (moment(0), moment(0, day=DAY + dt.timedelta(days=1)))),
        (Span.WEEK, None, (moment(0, day=dt.date(2026, 11, 23)), moment(0, day=dt.date(2026, 11, 30)))),
    ],
)
def test_within_what_a_plan_counts(span, shift, found):
    assert coverage.span_around(span, moment(9), ZONE, shift) == found


def test_the_due_list_begins_with_what_misses_most():
    done = {"a": [moment(8), moment(9)], "b": [moment(8)], "x": [moment(8)]}
    dues = coverage.due_list("cab", 2, done)
    assert [(due.grid_code, due.missing, due.is_fulfilled) for due in dues] == [
        ("c", 2, False),
        ("b", 1, False),
        ("a", 0, True),
    ]


@pytest.mark.parametrize(
    ("candidates", "excluded", "chosen"),
    [
        ([], (), None),
        ([Candidate(1)], (1,), None),
        ([Candidate(1, open_tasks=5), Candidate(2, distance_m=10)], (), 1),
        ([Candidate(1, open_tasks=1), Candidate(2)], (), 2),
        ([Candidate(1), Candidate(2, is_substitute=True, open_tasks=9)], (), 2),
        ([Candidate(1), Candidate(2, distance_m=10)], (1,), 2),
    ],
)
def test_who_gets_a_task(candidates, excluded, chosen):
    assert choosing.choose(candidates, "seed", excluded=excluded) == chosen


def test_among_equals_the_lot_decides_and_can_be_redone():
    equal = [Candidate(number) for number in range(5)]
    drawn = {seed: choosing.choose(equal, str(seed)) for seed in range(200)}
    assert drawn == {seed: choosing.choose(reversed(equal), str(seed)) for seed in range(200)}
    counts = [list(drawn.values()).count(number) for number in range(5)]
    assert min(counts) > 20
