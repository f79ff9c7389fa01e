"""From a text to places, by name, door, alias, initials and likeness; what is out of use says so."""

import re
import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from grid.places.models import Place
from grid.places.rules.matching import Verdict
from grid.places.selectors.geocoding import geocode, geocode_many
from grid.places.selectors.places import filter_places, visible_places
from grid.places.selectors.reverse import around
from tests.factories import grid as ground
from tests.factories.people import division, person
from tests.factories.places import door, many_places, place

pytestmark = pytest.mark.django_db


@pytest.fixture
def city(db):
    ground.city()
    ground.unit_grid()
    division("330102000000", name="上城区")
    division("330106000000", name="西湖区")


def best(text, user=None):
    return geocode(user, text).candidates[0]


def test_a_door_is_found_with_its_point_grid_and_community(city):
    known = door("中山路", 10)
    found = best("测试市上城区中山路10号3幢2单元")
    assert (found.place, found.score, found.reasons) == (known, 1.0, ("door", "part_of_name"))
    assert (found.place.grid_code, found.community) == (ground.COMMUNITY + "001", "上城区测试社区")
    assert found.why == "门牌一致、名称包含"


@pytest.mark.parametrize(
    ("text", "verdict", "name"),
    [
        ("中山路10号", Verdict.FOUND, "中山路10号"),
        ("中山路十号", Verdict.FOUND, "中山路10号"),
        ("中山路１０号附近", Verdict.FOUND, "中山路10号"),
        ("中山路14号", Verdict.FOUND, "中山路10号"),  # same side, four numbers on
        ("中山路13号", Verdict.AMBIGUOUS, "中山路"),  # the other side of the street
        ("中山路900号", Verdict.AMBIGUOUS, "中山路"),
        ("中山路", Verdict.FOUND, "中山路"),
        ("测试文化广场", Verdict.FOUND, "测试文化广场"),
        ("文化广场三楼", Verdict.FOUND, "测试文化广场"),
        ("中山路10号测试文化广场", Verdict.FOUND, "中山路10号"),
        ("老火车站", Verdict.FOUND, "测试文化广场"),  # by alias
        ("cswhgc", Verdict.FOUND, "测试文化广场"),
        ("CSWH", Verdict.AMBIGUOUS, "测试文化广场"),
        ("龙翔购务中心", Verdict.AMBIGUOUS, "龙翔购物中心"),  # a slip
        ("龙翔", Verdict.AMBIGUOUS, "龙翔购物中心"),
        ("宁波市中山路10号", Verdict.AMBIGUOUS, "中山路10号"),
        ("西湖区中山路10号", Verdict.AMBIGUOUS, "中山路10号"),
        ("不存在的地方", Verdict.MISSING, ""),
        ("", Verdict.MISSING, ""),
        ("!!", Verdict.MISSING, ""),
    ],
)
def test_texts_and_what_becomes_of_them(city, text, verdict, name):
    door("中山路", 10)
    place("中山路", place_type=Place.Type.STREET, north_m=5)
    place("测试文化广场", alias="老火车站、城站广场", east_m=30)
    place("龙翔购物中心", east_m=-300)
    answer = geocode(None, text)
    assert (answer.verdict, answer.candidates[0].place.place_name if answer.candidates else "") == (verdict, name)


def test_the_same_name_in_two_spots_is_not_unique(city):
    place("一心药店")
    place("一心药店", east_m=400)
    answer = geocode(None, "一心药店")
    assert (answer.verdict, len(answer.candidates)) == (Verdict.AMBIGUOUS, 2)


def test_the_same_name_in_one_spot_is(city):
    place("一心药店")
    place("一心药店", east_m=40)
    assert geocode(None, "一心药店").verdict is Verdict.FOUND


def test_a_historical_name_is_found_and_says_what_it_is_now(city):
    now = place("测试文化广场")
    place("工人俱乐部", valid="0", historic_of=now)
    place("旧码头", valid="0", east_m=200)
    assert best("工人俱乐部").note == "历史地名，现为“测试文化广场”"
    assert best("旧码头").note == "已停用的地名"
    assert best("测试文化广场").note == ""


def test_a_person_finds_places_of_the_own_division_only(city):
    place()
    assert geocode(person("collector"), "测试文化广场").candidates
    assert not geocode(person("collector", division_code="330106000000"), "测试文化广场").candidates


def test_a_batch_answers_each_text_in_its_order(city):
    for number in (10, 12, 600):
        door("中山路", number, north_m=number)
    answers = list(geocode_many(None, ["中山路12号", "无此地名", "中山路600号"]))
    assert [answer.text for answer in answers] == ["中山路12号", "无此地名", "中山路600号"]
    assert [answer.candidates[0].place.place_name if answer.candidates else "" for answer in answers] == [
        "中山路12号", "", "中山路600号",
    ]  # fmt: skip


def test_the_number_of_statements_does_not_grow(city, django_assert_max_num_queries):
    for number in range(1, 60):
        door("中山路", number)
    with django_assert_max_num_queries(12):
        list(geocode_many(None, [f"中山路{number}号" for number in range(1, 45)] + ["不在此处"]))


def test_200_000_places_are_searched_by_their_indexes(city):
    many_places(200_000)
    name, road = Place.objects.filter(place_type="06").values_list("place_name", flat=True)[100], door("庆春路", 88)
    texts = [name, "庆春路88号", "庆春路90号", name[:3], "庆春路一百二十号", "第3街坊药店", "ycl"]
    with CaptureQueriesContext(connection) as asked:
        begun = time.perf_counter()
        answers = [geocode(None, text) for text in texts]
        took = time.perf_counter() - begun
        near = around(None, 120.2, 30.2).nearby
        listed = list(filter_places(visible_places(person("collector")), q="庆春路")[:50])
    assert answers[0].candidates[0].place.place_name == name
    assert answers[1].candidates[0].place == road
    assert (len(near), listed) == (5, [road])
    searches = [q["sql"] for q in asked.captured_queries if 'FROM "places_place"' in q["sql"]]
    assert len(searches) >= len(texts)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pg_trgm.word_similarity_threshold', '0.4', true)")
        for sql in searches:
            cursor.execute(f"EXPLAIN {sql}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
            assert not re.search(r"Seq Scan on places_place", plan), plan
    assert took < 2 * len(texts), took  # 18 ms a text on a quiet machine
