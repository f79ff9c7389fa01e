"""The daily statistic: emptied where its cases have gone, derived again at an upper tier, compared with what came."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cityops.foundation import derived
from grid.models import CaseDailyStatistic
from grid.selectors.statistics import COUNTS, differing_days
from grid.services.statistics import compile_statistics
from tests.factories import grid as ground
from tests.factories.people import NINGBO, ZHEJIANG, division, person

pytestmark = pytest.mark.django_db
CITY = "330100000000-C"
NOTHING = dict.fromkeys(COUNTS, 0)


def days_ago(days):
    return timezone.now() - dt.timedelta(days=days)


@pytest.fixture
def sent(as_tier):
    """A city's case with its compiled day, as both came to the province."""
    division(ground.COMMUNITY[:9] + "000", level=5, name="测试街道")
    case = ground.stored_case(reported_at=days_ago(5), accepted_at=days_ago(5), updated_at=days_ago(5))
    compile_statistics()
    as_tier("provincial")
    return case


def test_a_day_whose_cases_have_gone_is_emptied_and_others_stay():
    gone, kept = ground.stored_case(reported_at=days_ago(5)), ground.stored_case(reported_at=days_ago(6))
    compile_statistics()
    gone.delete()
    assert compile_statistics() == 1
    found = CaseDailyStatistic.objects.order_by("-stat_date").values_list("stat_date", "report_num")
    assert list(found) == [
        (timezone.localdate(days_ago(5)), 0),
        (timezone.localdate(kept.reported_at), 1),
    ]
    assert compile_statistics() == 0


def test_only_the_days_asked_for_are_emptied():
    ground.stored_case(reported_at=days_ago(9)).delete()
    CaseDailyStatistic.objects.create(
        division_code="330102001000",
        stat_date=timezone.localdate(days_ago(9)),
        kind="2",
        **{**NOTHING, "report_num": 4},
    )
    assert compile_statistics(first=timezone.localdate(days_ago(3))) == 0
    assert CaseDailyStatistic.objects.get().report_num == 4


def test_what_came_is_what_the_cases_give(sent):
    person_here = person("supervisor", division_code=ZHEJIANG)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert differing_days([CITY], user=person_here) == []
    assert len(asked) == 1


def test_a_count_that_the_cases_do_not_give_is_told(sent):
    CaseDailyStatistic.objects.update(report_num=3)
    found = derived.differences([CITY], user=person("supervisor", division_code=ZHEJIANG))
    day = timezone.localdate(sent.reported_at)
    assert [(one.day, one.count, one.received, one.derived) for one in found] == [(day, "上报数", 3, 1)]
    assert found[0].place == "测试街道 330102001"
    assert (found[0].owner_code, found[0].kind) == (CITY, "事项")


def test_a_day_that_did_not_come_or_has_no_case_is_told(sent):
    CaseDailyStatistic.objects.update(stat_date=timezone.localdate(days_ago(8)))
    found = differing_days([CITY], user=person("supervisor", division_code=ZHEJIANG))
    told = {(one.day, one.count, one.received, one.derived) for one in found}
    came, is_so = timezone.localdate(days_ago(8)), timezone.localdate(sent.reported_at)
    assert told == {
        (came, "上报数", 1, None),
        (came, "受理数", 1, None),
        (is_so, "上报数", None, 1),
        (is_so, "受理数", None, 1),
    }


def test_who_is_responsible_for_another_city_is_told_nothing(sent):
    CaseDailyStatistic.objects.update(report_num=3)
    assert differing_days([CITY], user=person("supervisor", division_code=NINGBO)) == []
    assert differing_days([], user=person("supervisor", division_code=ZHEJIANG)) == []
