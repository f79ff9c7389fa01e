"""The parent's door: every call is signed, used once, and a refusal is audited."""

import datetime as dt
import uuid
from types import SimpleNamespace

import msgspec
import pytest
from django.urls import reverse
from django.utils import timezone

from cityops.accounts.models import Organisation
from cityops.foundation.denials import EACH_UP_TO
from cityops.foundation.models import AuditEvent
from sync.exchange.models import DirtyMark, Enrolment, Key, Link, Nonce, RecordVersion, ResendRequest, SyncSelf
from sync.exchange.rules.crypto import key_id, suite
from sync.exchange.rules.hop import NO_NONCE, Call
from sync.exchange.services import enrolment, resending
from sync.standard.models import ClassEntry
from tests.sync.exchange.conftest import CITY, PROVINCE
from tiers.models import Node

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(client, from_city):
    """Make signed calls as the city: ``call("hello", {...})``; fields of the call may be changed."""
    sent = from_city("城管局", "园林局")

    def make(name, body, *, private=None, signature=None, more=None, **fields):
        path = reverse(f"peer-{name}")
        data = body if isinstance(body, bytes) else msgspec.json.encode(body)
        facts = {
            "method": "POST", "path": path, "sender": CITY, "receiver": PROVINCE, "kid": sent.key.kid,
            "nonce": NO_NONCE, "incarnation": NO_NONCE, "time": "2026-11-24T00:00:00+00:00", **fields,
        }  # fmt: skip
        signed = Call(**facts)
        text = suite("intl").sign(private or sent.private, signed.text(data))
        headers = {**signed.headers(signature or text), **(more or {})}
        return client.post(path, data, content_type="application/octet-stream", headers=headers)

    make.sent = sent
    return make


def fresh(call) -> dict[str, str]:
    """A number and the incarnation, from a hello."""
    answer = call("hello", {})
    assert answer.status_code == 200, answer.content
    return {"nonce": answer.json()["nonce"], "incarnation": answer.json()["incarnation"]}


def refused(answer, code: str) -> None:
    """The answer is a refusal with this code, and the audit trail tells of it."""
    assert answer.json()["code"] == code, answer.content
    event = AuditEvent.objects.filter(action="exchange.refuse").latest("id")
    assert (event.after["code"], event.succeeded) == (code, False)
    assert Organisation.objects.count() == 0


def test_hello_then_push_brings_the_records_and_a_signed_receipt(call):
    answer = call("push", call.sent.envelope.pack(), **fresh(call))
    assert answer.status_code == 200
    receipt = msgspec.json.decode(answer.json()["receipt"])
    assert (receipt["receiver"], receipt["applied"]) == (PROVINCE, 2)
    assert Organisation.objects.count() == 2
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


def test_a_refused_batch_has_used_its_number_and_nothing_is_stored(call):
    number = fresh(call)
    refused(call("push", call.sent.changed(body=b"x").pack(), **number), "SIGNATURE")
    assert not Nonce.objects.filter(value=number["nonce"]).exists()
    refused(call("push", call.sent.envelope.pack(), **number), "NONCE")


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


DICTIONARY = [PROVINCE, "JC08", str(uuid.uuid4())]


@pytest.mark.parametrize(
    "body",
    [
        b"not JSON",
        b"[]",
        b"[" * 100_000,
        {"keys": 5},
        {"keys": [{}]},
        {"keys": [{"kid": "0", "node_code": "nobody", "suite": "intl", "public_key": "0"}]},
        {"receipts": [{}]},
        {"receipts": [{"receipt": "x", "signature": "zz"}]},
        {"receipts": [{"receipt": "x", "signature": "00"}]},
        {"receipts": [{"receipt": "[]", "signature": "00"}]},
        {"resend": [[PROVINCE, "JC08"]]},
        {"resend": [["nobody", "JC08", DICTIONARY[2]]]},
        {"resend": [[PROVINCE, "JC08", "no-uuid"]]},
        {"resend": [DICTIONARY] * 20_001},
        {"clock": "2026-13-45T00:00:00Z"},
        {"clock": "2026-11-24T00:00:00"},
        {"backlog": -1},
        {"backlog": 2**63},
        {"compared": [{"dataset": "JC02"}]},
    ],
)
def test_notes_that_are_none_are_malformed_and_audited(call, body):
    answer = call("notes", body, **fresh(call))
    refused(answer, "MALFORMED")
    assert answer.headers["CityOps-Signature"]
    assert not ResendRequest.objects.exists()


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("hello", b"[]"),
        ("hello", b"\xff"),
        ("pull", {"producer": PROVINCE, "seq": "x"}),
        ("compare", {"owner": CITY, "dataset": "JC02", "buckets": {"a": "0"}}),
        ("compare", {"owner": CITY, "dataset": "XX99", "buckets": {}}),
        ("push", b"CSP1" + b"\xff" * 20),
    ],
)
def test_other_calls_that_are_none_are_malformed_and_audited(call, name, body):
    refused(call(name, body, **({} if name == "hello" else fresh(call))), "MALFORMED")


def test_what_nobody_foresaw_in_a_call_is_refused_signed_and_audited(call, monkeypatch):
    def unforeseen(*_args, **_named):
        raise KeyError("surprise")

    monkeypatch.setattr("sync.exchange.peer.views.answering.take_notes", unforeseen)
    answer = call("notes", {}, **fresh(call))
    refused(answer, "FAILED")
    assert "surprise" not in answer.content.decode()
    assert answer.headers["CityOps-Signature"]


@pytest.mark.parametrize("item", [[CITY, "JC02"], ["330200000000-C", "JC02"], ["330200000000-C", "JC08"]])
def test_a_child_asks_only_for_what_comes_down_to_it(call, item):
    refused(call("notes", {"resend": [[*item, DICTIONARY[2]]]}, **fresh(call)), "SCOPE")
    assert not ResendRequest.objects.exists()


def test_a_child_s_request_marks_the_record_at_its_owner_once(call):
    entry = ClassEntry.objects.create(
        kind="1", version="x", class_code="00101", class_name="上水井盖", big_code="00", std_code="00101"
    )
    version = {"dataset": "JC08", "rec_epoch": 1, "rev": 1, "op": "U", "content_sha": bytes(32), "at": timezone.now()}
    RecordVersion.objects.create(rid=entry.rid, owner_code=PROVINCE, **version)
    DirtyMark.objects.all().delete()
    for _time in range(2):
        item = [PROVINCE, "JC08", str(entry.rid)]
        assert call("notes", {"resend": [item, DICTIONARY]}, **fresh(call)).status_code == 200
    assert list(DirtyMark.objects.values_list("rid", "op")) == [(entry.rid, "R")]
    assert not ResendRequest.objects.exists()


def test_requests_of_others_are_not_in_the_way_of_a_child_s(call):
    for owner in ("330200000000-C", CITY, "000000000000-N", "garbage"):
        ResendRequest.objects.create(owner_code=owner, dataset="JC02", rid=uuid.uuid4())
    assert call("hello", {}).json()["has_requests"] is True
    answer = call("notes", {}, **fresh(call)).json()
    assert [item[0] for item in answer["resend"]] == [CITY]
    assert call("hello", {}).json()["has_requests"] is False
    assert [item[0] for item in resending.take_for_parent()] == ["000000000000-N"]


def test_a_recorded_hello_changes_nothing_and_only_a_call_used_once_is_a_contact(call):
    first, again = call("hello", {}).json(), call("hello", {"backlog": 7}).json()
    assert first["nonce"] == again["nonce"]
    assert Nonce.objects.count() == 1
    link = Link.objects.get(peer_code=CITY)
    assert (link.last_ok_at, link.backlog) == (None, 0)
    number = {"nonce": first["nonce"], "incarnation": first["incarnation"]}
    assert call("notes", {"backlog": 3, "clock": "2026-11-24T00:00:00Z"}, **number).status_code == 200
    link.refresh_from_db()
    assert link.last_ok_at is not None
    assert link.backlog == 3
    assert link.clock_skew_seconds is not None


@pytest.mark.parametrize(
    ("fields", "headers", "code"),
    [
        ({"node_code": "330100000000-C\x00"}, {}, "MALFORMED"),
        ({"node_code": "nobody"}, {}, "MALFORMED"),
        ({"name": "杭州\x00"}, {}, "MALFORMED"),
        ({}, {"CityOps-Proof": "ü"}, "ENROLMENT"),
        ({}, {"CityOps-Proof": "0" * 64}, "ENROLMENT"),
    ],
)
def test_a_request_to_join_that_is_none_is_refused_and_audited(from_city, client, fields, headers, code):
    from_city()
    Link.objects.all().delete()
    enrolment.make_code(CITY)
    facts = {
        "node_code": CITY, "name": "杭州", "tier": "3", "base_url": "", "suite": "intl", "kid": "0", "public_key": "0",
    }  # fmt: skip
    body = msgspec.json.encode({**facts, **fields})
    answer = client.post(reverse("peer-join"), body, content_type="application/json", headers=headers)
    refused(answer, code)


def test_a_child_is_joined_when_its_parent_lets_it_in_and_not_before(city, monkeypatch):
    from sync.exchange.services import running

    own = Node.objects.get(node_code=CITY)
    code = "AAAAA-BBBBB"
    key = {"kid": key_id("00" * 32), "node_code": PROVINCE, "suite": "intl", "public_key": "00" * 32}
    body = msgspec.json.encode({"node_code": PROVINCE, "name": "浙江省", "tier": "2", "keys": [key]})
    proof = enrolment._proof(enrolment._digest(code), enrolment.SIGNED_WELCOME + body)
    link = enrolment.take_welcome(body, proof=proof, code=code, parent_url="https://province.example")
    own.refresh_from_db()
    assert (own.parent_code, own.status, own.joined_at) == (PROVINCE, Node.State.BUILDING, None)
    client = SimpleNamespace(link=link, hello=lambda facts: {"keys": [key]}, json=lambda name, facts: {})
    running.hello(client)
    own.refresh_from_db()
    link.refresh_from_db()
    assert (own.status, link.state) == (Node.State.JOINED, "live")
    assert own.joined_at is not None
