"""Enrolment of a child: what proves the code and the key, what is refused, who approves."""

import datetime as dt

import msgspec
import pytest
from django.utils import timezone

from cityops.foundation.context import Actor, acting
from cityops.foundation.errors import InvalidInput, NotThere, Refused
from cityops.foundation.models import AuditEvent
from sync.exchange.models import Enrolment, Key, Link
from sync.exchange.rules.refusals import PeerRefused
from sync.exchange.services import enrolment
from sync.exchange.services.nodes import init_node
from tests.sync.exchange.conftest import CITY, PROVINCE

HERE = Actor(user_id=None, name="maker", channel="page", address="", session="", request_id="")


@pytest.fixture
def province(city, as_tier):
    """This process is the province; the city's request lies ready, made with the code that the province gave out."""

    def become() -> None:
        as_tier("provincial")
        init_node()

    become()
    with acting(HERE):
        code = enrolment.make_code(CITY)
    as_tier("municipal")
    body, headers = enrolment.asking(code)
    as_tier("provincial")
    return code, body, headers


def ask(body, headers, **changed):
    given = {"proof": headers["CityOps-Proof"], "signature": headers["CityOps-Signature"], "address": "10.0.0.1"}
    return enrolment.take_asking(body, **{**given, **changed})


def proven(code, body):
    return enrolment._proof(enrolment._digest(code), enrolment.SIGNED_JOIN + body)


@pytest.mark.parametrize("child", ["nonsense", "330200000000-P", "320100000000-C", PROVINCE, ""])
def test_no_code_for_what_is_no_child_of_ours(province, child):
    with pytest.raises(InvalidInput):
        enrolment.make_code(child)
    assert set(Enrolment.objects.values_list("child_code", flat=True)) == {CITY}


def test_a_new_code_makes_the_earlier_one_void(province):
    _code, body, headers = province
    enrolment.make_code(CITY)
    assert sorted(Enrolment.objects.values_list("state", flat=True)) == ["cancelled", "open"]
    with pytest.raises(PeerRefused) as refusal:
        ask(body, headers)
    assert refusal.value.code == "ENROLMENT"


@pytest.mark.parametrize(
    "spoiled",
    [
        {"expires_at": timezone.now() - dt.timedelta(seconds=1)},
        {"failed_count": enrolment.MAX_FAILURES},
        {"state": "approved"},
        {"state": "cancelled"},
        {"child_code": "330200000000-C"},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_a_code_that_is_void_opens_nothing(province, spoiled):
    _code, body, headers = province
    Enrolment.objects.update(**spoiled)
    with pytest.raises(PeerRefused) as refusal:
        ask(body, headers)
    assert refusal.value.code == "ENROLMENT"
    assert not AuditEvent.objects.filter(action="enrolment.ask").exists()


def test_each_wrong_proof_counts_until_the_code_is_void(province):
    _code, body, headers = province
    for _n in range(enrolment.MAX_FAILURES):
        with pytest.raises(PeerRefused):
            ask(body, headers, proof="0" * 64)
        enrolment.count_failure(CITY)
    with pytest.raises(PeerRefused):
        ask(body, headers)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"suite": "none"}, "KEY"),
        ({"kid": "0" * 32}, "KEY"),
        ({"public_key": "AAAA"}, "KEY"),
    ],
    ids=lambda value: str(value)[:12],
)
def test_a_key_that_does_not_fit_is_refused_even_with_the_code(province, change, code):
    secret, body, headers = province
    body = msgspec.json.encode({**msgspec.json.decode(body), **change})
    with pytest.raises(PeerRefused) as refusal:
        ask(body, headers, proof=proven(secret, body))
    assert refusal.value.code == code
    assert Enrolment.objects.get().state == "open"


@pytest.mark.parametrize("signature", ["", "zz", "00" * 64])
def test_a_request_that_its_key_did_not_sign_is_refused(province, signature):
    _code, body, headers = province
    with pytest.raises(PeerRefused) as refusal:
        ask(body, headers, signature=signature)
    assert refusal.value.code == "KEY"


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b'{"node_code": 1}', b"\xff"])
def test_a_body_that_cannot_be_read_is_malformed(province, body):
    with pytest.raises(PeerRefused) as refusal:
        ask(body, province[2])
    assert refusal.value.code == "MALFORMED"


def test_a_code_that_was_used_is_not_used_with_another_key(province):
    _code, body, headers = province
    ask(body, headers)
    assert ask(body, headers), "the same request again is the same"
    request = Enrolment.objects.get()
    request.details["kid"] = "another"
    request.save()
    with pytest.raises(PeerRefused):
        ask(body, headers)


def test_who_made_the_code_does_not_approve_and_a_second_person_does(province):
    _code, body, headers = province
    with pytest.raises(NotThere):
        enrolment.approve(CITY, by="other")
    ask(body, headers)
    Key.objects.update_or_create(
        kid="old",
        defaults={"node_code": CITY, "suite": "intl", "public_key": "x", "state": Key.State.ACTIVE},
    )
    with acting(HERE), pytest.raises(Refused):
        enrolment.approve(CITY, by="maker")
    assert not Link.objects.exists()
    with acting(HERE):
        link = enrolment.approve(CITY, by="other")
    assert (link.state, link.role) == ("live", "child")
    assert Key.objects.get(kid="old").state == Key.State.REVOKED, "one key at a time"
    with pytest.raises(NotThere):
        enrolment.approve(CITY, by="other")


def test_a_child_believes_no_parent_that_does_not_know_the_code(province, as_tier):
    code, body, headers = province
    answer, proof = ask(body, headers)
    as_tier("municipal")
    given = {"code": code, "parent_url": "http://127.0.0.1/"}
    with pytest.raises(PeerRefused):
        enrolment.take_welcome(answer, proof="0" * 64, **given)
    other = msgspec.json.encode({**msgspec.json.decode(answer), "node_code": "320000000000-P"})
    signed = enrolment._proof(enrolment._digest(code), enrolment.SIGNED_WELCOME + other)
    with pytest.raises(PeerRefused):
        enrolment.take_welcome(other, proof=signed, **given)
    assert not Link.objects.exists()
    assert enrolment.take_welcome(answer, proof=proof["CityOps-Proof"], **given).peer_code == PROVINCE


def test_a_child_that_has_a_parent_joins_no_second_one(province, as_tier):
    code, body, headers = province
    answer, proof = ask(body, headers)
    as_tier("municipal")
    Link.objects.create(peer_code="000000000000-N", role="parent", state="live")
    with pytest.raises(Refused):
        enrolment.take_welcome(answer, proof=proof["CityOps-Proof"], code=code, parent_url="http://127.0.0.1")
    assert not Link.objects.filter(peer_code=PROVINCE).exists()
