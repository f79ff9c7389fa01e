"""Production settings: complete, strict, and clean for Django's deployment check."""

import os
import re
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PLACES

ROOT = Path(__file__).resolve().parents[2]
NEEDED = (
    "CITYOPS_TIER",
    "CITYOPS_REGION",
    "CITYOPS_NODE",
    "CITYOPS_SECRET_KEY",
    "CITYOPS_ALLOWED_HOSTS",
    "DATABASE_URL",
    "REDIS_URL",
)


def production(tmp_path: Path, **changes: str) -> dict[str, str]:
    """A full environment of a production instance that never connects to anything."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("CITYOPS_", "DJANGO_", "SYNC_"))}
    return {
        **kept,
        "PYTHONPATH": f"{ROOT / 'platform'}:{ROOT}",
        "DJANGO_SETTINGS_MODULE": "cityops.settings.production",
        "CITYOPS_TIER": "municipal",
        "CITYOPS_REGION": "330100000000",
        "CITYOPS_NODE": "330100000000-C",
        "CITYOPS_SECRET_KEY": secrets.token_urlsafe(64),
        "CITYOPS_ALLOWED_HOSTS": "cityops.example",
        "CITYOPS_VAR": str(tmp_path),
        **changes,
    }


def manage(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("tier", PLACES)
def test_the_deployment_check_finds_nothing(tier, tmp_path):
    region, node = PLACES[tier]
    env = production(tmp_path, CITYOPS_TIER=tier, CITYOPS_REGION=region, CITYOPS_NODE=node)
    done = manage(env, "check", "--deploy", "--fail-level", "INFO")
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize("name", NEEDED)
def test_a_missing_value_stops_the_start_and_is_named(name, tmp_path):
    env = production(tmp_path)
    env.pop(name)
    done = python(env, "import django; django.setup()")
    assert done.returncode != 0
    assert re.search(rf"Set the {name} environment variable", done.stderr)


def python(env: dict[str, str], code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def test_a_short_key_stops_the_start_in_production(tmp_path):
    done = python(production(tmp_path, CITYOPS_SECRET_KEY="k" * 49), "import cityops.settings.production")
    assert done.returncode != 0
    assert "CITYOPS_SECRET_KEY: 50 random characters" in done.stderr


@pytest.mark.parametrize("module", ["cityops.celery", "cityops.wsgi"])
def test_workers_and_web_servers_are_those_of_production_unless_told_otherwise(module, tmp_path):
    env = production(tmp_path)
    del env["DJANGO_SETTINGS_MODULE"]
    done = python(env, f"import {module}, os; print(os.environ['DJANGO_SETTINGS_MODULE'])")
    assert done.stdout.strip() == "cityops.settings.production", done.stderr


def test_development_refuses_the_environment_of_production(tmp_path):
    env = production(tmp_path)
    del env["DJANGO_SETTINGS_MODULE"]
    done = manage(env, "check")
    assert done.returncode != 0
    assert "CITYOPS_ALLOWED_HOSTS belong to production: set DJANGO_SETTINGS_MODULE" in done.stderr


def test_an_unknown_tier_stops_the_start_and_is_named(tmp_path):
    done = manage(production(tmp_path, CITYOPS_TIER="foo"), "check")
    assert done.returncode != 0
    assert "CITYOPS_TIER: 'foo' is not one of national, provincial, municipal." in done.stderr


def test_an_unknown_system_stops_the_start(tmp_path):
    done = manage(production(tmp_path, CITYOPS_SYSTEMS="+weather"), "check")
    assert done.returncode != 0
    assert "weather" in done.stderr


def test_no_migration_is_missing(tmp_path):
    done = manage(
        {**os.environ, "DJANGO_SETTINGS_MODULE": "cityops.settings.test"}, "makemigrations", "--check", "--dry-run"
    )
    assert done.returncode == 0, done.stdout


def test_pips_settings_are_said_in_uvs_words(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(ROOT / "bin"))
    from pip_settings import uv_environment

    for name in [key for key in os.environ if key.startswith("UV_")] + ["SSL_CERT_FILE", "ALL_PROXY"]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("UV_HTTP_TIMEOUT", "7")
    told = uv_environment(
        {
            "index-url": "https://mirror.example/simple",
            "extra-index-url": "file:///a/simple https://b.example/simple",
            "find-links": f"{tmp_path} /does/not/exist",
            "trusted-host": "b.example",
            "timeout": "60",
            "cert": "/etc/ca.pem",
        }
    )
    assert told == {
        "UV_DEFAULT_INDEX": "https://mirror.example/simple",
        "UV_INDEX": "file:///a/simple https://b.example/simple",
        "UV_FIND_LINKS": str(tmp_path),
        "UV_INSECURE_HOST": "b.example",
        "SSL_CERT_FILE": "/etc/ca.pem",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }
