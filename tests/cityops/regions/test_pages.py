"""Pages of divisions."""

import datetime as dt

import pytest
from django.urls import reverse

from cityops.regions.models import Division
from cityops.regions.rules import Level
from tests.factories.people import division, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(client):
    client.force_login(person("leader"))
    for code, name in (("330000000000", "浙江省"), ("330102000000", "上城区"), ("330105000000", "拱墅区")):
        division(code, name=name)
    Division.objects.filter(code="330100000000").update(name="杭州市", full_name="浙江省杭州市")
    division("330103000000", name="下城区")
    Division.objects.filter(code="330103000000").update(valid_to=dt.date(2021, 12, 31), successor_code="330105000000")
    return client


def test_who_is_not_signed_in_signs_in_first(client):
    for url in (reverse("division-list"), reverse("division-detail", args=("330100000000",))):
        assert client.get(url).status_code == 302


def test_the_list_shows_current_divisions_and_retired_ones_when_asked(reader):
    text = reader.get(reverse("division-list")).content.decode()
    assert "上城区" in text
    assert "下城区" not in text
    assert "下城区" in reader.get(reverse("division-list"), {"state": "retired"}).content.decode()


@pytest.mark.parametrize(
    ("asked", "found", "other"),
    [
        ({"q": "上城"}, "上城区", "拱墅区"),
        ({"q": "330105"}, "拱墅区", "上城区"),
        ({"level": Level.CITY.value}, "杭州市", "上城区"),
        ({"parent": "3301"}, "上城区", "浙江省</b>"),
    ],
)
def test_the_list_is_narrowed(reader, asked, found, other):
    text = reader.get(reverse("division-list"), asked).content.decode()
    assert found in text
    assert other not in text


def test_a_search_without_result_says_what_to_do(reader):
    assert "没有符合条件的区划" in reader.get(reverse("division-list"), {"q": "火星"}).content.decode()


def test_one_division_shows_what_is_inside_and_what_it_took_in(reader):
    text = reader.get(reverse("division-detail", args=("330100000000",))).content.decode()
    assert "上城区" in text
    taken = reader.get(reverse("division-detail", args=("330105000000",))).content.decode()
    assert "下城区" in taken
    assert "浙江省" in taken


@pytest.mark.parametrize("code", ["999999999999", "33", "nonsense"])
def test_an_unknown_code_is_not_there(reader, code):
    assert reader.get(reverse("division-detail", args=(code,))).status_code == 404


def test_a_long_list_costs_no_more_queries(reader, django_assert_max_num_queries):
    for number in range(60):
        division(f"330102{number + 1:03d}000", name=f"街道{number}")
    with django_assert_max_num_queries(14):
        assert reader.get(reverse("division-list")).status_code == 200


def test_a_search_for_a_retired_name_says_what_it_became(reader):
    text = reader.get(reverse("division-list"), {"q": "下城"}).content.decode()
    assert "已停用" in text
    assert "330105" in text
    assert "拱墅区" in text


def test_the_list_and_a_division_may_be_asked_for_a_day(reader):
    Division.objects.filter(code="330105000000").update(valid_from=dt.date(2022, 1, 1))
    before = reader.get(reverse("division-list"), {"on": "2021-06-01"}).content.decode()
    assert "下城区" in before
    assert "拱墅区" not in before
    inside = reverse("division-detail", args=("330100000000",))
    assert "下城区" not in reader.get(inside).content.decode()
    assert "下城区" in reader.get(inside, {"on": "2021-06-01"}).content.decode()
    assert reader.get(inside, {"on": "2000-01-01"}).status_code == 404
    assert reader.get(inside, {"on": "2021-02-30"}).status_code == 404


def test_a_division_whose_end_is_announced_is_current_until_then(reader):
    Division.objects.filter(code="330105000000").update(valid_to=dt.date(2999, 12, 31))
    assert "拱墅区" in reader.get(reverse("division-list")).content.decode()
    page = reader.get(reverse("division-detail", args=("330105000000",))).content.decode()
    assert '<span class="tag">已停用' not in page


def test_a_parent_that_is_no_code_finds_nothing(reader):
    assert "没有符合条件的区划" in reader.get(reverse("division-list"), {"parent": "33010"}).content.decode()
