"""The API of the caller, organisations and people."""

import json

import pytest

from cityops.accounts.models import Organisation
from cityops.foundation.models import AuditEvent
from tests.factories.people import HANGZHOU, NINGBO, api_token, bearer, division, organisation, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def headers():
    return bearer(api_token(person("system_admin", is_integration=True, username="robot")))


def send(client, method, address, headers, body):
    return client.generic(method, address, json.dumps(body), content_type="application/json", headers=headers)


def test_an_integration_learns_who_it_is(client, headers):
    answer = client.get("/api/v1/me/", headers=headers).json()
    assert (answer["username"], answer["roles"], answer["scopes"]) == ("robot", ["system_admin"], ["read", "write"])
    assert "accounts.change_organisation" in answer["permissions"]


def test_organisations_are_listed_in_scope_and_filtered(client, headers, django_assert_max_num_queries):
    division(NINGBO)
    organisation("A1", parent_code="A0")
    organisation("A2")
    organisation("B1", division_code=NINGBO)
    with django_assert_max_num_queries(4):
        found = client.get("/api/v1/organisations/", headers=headers).json()["results"]
    assert [o["org_code"] for o in found] == ["A1", "A2"]
    assert "phone" not in found[0]
    assert len(client.get("/api/v1/organisations/?parent_code=A0", headers=headers).json()["results"]) == 1
    assert client.get("/api/v1/organisations/?org_type=99", headers=headers).json()["errors"][0]["field"] == "org_type"


def test_an_organisation_is_added_once_and_changed_on_its_state(client, headers):
    new = {"org_code": "A1", "name": "市政", "org_type": "05", "division_code": HANGZHOU}
    keyed = {**headers, "Idempotency-Key": "k1"}
    assert send(client, "POST", "/api/v1/organisations/", keyed, new).status_code == 201
    assert send(client, "POST", "/api/v1/organisations/", keyed, new).status_code == 201
    assert Organisation.objects.count() == 1
    address = "/api/v1/organisations/A1/"
    etag = client.get(address, headers=headers)["ETag"]
    matched = {**headers, "If-Match": etag}
    assert send(client, "PATCH", address, matched, {"name": "市政二", "reason": "改名"}).json()["name"] == "市政二"
    assert AuditEvent.objects.first().user_name.startswith("robot (")
    assert send(client, "PATCH", address, matched, {"name": "市政三"}).status_code == 412
    assert Organisation.objects.get().name == "市政二"


def test_a_wrong_organisation_names_its_field(client, headers):
    wrong = {"org_code": "A1", "name": "市政", "org_type": "05", "division_code": NINGBO, "colour": "red"}
    assert send(client, "POST", "/api/v1/organisations/", headers, wrong).json()["errors"][0]["field"] == "colour"
    del wrong["colour"]
    answer = send(client, "POST", "/api/v1/organisations/", headers, wrong)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "division_code")
    assert not Organisation.objects.exists()


def test_people_are_listed_for_who_administers_them(client, headers, django_assert_max_num_queries):
    division(NINGBO)
    for _ in range(3):
        person("acceptor", organisation=organisation())
    person("acceptor", division_code=NINGBO)
    with django_assert_max_num_queries(5):
        found = client.get("/api/v1/people/", headers=headers).json()["results"]
    assert len(found) == 4
    assert {"acceptor"} in [set(p["roles"]) for p in found]
    assert "password" not in found[0]
    assert client.get("/api/v1/people/", headers=bearer(api_token())).status_code == 403
    assert client.get("/api/v1/people/robot/", headers=headers).json()["username"] == "robot"


def test_another_city_is_not_there(client, headers):
    division(NINGBO)
    far = organisation(division_code=NINGBO)
    stranger = person("acceptor", division_code=NINGBO)
    for method, address in (
        ("GET", f"/api/v1/organisations/{far.org_code}/"),
        ("PATCH", f"/api/v1/organisations/{far.org_code}/"),
        ("GET", f"/api/v1/people/{stranger.username}/"),
    ):
        answer = send(client, method, address, headers, {"name": "x"})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
