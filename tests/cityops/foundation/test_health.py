"""What the machines that watch an instance are told."""

import os
import runpy
import subprocess
import sys

import pytest
from django.db import OperationalError

from cityops.foundation import health, numbers
from tests.conftest import ROOT


def test_healthz_answers_without_a_database(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_readyz_is_ready_when_everything_works(client):
    answer = client.get("/readyz")
    assert answer.status_code == 200, answer.content
    assert set(answer.json()["checks"]) == {"database", "migrations", "disk", "redis"}


@pytest.mark.django_db
def test_readyz_names_what_failed_and_says_503(client, monkeypatch):
    def full() -> None:
        raise health.Unready("1% free")

    monkeypatch.setitem(health.CHECKS, "disk", full)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (503, "failed")
    assert answer.json()["checks"]["disk"] == {"status": "failed", "detail": "Unready: 1% free"}
    assert answer.json()["checks"]["database"]["status"] == "ok"


@pytest.mark.django_db
def test_an_instance_without_redis_is_degraded_and_keeps_its_visitors(client, settings):
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["checks"]["redis"]["status"] == "failed"


@pytest.mark.django_db
def test_readyz_tells_a_stranger_no_details(client):
    answer = client.get("/readyz", REMOTE_ADDR="203.0.113.9")
    assert set(answer.json()["checks"].values()) == {"ok"}


@pytest.mark.django_db
def test_metrics_count_requests_by_route(client):
    client.get("/healthz")
    text = client.get("/metrics").content.decode()
    assert 'cityops_requests_total{method="GET",route="healthz",status="200"}' in text


@pytest.mark.django_db
def test_an_invented_method_gets_no_series_of_its_own(client):
    client.generic("BREW", "/healthz")
    text = client.get("/metrics").content.decode()
    assert 'method="other",route="healthz",status="405"' in text
    assert "BREW" not in text


@pytest.mark.django_db
def test_a_gauge_that_cannot_be_read_silences_no_other(client, monkeypatch):
    def unread():
        raise OperationalError("no server")

    monkeypatch.setattr(numbers.gauges, "_gauges", dict(numbers.gauges._gauges))
    numbers.gauges.register("cityops_unread", "…", (), unread)
    numbers.gauges.register("cityops_read", "…", ("a",), lambda: [(("b",), 1)])
    text = client.get("/metrics").content.decode()
    assert 'cityops_read{a="b"} 1.0' in text
    assert "cityops_unread" not in text


def test_the_counts_of_two_processes_add_up(tmp_path):
    env = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PYTHONPATH": str(ROOT / "platform")}
    count = (
        "from cityops.foundation import numbers as n; import sys;"
        "n.requests_total.labels('GET', 'x', '200').inc(int(sys.argv[1]));"
        "n.request_seconds.labels('x').observe(0.1);"
        "print(n.exposition().decode())"
    )
    said = [
        subprocess.run([sys.executable, "-c", count, number], env=env, capture_output=True, text=True, check=True)
        for number in ("2", "3")
    ]
    assert 'cityops_requests_total{method="GET",route="x",status="200"} 5.0' in said[1].stdout
    assert 'cityops_request_seconds_count{route="x"} 2.0' in said[1].stdout


def test_a_start_of_the_web_server_begins_at_zero(tmp_path, monkeypatch):
    monkeypatch.setenv("CITYOPS_VAR", str(tmp_path))
    monkeypatch.setenv("CITYOPS_NODE", "330100000000-C")
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "")
    old = tmp_path / "metrics-330100000000-C" / "counter_1.db"
    old.parent.mkdir()
    old.touch()
    hooks = runpy.run_path(str(ROOT / "gunicorn.conf.py"))
    hooks["on_starting"](None)
    assert os.environ["PROMETHEUS_MULTIPROC_DIR"] == str(old.parent)
    assert old.parent.is_dir()
    assert not old.exists()


def test_metrics_ask_the_gauges_of_other_apps(client, monkeypatch):
    monkeypatch.setattr(numbers.gauges, "_gauges", {})
    numbers.gauges.register("cityops_backlog", "Waiting", ("link",), lambda: [(("330000000000-P",), 7)])
    assert 'cityops_backlog{link="330000000000-P"} 7.0' in client.get("/metrics").content.decode()


@pytest.mark.parametrize("extra", [{"REMOTE_ADDR": "203.0.113.9"}, {"HTTP_X_FORWARDED_FOR": "203.0.113.9"}])
def test_metrics_are_not_there_for_strangers(client, extra):
    assert client.get("/metrics", **extra).status_code == 404


@pytest.mark.django_db
def test_a_token_opens_metrics_from_anywhere_and_nothing_else_does(client, settings):
    settings.CITYOPS_METRICS_TOKEN = "s3cret"
    away = {"REMOTE_ADDR": "203.0.113.9"}
    assert client.get("/metrics", headers={"Authorization": "Bearer s3cret"}, **away).status_code == 200
    assert client.get("/metrics", headers={"Authorization": "Bearer other"}, **away).status_code == 404
    assert client.get("/metrics").status_code == 404
