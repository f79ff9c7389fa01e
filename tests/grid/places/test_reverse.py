"""From a point to what is around it, in words."""

import pytest

from cityops.foundation.errors import InvalidInput
from grid.places.selectors.reverse import around
from tests.factories import grid as ground
from tests.factories.people import division, person
from tests.factories.places import place

pytestmark = pytest.mark.django_db
MIDDLE = (ground.WEST + 0.005, ground.SOUTH + 0.005)


@pytest.fixture
def city(db):
    ground.city()
    ground.unit_grid()
    division("330102000000", name="上城区")


def test_a_point_is_told_by_the_nearest_place_its_side_and_its_distance(city):
    place("测试文化广场", east_m=-30)
    place("第二小学", north_m=200)
    place("远处药店", north_m=2_000)
    place("旧码头", valid="0")
    spot = around(None, *MIDDLE)
    assert [near.words for near in spot.nearby] == ["测试文化广场东侧 30 米", "第二小学南侧 200 米"]
    assert (spot.grid_code, spot.community) == (ground.COMMUNITY + "001", "上城区测试社区")
    assert spot.address == "上城区测试社区测试文化广场东侧 30 米"


def test_at_a_place_there_is_no_side(city):
    place()
    assert around(None, *MIDDLE).nearby[0].words == "测试文化广场"


def test_the_nearest_is_the_nearest_in_metres_not_in_degrees(city):
    place("东边", east_m=100)
    place("北边", north_m=105)
    assert [near.place.place_name for near in around(None, *MIDDLE).nearby] == ["东边", "北边"]


def test_where_nothing_is_known_the_spot_is_empty(city):
    spot = around(None, 121.5, 31.2)
    assert (spot.grid_code, spot.nearby, spot.address) == ("", (), "")


def test_another_division_sees_nothing_of_it(city):
    place()
    spot = around(person("collector", division_code="330106000000"), *MIDDLE)
    assert (spot.grid_code, spot.nearby) == ("", ())


@pytest.mark.parametrize("point", [(181, 30), (120, 95), (float("nan"), 30), (float("inf"), 30)])
def test_what_can_be_no_point_is_refused(city, point):
    with pytest.raises(InvalidInput):
        around(None, *point)


def test_three_queries(city, django_assert_max_num_queries):
    for number in range(30):
        place(f"药店{number}", east_m=number)
    with django_assert_max_num_queries(3):
        assert len(around(None, *MIDDLE).nearby) == 5
