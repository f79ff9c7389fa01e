"""Open311 GeoReport v2: its forms, its refusals, what it registers, and what it never shows."""

import datetime as dt

import pytest
from defusedxml import ElementTree
from django.test import Client
from django.utils import timezone

from grid.interfaces.services import georeport
from grid.interfaces.services.usage import OPEN311, uses
from grid.models import Case
from grid.services import reporting_hooks
from sync.standard.models import DictionaryVersion
from tests.factories.grid import LITTER, class_entry, registered, stored_case
from tests.factories.ground import COVER
from tests.factories.people import NINGBO, api_token, bearer, person
from tests.grid.interfaces.conftest import OTHER_COMMUNITY

BASE = "/open311/v2/"
SERVICE = f"2-{LITTER}"
GOOD = {
    "service_code": SERVICE,
    "lat": "30.005",
    "long": "120.005",
    "description": "路口有暴露垃圾",
    "address_string": "测试路2号",
}
PERSON = {"first_name": "三", "last_name": "张某", "phone": "13800000000", "email": "a@example.com"}


@pytest.fixture(autouse=True)
def _city(ground):
    DictionaryVersion.objects.create(
        kind="classes", code="GB/T 47678.5-2026", title="分类", source="tests", provenance="designed",
        valid_from=dt.date(2026, 1, 1), is_default=True, content_sha=b"\0" * 32,
    )  # fmt: skip
    class_entry(COVER, kind="1", name="供水井盖", big_name="公用设施")


@pytest.fixture
def keeper(monkeypatch):
    """What a part that keeps reporters would be given."""
    kept = []
    monkeypatch.setattr(reporting_hooks, "KEEPERS", [lambda rid, **personal: kept.append((rid, personal))])
    monkeypatch.setattr(georeport, "KEEPERS", reporting_hooks.KEEPERS)
    return kept


@pytest.fixture
def _nobody_keeps(monkeypatch):
    monkeypatch.setattr(reporting_hooks, "KEEPERS", [])
    monkeypatch.setattr(georeport, "KEEPERS", [])


def get(path, headers=None, **query):
    return Client().get(f"{BASE}{path}", query, headers=headers)


def xml(response):
    assert response["Content-Type"] == "text/xml; charset=utf-8"
    assert response.content.startswith(b'<?xml version="1.0" encoding="utf-8"?>')
    return ElementTree.fromstring(response.content)


def post(token, form="json", headers=None, **fields):
    given = {**GOOD, **fields} | ({"api_key": token} if token else {})
    return Client().post(f"{BASE}requests.{form}", given, headers=headers)


# --- discovery and services


def test_discovery_says_where_the_interface_is():
    found = get("discovery.json").json()
    endpoint = found["endpoints"][0]
    assert endpoint["url"] == "http://testserver/open311/v2"
    assert endpoint["specification"] == "http://wiki.open311.org/GeoReport_v2"
    root = xml(get("discovery.xml"))
    assert [one.text for one in root.iterfind("endpoints/endpoint/formats/format")] == ["text/xml", "application/json"]


def test_services_are_the_classes_in_force_in_both_forms():
    class_entry("06002", name="旧类", valid="0")
    found = get("services.json", jurisdiction_id="330100").json()
    assert [(one["service_code"], one["service_name"], one["metadata"]) for one in found] == [
        (f"1-{COVER}", "供水井盖", True),
        (SERVICE, "暴露垃圾", False),
    ]
    assert {one["type"] for one in found} == {"realtime"}
    assert found[0]["group"] == "公用设施"
    root = xml(get("services.xml"))
    assert root.tag == "services"
    assert [one.findtext("metadata") for one in root.iterfind("service")] == ["true", "false"]
    assert [one.findtext("service_code") for one in root.iterfind("service")] == [f"1-{COVER}", SERVICE]


def test_a_component_service_asks_for_the_component():
    found = get(f"services/1-{COVER}.json").json()
    assert [(one["code"], one["datatype"], one["required"]) for one in found["attributes"]] == [
        ("COMPONENT", "string", False)
    ]
    root = xml(get(f"services/1-{COVER}.xml"))
    assert (root.tag, root.findtext("attributes/attribute/variable")) == ("service_definition", "true")
    assert get(f"services/{SERVICE}.json").json()["attributes"] == []


# --- reading


def test_the_public_reads_what_was_seen_on_the_street_without_text_or_exact_place():
    case = stored_case(
        source="03",
        description="王某 13800000000 报:门口垃圾",
        address="测试路1号3单元",
        reporter_id="secret",
        geom="SRID=4490;POINT(120.00567 30.00432)",
        close_deadline=timezone.now(),
    )
    answer = get("requests.json")
    shown = answer.json()[0]
    assert (shown["service_request_id"], shown["status"], shown["service_code"]) == (case.case_no, "open", SERVICE)
    assert (shown["lat"], shown["long"]) == (30.004, 120.006)
    assert shown["address"].endswith("测试社区")
    assert shown["expected_datetime"] == timezone.localtime(case.close_deadline).isoformat(timespec="seconds")
    for secret in ("13800000000", "secret", "3单元", "门口"):
        assert secret not in answer.content.decode()
    root = xml(get("requests.xml"))
    assert root.tag == "service_requests"
    assert root.findtext("request/service_request_id") == case.case_no
    assert root.find("request/media_url").text is None


@pytest.mark.parametrize("source", ["02", "06", "10"])
def test_calls_petitions_and_instructions_are_not_public(source, token):
    case = stored_case(source=source)
    assert get("requests.json").json() == []
    assert get(f"requests/{case.case_no}.json").status_code == 404
    assert get(f"requests/{case.case_no}.json", bearer(token)).status_code == 200


def test_a_key_opens_what_its_holder_may_see_and_nothing_of_another_city(token):
    own = stored_case(source="03", description="垃圾", reporter_id="secret")
    other = stored_case(source="03", division_code=OTHER_COMMUNITY, address="别市路")
    answer = get("requests.json", bearer(token))
    assert [one["service_request_id"] for one in answer.json()] == [own.case_no]
    assert answer.json()[0]["description"] == "垃圾"
    assert "secret" not in answer.content.decode()
    for headers in (None, bearer(token)):
        assert get(f"requests/{other.case_no}.json", headers).status_code == 404
        assert get("requests.json", headers, service_request_id=other.case_no).json() == []
        assert get(f"tokens/{other.rid}.json", headers).status_code == 404
    stranger = bearer(api_token(person("data_officer", division_code=NINGBO, is_integration=True)))
    assert get(f"requests/{own.case_no}.json", stranger).status_code == 404


def test_requests_are_narrowed_as_the_specification_says():
    now = timezone.now()
    old = stored_case(source="03", reported_at=now - dt.timedelta(days=91), state="80")
    new = stored_case(source="03", reported_at=now - dt.timedelta(days=2), state="50")
    done = stored_case(source="03", reported_at=now - dt.timedelta(days=1), state="80", kind="1", class_code=COVER)

    def numbers(**query):
        return [one["service_request_id"] for one in get("requests.json", **query).json()]

    assert numbers() == [done.case_no, new.case_no]
    assert numbers(status="open") == [new.case_no]
    assert numbers(status="closed") == [done.case_no]
    assert numbers(status="open,closed") == [done.case_no, new.case_no]
    assert numbers(service_code=f"1-{COVER}") == [done.case_no]
    assert numbers(service_code=f"1-{COVER},{SERVICE}") == [done.case_no, new.case_no]
    assert numbers(start_date=(now - dt.timedelta(days=100)).isoformat()) == [old.case_no]
    assert numbers(end_date=(now - dt.timedelta(days=50)).isoformat()) == [old.case_no]
    assert numbers(service_request_id=f"{old.case_no},{new.case_no}", status="open") == [new.case_no, old.case_no]


def test_one_request_and_its_token():
    case = stored_case(source="03", state="80")
    found = get(f"requests/{case.case_no}.json").json()
    assert (len(found), found[0]["status"]) == (1, "closed")
    assert get(f"tokens/{case.rid}.json").json() == [{"service_request_id": case.case_no, "token": str(case.rid)}]
    assert xml(get(f"tokens/{case.rid}.xml")).findtext("request/token") == str(case.rid)


def test_what_xml_cannot_hold_does_not_break_it(token):
    case = stored_case(source="03", description="a\x07<b>&")
    root = xml(get(f"requests/{case.case_no}.xml", bearer(token)))
    assert root.findtext("request/description") == "a<b>&"


# --- refusals


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("services.json", {"jurisdiction_id": "330200"}, 404),
        ("services/2-99999.json", {}, 404),
        ("services/nonsense.json", {}, 404),
        ("requests/1.json", {}, 404),
        ("tokens/00000000-0000-0000-0000-000000000000.json", {}, 404),
        ("nonsense", {}, 404),
        ("nonsense/", {}, 404),
        ("services.csv", {}, 404),
        ("requests.json", {"status": "shut"}, 400),
        ("requests.json", {"start_date": "2026-07-01"}, 400),
        ("requests.json", {"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-07-01T00:00:00Z"}, 400),
        ("requests.json", {"start_date": "2026-07-02T00:00:00Z", "end_date": "2026-07-01T00:00:00Z"}, 400),
        ("requests.json", {"service_code": "06001"}, 400),
        ("requests.json", {"api_key": "x"}, 400),
    ],
)
def test_bad_questions_are_refused_in_the_form_of_the_specification(path, query, status):
    answer = get(path, **query)
    assert answer.status_code == status
    (error,) = answer.json()
    assert list(error) == ["code", "description"]
    assert error["code"] == status
    assert len(error["description"]) > 5
    if path.endswith(".json"):
        root = xml(get(path.replace(".json", ".xml"), **query))
        assert (root.tag, root.findtext("error/code")) == ("errors", str(status))
        assert root.findtext("error/description") == error["description"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"service_code": ""}, "service_code"),
        ({"lat": ""}, "lat"),
        ({"long": "east"}, "long"),
        ({"lat": "nan"}, "lat"),
        ({"lat": "120.005", "long": "30.005"}, "颠倒"),
        ({"lat": "10", "long": "10"}, "范围"),
        ({"description": "x" * 2001}, "2000"),
        ({"phone": "1" * 300}, "phone"),
        ({"attribute[COLOUR]": "red"}, "COLOUR"),
        ({"attribute[COMPONENT]": "33010201001000001"}, "COMPONENT"),
        ({"service_code": f"1-{COVER}", "attribute[COMPONENT]": "1"}, "1"),
        ({"service_code": "06001"}, "06001"),
    ],
)
def test_a_bad_request_registers_nothing_and_says_what_to_mend(token, fields, said):
    answer = post(token, **fields)
    assert answer.status_code == 400
    (error,) = answer.json()
    assert error["code"] == 400
    assert said in error["description"]
    assert Case.objects.count() == 0


def test_without_a_good_key_nothing_is_registered(token, robot):
    reading = api_token(robot, scopes=("read",))
    powerless = api_token(person("data_officer", is_integration=True))
    expired = api_token(robot, expires_in_days=-1)
    for key in ("", "cityops_wrong", expired, reading, powerless):
        answer = post(key)
        assert (answer.status_code, answer.json()[0]["code"]) == (403, 403), key
        root = xml(post(key, "xml"))
        assert root.findtext("error/code") == "403"
    assert get("requests.json", bearer("cityops_wrong")).status_code == 403
    assert Case.objects.count() == 0


def test_a_service_that_is_not_in_force_is_404(token):
    answer = post(token, service_code="2-99999")
    assert (answer.status_code, answer.json()[0]["code"]) == (404, 404)


# --- writing


@pytest.mark.usefixtures("_nobody_keeps")
def test_a_request_becomes_a_case_of_the_public(token, robot):
    answer = post(token)
    assert answer.status_code == 201, answer.content
    (made,) = answer.json()
    case = Case.objects.get(case_no=made["service_request_id"])
    assert (case.source, case.reporter_type, case.kind, case.class_code) == ("03", "2", "2", LITTER)
    assert (case.description, case.address, case.state) == ("路口有暴露垃圾", "测试路2号", "10")
    assert (case.geom.x, case.geom.y) == (120.005, 30.005)
    assert case.steps.get().operator_id == robot.pk
    assert "没有保存" not in made["service_notice"], "nothing personal was given"
    assert get(f"requests/{case.case_no}.json").json()[0]["status"] == "open"


def test_the_answer_is_xml_where_that_is_asked_for(token):
    answer = post(token, "xml", account_id="a1")
    assert answer.status_code == 201
    root = xml(answer)
    assert root.findtext("request/service_request_id") == Case.objects.get().case_no
    assert root.find("request/account_id").text is None


def test_a_component_may_be_named(token):
    answer = post(token, service_code=f"1-{COVER}", **{"attribute[COMPONENT]": "33010201001000001"})
    assert answer.status_code == 201, answer.content
    assert Case.objects.get().component_id == "33010201001000001"


def test_what_a_person_gives_goes_to_the_keeper_and_nowhere_else(token, keeper):
    answer = post(token, **PERSON)
    case = Case.objects.get()
    told = {"name": "张某三", "phone": PERSON["phone"], "email": PERSON["email"]}
    assert keeper == [(case.rid, {**told, "address": ""})]
    assert "没有保存" not in answer.json()[0]["service_notice"]
    assert len(case.reporter_id) == 64
    stored = " ".join(str(value) for value in Case.objects.values_list()[0])
    for value in PERSON.values():
        assert value not in stored
        assert value not in answer.content.decode()


@pytest.mark.usefixtures("_nobody_keeps")
def test_without_a_keeper_it_is_dropped_and_said(token):
    answer = post(token, media_url="http://example.com/a.jpg", **PERSON)
    assert "没有保存您给出的姓名和联系方式" in answer.json()[0]["service_notice"]
    assert "media_url" in answer.json()[0]["service_notice"]
    assert answer.status_code == 201


def test_a_keeper_that_fails_takes_the_case_back(token, monkeypatch):
    def broken(rid, **personal):
        raise RuntimeError("disk")

    monkeypatch.setattr(reporting_hooks, "KEEPERS", [broken])
    with pytest.raises(RuntimeError):
        post(token, **PERSON)
    assert Case.objects.count() == 0


@pytest.mark.parametrize("content_type", ["multipart", "urlencoded"])
def test_a_repeat_with_the_same_key_happens_once(token, content_type):
    def send(**fields):
        given = {**GOOD, "api_key": token, **fields}
        headers = {"Idempotency-Key": "one"}
        if content_type == "multipart":
            return Client().post(f"{BASE}requests.json", given, headers=headers)
        from urllib.parse import urlencode

        body, kind = urlencode(given), "application/x-www-form-urlencoded"
        return Client().post(f"{BASE}requests.json", body, content_type=kind, headers=headers)

    first, again = send(), send()
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again["Idempotency-Replayed"] == "true"
    assert Case.objects.count() == 1
    other = send(description="别的")
    assert (other.status_code, other.json()[0]["code"]) == (422, 422)


def test_a_key_in_the_header_is_as_good(token):
    assert post("", headers=bearer(token)).status_code == 201


def test_json_bodies_are_not_of_this_specification(token):
    answer = Client().post(f"{BASE}requests.json", GOOD, content_type="application/json", headers=bearer(token))
    assert (answer.status_code, answer.json()[0]["code"]) == (415, 415)


# --- limits


def test_too_many_are_told_to_wait_by_address_and_by_key(token, monkeypatch):
    from grid.interfaces.api.open311.base import Open311Rate

    monkeypatch.setattr(Open311Rate, "THROTTLE_RATES", {"open311": "2/min"})
    assert [get("services.json").status_code for _ in range(3)] == [200, 200, 429]
    refused = get("services.xml")
    assert int(refused["Retry-After"]) > 0
    assert xml(refused).findtext("error/code") == "429"
    assert [get("services.json", bearer(token)).status_code for _ in range(3)] == [200, 200, 429]


def test_answers_are_counted():
    before = uses(OPEN311)[0][1]
    get("services.json")
    get("services/2-99999.json")
    assert uses(OPEN311)[0][1] == before + 1


def test_a_case_of_the_platform_is_read_by_number(token):
    case = registered(person("collector"))
    assert get(f"requests/{case.case_no}.json").json()[0]["service_name"] == "暴露垃圾"


def test_an_address_with_another_end_answers_in_the_form_of_its_end():
    assert get("tokens/x.json").json()[0]["code"] == 404
    assert xml(get("tokens/x.xml")).findtext("error/code") == "404"
