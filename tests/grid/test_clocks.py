"""What is left of a limit: counted as the limit is counted, and said with the calendar that counts."""

import datetime as dt

import pytest
from django.utils import timezone

from grid.models import CalendarDay
from grid.selectors.calendar import forget_desk
from grid.selectors.clocks import left_now, left_of, unit_now
from tests.factories import grid as ground

pytestmark = pytest.mark.django_db
FRIDAY = dt.datetime(2026, 11, 20, 17, tzinfo=timezone.get_fixed_timezone(8 * 60))
MONDAY = FRIDAY + dt.timedelta(days=3)


@pytest.mark.parametrize(
    ("due", "at", "unit", "words"),
    [
        (MONDAY, FRIDAY, "work_hour", "剩 1 工作日 0 时"),
        (MONDAY, FRIDAY, "work_day", "剩 1 工作日 0 时"),
        (MONDAY, FRIDAY, "urgent_hour", "剩 3 日 0 时"),
        (MONDAY, FRIDAY, "", "剩 3 日 0 时"),
        (FRIDAY, MONDAY, "work_hour", "超 1 工作日 0 时"),
        (FRIDAY, FRIDAY + dt.timedelta(hours=3), "work_hour", "超 1 时 0 分"),
        (FRIDAY + dt.timedelta(hours=1), FRIDAY + dt.timedelta(hours=9), "work_hour", "超 0 分"),
        (FRIDAY, FRIDAY, "minute", "剩 0 分"),
    ],
)
def test_time_left_counts_as_the_limit_does(due, at, unit, words):
    assert left_of(due, at, unit).words == words


def test_a_holiday_takes_nothing_of_a_work_limit():
    CalendarDay.objects.create(day=FRIDAY.date(), is_workday=False, name="假", source="国办通知")
    forget_desk()
    assert left_of(MONDAY, FRIDAY - dt.timedelta(hours=9), "work_hour").words == "剩 7 时 0 分"


@pytest.mark.parametrize(
    ("state", "limit_unit", "unit"),
    [("10", "", "minute"), ("30", "", "work_hour"), ("50", "work_day", "work_day"), ("61", "work_day", "minute")],
)
def test_each_stage_has_the_unit_of_its_own_limit(state, limit_unit, unit):
    case = ground.stored_case(state=state, limit_unit=limit_unit, stage_due_at=MONDAY)
    assert unit_now(case) == unit


def test_a_finished_or_paused_case_has_no_time_left():
    assert left_now(ground.stored_case(state="80", stage_due_at=MONDAY), FRIDAY) is None
    assert left_now(ground.stored_case(state="50", is_hung="1", stage_due_at=MONDAY), FRIDAY) is None


def test_the_calendar_is_named_and_a_year_without_notice_is_told(as_tier):
    assert "2026-11-23 17:00" in left_of(MONDAY, FRIDAY, "work_hour").basis
    assert "本市工作日历" in left_of(MONDAY, FRIDAY, "work_hour").basis
    assert "尚无官方放假通知" in left_of(MONDAY, FRIDAY, "work_hour").basis
    assert "自然时间" in left_of(MONDAY, FRIDAY, "minute").basis
    CalendarDay.objects.create(day=FRIDAY.date(), is_workday=True, name="班", source="国办通知")
    forget_desk()
    assert "有官方放假通知" in left_of(MONDAY, FRIDAY, "work_hour").basis
    as_tier("provincial")
    assert "城市自己的调整不在其中" in left_of(MONDAY, FRIDAY, "work_hour").basis


def test_a_long_overdue_limit_is_counted_without_walking_it_span_by_span(django_assert_num_queries):
    left_of(MONDAY, FRIDAY, "work_hour")
    with django_assert_num_queries(0):
        assert left_of(FRIDAY - dt.timedelta(days=365 * 15), FRIDAY, "work_hour").seconds < 0
