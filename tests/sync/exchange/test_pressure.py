"""What a receiver cannot take it refuses with a time; the sender obeys, and its urgent lane goes on."""

import datetime as dt

import msgspec
import pytest
from django.core.cache import cache
from django.utils import timezone

from sync.exchange.models import Batch, Link, Parked, Stream
from sync.exchange.rules import envelope as envelopes
from sync.exchange.rules.crypto import sha256_hex
from sync.exchange.rules.pace import Bucket, larger, smaller
from sync.exchange.rules.refusals import PeerRefused
from sync.exchange.services import pressure, pushing, running
from sync.exchange.services.client import PeerUnreachable
from sync.exchange.services.sequencing import sequence
from tests.factories.people import organisation
from tests.sync.exchange.conftest import CITY, PROVINCE
from tests.sync.exchange.test_peer_calls import call, fresh, refused  # noqa: F401

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("size", "less", "more"), [(1, 1, 2), (2, 1, 3), (100, 50, 125), (900, 450, 1000)])
def test_batches_shrink_by_half_to_one_and_grow_by_a_quarter_to_the_limit(size, less, more):
    assert (smaller(size), larger(size, 1000)) == (less, more)


def test_a_bucket_lets_a_burst_through_and_then_the_rate():
    bucket = Bucket(rate=10, size=100)
    level, wait = bucket.take(100, 0, 150)
    assert (level, wait) == (-50, 0)
    level, wait = bucket.take(level, 1, 5)
    assert (level, wait) == (-40, 4)
    level, wait = bucket.take(level, 5, 5)
    assert (level, wait) == (5, 0)
    assert bucket.take(50, 3600, 0) == (100, 0)


@pytest.fixture(autouse=True)
def empty_buckets():
    cache.delete(f"sync-bucket:{CITY}")


def test_a_nearly_full_disk_takes_nothing_and_says_when_to_ask_again(call, monkeypatch):  # noqa: F811
    monkeypatch.setattr(pressure, "free_share", lambda: 0.09)
    answer = call("push", call.sent.envelope.pack(), **fresh(call))
    refused(answer, "DISK")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "300")
    assert not Batch.objects.exists()
    monkeypatch.undo()
    assert call("push", call.sent.envelope.pack(), **fresh(call)).status_code == 200
    assert 0 < pressure.free_share() < 1


def test_too_much_that_waits_holds_up_all_but_the_urgent_lane(call):  # noqa: F811
    Stream.objects.create(
        producer_code=CITY, flow="up", scope="N", lane="bulk", epoch_id="0" * 32, chain=b"\0" * 32, seq=10_001,
        parked_count=9_000, waiting_count=1_001,
    )  # fmt: skip
    answer = call("push", call.sent.envelope.pack(), **fresh(call))
    refused(answer, "BUSY")
    assert (answer.status_code, answer.json()["retry_after"]) == (503, 60)
    urgent = msgspec.structs.replace(call.sent.header, lane="urgent")
    pressure.check(Link.objects.get(peer_code=CITY), urgent)


def test_a_child_that_sends_too_fast_waits_and_no_other(call, settings):  # noqa: F811
    settings.SYNC_CHILD_RECORDS_PER_SECOND = 0.02
    assert call("push", call.sent.envelope.pack(), **fresh(call)).status_code == 200
    answer = call("push", call.sent.envelope.pack(), **fresh(call))
    assert (answer.status_code, answer.json()["code"]) == (429, "RATE")
    assert int(answer.headers["Retry-After"]) >= 1
    pressure.check(Link(peer_code="330200000000-C"), call.sent.header)


class Parent:
    """The other end of the link, as it answers just now."""

    def __init__(self, link: Link, error: Exception) -> None:
        self.link, self.error, self.hellos = link, error, 0

    def call(self, name: str, body: bytes) -> tuple[int, bytes]:
        raise self.error

    def hello(self, facts: dict) -> dict:
        self.hellos += 1
        return {}


@pytest.fixture
def sealed(city) -> tuple[Link, Batch]:
    link = Link.objects.create(peer_code=PROVINCE, role="parent", state="live")
    organisation()
    sequence()
    return link, Batch.objects.latest("id")


def test_a_busy_parent_gets_only_what_is_urgent_for_the_time_it_asks(sealed):
    link, batch = sealed
    parent = Parent(link, PeerRefused("BUSY", "", retry_after=60))
    assert pushing._push_batch(parent, batch) is False
    assert 55 < (link.slow_until - timezone.now()).total_seconds() <= 60
    assert parent.hellos == 1
    assert pushing._next_batch(link, {batch.stream_id: 0}, pushing.Counter()) is None
    Stream.objects.filter(pk=batch.stream_id).update(lane="urgent")
    assert pushing._next_batch(link, {batch.stream_id: batch.from_seq - 1}, pushing.Counter()) == batch


def test_a_full_disk_at_the_parent_rests_the_link_and_freezes_nothing(sealed):
    link, batch = sealed
    error = PeerRefused("DISK", "", retry_after=300)
    with pytest.raises(PeerRefused):
        pushing._push_batch(Parent(link, error), batch)
    running.note_failure(link, error)
    assert link.state == "live"
    assert 290 < (link.retry_at - timezone.now()).total_seconds() <= 300
    running.note_failure(link, PeerRefused("DISK", "", retry_after=10**9))
    assert link.retry_at - timezone.now() <= dt.timedelta(hours=1)


def test_after_a_cut_the_next_batches_are_half_as_large(sealed, settings):
    link, batch = sealed
    settings.SYNC_BATCH_RECORDS = 4
    for expected in (2, 1, 1):
        with pytest.raises(PeerUnreachable):
            pushing._push_batch(Parent(link, PeerUnreachable("cut")), batch)
        assert link.batch_records == expected
    for number in range(3):
        organisation(name=f"单位{number}")
    before = Batch.objects.latest("id").pk
    while running._number(running.Slice()):
        pass
    assert [one.to_seq - one.from_seq + 1 for one in Batch.objects.filter(pk__gt=before)] == [1, 1, 1]


BOMBS = {
    "a body that unpacks to more than is taken": ({"raw_size": envelopes.MAX_RAW_BYTES + 1}, "TOO_LARGE"),
    "a body that unpacks to more than it says": ({"raw_size": 100}, "MALFORMED"),
    "a million entries": ({"count": 1_000_000}, "MALFORMED"),
    "sizes beyond all numbers": ({"raw_size": 2**63}, "MALFORMED"),
}


@pytest.mark.parametrize(("fields", "code"), BOMBS.values(), ids=BOMBS)
def test_bombs_are_refused_with_their_code_audited_and_nothing_is_stored(call, fields, code):  # noqa: F811
    body = envelopes.compress(b"\0" * 200_000_000)
    assert len(body) < 100_000
    bomb = call.sent.changed(body=body, **{"body_sha": sha256_hex(body), **fields})
    refused(call("push", bomb.pack(), **fresh(call)), code)
    assert not Batch.objects.exists()
    assert not Parked.objects.exists()
