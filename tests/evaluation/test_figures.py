"""Figures on the database: the conditions agree with the rules, regions are scoped, everything in one statement."""

import random
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from cityops.foundation.errors import InvalidInput, NotThere
from evaluation import selectors
from evaluation.rules import INDICATORS, find_indicator, parse_period
from evaluation.selectors.figures import span_of
from grid.models import Case
from grid.rules.counting import CaseFacts, Window, counts_of
from sync.exchange.models import RecordVersion
from tests.evaluation.cases import COMMUNITY, at, case, save
from tests.factories.people import HANGZHOU, NINGBO, ZHEJIANG, division, person

pytestmark = pytest.mark.django_db
ALL = list(INDICATORS.values())
PERIODS = [parse_period(key) for key in ("2026-09", "2026-10", "2026Q3", "2026", "2026-10-05")]


def some_cases(count: int = 300) -> list[Case]:
    """Cases with every mixture of moments, states and marks; the same each time."""
    dice = random.Random(20261124)
    base = at("2026-08-15 00:00")

    def moment(chance: float):
        return base + timedelta(minutes=dice.randrange(0, 60 * 24 * 100)) if dice.random() < chance else None

    return [
        case(
            dice.choice([COMMUNITY, "330105002003", "330203001001", "320102001001"]),
            reported_at=moment(1),
            filed_at=moment(0.8),
            rejected_at=moment(0.2),
            dispatched_at=moment(0.6),
            disposed_at=moment(0.6),
            close_deadline=moment(0.7),
            closed_at=moment(0.6),
            rework_count=dice.choice([0, 0, 0, 1, 2]),
            is_hung=dice.choice("0001"),
            grid_code=dice.choice(["", f"{COMMUNITY}001", f"{COMMUNITY}001"]),
            is_void=dice.choice("00001"),
            state=dice.choice(["31", "50", "52", "80", "80", "80", "90", "91"]),
        )
        for _ in range(count)
    ]


def facts(one: Case) -> CaseFacts:
    flags = {"is_hung": one.is_hung == "1", "is_void": one.is_void == "1", "is_in_grid": one.grid_code != ""}
    names = CaseFacts.__dataclass_fields__.keys() - flags
    return CaseFacts(**{name: getattr(one, name) for name in names}, **flags)


@pytest.fixture
def places(as_tier):
    as_tier("national")
    division("000000000000")
    for code in (ZHEJIANG, HANGZHOU, NINGBO, "330102000000", "320000000000"):
        division(code)
    return [selectors.find_place(code) for code in (ZHEJIANG, HANGZHOU, NINGBO, "330102000000")]


@pytest.mark.parametrize("is_cohort", [False, True])
def test_the_database_counts_what_the_rules_say(places, is_cohort):
    cases = save(*some_cases())
    found = selectors.table(places, ALL, PERIODS, user=None, is_cohort=is_cohort)
    for place in places:
        inside = [facts(one) for one in cases if one.division_code.startswith(place.prefix)]
        for period in PERIODS:
            span = span_of(period, is_cohort)
            window = Window(span.start, span.end, is_cohort)
            expected = [counts_of(one, window) for one in inside]
            for indicator in ALL:
                counts = found[place.code, indicator.code, period.key].counts
                assert counts == {i.code: sum(one[i.code] for one in expected) for i in indicator.inputs}


@pytest.mark.parametrize("is_cohort", [False, True])
@pytest.mark.parametrize("indicator", ALL, ids=lambda one: one.code)
def test_the_records_are_exactly_those_that_were_counted(places, indicator, is_cohort):
    save(*some_cases())
    figure = selectors.figure(indicator, places[0], parse_period("2026Q3"), user=None, is_cohort=is_cohort)
    assert figure.denominator > 5
    for code, count in figure.counts.items():
        if code != "handling_seconds":
            assert selectors.records(figure, code, user=None).count() == count
    shown = selectors.with_marks(figure, selectors.records(figure, user=None))
    marks = [code for one in shown for code in selectors.parts_of(figure, one)]
    wider = set() if indicator.code == "closing_rate" else {"needed", "closed", "in_no_grid"}
    within = set(figure.counts) - wider
    assert {code: marks.count(code) for code in within - {"handling_seconds"}} == {
        code: figure.counts[code] for code in within - {"handling_seconds"}
    }
    if indicator.code != "mean_handling_hours":
        assert selectors.missed(figure, user=None).count() == figure.denominator - figure.numerator


def test_a_part_that_is_no_input_is_refused(places):
    figure = selectors.figure(find_indicator("结案率"), places[0], parse_period("2026"), user=None)
    with pytest.raises(KeyError):
        selectors.records(figure, "nonsense", user=None)


def test_without_cases_there_is_no_data(places):
    figure = selectors.figure(find_indicator("结案率"), places[0], parse_period("2026"), user=None)
    assert (figure.numerator, figure.denominator, figure.value, figure.text) == (0, 0, None, "—")


@pytest.mark.parametrize("count", [1, 12])
def test_many_regions_and_periods_are_one_statement(places, django_assert_num_queries, count):
    save(*some_cases(20))
    with django_assert_num_queries(1):
        selectors.table(places, ALL, parse_period("2026-11").series(count), user=None)


def test_the_nation_counts_everything(places):
    save(*some_cases())
    nation = selectors.find_place("0")
    figure = selectors.figure(find_indicator("结案率"), nation, parse_period("2026"), user=None)
    four = [selectors.find_place(code) for code in (ZHEJIANG, "320000000000")]
    parts = selectors.table(four, [figure.indicator], [figure.period], user=None)
    assert figure.counts["needed"] == sum(part.counts["needed"] for part in parts.values())


def test_nobody_counts_cases_of_another_region(places):
    save(*some_cases())
    of_ningbo = person(division_code=NINGBO)
    counted = selectors.table(places, ALL, [parse_period("2026")], user=of_ningbo)
    own = selectors.table(places, ALL, [parse_period("2026")], user=None)
    for indicator in ALL:
        assert not any(counted[HANGZHOU, indicator.code, "2026"].counts.values())
        assert counted[NINGBO, indicator.code, "2026"] == own[NINGBO, indicator.code, "2026"]


def test_a_place_outside_is_not_there(places):
    of_ningbo = person(division_code=NINGBO)
    assert selectors.find_place("3302", user=of_ningbo).code == NINGBO
    assert selectors.find_place(NINGBO, user=person(division_code=ZHEJIANG)).code == NINGBO
    for code in (HANGZHOU, ZHEJIANG, "000000000000", "999999999999"):
        with pytest.raises(NotThere):
            selectors.find_place(code, user=of_ningbo)
    with pytest.raises(InvalidInput):
        selectors.find_place("33010", user=of_ningbo)


@pytest.mark.parametrize(("tier", "ours"), [("municipal", "3301"), ("provincial", "33"), ("national", "0")])
def test_an_instance_answers_for_its_own_region_only(places, as_tier, tier, ours):
    """A city holds a part of the province's cases, and would call it the province's figure."""
    as_tier(tier)
    assert selectors.find_place(ours).shown == ours
    for code in ("3302", "33", "0"):
        if len(code) < len(ours) or code == "0" != ours:
            with pytest.raises(NotThere, match="不在本平台负责的区域内"):
                selectors.find_place(code)
    county = selectors.find_place("330102000000")
    assert all(len(above.shown) >= len(ours) or ours == "0" for above in selectors.ancestors_of(county))


def test_ancestors_end_where_the_person_sees_no_further(places):
    county = selectors.find_place("330102000000")
    assert [p.code for p in selectors.ancestors_of(county)] == ["000000000000", ZHEJIANG, HANGZHOU]
    assert [p.code for p in selectors.ancestors_of(county, user=person())] == [HANGZHOU]
    assert [p.code for p in selectors.children_of(selectors.find_place("33"))] == [HANGZHOU, NINGBO]


def test_lineage_names_the_record_versions(places):
    done = {"filed_at": at("2026-10-01 09:00"), "closed_at": at("2026-10-02 09:00"), "state": "80"}
    cases = save(case(**done), case(**done))
    figure = selectors.figure(find_indicator("结案率"), places[0], parse_period("2026-10"), user=None)
    fresh = selectors.lineage(figure, user=None)
    assert (fresh.records, fresh.unnumbered) == (2, 2)

    def number(one: Case, rev: int) -> None:
        version = {"dataset": "GL01", "owner_code": one.origin_code, "rec_epoch": 1, "rev": rev, "op": "U"}
        RecordVersion.objects.update_or_create(
            rid=one.rid, defaults={**version, "content_sha": bytes(32), "at": timezone.now()}
        )

    for one in cases:
        number(one, 1)
    numbered = selectors.lineage(figure, user=None)
    assert (numbered.records, numbered.unnumbered, numbered.digest) == (
        2,
        0,
        selectors.lineage(figure, user=None).digest,
    )
    number(cases[0], 2)
    assert selectors.lineage(figure, user=None).digest != numbered.digest != fresh.digest


def test_a_running_period_says_so(places):
    of = SimpleNamespace(place=places[0], indicator=find_indicator("结案率"))
    past = selectors.figure(of.indicator, of.place, parse_period("2020"), user=None)
    now = selectors.figure(of.indicator, of.place, parse_period(str(timezone.localdate().year)), user=None)
    assert not past.is_running
    assert now.is_running
