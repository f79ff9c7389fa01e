"""The cities side by side in the API, and the nodes: the same facts as the pages, within the region of who asks."""

import datetime as dt

import pytest
from django.utils import timezone

from grid.models import Case
from sync.exchange.models import Link
from tests.factories.grid import stored_case
from tests.factories.people import HANGZHOU, NINGBO, ZHEJIANG, division, person
from tests.permissions.visits import Visitor, body_of
from tiers.models import Node

pytestmark = pytest.mark.django_db
LIST, NODES = "/api/v1/cities/", "/api/v1/nodes/"


@pytest.fixture
def province(as_tier):
    """浙江 with two cities: 杭州 sends and is fresh, 宁波 is frozen and silent for days."""
    as_tier("provincial")
    for code, state in ((HANGZHOU, "live"), (NINGBO, "frozen")):
        division(code, name=f"城市{code[:4]}")
        node = f"{code}-C"
        facts = {"base_url": "http://127.0.0.1", "std_version": "1", "platform_name": f"平台{code[:4]}"}
        Node.objects.create(node_code=node, tier="3", division_code=code, parent_code="330000000000-P", **facts)
        Link.objects.create(peer_code=node, role="child", state=state, last_ok_at=timezone.now())
    now = timezone.now()
    stored_case(origin_code=f"{HANGZHOU}-C", stage_due_at=now - dt.timedelta(hours=1))
    stored_case(origin_code=f"{HANGZHOU}-C", state="80", closed_at=now)
    old = stored_case(origin_code=f"{NINGBO}-C", division_code="330203001001")
    Case.objects.filter(pk=old.pk).update(updated_at=now - dt.timedelta(days=3))


def visitor(division_code=ZHEJIANG, role="evaluator"):
    return Visitor(person(role, division_code=division_code))


def test_each_city_tells_its_link_the_age_of_its_data_and_its_figures(province):
    hangzhou, ningbo = visitor().get(LIST).json()["results"]
    assert (hangzhou["place"]["code"], hangzhou["node_code"]) == (HANGZHOU, f"{HANGZHOU}-C")
    assert (hangzhou["timeliness"], ningbo["timeliness"]) == ("green", "red")
    assert (hangzhou["link"]["light"], ningbo["link"]["worst"]) == ("green", "red")
    assert (hangzhou["counts"]["total"], hangzhou["counts"]["open"], hangzhou["counts"]["red"]) == (2, 1, 1)
    assert [figure["indicator"] for figure in hangzhou["series"]] == ["on_time_closing_rate"] * 12
    assert {figure["region"] for figure in hangzhou["figures"]} == {HANGZHOU}


def test_the_series_is_of_the_indicator_asked_for_and_of_no_other(province):
    series = visitor().get(LIST, {"indicator": "closing_rate"}).json()["results"][0]["series"]
    assert {figure["indicator"] for figure in series} == {"closing_rate"}
    answer = visitor().get(LIST, {"indicator": "nothing"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "indicator")


def test_the_list_is_paged_in_the_order_of_codes(province):
    asker, codes, address = visitor(), [], f"{LIST}?page_size=1"
    while address:
        page = asker.get(address).json()
        codes += [city["place"]["code"] for city in page["results"]]
        address = page["next"]
    assert codes == [HANGZHOU, NINGBO]


def test_a_city_costs_no_more_queries_than_another(province, django_assert_max_num_queries):
    asker = visitor()
    with django_assert_max_num_queries(20):
        asker.get(LIST)


@pytest.mark.parametrize(("code", "seen"), [(HANGZHOU, [HANGZHOU]), ("320000000000", [])])
def test_everybody_sees_the_cities_of_the_own_region(province, code, seen):
    asker = visitor(code)
    assert [city["place"]["code"] for city in asker.get(LIST).json()["results"]] == seen
    nodes = [node["node_code"] for node in asker.get(NODES).json()["results"]]
    assert nodes == [f"{own}-C" for own in seen]
    assert asker.get(f"{NODES}{NINGBO}-C/").status_code == 404


def test_a_node_is_shown_without_its_key(province):
    Node.objects.update(public_key="secret-looking")
    body = body_of(visitor().get(f"{NODES}{HANGZHOU}-C/"))
    assert "平台3301" in body
    assert "secret-looking" not in body


def test_a_county_level_city_that_reports_by_itself_has_its_own_counts_and_page(province):
    code = "330784000000"
    division(code, name="永康市")
    Node.objects.create(node_code=f"{code}-C", tier="3", division_code=code, base_url="", std_version="1")
    stored_case(origin_code=f"{code}-C", division_code="330784001001")
    stored_case(origin_code="330700000000-C", division_code="330702001001")
    own = {city["place"]["code"]: city for city in visitor().get(LIST).json()["results"]}[code]
    assert own["counts"]["total"] == 1
    page = visitor().get(f"/cities/{code}/")
    assert page.status_code == 200
    assert page.context["counts"]["open"] == 1
    division("330782000000", name="义乌市")
    assert visitor().get("/cities/330782000000/").status_code == 404
