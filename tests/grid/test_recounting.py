"""Running deadlines are counted anew when the calendar changes; finished ones stay; each change is on record."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from cityops.foundation.errors import InvalidInput, NotAllowed
from cityops.foundation.models import AuditEvent
from grid.models import CalendarChange, Case, ClockSetting, DeadlineRecount, WorkingPeriod
from grid.rules.clock import Light, light_at
from grid.selectors.calendar import current_desk, work_calendar
from grid.selectors.clock_story import explain_case
from grid.services import calendar, clocks
from grid.services.cases import act
from grid.services.recounting import recount, recount_waiting, year_wish
from grid.tasks import recount_deadlines
from tests.factories import grid as ground
from tests.factories.people import organisation, person

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"
ZONE = timezone.get_fixed_timezone(8 * 60)
DEPARTMENT = "DEPT00000000000001"


def at(day: int, hour: int, minute: int = 0) -> dt.datetime:
    """A moment of November 2026 in the city's time; the 20th is a Friday, the 23rd a Monday."""
    return dt.datetime(2026, 11, day, hour, minute, tzinfo=ZONE)


@pytest.fixture
def world():
    """A city with one department."""
    ground.ready_city()
    organisation(DEPARTMENT)


@pytest.fixture
def officer():
    """Who keeps the calendar."""
    return person("data_officer")


def dispatched(moment: dt.datetime) -> Case:
    """A case that was dispatched at a moment, with a limit of four work hours."""
    desk = person(("duty_leader", "acceptor", "dispatcher"))
    case = ground.registered(at=moment)
    for action, fields in (("accept", {}), ("file", {}), ("dispatch", {"duty_org": DEPARTMENT})):
        act(desk, case, action, at=moment, **fields)
    return Case.objects.get(pk=case.pk)


def test_a_holiday_that_comes_late_moves_the_limits_that_run_over_it(world, officer):
    case = dispatched(at(20, 17))
    assert case.dispose_deadline == at(23, 11)
    calendar.set_day(officer, dt.date(2026, 11, 23), is_workday=False, name="临时放假")
    assert recount_waiting() == 1
    fresh = Case.objects.get()
    assert fresh.dispose_deadline == fresh.stage_due_at == at(24, 11)
    assert fresh.stage_warn_at == at(24, 10, 12)
    assert fresh.close_deadline == at(24, 12)
    assert fresh.version == case.version + 1
    rows = DeadlineRecount.objects.order_by("id")
    assert {(row.field, row.old, row.new, row.because) for row in rows} == {
        ("dispose_deadline", at(23, 11), at(24, 11), "本市调整 临时放假"),
        ("stage_due_at", at(23, 11), at(24, 11), "本市调整 临时放假"),
        ("close_deadline", at(23, 12), at(24, 12), "本市调整 临时放假"),
    }
    event = AuditEvent.objects.get(action="case.recount")
    assert (event.object_key, event.after["dispose_deadline"]) == (case.case_no, "2026-11-24T11:00:00+08:00")
    assert explain_case(fresh, fresh.steps.order_by("seq")).agrees
    change = CalendarChange.objects.get()
    assert (change.cases, change.recounted_at is not None) == (1, True)
    assert recount_waiting() == 0
    assert DeadlineRecount.objects.count() == 3


def test_a_day_that_is_given_back_moves_them_back(world, officer):
    case = dispatched(at(20, 17))
    calendar.set_day(officer, dt.date(2026, 11, 23), is_workday=False)
    recount_waiting()
    calendar.reset_day(officer, dt.date(2026, 11, 23))
    assert recount_waiting() == 1
    assert Case.objects.get().dispose_deadline == case.dispose_deadline
    assert DeadlineRecount.objects.count() == 6


def test_limits_that_do_not_touch_the_day_and_finished_cases_stay(world, officer):
    before, after = dispatched(at(20, 9)), dispatched(at(24, 9))
    finished = dispatched(at(20, 17))
    Case.objects.filter(pk=finished.pk).update(state="80", closed_at=at(23, 9))
    disposed = dispatched(at(20, 17))
    Case.objects.filter(pk=disposed.pk).update(state="60", disposed_at=at(20, 18))
    calendar.set_day(officer, dt.date(2026, 11, 23), is_workday=False)
    recount_waiting()
    kept = {case.pk: case.dispose_deadline for case in (before, after, finished, disposed)}
    assert dict(Case.objects.values_list("pk", "dispose_deadline")) == kept
    assert not DeadlineRecount.objects.exists()


def test_a_desk_stage_is_counted_anew_from_where_it_began(world, officer):
    case = ground.registered(at=at(20, 17, 30))
    act(person("acceptor"), case, "accept", at=at(20, 17, 30))
    assert Case.objects.get().stage_due_at == at(23, 8, 30)  # one work hour to file
    calendar.set_day(officer, dt.date(2026, 11, 21), is_workday=True)
    recount_waiting()
    assert Case.objects.get().stage_due_at == at(21, 8, 30)
    assert DeadlineRecount.objects.get().field == "stage_due_at"


def test_what_another_system_counted_stays(world, officer):
    ground.stored_case(
        state="50", dispatched_at=at(20, 17), dispose_deadline=at(23, 11), limit_value=4, limit_unit="work_hour",
        reported_at=at(20, 16),
    )  # fmt: skip
    calendar.set_day(officer, dt.date(2026, 11, 23), is_workday=False)
    assert recount_waiting() == 0
    assert Case.objects.get().dispose_deadline == at(23, 11)


def test_a_replica_is_counted_by_its_owner(world, officer):
    case = dispatched(at(20, 17))
    Case.objects.filter(pk=case.pk).update(origin_code="330200000000-C")
    calendar.set_day(officer, dt.date(2026, 11, 23), is_workday=False)
    assert recount_waiting() == 0


def test_a_paused_case_keeps_a_deadline_as_if_it_ran(world, officer):
    case = dispatched(at(20, 17))
    case.steps.create(
        origin_code=case.origin_code, seq=9, action="15", from_state="45", to_state="52", operator_role="04",
        operator_id=1, operated_at=at(20, 17, 30), opinion="待配件",
    )  # fmt: skip
    Case.objects.filter(pk=case.pk).update(state="52", is_hung="1")
    calendar.set_day(officer, dt.date(2026, 11, 23), is_workday=False)
    recount_waiting()
    assert Case.objects.get().dispose_deadline == at(24, 11)


def test_a_dry_run_tells_and_writes_nothing(world, officer):
    case = dispatched(at(20, 17))
    calendar.set_day(officer, dt.date(2026, 11, 23), is_workday=False)
    told = StringIO()
    call_command("recount_deadlines", "--year", "2026", "--dry-run", stdout=told)
    assert f"{case.case_no} dispose_deadline: 2026-11-23 11:00 -> 2026-11-24 11:00" in told.getvalue()
    assert "1 cases would be counted anew" in told.getvalue()
    assert Case.objects.get().dispose_deadline == at(23, 11)
    assert not DeadlineRecount.objects.exists()
    call_command("recount_deadlines", "--year", "2025", stdout=told)
    assert Case.objects.get().dispose_deadline == at(23, 11)
    call_command("recount_deadlines", "--year", "2026", stdout=told)
    assert Case.objects.get().dispose_deadline == at(24, 11)
    with pytest.raises(CommandError):
        call_command("recount_deadlines", "--year", "1999")


def test_loading_a_notice_counts_its_year_anew(world):
    case = dispatched(dt.datetime(2026, 9, 30, 17, tzinfo=ZONE))
    assert case.dispose_deadline == dt.datetime(2026, 10, 1, 11, tzinfo=ZONE)
    calendar.load_official([2026])
    recount_deadlines()
    assert Case.objects.get().dispose_deadline == dt.datetime(2026, 10, 8, 11, tzinfo=ZONE)
    assert "官方放假通知" in DeadlineRecount.objects.first().because


def test_seasonal_hours_move_running_limits(world, officer):
    calendar.load_official([2026])
    case = dispatched(at(20, 17))
    recount_waiting()
    late = [(dt.time(9), dt.time(12)), (dt.time(13), dt.time(18))]
    calendar.set_hours(officer, dt.date(2026, 11, 21), late, is_yearly=True)
    recount_waiting()
    assert Case.objects.get().dispose_deadline == case.dispose_deadline + dt.timedelta(hours=1)
    assert work_calendar().periods_on(dt.date(2031, 11, 21))[0] == late[0]
    assert work_calendar().periods_on(dt.date(2031, 11, 20))[0] == late[0]


def test_reading_and_writing_take_the_same_statements_for_many_cases(world, officer, django_assert_max_num_queries):
    for _number in range(5):
        dispatched(at(20, 17))
    calendar.set_day(officer, dt.date(2026, 11, 23), is_workday=False)
    with django_assert_max_num_queries(18):
        assert recount_waiting() == 5


# Yellow


def test_lights_turn_yellow_where_the_city_says_in_words_and_in_sql(world, officer):
    case = dispatched(at(16, 8))
    assert case.stage_warn_at == at(16, 11, 12)
    clocks.set_yellow_percent(officer, 50)
    assert recount_waiting() == 1
    fresh = Case.objects.get()
    assert (fresh.stage_warn_at, fresh.stage_due_at, fresh.version) == (at(16, 10), at(16, 12), case.version + 1)
    assert not DeadlineRecount.objects.exists()
    assert current_desk().calendar.yellow_share == Fraction(1, 2)
    for moment in (at(16, 9), at(16, 10), at(16, 10, 1), at(16, 12), at(16, 12, 1)):
        by_rule = light_at(moment, warn=fresh.warn_at, due=fresh.due_at)
        assert Case.objects.with_light(moment).get().light_now == by_rule
    assert light_at(at(16, 10, 1), warn=fresh.warn_at, due=fresh.due_at) is Light.YELLOW


def test_the_share_holds_for_cases_without_a_clock_of_their_own(world, officer):
    clocks.set_yellow_percent(officer, 25)
    case = ground.stored_case(state="50", dispatched_at=at(16, 8), dispose_deadline=at(16, 12))
    assert case.warn_at == at(16, 9)
    for moment, light in ((at(16, 9), "green"), (at(16, 9, 1), "yellow"), (at(16, 12, 1), "red")):
        assert Case.objects.with_light(moment).get().light_now == light


def test_a_desk_stage_gets_its_warning_anew_and_keeps_its_deadline(world, officer):
    case = ground.registered(at=at(16, 8))
    clocks.set_yellow_percent(officer, 40)
    recount_waiting()
    fresh = Case.objects.get()
    assert (fresh.stage_warn_at, fresh.stage_due_at) == (at(16, 8, 6), case.stage_due_at)


@pytest.mark.parametrize("percent", [0, 100, -1])
def test_red_always_stays_above_a_hundred_percent(officer, percent):
    with pytest.raises(InvalidInput):
        clocks.set_yellow_percent(officer, percent)
    assert not ClockSetting.objects.filter(yellow_percent=percent).exists()


def test_settings_of_the_city_are_not_for_a_district():
    with pytest.raises(NotAllowed):
        clocks.set_yellow_percent(person("data_officer", division_code="330102000000"), 70)
    with pytest.raises(NotAllowed):
        clocks.set_stage_limit(
            person("data_officer", division_code="330102000000"),
            stage="close", area_class="", value=Decimal(1), unit="minute",
        )  # fmt: skip
    assert not CalendarChange.objects.exists()


# Pages and API


def test_the_page_of_a_case_tells_how_its_deadline_was_counted(world, officer, client):
    case = dispatched(at(20, 17))
    calendar.set_day(officer, dt.date(2026, 11, 23), is_workday=False, name="临时放假")
    recount_waiting()
    client.force_login(person("duty_leader"), backend=BACKEND)
    page = client.get(f"/cases/{case.case_no}/").content.decode()
    for text in ("怎样算出来的", "17:00–18:00", "08:00–11:00", "2026-11-24 11:00", "因日历变更重算过", "临时放假"):
        assert text in page


def test_the_api_tells_the_same(world, officer, client, as_tier):
    case = dispatched(at(20, 17))
    client.force_login(person("duty_leader"), backend=BACKEND)
    told = client.get(f"/api/v1/cases/{case.case_no}/clock/").json()
    assert (told["limit_value"], told["limit_unit"], told["area_class"]) == ("4.0", "work_hour", "B")
    assert [(line["day"], line["counted_seconds"], line["left_seconds"]) for line in told["lines"]] == [
        ("2026-11-20", 3600, 3 * 3600),
        ("2026-11-23", 3 * 3600, 0),
    ]
    assert told["due_at"] == told["recorded_due_at"]
    assert (told["note"], told["recounts"]) == ("", [])
    new = ground.registered(at=at(16, 8))
    waiting = client.get(f"/api/v1/cases/{new.case_no}/clock/").json()
    assert (waiting["lines"], waiting["note"]) == ([], "派遣后起算。")
    assert client.get("/api/v1/cases/none/clock/").status_code == 404


def test_a_deadline_that_another_system_gave_is_told_to_differ(world):
    case = dispatched(at(20, 17))
    Case.objects.filter(pk=case.pk).update(dispose_deadline=at(25, 9))
    case.refresh_from_db()
    story = explain_case(case, case.steps.order_by("seq"))
    assert not story.agrees
    assert "2026-11-25 09:00" in story.note


def test_the_page_of_settings_shows_and_takes_them(officer, client):
    client.force_login(person("dispatcher"), backend=BACKEND)
    assert "样例" in client.get("/desk/clock/").content.decode()
    assert client.post("/desk/clock/", {"what": "yellow", "yellow_percent": 70}).status_code == 403
    client.force_login(officer, backend=BACKEND)
    assert client.post("/desk/clock/", {"what": "yellow", "yellow_percent": 100}).status_code == 400
    page = client.post("/desk/clock/", {"what": "yellow", "yellow_percent": 70}, follow=True).content.decode()
    assert "黄灯起点由 80% 改为 70%" in page
    asked = {"what": "limit", "stage": "close", "area_class": "A", "value": "10", "unit": "minute"}
    assert "10 分钟" in client.post("/desk/clock/", asked, follow=True).content.decode()
    assert client.post("/desk/clock/", {**asked, "value": "0"}).status_code == 400


def test_the_calendar_page_sets_a_season_and_takes_it_away(officer, client):
    calendar.load_official([2026])
    client.force_login(officer, backend=BACKEND)
    summer = {
        "what": "hours", "valid_from": "2026-05-01", "morning_from": "08:00", "morning_to": "12:00",
        "afternoon_from": "15:00", "afternoon_to": "19:00", "is_yearly": "on",
    }  # fmt: skip
    page = client.post("/desk/calendar/?year=2026", summer, follow=True).content.decode()
    assert "每年自 05-01" in page
    assert WorkingPeriod.objects.filter(is_yearly=True).count() == 2
    assert work_calendar().periods_on(dt.date(2028, 7, 1))[1] == (dt.time(15), dt.time(19))
    gone = client.post("/desk/calendar/?year=2026", {"what": "no-hours", "valid_from": "2026-05-01"}, follow=True)
    assert "已删除" in gone.content.decode()
    assert WorkingPeriod.objects.count() == 2
    last = client.post("/desk/calendar/?year=2026", {"what": "no-hours", "valid_from": "2000-01-01"}, follow=True)
    assert "至少保留一组" in last.content.decode()
    assert WorkingPeriod.objects.count() == 2


def test_everything_may_be_counted_at_once(world, officer):
    dispatched(at(20, 17))
    calendar.set_day(officer, dt.date(2026, 11, 23), is_workday=False)
    assert [one.case.dispose_deadline for one in recount(year_wish(None))] == [at(24, 11)]
