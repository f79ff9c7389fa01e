"""The ground of the API: root, schema, refusals, repeats, ETags."""

import json

import pytest
import yaml
from django.db import IntegrityError
from django.urls import path
from django.utils.translation import override
from drf_spectacular.generators import SchemaGenerator
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from cityops import urls
from cityops.accounts.models import Organisation
from cityops.foundation.api import views
from cityops.foundation.api.etag import Polled, check_unchanged, tag_of
from cityops.foundation.api.idempotency import IdempotentWrites
from cityops.foundation.api.serializers import StrictInput
from cityops.foundation.errors import InvalidInput
from cityops.foundation.models import IdempotentAnswer
from cityops.foundation.problem import exception_handler
from tests.factories.people import api_token, bearer, organisation, person

pytestmark = pytest.mark.django_db


class Item(StrictInput):
    name = serializers.CharField(max_length=5)


class Order(StrictInput):
    code = serializers.CharField()
    items = Item(many=True, required=False)


class Orders(IdempotentWrites, APIView):
    def post(self, request):
        given = Order(data=request.data)
        given.is_valid(raise_exception=True)
        made = organisation(given.validated_data["code"])
        if made.org_code == "refused":
            raise serializers.ValidationError({"code": "no"})
        return Response({"rid": made.pk}, status=201)


class Count(Polled, APIView):
    def get(self, request):
        return Response({"count": Organisation.objects.count()})


class Marked(Polled, APIView):
    def fingerprint(self, request):
        return str(Organisation.objects.count())

    def get(self, request):
        return Response({"names": [o.name for o in Organisation.objects.all()]})

    def put(self, request):
        check_unchanged(request, tag_of("now"))
        return Response({})


urlpatterns = [
    path("api/v1/orders/", Orders.as_view()),
    path("api/v1/count/", Count.as_view()),
    path("api/v1/marked/", Marked.as_view()),
    *urls.urlpatterns,
]
handler400, handler404, handler500 = urls.handler400, urls.handler404, urls.handler500


@pytest.fixture(autouse=True)
def _routes(settings):
    settings.ROOT_URLCONF = __name__


@pytest.fixture
def headers():
    return bearer(api_token())


def post(client, headers, body, **more):
    return client.post(
        "/api/v1/orders/", json.dumps(body), content_type="application/json", headers={**headers, **more}
    )


def test_the_root_tells_node_tier_and_addresses(client, headers):
    answer = client.get("/api/v1/", headers=headers).json()
    assert (answer["node_code"], answer["tier"]) == ("330100000000-C", "municipal")
    assert answer["links"]["schema"] == "http://testserver/api/v1/schema/"


@pytest.mark.parametrize("address", ["/api/v1/docs/", "/api/v1/redoc/", "/api/v1/schema/"])
def test_the_schema_can_be_read_without_another_site(client, address):
    response = client.get(address)
    assert response.status_code == 200
    assert b"cdn" not in response.content
    assert b"<script>" not in response.content


def test_the_schema_is_made_once_for_each_language_and_form(client, monkeypatch):
    views._document.cache_clear()
    made, make = [], SchemaGenerator.get_schema
    monkeypatch.setattr(SchemaGenerator, "get_schema", lambda *a, **k: made.append(1) or make(*a, **k))
    chinese = client.get("/api/v1/schema/?version=spoilt")
    assert client.get("/api/v1/schema/").content == chinese.content
    assert b"spoilt" not in chinese.content
    assert yaml.safe_load(chinese.content)["openapi"].startswith("3")
    english = client.get("/api/v1/schema/?lang=en", headers={"Accept": "application/json"})
    assert english.json()["openapi"].startswith("3")
    assert len(made) == 2


@pytest.mark.parametrize(
    ("address", "status"),
    [("/api/v1/people/a%00b/", 404), ("/api/v1/people/?division_code=%00", 400), ("/cases/?q=%00", 400)],
)
def test_what_no_database_stores_is_refused(client, headers, address, status):
    response = client.get(address, headers=headers)
    assert response.status_code == status
    if address.startswith("/api/"):
        assert response["Content-Type"] == "application/problem+json"


def test_an_address_without_a_route_is_a_problem_too(client):
    response = client.get("/api/v1/nothing-here/")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert response["Content-Type"] == "application/problem+json"


def test_wrong_fields_are_named_with_pointer_and_remedy(client, headers):
    response = post(client, headers, {"itmes": [], "items": [{"name": "fine"}, {"name": "far too long"}]})
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    assert response.json()["errors"][0]["code"] == "unknown_field"
    response = post(client, headers, {"items": [{"name": "fine"}, {"name": "far too long"}]})
    found = {error["pointer"]: error for error in response.json()["errors"]}
    assert found["/code"]["code"] == "required"
    assert found["/code"]["remedy"]
    assert found["/items/1/name"]["field"] == "items[1].name"


@pytest.mark.parametrize(
    ("given", "entry"),
    [
        ({}, {"field": "", "pointer": "", "code": "invalid", "detail": "told"}),
        ({"field": "state"}, {"field": "state", "pointer": "/state", "code": "invalid", "detail": "told"}),
        (
            {"field": "items[1].a/b", "code": "required"},
            {"pointer": "/items/1/a~1b", "code": "required", "remedy": "补上这个字段。"},
        ),
        ({"field": "a", "detail": "own", "remedy": "so", "code": "required"}, {"detail": "own", "remedy": "so"}),
    ],
)
def test_what_a_service_leaves_out_of_an_entry_is_filled_in(given, entry):
    body = exception_handler(InvalidInput("told", errors=[given]), {}).data
    assert body["errors"][0].items() >= entry.items()


@pytest.mark.parametrize(
    ("method", "content", "kind", "status", "code"),
    [
        ("delete", "", "application/json", 405, "method_not_allowed"),
        ("post", "<a/>", "text/xml", 415, "unsupported_media_type"),
        ("post", "{", "application/json", 400, "parse_error"),
    ],
)
def test_every_refusal_is_a_problem(client, headers, method, content, kind, status, code):  # noqa: PLR0917
    response = client.generic(method.upper(), "/api/v1/orders/", content, content_type=kind, headers=headers)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["instance"].endswith(response["X-Request-ID"])


def test_a_write_without_sign_in_is_401(client):
    assert post(client, {}, {"code": "a"}).json()["code"] == "not_authenticated"


def test_sentences_come_in_the_callers_language(client, headers):
    with override("en"):
        response = client.get("/api/v1/nothing/", headers={**headers, "Accept-Language": "en"})
    assert response.json()["code"] == "not_found"


def test_a_write_sent_twice_happens_once(client, headers):
    first = post(client, headers, {"code": "once"}, **{"Idempotency-Key": "k-1"})
    again = post(client, headers, {"code": "once"}, **{"Idempotency-Key": "k-1"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert (again.get("Idempotency-Replayed"), first.get("Idempotency-Replayed")) == ("true", None)
    assert Organisation.objects.count() == 1


def test_without_a_key_a_write_happens_as_often_as_it_is_sent(client, headers):
    client.raise_request_exception = True
    post(client, headers, {"code": "once"})
    with pytest.raises(IntegrityError):
        post(client, headers, {"code": "once"})


def test_a_key_for_another_request_is_refused(client, headers):
    post(client, headers, {"code": "one"}, **{"Idempotency-Key": "k"})
    response = post(client, headers, {"code": "two"}, **{"Idempotency-Key": "k"})
    assert (response.status_code, response.json()["code"]) == (422, "idempotency_mismatch")
    assert not Organisation.objects.filter(org_code="two").exists()


def test_two_senders_do_not_share_keys(client, headers):
    post(client, headers, {"code": "one"}, **{"Idempotency-Key": "k"})
    other = bearer(api_token(person("data_officer", is_integration=True)))
    assert post(client, other, {"code": "two"}, **{"Idempotency-Key": "k"}).status_code == 201


def test_a_refusal_writes_nothing_and_frees_the_key(client, headers):
    response = post(client, headers, {"code": "refused"}, **{"Idempotency-Key": "k"})
    assert response.status_code == 400
    assert not Organisation.objects.exists()
    assert not IdempotentAnswer.objects.exists()
    assert post(client, headers, {"code": "fine"}, **{"Idempotency-Key": "k"}).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 65, "钥匙"])
def test_a_key_that_is_none_is_refused(client, headers, key):
    response = post(client, headers, {"code": "a"}, **{"Idempotency-Key": key})
    assert response.status_code == 400
    assert not Organisation.objects.exists()


@pytest.mark.parametrize("address", ["/api/v1/count/", "/api/v1/marked/"])
def test_an_unchanged_read_is_304_and_a_changed_one_is_not(client, headers, address):
    first = client.get(address, headers=headers)
    known = {**headers, "If-None-Match": first["ETag"]}
    again = client.get(address, headers=known)
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    organisation()
    changed = client.get(address, headers=known)
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]
    assert "private" in changed["Cache-Control"]


def test_an_unchanged_fingerprint_saves_the_work(client, headers, django_assert_max_num_queries):
    etag = client.get("/api/v1/marked/", headers=headers)["ETag"]
    with django_assert_max_num_queries(2):  # token, fingerprint
        client.get("/api/v1/marked/", headers={**headers, "If-None-Match": etag})


def test_writing_on_an_old_state_is_412(client, headers):
    response = client.put("/api/v1/marked/", headers={**headers, "If-Match": '"old"'})
    assert (response.status_code, response.json()["code"]) == (412, "changed_meanwhile")
    assert client.put("/api/v1/marked/", headers={**headers, "If-Match": tag_of("now")}).status_code == 200


def test_too_many_requests_are_429_with_the_time_to_wait(client, headers, monkeypatch):
    from rest_framework.throttling import UserRateThrottle

    monkeypatch.setattr(UserRateThrottle, "rate", "1/min", raising=False)
    monkeypatch.setattr(Count, "throttle_classes", [UserRateThrottle])
    client.get("/api/v1/count/", headers=headers)
    response = client.get("/api/v1/count/", headers=headers)
    assert (response.status_code, response.json()["code"]) == (429, "throttled")
    assert int(response["Retry-After"]) > 0
