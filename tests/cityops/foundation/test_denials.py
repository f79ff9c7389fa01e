"""Denied acts leave an entry each, up to a number a minute; looking around leaves none."""

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from cityops.foundation import audit
from cityops.foundation.context import Actor, acting
from cityops.foundation.denials import EACH_UP_TO
from cityops.foundation.models import AuditEvent
from tests.factories.people import PASSWORD, api_token, bearer, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def nobody(client):
    user = person(())
    client.force_login(user)
    return user


def denied():
    return AuditEvent.objects.filter(action="access.denied", succeeded=False).order_by("id")


def test_a_denied_act_of_a_person_is_told(client, nobody):
    assert client.post("/maintenance/people/new/").status_code == 403
    entry = denied().get()
    assert (entry.user_id, entry.object_kind, entry.object_key) == (nobody.pk, "route", "maintenance/people/new/")
    assert entry.after == {"method": "POST", "path": "/maintenance/people/new/", "code": "forbidden"}


@pytest.mark.parametrize(
    ("method", "address", "is_told"),
    [
        ("post", "/api/v1/cases/", True),
        ("get", "/maintenance/audit/", True),
        ("get", "/cases/", False),
        ("get", "/api/v1/cases/", False),
    ],
)
def test_acts_and_looks_into_the_administration_are_told_and_other_looks_are_not(
    client, nobody, method, address, is_told
):
    assert getattr(client, method)(address).status_code == 403
    assert denied().exists() == is_told


def test_a_form_without_its_token_is_told(nobody):
    client = Client(enforce_csrf_checks=True)
    client.force_login(nobody)
    assert client.post("/sign-out/").status_code == 403
    assert denied().get().user_id == nobody.pk


def test_tokens_that_do_not_hold_are_told_with_what_is_known_of_them(client):
    robot = person((), username="robot", is_integration=True)
    revoked, expired = api_token(robot, revoked_at=timezone.now()), api_token(robot, expires_in_days=-1)
    for token in (revoked, expired, "of-another-node"):
        assert client.get("/api/v1/me/", headers=bearer(token)).status_code == 401
    assert client.get("/api/v1/me/").status_code == 401
    told = [(entry.after["code"], entry.user_name, entry.user_id) for entry in denied()]
    assert told == [
        ("token_revoked", f"robot ({revoked[:8]})", None),
        ("token_expired", f"robot ({expired[:8]})", None),
        ("token_unknown", "anonymous", None),
    ]


def test_a_flood_of_denied_acts_does_not_fill_the_trail(client, nobody):
    for _ in range(EACH_UP_TO + 5):
        client.post("/maintenance/people/new/")
    assert denied().count() == EACH_UP_TO
    assert client.post("/maintenance/roles/new/").status_code == 403
    assert denied().count() == EACH_UP_TO + 1


def test_a_long_name_signs_in_and_its_token_writes(client):
    user = person("system_admin", username="n" * 150)
    assert client.post("/sign-in/", {"username": user.username, "password": PASSWORD}).status_code == 302
    assert AuditEvent.objects.get(action="session.sign_in").object_key == "n" * 64
    token = api_token(person((), username="r" * 150, is_integration=True))
    assert client.post("/api/v1/cases/", headers=bearer(token)).status_code == 403
    name = denied().get().user_name
    assert len(name) == 150
    assert name.endswith(f"r ({token[:8]})")


def test_no_text_is_too_long_for_an_entry():
    with transaction.atomic(), acting(Actor(name="n" * 400, address="a" * 400)):
        audit.record("thing.do", key="k\0" * 400)
    assert AuditEvent.objects.get().object_key == "k" * 64
