"""Keys come, are introduced, expire and are revoked; the stream goes on under the good ones only."""

import datetime as dt
import stat

import msgspec
import pytest
from django.core.management import call_command
from django.utils import timezone

from cityops.foundation.context import Actor, acting
from cityops.foundation.errors import InvalidInput, NotThere, Refused
from cityops.foundation.models import AuditEvent
from sync.exchange.models import Key, Link
from sync.exchange.rules.calls import OfferedKey
from sync.exchange.rules.crypto import key_id, suite
from sync.exchange.rules.refusals import PeerRefused
from sync.exchange.services import enrolment, keys, rotating, sealing, vouching
from sync.exchange.services.nodes import init_node
from sync.exchange.services.receiving import receive
from sync.exchange.services.sequencing import sequence
from tests.factories.people import organisation
from tests.sync.exchange.conftest import CITY, NATION, PROVINCE, last_envelope
from tests.sync.exchange.test_receiving import refused

pytestmark = pytest.mark.django_db
AGES = timezone.now() - dt.timedelta(days=400)


def told(found) -> list[OfferedKey]:
    """Offers as they arrive at a peer."""
    return msgspec.json.decode(msgspec.json.encode(found), type=list[OfferedKey])


def settle(kid: str) -> None:
    """Some minutes after a key became active."""
    Key.objects.filter(kid=kid).update(activated_at=timezone.now() - 2 * keys.SETTLE)


@pytest.fixture
def rotated(from_city, as_tier):
    """The city has sealed a batch and made a new key; the process is the province, which has not heard of it."""
    sent = from_city("城管局")
    as_tier("municipal")
    new = rotating.rotate()
    offers = told(vouching.own_news())
    new.delete()
    as_tier("provincial")
    return sent, offers


def test_a_private_key_is_a_file_that_only_its_owner_reads(city, settings):
    key = keys.own_key()
    path = keys._path(key.kid)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    days = (key.not_after - timezone.now()).days
    assert 363 <= days <= 365


def test_a_new_key_needs_two_people_at_the_parent(rotated):
    _sent, offers = rotated
    vouching.learn_keys(offers, from_parent=False, voucher=CITY)
    new = Key.objects.get(kid=offers[0].kid)
    assert (new.state, new.vouched_by) == ("pending", CITY)
    assert rotating.approve(new.kid, by="first").state == "pending"
    with pytest.raises(Refused):
        rotating.approve(new.kid, by="first")
    assert rotating.approve(new.kid, by="second").state == "active"
    with pytest.raises(NotThere):
        rotating.approve(new.kid, by="third")
    seen = [(event.action, event.after.get("first") or event.after.get("second")) for event in
            AuditEvent.objects.filter(action="key.approve").order_by("id")]  # fmt: skip
    assert seen == [("key.approve", "first"), ("key.approve", "second")]


def test_a_rotation_in_mid_stream_refuses_no_good_batch(rotated, as_tier):
    """F44: what was sealed under the earlier key before and while the new one comes into use, and what follows."""
    sent, offers = rotated
    vouching.learn_keys(offers, from_parent=False, voucher=CITY)
    new = offers[0].kid
    for person in ("first", "second"):
        rotating.approve(new, by=person)
    receive(sent.envelope, sender=CITY)
    news = told(vouching.keys_for_child(CITY))
    as_tier("municipal")
    Key.objects.filter(kid=new).update(state="pending", activated_at=None)
    vouching.learn_keys(news, from_parent=True, voucher=PROVINCE)
    assert Key.objects.get(kid=new).state == "active"
    kids = []
    for name in ("园林局", "水务局"):
        organisation(name=name)
        sequence()
        batch = last_envelope()
        kids.append(batch.read().kid)
        settle(new)
    assert kids == [sent.key.kid, new], "the new key signs after it has settled"


def test_batches_under_both_keys_arrive_whatever_the_order_of_rotation_and_travel(from_city, as_tier):
    sent = from_city("城管局")
    as_tier("municipal")
    new = rotating.rotate()
    vouching.activate(new)
    settle(new.kid)
    as_tier("provincial")
    second = sent.changed(kid=new.kid, made_at=timezone.now().isoformat(), private=keys_of(CITY, new.kid))
    assert receive(second, sender=CITY).applied == 1
    Key.objects.filter(kid=sent.key.kid).update(not_after=timezone.now() - dt.timedelta(seconds=1))
    assert refused(sent.changed(made_at=timezone.now().isoformat())) == "KEY", "sealed after its key expired"
    before = sent.changed(made_at=(timezone.now() - dt.timedelta(hours=1)).isoformat())
    assert refused(before) == "CURSOR", "sealed while its key was good: only its place in the stream counts"


def keys_of(node: str, kid: str) -> bytes:
    """The private key of another node, which no real process could read."""
    from pathlib import Path

    from django.conf import settings

    return Path(settings.CITYOPS_KEY_DIR, f"{node}.{kid}.pem").read_bytes()


@pytest.mark.parametrize(
    "spoil",
    [
        {"introduction": None},
        {"node_code": "330200000000-C"},
        {"kid": "0" * 32},
        {"suite": "gm"},
        {"suite": "none"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_key_that_nobody_introduces_is_refused(rotated, spoil):
    _sent, offers = rotated
    before = Key.objects.count()
    with pytest.raises(PeerRefused) as refusal:
        vouching.learn_keys([msgspec.structs.replace(offers[0], **spoil)], from_parent=False, voucher=CITY)
    assert refusal.value.code == "KEY"
    assert Key.objects.count() == before


def test_an_introduction_of_another_hand_or_without_the_new_key_s_proof_is_refused(rotated):
    _sent, offers = rotated
    said = offers[0].introduction
    for change in ({"signature": "00" * 64}, {"proof": "00" * 64}, {"proof": None}, {"text": said.text + " "}):
        offer = msgspec.structs.replace(offers[0], introduction=msgspec.structs.replace(said, **change))
        with pytest.raises(PeerRefused):
            vouching.learn_keys([offer], from_parent=False, voucher=CITY)
    assert not Key.objects.filter(kid=offers[0].kid).exists()


def test_the_nation_takes_an_introduced_key_from_the_province(rotated, as_tier):
    _sent, offers = rotated
    vouching.learn_keys(offers, from_parent=False, voucher=CITY)
    for person in ("first", "second"):
        rotating.approve(offers[0].kid, by=person)
    passed = told(vouching.keys_for_parent())
    assert {key.node_code for key in passed} == {CITY}
    Key.objects.filter(kid=offers[0].kid).delete()
    as_tier("national")
    vouching.learn_keys(passed, from_parent=False, voucher=PROVINCE)
    assert Key.objects.get(kid=offers[0].kid).state == "active"


BAD_KEYS = {
    "unknown": lambda key: {"kid": "0" * 32},
    "expired": lambda key: Key.objects.filter(pk=key.pk).update(not_after=AGES) and {},
    "revoked": lambda key: Key.objects.filter(pk=key.pk).update(state="revoked") and {},
    "of another city": lambda key: {"kid": stranger("330200000000-C")},
    "right key on a wrong link": lambda key: {"producer": "330200000000-C"},
}


def stranger(node: str) -> str:
    """A good key of another city."""
    _pem, public = suite("intl").generate()
    return Key.objects.create(
        kid=key_id(public), node_code=node, suite="intl", public_key=public, state="active"
    ).kid  # fmt: skip


@pytest.mark.parametrize("case", BAD_KEYS)
def test_a_wrong_key_stores_nothing_and_touches_no_link(from_city, case):
    """F15."""
    sent = from_city()
    Link.objects.create(peer_code="330200000000-C", role="child", state="live")
    changes = BAD_KEYS[case](sent.key)
    links = list(Link.objects.order_by("id").values())
    assert refused(sent.changed(**changes)) == ("SCOPE" if "producer" in changes else "KEY")
    assert list(Link.objects.order_by("id").values()) == links


def test_a_revoked_key_freezes_its_link_at_once_and_the_word_travels(from_city, as_tier):
    sent = from_city()
    with pytest.raises(InvalidInput):
        rotating.revoke(sent.key.kid, reason=" ")
    rotating.revoke(sent.key.kid, reason="私钥外泄")
    link = Link.objects.get(peer_code=CITY)
    assert (link.state, link.frozen_reason) == ("frozen", f"REVOKED: {sent.key.kid}")
    assert refused(sent.envelope) == "KEY"
    events = AuditEvent.objects.filter(action__in=["key.revoke", "link.freeze"]).values_list("action", "reason")
    assert set(events) == {("key.revoke", "私钥外泄"), ("link.freeze", f"REVOKED: {sent.key.kid}")}
    up, down = told(vouching.keys_for_parent()), told(vouching.keys_for_child(CITY))
    assert [key.state for key in up if key.kid == sent.key.kid] == ["revoked"]
    for tier, offers, from_parent in (("national", up, False), ("municipal", down, True)):
        Key.objects.filter(kid=sent.key.kid).update(state="active", revocation={})
        Link.objects.filter(peer_code=CITY).update(state="live")
        as_tier(tier)
        vouching.learn_keys(offers, from_parent=from_parent, voucher=PROVINCE)
        assert Key.objects.get(kid=sent.key.kid).state == "revoked", tier
        assert Link.objects.get(peer_code=CITY).state == "frozen"


def test_nobody_below_or_beside_revokes_a_key(from_city, as_tier):
    from_city()
    province = keys.own_key()
    as_tier("municipal")
    with pytest.raises(NotThere):
        rotating.revoke(province.kid, reason="x")
    other = rotating.rotate()
    vouching.activate(other)
    forged = {"node_code": PROVINCE, "kid": province.kid, "reason": "x", "issuer": CITY, "issuer_kid": other.kid,
              "revoked_at": timezone.now()}  # fmt: skip
    text = msgspec.json.encode(forged).decode()
    said = {"text": text, "signature": keys.sign(other, b"CSP1-REVOKE\n" + text.encode()).hex()}
    offer = told([{**vouching.offered(province), "revocation": said}])
    with pytest.raises(PeerRefused):
        vouching.learn_keys(offer, from_parent=True, voucher=PROVINCE)
    assert Key.objects.get(kid=province.kid).state == "active"


def test_a_node_keeps_its_last_good_key(city):
    only = keys.own_key()
    with pytest.raises(Refused):
        rotating.revoke(only.kid, reason="x")
    new = rotating.rotate()
    assert rotating.rotate().kid == new.kid, "asked again while one waits: the same"
    vouching.activate(new)
    rotating.revoke(only.kid, reason="旧密钥停用")
    assert keys.own_key().kid == new.kid


def test_an_expired_key_signs_nothing(city):
    Key.objects.update(not_after=AGES)
    with pytest.raises(keys.NoSigningKey):
        keys.own_key()


def test_the_nation_approves_its_own_key_with_two_people(db, as_tier, capsys):
    as_tier("national")
    init_node()
    call_command("key_rotate")
    kid = Key.objects.get(node_code=NATION, state="pending").kid
    for name in ("first", "second"):
        with acting(Actor(name=name, channel="command")):
            call_command("key_approve", kid)
    assert Key.objects.get(kid=kid).state == "active"
    old = Key.objects.exclude(kid=kid).get(node_code=NATION)
    call_command("key_revoke", old.kid, "--reason", "轮换完成")
    assert "is revoked" in capsys.readouterr().out


def test_a_link_in_the_national_suite_from_the_code_to_the_batch(city, as_tier):
    """A city that begins in intl joins a province that asks for gm: batches under both are good, answers are gm."""
    as_tier("provincial")
    init_node()
    code = enrolment.make_code(CITY, "gm")
    as_tier("municipal")
    first = keys.own_key()
    body, headers = enrolment.asking(code)
    as_tier("provincial")
    given = {"proof": headers["CityOps-Proof"], "signature": headers["CityOps-Signature"], "address": ""}
    with pytest.raises(PeerRefused, match="suite gm"):
        enrolment.take_asking(body, **given)
    as_tier("municipal")
    body, headers = enrolment.asking(code, "gm")
    Key.objects.filter(node_code=CITY).delete()
    as_tier("provincial")
    given = {"proof": headers["CityOps-Proof"], "signature": headers["CityOps-Signature"], "address": ""}
    answer, proof = enrolment.take_asking(body, **given)
    link = enrolment.approve(CITY, by="other")
    assert link.suite == "gm"
    assert sorted(Key.objects.filter(node_code=CITY).values_list("suite", flat=True)) == ["gm", "intl"]
    assert keys.own_key("gm").suite == "gm"
    Link.objects.all().delete()
    as_tier("municipal")
    assert keys.own_key().kid == first.kid, "before the parent answered"
    link = enrolment.take_welcome(answer, proof=proof["CityOps-Proof"], code=code, parent_url="http://127.0.0.1")
    assert link.suite == keys.own_key().suite == "gm"
    assert Key.objects.get(kid=keys.newest_of_peer(link)).suite == "gm"
    organisation(name="园林局")
    sequence()
    sealed = last_envelope()
    header = sealed.read()
    assert header.suite == "gm"
    assert header.body_sha == suite("gm").digest(sealed.body).hex()


@pytest.fixture
def in_gm(settings):
    """New nodes begin in the national suite."""
    settings.CITYOPS_SUITE = "gm"


def test_a_gm_batch_is_received_and_acknowledged(in_gm, from_city):
    sent = from_city("城管局", "园林局")
    assert sent.header.suite == "gm"
    receipt = receive(sent.envelope, sender=CITY)
    assert receipt.applied == 2
    key = Key.objects.get(kid=receipt.kid)
    assert suite("gm").verify(key.public_key, b"CSP1-RECEIPT\n" + bytes(receipt.text), bytes(receipt.signature))


def test_a_batch_of_another_suite_than_its_key_is_refused(from_city):
    sent = from_city()
    assert refused(sent.changed(suite="gm")) == "PROTOCOL"
    assert sealing.Draft(chain=b"", key=sent.key).count == 0
