"""The parent's door: every call is signed, used once, and a refusal is audited."""

import datetime as dt
import uuid
from types import SimpleNamespace

import msgspec
import pytest
from django.urls import reverse

from cityops.accounts.models import Organisation
from cityops.foundation.denials import EACH_UP_TO
from cityops.foundation.models import AuditEvent
from sync.exchange.models import Enrolment, Key, Link, Nonce, SyncSelf
from sync.exchange.rules.crypto import suite
from sync.exchange.rules.hop import NO_NONCE, Call
from sync.exchange.services import enrolment
from tests.sync.exchange.conftest import CITY, PROVINCE

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(client, from_city):
    """Make signed calls as the city: ``call("hello", {...})``; fields of the call may be changed."""
    sent = from_city("城管局", "园林局")

    def make(name, body, *, private=None, signature=None, **fields):
        path = reverse(f"peer-{name}")
        data = body if isinstance(body, bytes) else msgspec.json.encode(body)
        facts = {
            "method": "POST", "path": path, "sender": CITY, "receiver": PROVINCE, "kid": sent.key.kid,
            "nonce": NO_NONCE, "incarnation": NO_NONCE, "time": "2026-11-24T00:00:00+00:00", **fields,
        }  # fmt: skip
        signed = Call(**facts)
        text = suite("intl").sign(private or sent.private, signed.text(data))
        headers = signed.headers(signature or text)
        return client.post(path, data, content_type="application/octet-stream", headers=headers)

    make.sent = sent
    return make


def fresh(call) -> dict[str, str]:
    """A number and the incarnation, from a hello."""
    answer = call("hello", {"backlog": 3})
    assert answer.status_code == 200, answer.content
    return {"nonce": answer.json()["nonce"], "incarnation": answer.json()["incarnation"]}


def refused(answer, code: str) -> None:
    """The answer is a refusal with this code, and the audit trail tells of it."""
    assert answer.json()["code"] == code, answer.content
    event = AuditEvent.objects.latest("id")
    assert (event.action, event.after["code"], event.succeeded) == ("exchange.refuse", code, False)
    assert Organisation.objects.count() == 0


def test_hello_then_push_brings_the_records_and_a_signed_receipt(call):
    answer = call("push", call.sent.envelope.pack(), **fresh(call))
    assert answer.status_code == 200
    receipt = msgspec.json.decode(answer.json()["receipt"])
    assert (receipt["receiver"], receipt["applied"]) == (PROVINCE, 2)
    assert Organisation.objects.count() == 2
    assert Link.objects.get(peer_code=CITY).backlog == 3
    key = Key.objects.get(kid=answer.headers["CityOps-Key"])
    assert key.node_code == PROVINCE


def test_a_replayed_call_is_refused_and_audited(call):
    from sync.exchange.models import Stream

    number = fresh(call)
    assert call("pull", {"producer": "x"}, **number).json()["code"] == "MALFORMED"
    Stream.objects.filter(producer_code=CITY).delete()
    number = fresh(call)
    assert call("notes", {}, **number).status_code == 200
    refused(call("push", call.sent.envelope.pack(), **number), "NONCE")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"nonce": str(uuid.uuid4())}, "NONCE"),
        ({"nonce": "1"}, "NONCE"),
        ({"incarnation": str(uuid.uuid4())}, "INCARNATION"),
        ({"sender": "330200000000-C"}, "HOP"),
        ({"receiver": "320000000000-P"}, "HOP"),
        ({"kid": "0" * 32}, "KEY"),
        ({"path": "/sync/v1/hello"}, "SIGNATURE"),
        ({"signature": bytes(64)}, "SIGNATURE"),
    ],
)
def test_a_call_that_is_not_exactly_right_is_refused_and_audited(call, fields, code):
    refused(call("push", call.sent.envelope.pack(), **{**fresh(call), **fields}), code)


def test_an_unsigned_call_is_refused(call, client):
    answer = client.post(reverse("peer-hello"), b"{}", content_type="application/json")
    refused(answer, "HOP")


def test_a_frozen_link_takes_nothing(call):
    number = fresh(call)
    Link.objects.update(state="frozen")
    refused(call("push", call.sent.envelope.pack(), **number), "SUSPENDED")


def test_a_number_of_an_earlier_life_of_the_node_is_refused(call):
    number = fresh(call)
    SyncSelf.objects.update(incarnation=uuid.uuid4())
    refused(call("push", call.sent.envelope.pack(), **number), "INCARNATION")


def test_a_refused_batch_leaves_the_number_unused_but_nothing_stored(call):
    number = fresh(call)
    refused(call("push", call.sent.changed(body=b"x").pack(), **number), "SIGNATURE")
    assert Nonce.objects.filter(value=number["nonce"]).exists()


def test_enrolment_needs_the_code_and_an_approval(city, as_tier, client):
    body, headers = enrolment.asking("WRONG-CODE")
    city_kid = Key.objects.get(node_code=CITY).kid
    Key.objects.filter(node_code=CITY).delete()
    as_tier("provincial")
    SyncSelf.objects.update(incarnation=None)
    from sync.exchange.services.nodes import init_node

    init_node()
    code = enrolment.make_code(CITY)
    answer = client.post(reverse("peer-join"), body, content_type="application/json", headers=headers)
    assert answer.json()["code"] == "ENROLMENT"
    assert Enrolment.objects.get().failed_count == 1
    assert not Link.objects.exists()
    good = {**headers, "CityOps-Proof": enrolment._proof(enrolment._digest(code), enrolment.SIGNED_JOIN + body)}
    answer = client.post(reverse("peer-join"), body, content_type="application/json", headers=good)
    assert answer.status_code == 200
    assert [key["node_code"] for key in answer.json()["keys"]] == [PROVINCE]
    assert not Key.objects.filter(node_code=CITY).exists()
    link = enrolment.approve(CITY, by="someone")
    assert (link.state, link.role) == ("live", "child")
    assert Key.objects.get(node_code=CITY).kid == city_kid
    assert AuditEvent.objects.filter(action="enrolment.approve", object_key=CITY).exists()
    answer = client.post(reverse("peer-join"), body, content_type="application/json", headers=good)
    assert answer.json()["code"] == "ENROLMENT"


def test_a_code_is_only_for_a_node_below(city):
    from cityops.foundation.errors import InvalidInput

    with pytest.raises(InvalidInput):
        enrolment.make_code("330200000000-C")
    with pytest.raises(InvalidInput):
        enrolment.make_code("nonsense")


def test_a_flood_of_calls_that_prove_nothing_does_not_fill_the_trail(client, from_city, monkeypatch):
    clock = [dt.datetime(2026, 11, 24, 8, 0, tzinfo=dt.UTC)]
    monkeypatch.setattr("cityops.foundation.denials.timezone", SimpleNamespace(now=lambda: clock[0]))
    from_city("城管局")
    before = AuditEvent.objects.count()
    for number in range(150):
        sender = f"{330200000000 + number}-C"
        answer = client.post(reverse("peer-push"), b"x", content_type="text/plain", headers={"CityOps-Node": sender})
        assert answer.status_code == 401
    told = AuditEvent.objects.filter(action="exchange.refuse").order_by("id")
    assert AuditEvent.objects.count() - before == EACH_UP_TO + 1
    assert told.last().after == {"code": "HOP", "refused_this_minute": 100}
    clock[0] += dt.timedelta(minutes=1)
    client.post(reverse("peer-push"), b"x", content_type="text/plain")
    assert AuditEvent.objects.count() - before == EACH_UP_TO + 2


def test_a_flood_does_not_hide_what_a_known_peer_meets(client, call):
    for _n in range(EACH_UP_TO + 5):
        client.post(reverse("peer-push"), b"x", content_type="text/plain")
    refused(call("push", b"nothing", **fresh(call)), "MALFORMED")
    assert AuditEvent.objects.latest("id").object_key == CITY
