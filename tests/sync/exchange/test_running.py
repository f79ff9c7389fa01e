"""Without Celery nothing is left undone: parked records, comparisons and upkeep follow from the slices."""

import datetime as dt

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cityops.accounts.models import Organisation
from sync.exchange.models import Comparison, Link, Nonce, Parked, ResendRequest
from sync.exchange.services import comparing, judging, parking, running
from sync.exchange.services.checks import Check
from sync.exchange.services.client import PeerUnreachable
from sync.exchange.services.receiving import receive
from sync.exchange.services.sequencing import sequence
from tests.factories.people import organisation
from tests.sync.exchange.conftest import CITY, PROVINCE

pytestmark = pytest.mark.django_db


@pytest.fixture
def parked(from_city, monkeypatch) -> Parked:
    """A record that was parked at the province for a cause that is gone."""
    sent = from_city("城管局")
    monkeypatch.setattr(judging, "checks_of", lambda kind: [Check("never", "true", "never")])
    receive(sent.envelope, sender=CITY)
    monkeypatch.undo()
    running._tidied.clear()
    return Parked.objects.get()


def test_an_idle_slice_tries_again_what_was_parked_for_an_hour_and_tidies(parked):
    Nonce.objects.create(value=parked.rid, peer_code=CITY)
    ResendRequest.objects.create(owner_code=CITY, dataset="JC02", rid=parked.rid)
    long_ago = timezone.now() - dt.timedelta(days=8)
    Nonce.objects.update(issued_at=long_ago)
    ResendRequest.objects.update(asked_at=long_ago)
    while not running.run_slice(5).is_idle:
        pass
    assert Organisation.objects.count() == 0
    assert not Nonce.objects.exists()
    assert not ResendRequest.objects.exists()
    Parked.objects.update(tried_at=timezone.now() - dt.timedelta(minutes=61))
    running.run_slice(5)
    assert Organisation.objects.get().name == "城管局"


def test_tries_stop_when_the_slice_is_over(parked):
    assert parking.retry_waiting(until=lambda: True) == {}


def test_a_retry_locks_the_stream_first_as_a_receiver_does(parked):
    with CaptureQueriesContext(connection) as asked:
        parking.retry(parked)
    locks = [one["sql"] for one in asked if "FOR UPDATE" in one["sql"]]
    assert ["sync_stream" in locks[0], "sync_parked" in locks[1]] == [True, True]


def test_what_was_not_compared_for_a_day_is_due(city):
    link = Link.objects.create(peer_code=PROVINCE, role="parent", state="live")
    organisation()
    sequence()
    codes = {kind.dataset for _owner, kind in comparing.due(link)}
    assert codes == {"JC02", "JC11"}
    for dataset, hours in (("JC02", 23), ("JC11", 25)):
        Comparison.objects.create(
            peer_code=PROVINCE, owner_code=CITY, dataset=dataset, flow="up", result="equal", records=1,
            at=timezone.now() - dt.timedelta(hours=hours),
        )  # fmt: skip
    assert [kind.dataset for _owner, kind in comparing.due(link)] == ["JC11"]


@pytest.mark.django_db(transaction=True)
def test_a_comparison_waits_for_the_slice_that_talks_and_is_left_to_it_if_need_be(city, monkeypatch):
    link = Link.objects.create(peer_code=PROVINCE, role="parent", state="live", base_url="http://127.0.0.1:9")
    monkeypatch.setattr(running, "LOCK_WAIT_SECONDS", 1)
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [running.SEND_LOCK])
        with pytest.raises(PeerUnreachable, match="busy"):
            running.reconcile()
        link.refresh_from_db()
        assert link.compare_asked_at is not None
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone()[0] == "0"
    with pytest.raises(PeerUnreachable, match=r"127\.0\.0\.1"):
        running.reconcile()
