"""Every answer of the API is what the schema of its tier promises: status, content type, body."""

import base64
import json
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

from grid.field.models import FieldAction
from grid.rules.component_states import OCCUPIED
from tests.factories.grid import stored_case
from tests.factories.people import api_token, bearer, organisation, person
from tests.permissions.openapi import Contract
from tests.permissions.policy import ALL, PUBLIC
from tests.permissions.routes import routes_of
from tests.permissions.visits import Visitor
from tests.permissions.world import HERE, all_powerful

TIERS = tuple(ALL)
API = "/api/v1/"


class Caller:
    """Asks, and keeps what was not as promised."""

    def __init__(self, settings, headers) -> None:
        self.client, self.headers, self.contract = Visitor(), headers, Contract(settings.ROOT_URLCONF)
        self.faults = {}

    def ask(self, method, address, body=None, **headers):
        sent = {} if body is None else {"data": body if isinstance(body, str) else json.dumps(body)}
        given = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        kind = given.pop("Content-Type", "application/json")
        given = {name: value for name, value in given.items() if value is not None}
        if method != "get":
            sent["content_type"] = kind
        response = getattr(self.client, method)(address, headers=given, **sent)
        if faults := self.contract.faults(method, address.split("?")[0], response):
            self.faults[f"{method} {address} → {response.status_code}"] = faults
        return response


@pytest.fixture
def caller(letter, world, settings):
    user = all_powerful(HERE[letter], is_integration=True)
    done = {"kind": "report", "claimed_at": timezone.now(), "received_at": timezone.now(), "outcome": "done"}
    FieldAction.objects.create(user=user, action_id=uuid.uuid4(), case=world.case, case_no=world.case.case_no, **done)
    return Caller(settings, bearer(api_token(user)))


@pytest.mark.parametrize("letter", TIERS)
def test_every_read_answers_what_the_schema_promises(letter, world, caller):
    stored_case(state="80", close_type="1", closed_at="2026-01-02T00:00Z", grid_code="", division_code="330102000000")
    empty = []
    for route in routes_of(letter):
        if not route.is_described or route.row.needs is PUBLIC or route.row.posts:
            continue
        address = world.address(route.row)
        if caller.contract.operation("get", address.split("?")[0]) is None:
            continue
        response = caller.ask("get", address)
        if response.status_code != 200:
            caller.faults[route.name] = response.status_code
        elif not response.streaming and not _is_filled(response.json()):
            empty.append(route.name)
        elif etag := response.headers.get("ETag"):
            assert caller.ask("get", address, If_None_Match=etag).status_code in (200, 304)
    assert caller.faults == {}
    assert empty == [], "an empty list proves nothing of its rows"


def _is_filled(body) -> bool:
    return bool(body["results"] if isinstance(body, dict) and "results" in body else body)


@pytest.mark.parametrize("letter", TIERS)
def test_every_thing_that_is_not_there_is_a_problem_as_promised(letter, world, caller):
    stranger = Caller.__new__(Caller)
    stranger.__dict__.update(caller.__dict__)
    stranger.headers = bearer(api_token(all_powerful("220000000000", is_integration=True)))
    for route in routes_of(letter):
        row = route.row
        if route.is_described and row.about and not row.says_alike:
            method = "post" if row.posts else "get"
            response = stranger.ask(method, world.address(row), {} if row.posts else None)
            assert response.status_code in (404, 405), route.name
    assert stranger.faults == {}


def _cursor(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def refusals(world):
    """(status, method, address, body, headers) that every tier refuses."""
    figure = f"{API}figures/closing_rate/330100000000/2026/"
    organisations = f"{API}organisations/"
    own = f"{organisations}{world.organisation.org_code}/"
    return [
        (400, "get", f"{API}cases/?state=99", None, {}),
        (400, "get", f"{API}cases/?order=zz", None, {}),
        (400, "get", f"{API}cases/?reported_from=zz", None, {}),
        (400, "get", f"{API}cases/?cursor=zz", None, {}),
        (400, "get", f"{API}cases/?cursor={_cursor('p=zz')}", None, {}),
        (400, "get", f"{API}cases/?page_size=zz", None, {}),
        (400, "get", f"{API}divisions/?parent=33x", None, {}),
        (400, "get", f"{API}figures/?region=330100000000&period=zz", None, {}),
        (400, "get", f"{API}figures/?region=3301x&period=2026", None, {}),
        (400, "get", f"{API}figures/?region=330100000000&period=2026&series=0", None, {}),
        (404, "get", f"{API}figures/?region=339900000000&period=2026", None, {}),
        (404, "get", f"{API}standard/datasets/?version=zz", None, {}),
        (400, "get", f"{API}figures/closing_rate/330100000000/nonsense/", None, {}),
        (400, "get", f"{API}figures/closing_rate/3301x/2026/", None, {}),
        (400, "get", f"{figure}?cohort=perhaps", None, {}),
        (400, "get", f"{figure}records/?part=zz", None, {}),
        (404, "get", f"{API}figures/zz/330100000000/2026/", None, {}),
        (401, "get", f"{API}cases/", None, {"Authorization": None}),
        (401, "get", f"{API}cases/", None, {"Authorization": "Bearer cityops_x"}),
        (404, "get", f"{API}cases/1234567890123456789012/", None, {}),
        (405, "delete", f"{API}cases/", None, {}),
        (405, "post", f"{API}exchange/links/", {}, {}),
        (406, "get", f"{API}cases/", None, {"Accept": "text/html"}),
        (400, "post", organisations, {"org_code": "x"}, {}),
        (400, "post", organisations, {"orgcode": "x"}, {}),
        (400, "post", organisations, "{", {}),
        (400, "post", organisations, {}, {"Idempotency-Key": "x" * 65}),
        (415, "post", organisations, "<a/>", {"Content-Type": "text/xml"}),
        (412, "patch", own, {"name": "z"}, {"If-Match": '"old"'}),
        (400, "patch", own, {"parent_code": "NONE"}, {}),
        (404, "patch", f"{organisations}NONE/", {}, {}),
    ]


def of_a_city(world):
    """The same of what only a city takes."""
    case, component = f"{API}desk/cases/{world.case.case_no}/", f"{API}components/{world.component.obj_id}/"
    report = {"class_code": "06001", "description": "x", "address": "y"}
    return [
        (400, "get", f"{API}desk/calendar/?year=1", None, {}),
        (400, "get", f"{API}desk/classes/", None, {}),
        (400, "post", f"{API}desk/cases/", {**report, "longitude": 30.0, "latitude": 120.0}, {}),
        (400, "post", f"{API}desk/cases/", {**report, "class_code": "99999", "longitude": 120, "latitude": 30}, {}),
        (400, "post", f"{API}desk/cases/", {"class_code": 1}, {}),
        (400, "post", f"{case}nonsense/", {}, {}),
        (400, "post", f"{case}reject/", {}, {}),
        (409, "post", f"{case}close/", {}, {}),
        (400, "post", f"{component}state/", {"state": "77"}, {}),
        (409, "post", f"{component}state/", {"state": OCCUPIED}, {}),
        (400, "patch", f"{component}fields/", {"class_code": "77"}, {}),
        (400, "patch", f"{component}fields/", {"obj_name": ["a"]}, {}),
        (415, "post", f"{API}imports/", {}, {}),
        (400, "post", f"{API}imports/", "", {"Content-Type": "multipart/form-data; boundary=x"}),
    ]


@pytest.mark.parametrize("letter", TIERS)
def test_every_refusal_is_promised_and_says_what_it_should(letter, world, caller):
    wrong = {}
    for status, method, address, body, headers in [*refusals(world), *(of_a_city(world) if letter == "m" else ())]:
        response = caller.ask(method, address, body, **headers)
        if response.status_code != status:
            wrong[f"{method} {address} {body}"] = (response.status_code, status, response.content[:200])
        elif status == 400 and body != "{" and not response.json().get("errors"):
            wrong[f"{method} {address} {body}"] = "names no place"
    assert wrong == {}
    assert caller.faults == {}


@pytest.mark.parametrize("letter", TIERS)
def test_who_may_not_is_refused_as_promised(letter, world, caller):
    caller.headers = bearer(api_token(person((), division_code=HERE[letter], is_integration=True)))
    codes = {caller.ask("get", f"{API}{name}/").json()["code"] for name in ("cases", "figures", "people", "nodes")}
    caller.headers = bearer(api_token(all_powerful(HERE[letter]), scopes=("read",)))
    codes |= {caller.ask("patch", f"{API}organisations/{world.organisation.org_code}/", {}).json()["code"]}
    assert (codes, caller.faults) == ({"forbidden", "scope_missing"}, {})


@pytest.mark.parametrize("letter", TIERS)
def test_a_repeat_under_another_request_and_too_many_are_as_promised(letter, world, caller, monkeypatch):
    good = {"org_type": "1", "division_code": HERE[letter], "name": "机构"}
    known = organisation(division_code=HERE[letter], origin_code=f"{HERE[letter]}-{letter.upper().replace('M', 'C')}")
    address = reverse("api:organisation-detail", args=[known.org_code])
    assert caller.ask("patch", address, {"name": "甲"}, Idempotency_Key="k").status_code == 200
    assert caller.ask("patch", address, {**good, "name": "乙"}, Idempotency_Key="k").status_code == 422
    monkeypatch.setattr(UserRateThrottle, "rate", "1/min", raising=False)
    monkeypatch.setattr(APIView, "throttle_classes", [UserRateThrottle])
    assert [caller.ask("get", f"{API}me/").status_code for _ in range(3)][-1] == 429
    assert caller.faults == {}


@pytest.mark.parametrize("letter", ["m"])
def test_a_report_and_its_way_are_answered_as_promised(letter, world, caller):
    report = {"class_code": "06001", "longitude": 120.005, "latitude": 30.005, "description": "x", "address": "y"}
    made = caller.ask("post", f"{API}desk/cases/", report, Idempotency_Key="r")
    assert made.status_code == 201, made.content
    number = made.json()["case_no"]
    assert caller.ask("post", f"{API}desk/cases/{number}/accept/", {}).status_code == 200
    shown = caller.ask("get", f"{API}cases/{number}/").json()
    assert [step["action"] for step in shown["steps"]]
    assert shown["moves"]
    assert caller.ask("post", f"{API}components/{world.component.obj_id}/state/", {"state": "02"}).status_code == 200
    assert caller.ask("patch", f"{API}components/{world.component.obj_id}/fields/", {"note": "x"}).status_code == 200
    assert caller.faults == {}


@pytest.mark.parametrize("letter", TIERS)
def test_no_list_without_input_promises_a_refusal_of_input(letter, world, caller):
    promised = {
        path: operations["get"]["responses"]
        for path, operations in caller.contract.document["paths"].items()
        if "get" in operations and not any(p["in"] == "query" for p in operations["get"].get("parameters", ()))
    }
    assert {path for path, responses in promised.items() if "400" in responses} == set()
    assert f"{API}indicators/" in promised
