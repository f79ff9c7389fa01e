"""API tokens at the door."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from cityops.accounts.api.permissions import HasPermission
from cityops.accounts.models import ApiToken
from tests.factories.people import api_token, bearer, person

pytestmark = pytest.mark.django_db


class Probe(APIView):
    permission_classes = [HasPermission("accounts.view_organisation", write="accounts.change_organisation")]

    def get(self, request):
        return Response({"user": request.user.username})

    post = get


def ask(token=None, method="get"):
    request = getattr(APIRequestFactory(), method)("/api/v1/probe/", headers=bearer(token) if token else {})
    response = Probe.as_view()(request)
    response.render()
    return response


def test_a_valid_token_acts_as_its_integration():
    user = person("data_officer", is_integration=True)
    assert ask(api_token(user)).data == {"user": user.username}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"expires_in_days": -1}, "token_expired"),
        ({"revoked_at": timezone.now()}, "token_revoked"),
    ],
)
def test_a_token_that_no_longer_holds_is_refused_with_its_reason(fields, code):
    response = ask(api_token(**fields))
    assert (response.status_code, response.data["code"]) == (401, code)
    assert response["Content-Type"] == "application/problem+json"
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_a_token_of_another_node_is_unknown_here():
    response = ask("cityops_somebody-elses")
    assert (response.status_code, response.data["code"]) == (401, "token_unknown")


def test_a_header_that_is_no_token_is_refused():
    assert ask("two words").data["code"] == "token_malformed"


def test_the_token_of_a_disabled_integration_dies_with_it():
    user = person("data_officer", is_integration=True)
    token = api_token(user)
    user.is_active = False
    user.save()
    assert ask(token).data["code"] == "token_revoked"


def test_without_any_sign_in_the_answer_is_401():
    response = ask()
    assert (response.status_code, response.data["code"]) == (401, "not_authenticated")


def test_a_reading_token_may_not_write():
    token = api_token(person("system_admin", is_integration=True), scopes=("read",))
    assert ask(token).status_code == 200
    response = ask(token, "post")
    assert (response.status_code, response.data["code"], response.data["scope"]) == (403, "scope_missing", "write")


def test_a_scope_does_not_replace_the_permission():
    response = ask(api_token(person("collector", is_integration=True)), "post")
    assert (response.status_code, response.data["code"]) == (403, "forbidden")


def test_the_last_use_is_written_once_a_minute(django_assert_num_queries):
    user = person("system_admin", is_integration=True)
    token = api_token(user)
    ask(token)
    first = ApiToken.objects.get().last_used_at
    with django_assert_num_queries(2):  # the token with its person, and what the roles allow
        ask(token)
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(seconds=61))
    ask(token)
    assert ApiToken.objects.get().last_used_at > first


def test_the_database_holds_no_token():
    token = api_token()
    assert token.encode() not in bytes(ApiToken.objects.get().digest)
