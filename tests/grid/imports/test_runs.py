"""The life of a run: uploads that wait for a worker, imports that were killed, two at once."""

import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection

from cityops.foundation.context import Actor, acting
from cityops.foundation.models import AuditEvent
from grid.api import imports
from grid.models import Component, ImportRun
from grid.services.imports import runs, uploads
from grid.tasks import import_waiting
from tests.factories.ground import csv_file
from tests.factories.people import person
from tests.grid.imports.test_components import MAPPING, row

pytestmark = pytest.mark.django_db


def officer():
    """Who looks after the data of the whole city."""
    return person("data_officer")


@pytest.fixture
def upload(city, settings, tmp_path, monkeypatch):
    """A file that is too large to be imported at once."""
    settings.VAR = tmp_path
    monkeypatch.setattr(uploads, "AT_ONCE", 0)
    path = csv_file(tmp_path / "c.csv", [row(1), row(2)])
    return SimpleUploadedFile("c.csv", path.read_bytes())


@pytest.fixture
def waiting(upload):
    """The run of it, waiting for a worker."""
    with acting(Actor(name="officer", channel="page")):
        return uploads.take_upload("components", upload, user=officer(), mapping=MAPPING, options={"dry_run": False})


@pytest.fixture
def another_import():
    """Another connection that holds the lock of imports, as another process would."""
    facts = connection.get_connection_params()
    wanted = {key: facts[key] for key in ("dbname", "user", "password", "host", "port") if facts.get(key)}
    with psycopg.connect(**wanted, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s::bigint)", [runs.IMPORT_LOCK])
        yield
        # a closed connection lets go a bit later
        other.execute("SELECT pg_advisory_unlock(%s::bigint)", [runs.IMPORT_LOCK])


def test_a_large_upload_waits_for_a_worker_and_is_taken(waiting):
    assert waiting.state == "waiting"
    assert not Component.objects.exists()
    import_waiting()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.rows_taken) == ("done", 2)
    assert not uploads.stored_path(waiting).exists()


def test_a_worker_is_woken_once_the_upload_is_committed(
    upload, client, monkeypatch, django_capture_on_commit_callbacks
):
    woken = []
    monkeypatch.setattr(imports, "wake_imports", lambda: woken.append(ImportRun.objects.get().state))
    client.force_login(person("data_officer"), backend="django.contrib.auth.backends.ModelBackend")
    form = {"kind": "components", "mapping": MAPPING, "file": upload}
    with django_capture_on_commit_callbacks() as callbacks:
        answer = client.post("/api/v1/imports/", form, headers={"Idempotency-Key": "k"})
        assert (answer.status_code, woken) == (201, [])
    for callback in callbacks:
        callback()
    assert woken == ["waiting"]


def test_a_worker_leaves_an_upload_alone_while_another_import_runs(waiting, another_import):
    import_waiting()
    waiting.refresh_from_db()
    assert waiting.state == "waiting"
    assert uploads.stored_path(waiting).exists()


def test_a_command_says_that_another_import_runs_and_leaves_no_trace(city, another_import, tmp_path):
    (tmp_path / "m.toml").write_text(MAPPING, encoding="utf-8")
    path = csv_file(tmp_path / "c.csv", [row(1)])
    with pytest.raises(CommandError, match="另一个导入"):
        call_command("import_components", path, mapping=tmp_path / "m.toml")
    assert not ImportRun.objects.exists()


def test_an_import_that_was_killed_is_told_by_the_next_look(city):
    killed = ImportRun.objects.create(kind="cases", division_code="330100000000", file_name="h.csv", state="running")
    import_waiting()
    killed.refresh_from_db()
    assert killed.state == "refused"
    assert killed.ended_at is not None


def test_what_breaks_an_import_is_raised_and_nothing_is_stored(city, tmp_path, monkeypatch):
    def fail(*_args):
        raise RuntimeError("disk")

    monkeypatch.setattr(runs.RECIPES["components"], "apply", fail)
    path = csv_file(tmp_path / "c.csv", [row(1)])
    begun = runs.begin_run("components", path, mapping=MAPPING, options={})
    with pytest.raises(RuntimeError):
        runs.execute_run(begun, path)
    begun.refresh_from_db()
    assert begun.state == "refused"
    assert not Component.objects.exists()


def test_an_import_is_told_under_who_began_it_whoever_carries_it_out(waiting):
    import_waiting()
    told = dict(AuditEvent.objects.values_list("action", "user_name"))
    assert told == {"import.upload": "officer", "import.run": "officer"}
    assert AuditEvent.objects.get(action="import.run").succeeded


def test_a_refused_import_is_in_the_trail_with_its_reason(city, tmp_path):
    path = csv_file(tmp_path / "c.csv", [row(1, 主管="")])
    begun = runs.begin_run("components", path, mapping=MAPPING, options={})
    with pytest.raises(runs.ImportRefused):
        runs.execute_run(begun, path)
    told = AuditEvent.objects.get(action="import.run")
    assert (told.succeeded, told.after["state"], told.after["refused"]) == (False, "refused", 1)
    assert "1 行有误" in told.reason


def test_what_breaks_an_import_leaves_no_file(waiting, monkeypatch):
    def fail(*_args):
        raise RuntimeError("disk")

    monkeypatch.setattr(runs.RECIPES["components"], "apply", fail)
    with pytest.raises(RuntimeError):
        uploads.run_stored(waiting.pk)
    assert not uploads.stored_path(waiting).exists()


def test_the_file_of_a_killed_import_is_removed_by_the_next_look(waiting):
    ImportRun.objects.filter(pk=waiting.pk).update(state="running")
    import_waiting()
    waiting.refresh_from_db()
    assert waiting.state == "refused"
    assert not uploads.stored_path(waiting).exists()
