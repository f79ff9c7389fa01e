"""OGC API Features: what it says, what it gives, what it refuses, and to whom."""

import base64
import json

import pytest
from django.test import Client
from django.urls import reverse

from cityops.accounts.models import ApiToken
from cityops.foundation.models import AuditEvent
from grid.interfaces.api.features import views
from grid.interfaces.rules.crs import Crs
from grid.interfaces.services.usage import FEATURES, uses
from grid.models import Component
from tests.factories.grid import COMMUNITY, stored_case
from tests.factories.ground import component
from tests.factories.people import NINGBO, api_token, bearer, organisation, person
from tests.grid.interfaces.conftest import OTHERS

ITEMS = "/ogc/v1/collections/components/items"
FIRST, SECOND, THIRD = "33010201001000001", "33010201001000002", "33010201001000003"


@pytest.fixture
def ask(token):
    """Ask as the integration; JSON is parsed."""

    def get(address, headers=None, **query):
        response = Client().get(address, query, headers=headers or bearer(token))
        response.json_body = json.loads(response.content) if "json" in response["Content-Type"] else None
        return response

    return get


def ids(response):
    return [feature["id"] for feature in response.json_body["features"]]


# --- the documents


def test_the_landing_page_leads_to_everything(ask):
    landing = ask("/ogc/v1/")
    links = {link["rel"]: link for link in landing.json_body["links"]}
    assert {"self", "alternate", "service-desc", "service-doc", "conformance", "data"} <= set(links)
    for rel in ("service-desc", "conformance", "data"):
        answer = ask(links[rel]["href"])
        assert answer.status_code == 200
        assert answer["Content-Type"] == links[rel]["type"]


def test_it_says_what_it_conforms_to(ask):
    assert (
        "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs"
        in ask("/ogc/v1/conformance").json_body["conformsTo"]
    )


def test_a_collection_tells_extent_systems_and_items(ask):
    found = {one["id"]: one for one in ask("/ogc/v1/collections").json_body["collections"]}
    assert list(found) == ["unit-grids", "components", "cases"]
    components = found["components"]
    assert components["extent"]["spatial"]["bbox"] == [[120.001, 30.001, 120.025, 30.005]]
    assert components["extent"]["temporal"]["interval"][0][0].startswith("2026-01-01T00:00:00")
    assert components["crs"] == [crs.value for crs in Crs]
    assert components["storageCrs"] == Crs.CGCS2000
    assert "spatial" not in found["cases"]["extent"], "nothing lies there yet"
    assert ask("/ogc/v1/collections/components").json_body == components


def test_the_definition_names_every_address_and_parameter(ask):
    document = ask("/ogc/v1/api").json_body
    assert document["openapi"].startswith("3.0")
    operation = document["paths"]["/collections/components/items"]["get"]
    parameters = {one["name"]: one for one in operation["parameters"]}
    assert {"limit", "bbox", "bbox-crs", "crs", "datetime", "class_code", "state"} <= set(parameters)
    assert parameters["limit"]["schema"]["maximum"] == 10_000
    for path in document["paths"]:
        if "{" not in path:
            assert ask(f"/ogc/v1{path}").status_code == 200, path


# --- features


def test_features_have_id_geometry_and_properties(ask):
    answer = ask(ITEMS)
    assert answer["Content-Type"] == "application/geo+json"
    assert answer["Content-Crs"] == f"<{Crs.CRS84}>"
    body = answer.json_body
    assert (body["type"], body["numberMatched"], body["numberReturned"]) == ("FeatureCollection", 3, 3)
    first = body["features"][0]
    assert (first["type"], first["id"]) == ("Feature", FIRST)
    assert first["geometry"] == {"type": "Point", "coordinates": [120.001, 30.001]}
    assert first["properties"]["obj_name"] == "供水井盖"
    assert first["properties"]["change_date"] == "2026-01-01"
    assert "next" not in {link["rel"] for link in body["links"]}


def test_a_stored_number_comes_back_to_the_last_digit(ask):
    component("33010201001000009", geom="SRID=4490;POINT(120.12345678901234 30.098765432109876)")
    found = ask(f"{ITEMS}/33010201001000009").json_body["geometry"]["coordinates"]
    assert found == [120.12345678901234, 30.098765432109876]


@pytest.mark.parametrize("crs", [Crs.CGCS2000, Crs.WGS84])
def test_latitude_comes_first_where_the_system_says_so(ask, crs):
    answer = ask(ITEMS, crs=crs.value)
    assert answer["Content-Crs"] == f"<{crs}>"
    assert answer.json_body["features"][0]["geometry"]["coordinates"] == [30.001, 120.001]
    assert ask(f"{ITEMS}/{FIRST}", crs=crs.value).json_body["geometry"]["coordinates"] == [30.001, 120.001]


def test_web_mercator_is_in_metres(ask):
    answer = ask(f"{ITEMS}/{FIRST}", crs=Crs.MERCATOR.value)
    assert answer["Content-Crs"] == f"<{Crs.MERCATOR}>"
    assert answer.json_body["geometry"]["coordinates"] == pytest.approx([13358450.2147, 3503678.3848], abs=0.001)


def test_pages_lead_through_everything_once_though_something_is_added_and_removed(ask):
    page = ask(ITEMS, limit=1)
    assert page.json_body["numberMatched"] == 3
    seen = ids(page)
    component("33010201000000000")  # before the page: it was not there when the reading began
    Component.objects.filter(obj_id=FIRST).delete()
    while following := [link["href"] for link in page.json_body["links"] if link["rel"] == "next"]:
        page = ask(following[0])
        assert "numberMatched" not in page.json_body
        seen += ids(page)
    assert seen == [FIRST, SECOND, THIRD]


def test_next_keeps_what_was_asked(ask):
    page = ask(ITEMS, limit=1, crs=Crs.CGCS2000.value, bbox="120,30,120.01,30.01")
    following = next(link["href"] for link in page.json_body["links"] if link["rel"] == "next")
    page = ask(following)
    assert ids(page) == [SECOND]
    assert page["Content-Crs"] == f"<{Crs.CGCS2000}>"
    assert "next" not in {link["rel"] for link in page.json_body["links"]}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"bbox": "120,30,120.01,30.01"}, [FIRST, SECOND]),
        ({"bbox": "30,120,30.01,120.01", "bbox-crs": Crs.CGCS2000.value}, [FIRST, SECOND]),
        ({"bbox": "13358338,3503549,13358500,3503800", "bbox-crs": Crs.MERCATOR.value}, [FIRST]),
        ({"bbox": "120.025,30.005,120.025,30.005"}, [THIRD]),
        ({"bbox": "120,30,0,120.01,30.01,10"}, [FIRST, SECOND]),
        ({"bbox": "10,10,11,11"}, []),
        ({"datetime": "2026-02-01"}, [SECOND]),
        ({"datetime": "2026-02-01/.."}, [SECOND, THIRD]),
        ({"datetime": "../2026-01-31T23:00:00+08:00"}, [FIRST]),
        ({"obj_id": SECOND}, [SECOND]),
        ({"class_code": "01001", "state": "01"}, [FIRST, SECOND, THIRD]),
        ({"state": "02"}, []),
        ({"division": "330102000000"}, [FIRST, SECOND, THIRD]),
        ({"division": "3302"}, []),
        ({"after": SECOND}, [THIRD]),
        ({"limit": "2"}, [FIRST, SECOND]),
    ],
)
def test_features_may_be_narrowed(ask, query, expected):
    assert ids(ask(ITEMS, **query)) == expected


def test_grids_and_cases_are_given_too(ask):
    grids = ask("/ogc/v1/collections/unit-grids/items").json_body
    assert [one["id"] for one in grids["features"]] == [COMMUNITY + "001", COMMUNITY + "002"]
    assert grids["features"][0]["geometry"]["type"] == "Polygon"
    case = stored_case(description="路口有垃圾 13800000000", reporter_id="secret")
    answer = ask("/ogc/v1/collections/cases/items", state="10")
    assert ids(answer) == [case.case_no]
    assert "13800000000" not in answer.content.decode()
    assert "secret" not in answer.content.decode()


# --- bad input


@pytest.mark.parametrize(
    ("query", "name", "code"),
    [
        ({"limit": "0"}, "limit", "limit_form"),
        ({"limit": "ten"}, "limit", "limit_form"),
        ({"limit": "-1"}, "limit", "limit_form"),
        ({"bbox": "1,2,3"}, "bbox", "bbox_form"),
        ({"bbox": "30,120,31,121"}, "bbox", "bbox_range"),
        ({"bbox": "1,2,3,4", "bbox-crs": "EPSG:1"}, "bbox-crs", "crs_unknown"),
        ({"crs": "http://www.opengis.net/def/crs/EPSG/0/2154"}, "crs", "crs_unknown"),
        ({"datetime": "soon"}, "datetime", "datetime_form"),
        ({"nonsense": "1"}, "nonsense", "parameter_unknown"),
        ({"state": "77"}, "state", "code"),
        ({"division": "33x"}, "division", "division_form"),
        ({"after": "x" * 65}, "after", "cursor_form"),
        ({"f": "gml"}, "f", "form_unknown"),
    ],
)
def test_bad_input_is_a_400_that_names_the_parameter_and_the_remedy(ask, query, name, code):
    answer = ask(ITEMS, **query)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json_body
    assert (body["errors"][0]["field"], body["errors"][0]["code"]) == (name, code)
    assert body["code"] == "invalid"
    assert len(body["description"]) > 10


def test_a_larger_limit_is_the_largest(ask):
    assert ask(ITEMS, limit="999999").status_code == 200


@pytest.mark.parametrize(
    "path", ["collections/roads", "collections/roads/items", "nowhere", "collections/components/x"]
)
def test_what_is_not_there_is_404_in_the_form_of_the_standard(ask, path):
    answer = ask(f"/ogc/v1/{path}")
    assert (answer.status_code, answer.json_body["code"]) == (404, "not_found")
    assert "components" in answer.json_body["description"]


def test_nothing_is_written_here(token):
    answer = Client().post(ITEMS, {}, headers=bearer(token))
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


# --- who may see what


def test_another_citys_component_is_nowhere(ask, ground):
    assert OTHERS not in ids(ask(ITEMS))
    assert ids(ask(ITEMS, obj_id=OTHERS)) == []
    assert ids(ask(ITEMS, bbox="121,29,122,30")) == []
    answer = ask(f"{ITEMS}/{OTHERS}")
    assert (answer.status_code, answer.json_body["code"]) == (404, "not_found")
    own = bearer(api_token(person("data_officer", division_code=NINGBO, is_integration=True)))
    assert ids(ask(ITEMS, headers=own)) == [OTHERS]
    assert ask(f"{ITEMS}/{OTHERS}", headers=own).json_body["properties"]["obj_name"] == "别市井盖"
    extents = [ask("/ogc/v1/collections/components", headers=who).json_body["extent"] for who in (None, own)]
    assert extents[0]["spatial"]["bbox"] != extents[1]["spatial"]["bbox"]


def test_a_department_reads_its_own_cases_only(ground):
    own = organisation("OWNDEPARTMENT")
    mine = stored_case(duty_org=own.org_code)
    stored_case()
    client = Client()
    client.force_login(person("department", organisation=own))
    answer = client.get("/ogc/v1/collections/cases/items").json()
    assert [one["id"] for one in answer["features"]] == [mine.case_no]
    client.force_login(person("department"))
    assert client.get("/ogc/v1/collections/cases/items").json()["features"] == []


def test_a_collection_without_the_permission_is_not_listed_and_refused(ask):
    nobody = bearer(api_token(person((), is_integration=True)))
    assert ask("/ogc/v1/collections", headers=nobody).json_body["collections"] == []
    answer = ask(ITEMS, headers=nobody)
    assert (answer.status_code, answer.json_body["code"]) == (403, "forbidden")


def basic(name, secret):
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


def test_name_and_token_open_by_http_basic(ask, token):
    assert len(ids(ask(ITEMS, headers=basic("gis-robot", token)))) == 3
    assert ApiToken.objects.get(user__username="gis-robot").last_used_at is not None


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        (basic("gis-robot", "cityops_wrong"), "token_unknown"),
        (basic("somebody-else", "{token}"), "token_unknown"),
        ({"Authorization": "Basic !!!"}, "token_malformed"),
        ({"Authorization": "Basic"}, "token_malformed"),
        ({"Authorization": "Bearer cityops_wrong"}, "token_unknown"),
    ],
)
def test_what_opens_nothing_is_401_and_says_how_to_come(ask, token, headers, code):
    if headers == basic("somebody-else", "{token}"):
        headers = basic("somebody-else", token)
    answer = ask(ITEMS, headers=headers)
    assert (answer.status_code, answer.json_body["code"]) == (401, code)
    assert "Basic" in answer["WWW-Authenticate"]
    assert "Bearer" in answer["WWW-Authenticate"]


def test_a_persons_password_opens_nothing(ask, ground):
    someone = person("data_officer")
    answer = ask(ITEMS, headers=basic(someone.username, "correct-horse-battery"))
    assert (answer.status_code, answer.json_body["code"]) == (401, "token_unknown")


def test_basic_opens_this_interface_only(token):
    assert Client().get("/api/v1/components/", headers=basic("gis-robot", token)).status_code == 401


def test_reading_in_bulk_leaves_an_entry_as_an_export_does(ask, monkeypatch):
    ask(ITEMS)
    assert not AuditEvent.objects.filter(action="features.read").exists()
    monkeypatch.setattr(views, "BULK", 2)
    ask(ITEMS, limit=2, state="01")
    ask(ITEMS, limit=2, after=FIRST)
    entry = AuditEvent.objects.get(action="features.read")
    assert (entry.user_name.partition(" ")[0], entry.object_key) == ("gis-robot", "components")


# --- people


BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("", "要素集"),
        ("conformance", "conf/crs"),
        ("api", "/collections/components/items"),
        ("collections", "管理部件"),
        ("collections/components", "EPSG/0/4490"),
        ("collections/components/items", FIRST),
        (f"collections/components/items/{FIRST}", "120.001"),
    ],
)
def test_a_browser_gets_pages(ground, path, text):
    client = Client(headers=BROWSER)
    assert client.get(f"/ogc/v1/{path}").url.startswith(reverse("sign-in"))
    client.force_login(person("data_officer"))
    answer = client.get(f"/ogc/v1/{path}")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert text in answer.content.decode()


def test_pages_lead_on_and_refuse_in_words(ground):
    client = Client(headers=BROWSER)
    client.force_login(person("data_officer"))
    page = client.get(ITEMS, {"limit": 1}).content.decode()
    assert f"after={FIRST}" in page
    answer = client.get(ITEMS, {"limit": "x"})
    assert answer.status_code == 400
    assert "limit 应为 1 至 100" in answer.content.decode()
    assert client.get(f"{ITEMS}/{OTHERS}").status_code == 404
    client.force_login(person(()))
    assert client.get(ITEMS).status_code == 403


def test_answers_are_counted_and_refusals_are_not(ask):
    before = uses(FEATURES)[0][1]
    ask(ITEMS)
    ask(ITEMS, limit="x")
    assert uses(FEATURES)[0][1] == before + 1
