"""The API of divisions."""

import datetime as dt

import pytest
from django.contrib.gis.geos import MultiPolygon, Polygon
from django.urls import reverse

from cityops.regions.models import Division
from tests.factories.people import api_token, bearer, division, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(client):
    headers = bearer(api_token(person("data_officer"), scopes=("read",)))
    outline = MultiPolygon(Polygon.from_bbox((120.1, 30.1, 120.2, 30.2)), srid=4490)
    division("330102000000", name="上城区", boundary=outline, full_name="浙江省杭州市上城区")
    division("330103000000", name="下城区")
    division("500000000000", name="重庆市")
    Division.objects.filter(code="330103000000").update(valid_to=dt.date(2021, 12, 31), successor_code="330105000000")

    def get(name, *args, **query):
        return client.get(reverse(f"api:{name}", args=args), query, headers=headers)

    return get


def names(answer):
    return [row["name"] for row in answer.json()["results"]]


def test_who_has_no_token_is_refused(client):
    assert client.get(reverse("api:division-list")).status_code == 401
    assert client.get(reverse("api:division-detail", args=("3301",))).status_code == 401


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"parent": "3301", "retired": "false"}, ["上城区"]),
        ({"parent": "330100000000"}, ["上城区", "下城区"]),
        ({"retired": "true"}, ["下城区"]),
        ({"q": "杭州市上城"}, ["上城区"]),
        ({"q": "330103"}, ["下城区"]),
    ],
)
def test_divisions_are_narrowed(ask, query, found):
    assert names(ask("division-list", **query)) == found


def test_a_parent_that_is_no_code_is_refused_with_field_and_remedy(ask):
    answer = ask("division-list", parent="33010")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "parent"


@pytest.mark.parametrize("code", ["330102", "330102000000"])
def test_a_division_comes_with_its_outline(ask, code):
    body = ask("division-detail", code).json()
    assert (body["name"], body["boundary"]["type"], body["is_derived"]) == ("上城区", "MultiPolygon", False)


def test_a_retired_code_is_answered_with_its_last_period(ask):
    assert ask("division-detail", "330103").json()["successor_code"] == "330105000000"


def test_a_day_is_asked_for(ask):
    assert names(ask("division-list", q="330103", on="2021-12-31")) == ["下城区"]
    assert names(ask("division-list", q="330103", on="2022-01-01")) == []
    assert ask("division-detail", "330103", on="2021-12-31").status_code == 200
    assert ask("division-detail", "330103", on="2022-01-01").status_code == 404
    wrong = ask("division-detail", "330103", on="2022-13-01")
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "on")


def test_a_refused_code_is_worded_in_the_readers_language(ask):
    assert "不是区划代码" in ask("division-list", parent="33010").json()["detail"]


@pytest.mark.parametrize("code", ["999999", "x", "5", "330", "50000000000"])
def test_an_unknown_code_is_not_there(ask, code):
    assert ask("division-detail", code).status_code == 404


def test_an_unchanged_answer_is_not_sent_again(client):
    headers = bearer(api_token(person("data_officer"), scopes=("read",)))
    url = reverse("api:division-detail", args=("330100000000",))
    tag = client.get(url, headers=headers).headers["ETag"]
    assert client.get(url, headers={**headers, "If-None-Match": tag}).status_code == 304
