"""The rollup: its sums are the daily statistic, and its panels are what counting the cases gives."""

import datetime as dt
import io

import pytest
from django.core.management import call_command
from django.db.models import Sum

from grid.models import Case, CaseDailyStatistic
from grid.performance.models import DailyCount, RollupMark
from grid.performance.selectors.rollup import panels
from grid.performance.services.rollup import count_all, count_days, count_recent, follow_changes
from grid.selectors.statistics import COUNTS
from grid.services.statistics import compile_statistics
from tests.factories.people import person
from tests.grid.performance.conftest import PARKS, ROADS, at, case

FIRST, LAST = dt.date(2026, 10, 1), dt.date(2026, 10, 31)


def sums(model, **by):
    """The counts of a table by day, street and kind."""
    rows = model.objects.filter(stat_date__range=(FIRST, LAST), **by).values("stat_date", "division_code", "kind")
    found = rows.annotate(**{f"s_{name}": Sum(name) for name in COUNTS}).order_by("stat_date", "division_code")
    return [row for row in found if any(row[f"s_{name}"] for name in COUNTS)]


def test_its_sums_are_the_daily_statistic(month):
    case(5, source="03", class_code="07001")
    count_days(FIRST, LAST)
    compile_statistics(FIRST, LAST)
    assert sums(DailyCount) == sums(CaseDailyStatistic)
    assert DailyCount.objects.count() > CaseDailyStatistic.objects.count() > 0


def test_panels_say_what_the_cases_say(month, evaluator):
    count_days(FIRST, LAST)
    found = panels("3301", FIRST, LAST, user=evaluator)
    assert found.total["report_num"] == Case.objects.filter(reported_at__gte=at(1), reported_at__lt=at(31)).count() == 8
    assert {code: counts["close_num"] for code, counts in found.by["duty_org"].items()} == {ROADS: 3, PARKS: 1, "": 0}
    assert {code: counts["report_num"] for code, counts in found.by["street"].items()} == {"330102": 6, "330106": 2}
    assert found.by["source"]["03"]["register_num"] == 1
    assert set(found.by["class_major"]) == {"06"}
    assert sum(counts["report_num"] for counts in found.by["stat_date"].values()) == 8


def test_panels_stay_inside_what_a_person_may_see(month, roads_person):
    count_days(FIRST, LAST)
    district = person("evaluator", division_code="330106000000")
    assert panels("3301", FIRST, LAST, user=district).total["report_num"] == 2
    assert set(panels("3301", FIRST, LAST, user=roads_person).by["duty_org"]) == {ROADS}


def test_an_empty_rollup_gives_zeros(ground, evaluator):
    assert panels("3301", FIRST, LAST, user=evaluator).total == dict.fromkeys(COUNTS, 0)


def test_it_follows_the_cases_that_changed(month, evaluator):
    assert follow_changes() == 0
    assert RollupMark.objects.count() == 1
    new = case(16)
    Case.objects.filter(pk=new.pk).update(updated_at=dt.datetime.now(dt.UTC))
    assert follow_changes() > 0
    assert panels("3301", FIRST, LAST, user=evaluator).by["stat_date"][dt.date(2026, 10, 16)]["report_num"] == 1
    DailyCount.objects.filter(stat_date=dt.date(2026, 10, 16)).update(report_num=9)
    assert follow_changes() > 0
    assert panels("3301", FIRST, LAST, user=evaluator).by["stat_date"][dt.date(2026, 10, 16)]["report_num"] == 1


@pytest.mark.parametrize("count", [count_all, count_recent])
def test_counting_again_changes_nothing(month, count):
    count_all()
    before = list(DailyCount.objects.order_by("stat_date", "division_code", "duty_org", "source").values_list(*COUNTS))
    count()
    after = list(DailyCount.objects.order_by("stat_date", "division_code", "duty_org", "source").values_list(*COUNTS))
    assert before == after


def test_the_command_counts_days(month):
    out = io.StringIO()
    call_command("count_performance", "2026-10-05", stdout=out)
    assert out.getvalue().split()[0] == str(DailyCount.objects.count())
    call_command("count_performance", stdout=out)
    assert DailyCount.objects.values("stat_date").distinct().count() > 1
