"""Quality rules as data: every shipped one runs, one statement each; each finds what it is there to find."""

import pytest

from grid.models import Case
from sync.aggregation.models import QualityFinding, QualityRun, RuleResult
from sync.aggregation.rules.rulebook import CHECKS, CLAUSES
from sync.aggregation.selectors.ruleset import rules, shipped
from sync.aggregation.services import running
from tests.factories.faulty import GOOD, faulty_city

CITY, PROVINCE = "330100000000-C", "330000000000-P"


def test_the_product_ships_rules_of_every_clause_with_source_and_remedy():
    found = shipped()
    assert len(found) >= 40
    assert {rule.clause for rule in found.values()} == set(CLAUSES)
    assert all(rule.source and rule.remedy and rule.title_en and rule.remedy_en for rule in found.values())
    assert "GL05" in {rule.dataset for rule in found.values() if rule.clause == "Q4"}
    assert {rule.check for rule in found.values()} >= set(CHECKS)


@pytest.mark.django_db
def test_every_shipped_rule_runs_over_nothing(as_tier):
    as_tier("provincial")
    run = running.run_whole()
    assert (run.state, run.faults, run.todo) == (QualityRun.State.DONE, {}, [])
    assert run.statements <= 2 * len(rules()) + len({rule.dataset for rule in rules().values()})


@pytest.fixture
def province(as_tier):
    """The province with a city of which everything is wrong."""
    as_tier("provincial")
    faulty_city()


@pytest.mark.django_db
def test_every_rule_finds_what_it_is_there_for_and_leaves_the_good_case(province):
    run = running.run_whole()
    assert run.faults == {}
    found = dict(RuleResult.objects.filter(owner_code=CITY).values_list("rule_code", "broken"))
    several = {
        "GL01-Q2-03": 2, "GL01-Q7-02": 2, "GL01-Q9-01": 2, "GL04-Q4-01": 29, "GL05-Q4-01": 4, "JC07-Q7-01": 2,
    }  # fmt: skip
    assert found == {code: several.get(code, 1) for code in rules()}
    good = Case.objects.get(case_no=GOOD)
    assert not QualityFinding.objects.filter(rid=good.pk).exists()
