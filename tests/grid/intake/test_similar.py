"""Similar cases: by class, distance and time, from one question that reads no whole table."""

import datetime as dt
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from grid.intake.models import SimilaritySetting
from grid.intake.rules.similarity import Reach
from grid.intake.selectors.similar import similar_cases, similar_to
from tests.factories import grid as ground
from tests.factories.people import NINGBO, person
from tests.grid.test_case_plans import big_city, steps  # noqa: F401 (a fixture)

pytestmark = pytest.mark.django_db
LON, LAT = ground.WEST + 0.005, ground.SOUTH + 0.005
METRE = 1 / 111_195
"""Degrees of latitude in a metre."""


@pytest.fixture
def acceptor():
    ground.city()
    return person("acceptor")


def case(*, metres=0.0, hours=0.0, **fields):
    return ground.stored_case(
        geom=f"SRID=4490;POINT({LON} {LAT + metres * METRE})",
        reported_at=timezone.now() - dt.timedelta(hours=hours),
        **{"class_code": "06010", **fields},
    )


def found(user, **asked):
    return [one.case.case_no for one in similar_cases(user, LON, LAT, **{"class_code": "06010", **asked})]


def test_nearer_and_fresher_cases_of_the_class_come_first(acceptor):
    far, near, old = case(metres=40), case(metres=5), case(metres=5, hours=20)
    case(metres=60), case(hours=25), case(class_code="09005")
    assert found(acceptor) == [near.case_no, old.case_no, far.case_no]
    first = similar_cases(acceptor, LON, LAT, class_code="06010")[0]
    assert (first.metres, first.hours, first.kinship, first.score) == (5, 0.0, "same", 94)
    assert first.may_be_joined_to


def test_classes_that_are_confused_count_where_the_city_wants_it(acceptor):
    other = case(class_code="06011")
    assert found(acceptor) == [other.case_no]
    SimilaritySetting.objects.create(pk=1, metres=50, hours=24, with_confusable=False)
    assert found(acceptor) == []


def test_the_city_sets_how_far_and_how_long(acceptor):
    case(metres=60, hours=30)
    assert found(acceptor) == []
    assert len(found(acceptor, reach=Reach(metres=100, hours=48))) == 1
    SimilaritySetting.objects.create(pk=1, metres=100, hours=48)
    assert len(found(acceptor)) == 1


def test_without_a_class_every_class_counts_less(acceptor):
    case(class_code="09005")
    assert similar_cases(acceptor, LON, LAT)[0].score == 40


def test_joined_voided_and_rejected_cases_and_those_of_others_are_not_named(acceptor):
    for state in ("91", "90", "31"):
        case(state=state)
    closed = case(state="80")
    assert found(acceptor) == [closed.case_no]
    assert not similar_cases(acceptor, LON, LAT, class_code="06010")[0].may_be_joined_to
    assert found(person("acceptor", division_code=NINGBO)) == []


def test_a_case_is_not_similar_to_itself_and_finds_what_came_after_it(acceptor):
    mine, later = case(hours=3), case()
    assert [one.case.case_no for one in similar_to(acceptor, mine)] == [later.case_no]


def test_it_is_one_question_answered_by_an_index(big_city, django_assert_num_queries):  # noqa: F811
    user = person("acceptor")
    with CaptureQueriesContext(connection) as queries:
        similar_cases(user, 120.2, 30.2, class_code="06001", reach=Reach(metres=100, hours=240))
    (asked,) = [query["sql"] for query in queries if "grid_case" in query["sql"]]
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (FORMAT JSON) " + asked.replace("%", "%%"), [])
        plan = cursor.fetchone()[0]
    plan = json.loads(plan) if isinstance(plan, str) else plan
    parts = list(steps(plan[0]["Plan"]))
    assert not [part for part in parts if part["Node Type"] == "Seq Scan" and part["Relation Name"] == "grid_case"]
    assert "case_geom_3857" in {part.get("Index Name") for part in parts}
