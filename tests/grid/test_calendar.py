"""The working calendar: the worked examples of the domain notes, loading, the city's changes, the page."""

import datetime as dt
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cityops.foundation.errors import InvalidInput
from cityops.foundation.models import AuditEvent
from grid.models import CalendarDay, StageLimit, WorkingPeriod
from grid.rules import clock
from grid.selectors.calendar import LOCAL_SOURCE, current_desk, work_calendar
from grid.services import calendar as service
from tests.factories.people import person

ZONE = ZoneInfo("Asia/Shanghai")
HOURS = (clock.WorkingHours(dt.date(2000, 1, 1), clock.STANDARD_HOURS),)
PLAIN = clock.WorkCalendar(ZONE, HOURS)
WEEK = dt.date(2026, 11, 16)
"""A Monday in a week without holidays."""
BACKEND = "django.contrib.auth.backends.ModelBackend"


def moment(text: str, weeks: int = 0) -> dt.datetime:
    """``Fri 17:30`` in the city's time; ``weeks`` later."""
    day, clock_text = text.split()
    number = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun").index(day)
    at = dt.datetime.combine(WEEK + dt.timedelta(days=number, weeks=weeks), dt.time.fromisoformat(clock_text))
    return at.replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("start", "value", "unit", "end", "weeks"),
    [
        ("Fri 17:30", 2, "urgent_hour", "Fri 19:30", 0),
        ("Fri 17:30", 4, "work_hour", "Mon 11:30", 1),
        ("Wed 15:00", 1, "work_day", "Thu 15:00", 0),
        ("Fri 15:00", 1, "work_day", "Mon 15:00", 1),
        ("Sat 10:00", 4, "work_hour", "Mon 12:00", 1),
        ("Mon 13:00", 1, "work_hour", "Mon 15:00", 0),
        ("Mon 23:50", 15, "minute", "Tue 00:05", 0),
        ("Fri 17:30", 1, "urgent_day", "Sat 17:30", 0),
        ("Mon 08:00", 0.5, "work_day", "Mon 12:00", 0),
        ("Mon 07:00", 8, "work_hour", "Mon 18:00", 0),
    ],
)
def test_the_worked_examples_of_the_domain_notes(start, value, unit, end, weeks):
    found = clock.add_limit(moment(start), value, unit, PLAIN)
    assert found == moment(end, weeks)
    steps = clock.explain(moment(start), value, unit, PLAIN)
    assert steps[-1].ends_at == found
    assert steps[-1].left == dt.timedelta(0)


def test_holidays_and_make_up_days_move_a_deadline():
    days = {dt.date(2026, 11, 23): False, dt.date(2026, 11, 22): True}
    calendar = clock.WorkCalendar(ZONE, HOURS, days)
    assert clock.add_limit(moment("Fri 15:00"), 1, "work_day", calendar) == moment("Sun 15:00")
    assert clock.add_limit(moment("Fri 15:00"), 2, "work_day", calendar) == moment("Tue 15:00", 1)


def test_summer_hours_hold_from_their_day_on():
    summer = clock.WorkingHours(dt.date(2026, 11, 18), ((dt.time(8), dt.time(12)), (dt.time(15), dt.time(19))))
    calendar = clock.WorkCalendar(ZONE, (*HOURS, summer))
    assert clock.add_limit(moment("Tue 13:00"), 1, "work_hour", calendar) == moment("Tue 15:00")
    assert clock.add_limit(moment("Wed 13:00"), 1, "work_hour", calendar) == moment("Wed 16:00")


def test_a_calendar_without_hours_says_so():
    with pytest.raises(clock.CalendarWithoutHours):
        clock.add_limit(moment("Mon 08:00"), 1, "work_hour", clock.WorkCalendar(ZONE, ()))


@pytest.mark.parametrize(
    ("minutes", "light"),
    [(0, "green"), (48, "green"), (48.01, "yellow"), (60, "yellow"), (60.01, "red")],
)
def test_the_light_changes_after_eighty_and_after_a_hundred_percent(minutes, light):
    start = moment("Mon 08:00")
    at = start + dt.timedelta(minutes=minutes)
    warn, due = clock.warn_at(start, 1, "work_hour", PLAIN), clock.add_limit(start, 1, "work_hour", PLAIN)
    assert clock.light_at(at, warn=warn, due=due) == light
    assert clock.light_at(at, warn=warn, due=due, is_paused=True) == "paused"
    assert clock.light_at(at, warn=warn, due=due, is_finished=True) == "none"


first, last = (dt.datetime(year, 1, 1) for year in (2020, 2030))  # noqa: DTZ001 (hypothesis adds the zone)
starts = st.datetimes(first, last, timezones=st.just(ZONE))
at_any_speed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
values = st.integers(1, 200).map(lambda tenths: tenths / 10)


@at_any_speed
@given(starts, values, st.sampled_from(sorted(clock.Unit)))
def test_what_a_limit_takes_is_what_was_used_at_its_end(start, value, unit):
    end = clock.add_limit(start, value, unit, PLAIN)
    assert clock.used_between(start, end, unit, PLAIN) == clock.limit_length(value, unit)
    assert clock.share_used(start, end, value, unit, PLAIN) == 1
    assert start <= clock.warn_at(start, value, unit, PLAIN) <= end
    assert clock.explain(start, value, unit, PLAIN)[-1].ends_at == end


@at_any_speed
@given(starts, values, values)
def test_longer_limits_end_later_and_later_starts_never_end_earlier(start, value, more):
    end = clock.add_limit(start, value, "work_hour", PLAIN)
    assert clock.add_limit(start, value + more, "work_hour", PLAIN) > end
    assert clock.add_limit(start + dt.timedelta(hours=more), value, "work_hour", PLAIN) >= end


@pytest.mark.django_db
class TestStoredCalendar:
    def test_loading_gives_official_years_with_their_basis_and_again_changes_nothing(self):
        first, again = service.load_official(), service.load_official()
        assert first.added == CalendarDay.objects.count() > 700
        assert (again.added, again.changed) == (0, 0)
        national = CalendarDay.objects.get(day=dt.date(2026, 10, 1))
        assert (national.is_workday, national.name) == (False, "国庆节")
        assert "2026" in national.source
        assert WorkingPeriod.objects.count() == 2
        assert 2026 in work_calendar().official_years
        assert 2027 not in work_calendar().official_years

    def test_a_year_without_notice_is_refused_and_counts_by_weekends(self):
        with pytest.raises(InvalidInput):
            service.load_official([2090])
        calendar = work_calendar()
        assert calendar.is_workday(dt.date(2090, 1, 2))
        assert not calendar.is_official(dt.date(2090, 1, 2))

    def test_the_citys_own_day_stays_when_notices_are_loaded_again(self):
        service.load_official([2026])
        service.set_day(person("dispatcher"), dt.date(2026, 10, 1), is_workday=True, name="值守")
        assert service.load_official([2026]).kept_local == 1
        assert current_desk().calendar.is_workday(dt.date(2026, 10, 1))
        service.reset_day(person("dispatcher"), dt.date(2026, 10, 1))
        assert not current_desk().calendar.is_workday(dt.date(2026, 10, 1))
        actions = list(AuditEvent.objects.order_by("id").values_list("action", flat=True))
        assert actions == ["calendar.load", "calendar.change", "calendar.reset"]

    def test_an_own_day_does_not_make_a_year_official(self):
        service.set_day(person("dispatcher"), dt.date(2090, 1, 2), is_workday=False)
        assert work_calendar().official_years == frozenset()
        assert CalendarDay.objects.get().source == LOCAL_SOURCE

    @pytest.mark.parametrize(
        "periods",
        [[], [(dt.time(12), dt.time(8))], [(dt.time(8), dt.time(12)), (dt.time(11), dt.time(15))]],
    )
    def test_hours_that_overlap_or_end_early_are_refused(self, periods):
        with pytest.raises(InvalidInput):
            service.set_hours(person("dispatcher"), dt.date(2026, 7, 1), periods)
        assert not WorkingPeriod.objects.exists()

    def test_the_page_shows_the_year_and_marks_one_without_notice(self, client):
        service.load_official([2026])
        client.force_login(person("dispatcher"), backend=BACKEND)
        page = client.get("/desk/calendar/", {"year": 2026})
        assert page.status_code == 200
        assert "国庆节" in page.content.decode()
        assert "还没有官方放假通知" not in page.content.decode()
        assert "还没有官方放假通知" in client.get("/desk/calendar/", {"year": 2030}).content.decode()

    def test_the_trial_counts_day_by_day(self, client):
        client.force_login(person("dispatcher"), backend=BACKEND)
        asked = {"start": "2026-11-20T17:30", "value": "4", "unit": "work_hour"}
        assert "2026-11-23 11:30" in client.get("/desk/calendar/", asked).content.decode()

    def test_only_who_keeps_the_calendar_changes_it(self, client):
        asked = {"what": "day", "day": "2026-12-25", "kind": "off", "name": "本市活动"}
        client.force_login(person("dispatcher"), backend=BACKEND)
        assert client.post("/desk/calendar/", asked).status_code == 403
        assert not CalendarDay.objects.exists()
        client.force_login(person("data_officer"), backend=BACKEND)
        assert client.post("/desk/calendar/?year=2026", asked).status_code == 302
        assert CalendarDay.objects.get().name == "本市活动"
        hours = {"what": "hours", "valid_from": "2026-07-01", "morning_from": "08:00", "morning_to": "12:00"}
        bad = client.post("/desk/calendar/", {**hours, "afternoon_from": "11:00", "afternoon_to": "17:00"})
        assert bad.status_code == 400
        good = client.post("/desk/calendar/", {**hours, "afternoon_from": "15:00", "afternoon_to": "19:00"})
        assert good.status_code == 302
        assert WorkingPeriod.objects.count() == 2


@pytest.mark.django_db
def test_the_api_tells_days_hours_and_limits_as_deadlines_are_counted(client, as_tier):
    service.load_official([2026])
    service.set_day(person("dispatcher"), dt.date(2026, 3, 4), is_workday=False, name="停工")
    service.set_hours(
        person("dispatcher"), dt.date(2026, 6, 1), [(dt.time(8, 30), dt.time(12)), (dt.time(14), dt.time(17, 30))]
    )
    StageLimit.objects.create(stage="accept", value=20, unit="minute")
    client.force_login(person("duty_leader"), backend=BACKEND)
    year = client.get("/api/v1/desk/calendar/?year=2026").json()
    own = [day for day in year["days"] if day["is_local"]]
    assert [(day["day"], day["is_workday"], day["name"]) for day in own] == [("2026-03-04", False, "停工")]
    assert len(year["days"]) == CalendarDay.objects.filter(day__year=2026).count() > 10
    assert year["hours"][-1]["periods"][0] == {"starts_at": "08:30:00", "ends_at": "12:00:00"}
    limits = {limit["stage"]: (limit["value"], limit["unit"]) for limit in year["stage_limits"]}
    assert (limits["accept"], limits["file"]) == (("20.0", "minute"), ("1.0", "work_hour"))
    assert year["is_official"]
    other = client.get("/api/v1/desk/calendar/?year=2099").json()
    assert (other["is_official"], other["days"]) == (False, [])


@pytest.mark.django_db
@pytest.mark.parametrize("year", ["", "x", "2003", "2100", "²⁰²⁶"])
def test_the_api_refuses_a_year_that_is_none(client, as_tier, year):
    client.force_login(person("duty_leader"), backend=BACKEND)
    answer = client.get("/api/v1/desk/calendar/", {"year": year})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "year")


@pytest.mark.django_db
def test_the_calendar_agrees_with_the_package_day_by_day_from_2010_to_2026():
    service.load_official()
    calendar = work_calendar()
    first, last = dt.date(2010, 1, 1), dt.date(2026, 12, 31)
    days = [first + dt.timedelta(days=number) for number in range((last - first).days + 1)]
    assert len(days) == 6209
    assert [day for day in days if calendar.is_workday(day) != chinese_calendar.is_workday(day)] == []
    assert {calendar.length_on(day) for day in days if chinese_calendar.is_holiday(day)} == {dt.timedelta(0)}
    assert {calendar.length_on(day) for day in days if chinese_calendar.is_workday(day)} == {dt.timedelta(hours=8)}
    assert all(calendar.is_official(day) for day in days)
    year = [clock.worked_between(*(moment_of(y) for y in (year, year + 1)), calendar) for year in range(2010, 2026)]
    assert year == [
        dt.timedelta(hours=8) * sum(chinese_calendar.is_workday(day) for day in days if day.year == number)
        for number in range(2010, 2026)
    ]


def moment_of(year: int) -> dt.datetime:
    """The first moment of a year in the city's time."""
    return dt.datetime(year, 1, 1, tzinfo=ZONE)
