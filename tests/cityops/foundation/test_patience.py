"""Statements of the web process are cut off; what is long on purpose says so."""

import pytest
from django.db import OperationalError, connection, transaction
from django.test import RequestFactory

from cityops.foundation import patience as limits
from cityops.foundation.patience import patience, patiently, refusal_for
from cityops.foundation.problem import exception_handler
from cityops.web.middleware import RefusalPages

pytestmark = pytest.mark.django_db(transaction=True)


def allowed() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        return cursor.fetchone()[0]


@pytest.fixture
def web(monkeypatch):
    """Connections as the web process opens them, with a limit of half a second."""
    before = dict(connection.settings_dict["OPTIONS"])
    monkeypatch.setattr(limits, "STATEMENT_SECONDS", 0.5)
    connection.close()
    limits.limit_statements()
    yield
    connection.settings_dict["OPTIONS"] = before
    connection.close()


def sleep(seconds: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [seconds])


def test_workers_and_commands_have_no_limit_and_get_none():
    assert allowed() == "0"
    with patience(7):
        assert allowed() == "0"


@pytest.mark.usefixtures("web")
def test_a_long_statement_is_cut_off_and_the_answer_says_what_to_do():
    with pytest.raises(OperationalError) as cut:
        sleep(2)
    page = RefusalPages(lambda _request: None).process_exception(RequestFactory().get("/x/"), cut.value)
    assert page.status_code == 503
    answer = exception_handler(cut.value, {})
    assert (answer.status_code, answer.data["code"]) == (503, "too_expensive")
    assert refusal_for(OperationalError("no server")) is None


@pytest.mark.usefixtures("web")
def test_patience_lasts_for_its_block():
    with patience(7):
        assert allowed() == "7s"
        sleep(0.7)
    assert allowed() == "500ms"
    with transaction.atomic(), patience(7):
        assert allowed() == "7s"
    assert allowed() == "500ms"


@pytest.mark.usefixtures("web")
def test_rows_are_read_with_patience_and_no_longer():
    rows = patiently(iter([allowed, allowed]))
    assert next(rows)() == "5min"
    rows.close()
    assert allowed() == "500ms"
