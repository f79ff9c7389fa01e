"""Queues: order, pages, filters, counts that stop, and plans that read no whole table."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cityops.foundation.errors import InvalidInput
from grid.desks.rules.desks import DESKS
from grid.desks.selectors.queues import asked_of, queue, tab_counts
from tests.factories import grid as ground
from tests.factories.people import NINGBO, division, organisation, person
from tests.grid.test_case_plans import big_city, reads_all  # noqa: F401 — a fixture

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def later(minutes):
    return NOW + dt.timedelta(minutes=minutes)


def numbers(asked, **more):
    return [case.case_no for case in queue(asked, **more).rows]


def test_least_time_left_comes_first_then_the_oldest_report_those_without_a_limit_last():
    ground.city()
    none = ground.stored_case(reported_at=later(-90))
    soon = ground.stored_case(stage_due_at=later(5), reported_at=later(-3))
    old = ground.stored_case(stage_due_at=later(9), reported_at=later(-30))
    young = ground.stored_case(stage_due_at=later(9), reported_at=later(-2))
    asked = asked_of(person("acceptor"), DESKS["acceptor"], {})
    assert numbers(asked) == [one.case_no for one in (soon, old, young, none)]


def test_pages_follow_each_other_without_gap_or_repetition_over_two_stages():
    ground.city()
    for number in range(9):
        due = None if number % 4 == 3 else later(number // 2)
        ground.stored_case(state="40" if number % 2 else "41", stage_due_at=due, reported_at=later(-number // 3))
    asked = asked_of(person("dispatcher"), DESKS["dispatcher"], {})
    whole, cursor, read = numbers(asked), "", []
    while True:
        page = queue(asked, cursor=cursor, limit=2)
        read += [case.case_no for case in page.rows]
        if not (cursor := page.cursor):
            break
    assert read == whole
    assert len(whole) == 9


@pytest.mark.parametrize("cursor", ["x", "~~", "2026-01-01~2026-01-01~1", "2026-01-01T00:00:00~2026-01-01T00:00:00~x"])
def test_a_cursor_that_is_none_is_refused(cursor):
    with pytest.raises(InvalidInput):
        queue(asked_of(person("acceptor"), DESKS["acceptor"], {}), cursor=cursor)


def test_filters_narrow_queue_and_counts_alike():
    ground.city()
    ground.stored_case(description="井盖")
    ground.stored_case(source="02")
    user = person("acceptor")
    words = asked_of(user, DESKS["acceptor"], {"q": "井盖"})
    assert len(numbers(words)) == tab_counts(words)[0].count == 1
    assert tab_counts(asked_of(user, DESKS["acceptor"], {"source": "02"}))[0].count == 1


def test_a_count_stops_at_a_hundred():
    ground.city()
    for _number in range(101):
        ground.stored_case()
    first = tab_counts(asked_of(person("acceptor"), DESKS["acceptor"], {}))[0]
    assert (first.count, first.shown) == (100, "99+")


def test_decisions_supervision_and_lateness_have_their_tabs():
    ground.city()
    decide = ground.stored_case(state="50", pending="delay", stage_due_at=later(60))
    watched = ground.stored_case(state="50", is_supervised="1", stage_due_at=later(60))
    late = ground.stored_case(state="50", stage_due_at=later(-60))
    user = person("leader")
    for tab, case in (("decide", decide), ("supervised", watched), ("late", late)):
        assert numbers(asked_of(user, DESKS["supervision"], {"tab": tab})) == [case.case_no]


def test_a_department_sees_its_own_and_a_stranger_nothing():
    ground.city()
    mine = ground.stored_case(state="45", duty_org="CZ0001")
    ground.stored_case(state="45", duty_org="CZ0002")
    worker = person("department", organisation=organisation("CZ0001"))
    assert numbers(asked_of(worker, DESKS["department"], {})) == [mine.case_no]
    division(NINGBO)
    assert numbers(asked_of(person("acceptor", division_code=NINGBO), DESKS["acceptor"], {})) == []


def test_desks_of_a_city_with_200_000_cases_read_no_whole_table_and_sort_no_stage(big_city, client):  # noqa: F811
    leader = person(("duty_leader", "dispatcher", "acceptor", "leader"))
    worker = person("department", organisation=organisation("CZ0007"))
    wrong = {}
    for key, desk in DESKS.items():
        user = worker if key == "department" else leader
        client.force_login(user)
        for tab in desk.tabs:
            with CaptureQueriesContext(connection) as queries:
                assert client.get(f"/desks/{key}/?tab={tab.key}").status_code == 200
            wrong[key, tab.key] = reads_all(queries)
        with CaptureQueriesContext(connection) as queries:
            page = queue(asked_of(user, desk, {}), limit=20)
            queue(asked_of(user, desk, {}), cursor=page.cursor, limit=20)
        wrong[key, "pages"] = reads_all(queries)
    assert {asked: found for asked, found in wrong.items() if found} == {}
