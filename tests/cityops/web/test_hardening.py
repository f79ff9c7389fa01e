"""What every answer carries, and what an address or a header cannot make the platform do."""

import io
import json
import logging
import os
import secrets
import subprocess
import sys

import pytest
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse

from cityops.foundation.logs import json_formatter
from tests.factories.people import PASSWORD, person
from tests.launcher import ROOT

pytestmark = pytest.mark.django_db
POLICY = "default-src 'self'"


@pytest.fixture
def visitor():
    return Client(raise_request_exception=False)


def assert_hardened(answer):
    policy = answer.headers["Content-Security-Policy"]
    assert POLICY in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_pages_and_refusals_carry_the_policy(visitor):
    assert_hardened(visitor.get(reverse("sign-in")))
    visitor.force_login(person(()))
    for address, status in (
        (reverse("home"), 200),
        (reverse("case-list"), 403),
        ("/nowhere/", 404),
        ("/api/v1/nowhere/", 404),
        (reverse("api:case-list"), 403),
    ):
        answer = visitor.get(address)
        assert answer.status_code == status, address
        assert_hardened(answer)


def test_no_script_reads_a_cookie(client):
    user = person("duty_leader", language="en")
    client.post(reverse("sign-in"), {"username": user.username, "password": PASSWORD})
    client.post(reverse("set-language"), {"language": "zh-hans"})
    client.get(reverse("home"))
    assert len(client.cookies) == 3
    assert all(cookie["httponly"] and cookie["samesite"] == "Lax" for cookie in client.cookies.values())


def test_a_fault_carries_the_policy_and_tells_nothing_of_itself(visitor, monkeypatch):
    def broken(_request: HttpRequest) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("cityops.web.context.node_name", lambda: "x")
    monkeypatch.setattr("cityops.accounts.web.views.SignIn.get", lambda *_a, **_k: broken(HttpRequest()))
    answer = visitor.get(reverse("sign-in"))
    assert answer.status_code == 500
    assert "secret detail" not in answer.content.decode()
    assert_hardened(answer)


def test_a_form_without_its_token_carries_the_policy():
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(reverse("sign-in"), {"username": "a", "password": "b"})
    assert answer.status_code == 403
    assert_hardened(answer)


def test_another_host_is_refused(visitor):
    answer = visitor.get("/", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert "evil.example" not in answer.content.decode()
    assert visitor.get("/", headers={"X-Forwarded-Host": "evil.example"}).headers["Location"].startswith("/")


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "http:evil.example"],
)
def test_next_leads_nowhere_else(visitor, target):
    user = person("leader")
    told = {"username": user.username, "password": PASSWORD, "next": target}
    answer = visitor.post(reverse("sign-in"), told)
    assert (answer.status_code, answer.url) == (302, reverse("home"))
    answer = visitor.post(reverse("set-language"), {"language": "en", "next": target})
    assert "evil" not in answer.url
    assert not answer.url.startswith("javascript")


@pytest.mark.parametrize("text", ["a\nb", 'a\r\n{"level": "error"}', "a\x1b[31mb", "a\u2028b"])
def test_a_log_line_stays_one_line(text):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(json_formatter())
    handler.handle(logging.LogRecord("x", logging.WARNING, "x.py", 1, "peer call refused: %s", (text,), None))
    written = stream.getvalue()
    assert written.count("\n") == 1
    assert "\x1b" not in written
    assert text in json.loads(written)["event"]


def test_production_passes_the_deployment_check(tmp_path):
    production = {
        **{name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")},
        "DJANGO_SETTINGS_MODULE": "cityops.settings.production",
        "CITYOPS_SECRET_KEY": secrets.token_urlsafe(60),
        "CITYOPS_ALLOWED_HOSTS": "city.example",
        "CITYOPS_VAR": str(tmp_path),
        "CITYOPS_TIER": "municipal",
        "CITYOPS_REGION": "330100000000",
        "CITYOPS_NODE": "330100000000-C",
        "PYTHONPATH": "platform:.",
    }
    production.setdefault("DATABASE_URL", "postgis://nobody@127.0.0.1:5432/none")
    production.setdefault("REDIS_URL", "redis://127.0.0.1:6379/0")
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(command, cwd=ROOT, env=production, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
