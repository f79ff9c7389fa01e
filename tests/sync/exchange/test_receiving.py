"""A batch is stored whole or not at all; what is not exactly right is refused."""

import dataclasses
from uuid import UUID

import msgspec
import pytest

from cityops.accounts.models import Organisation
from cityops.foundation.models import AuditEvent
from sync.exchange.models import Batch, InboxEntry, Key, Parked, Receipt, RecordVersion, Stream
from sync.exchange.rules import chain as chains
from sync.exchange.rules import envelope as envelopes
from sync.exchange.rules.crypto import sha256_hex, suite
from sync.exchange.rules.refusals import PeerRefused
from sync.exchange.services import digests, keys, parking, receiving
from sync.exchange.services.receiving import SIGNED_RECEIPT, receive
from tests.factories.people import organisation
from tests.sync.exchange.conftest import CITY, NATION, PROVINCE, found_anywhere, last_envelope

pytestmark = pytest.mark.django_db


def stored() -> tuple[int, ...]:
    """How much a receiver holds of what was sent."""
    return tuple(
        model.objects.count() for model in (Organisation, Batch, InboxEntry, Parked, Receipt, RecordVersion, Stream)
    )


def refused(sealed, *, sender: str = CITY) -> str:
    """The code with which a batch is refused, after a look that nothing was stored."""
    before = stored()
    with pytest.raises(PeerRefused) as refusal:
        receive(sealed, sender=sender)
    assert stored() == before
    return refusal.value.code


def rewritten(sent, change):
    """The batch with its raw body changed and everything about it made consistent again, as its producer could."""
    raw = change(envelopes.decompress(sent.envelope.body, sent.header.raw_size))
    body = envelopes.compress(raw)
    lines = chains.split_lines(raw)
    section = msgspec.structs.replace(sent.header.sections[0], size=len(raw), count=len(lines))
    return sent.changed(
        body=body,
        body_sha=sha256_hex(body),
        raw_size=len(raw),
        count=len(lines),
        to_chain=chains.over_lines(bytes.fromhex(sent.header.base_chain), lines).hex(),
        sections=(section,),
    )


def test_a_good_batch_becomes_replicas_with_versions_inbox_receipt_and_a_moved_cursor(from_city):
    sent = from_city("城管局", "园林局", "水务局")
    receipt = receive(sent.envelope, sender=CITY)
    assert set(Organisation.objects.values_list("name", "origin_code")) == {
        ("城管局", CITY), ("园林局", CITY), ("水务局", CITY),
    }  # fmt: skip
    stream = Stream.objects.get(producer_code=CITY)
    assert (stream.seq, stream.applied_count, stream.parked_count) == (3, 3, 0)
    assert list(InboxEntry.objects.order_by("seq").values_list("seq", "state")) == [(1, "A"), (2, "A"), (3, "A")]
    assert (receipt.from_seq, receipt.upto_seq, receipt.applied) == (1, 3, 3)
    key = Key.objects.get(kid=receipt.kid)
    assert key.node_code == PROVINCE
    assert suite("intl").verify(key.public_key, SIGNED_RECEIPT + bytes(receipt.text), bytes(receipt.signature))


def test_the_batch_is_kept_byte_for_byte_so_that_the_city_s_signature_verifies_at_the_nation(from_city):
    sent = from_city()
    receive(sent.envelope, sender=CITY)
    from tests.sync.exchange.conftest import last_envelope

    assert last_envelope() == sent.envelope


def test_replicas_leave_no_marks(from_city):
    from sync.exchange.models import DirtyMark

    sent = from_city()
    DirtyMark.objects.all().delete()
    receive(sent.envelope, sender=CITY)
    assert not DirtyMark.objects.exists()


def test_the_digest_from_the_rows_equals_the_one_noted_by_the_owner(from_city):
    sent = from_city("城管局", "园林局")
    receive(sent.envelope, sender=CITY)
    for version in RecordVersion.objects.filter(owner_code=CITY):
        leaf = one_leaf(version)
        assert leaf[3] == bytes(version.content_sha).hex()


def one_leaf(version):
    from django.db import connection

    from cityops.foundation.records import registry

    with connection.cursor() as cursor:
        digests.steady_text(cursor)
        found = digests.leaves(cursor, registry.get(version.dataset), CITY, list(range(65536)))
    return found[str(version.rid)]


def test_the_same_batch_again_changes_nothing(from_city):
    sent = from_city()
    receive(sent.envelope, sender=CITY)
    assert refused(sent.envelope) == "CURSOR"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"base_seq": "7"}, "CURSOR"),
        ({"base_chain": "ab" * 32}, "CHAIN"),
        ({"to_chain": "ab" * 32}, "CHAIN"),
        ({"body_sha": "ab" * 32}, "SIGNATURE"),
        ({"raw_size": 1}, "MALFORMED"),
        ({"protocol": "CSP/9"}, "PROTOCOL"),
        ({"suite": "gm"}, "PROTOCOL"),
        ({"producer": "330200000000-C"}, "SCOPE"),
        ({"producer": PROVINCE}, "OWNER"),
        ({"producer": "nobody"}, "MALFORMED"),
        ({"scope": "C"}, "SCOPE"),
        ({"lane": "bulk"}, "SCOPE"),
        ({"flow": "down"}, "SCOPE"),
        ({"kid": "0" * 32}, "KEY"),
        ({"count": 9}, "MALFORMED"),
    ],
)
def test_a_header_that_does_not_fit_is_refused_although_its_signature_is_right(from_city, changes, code):
    sent = from_city()
    assert refused(sent.changed(**changes)) == code


def test_a_signature_of_another_key_is_refused(from_city):
    sent = from_city()
    other, _public = suite("intl").generate()
    assert refused(sent.changed(private=other)) == "SIGNATURE"


def test_one_flipped_byte_anywhere_is_refused(from_city):
    sent = from_city()
    packed = sent.envelope.pack()
    for at in (3, 5, 12, len(sent.envelope.header) // 2, len(packed) - 70, len(packed) - 3):
        broken = bytearray(packed)
        broken[at] ^= 1
        before = stored()
        with pytest.raises(PeerRefused):
            receive(envelopes.unpack(bytes(broken)), sender=CITY)
        assert stored() == before


def test_a_revoked_key_is_refused(from_city):
    sent = from_city()
    Key.objects.filter(node_code=CITY).update(state="revoked")
    assert refused(sent.envelope) == "KEY"


def counted(stream) -> tuple[int, int, int, int]:
    return stream.applied_count, stream.superseded_count, stream.parked_count, stream.waiting_count


@pytest.mark.parametrize("changes", [{"dataset": "XX99"}, {"version": 9}, {"columns": "salary"}])
def test_what_this_version_does_not_know_is_parked_raw_and_the_stream_goes_on(from_city, changes):
    sent = from_city("城管局", "园林局")
    section = sent.header.sections[0]
    if "columns" in changes:
        changes = {"columns": (*section.columns, changes["columns"])}
    receive(sent.changed(sections=(msgspec.structs.replace(section, **changes),)), sender=CITY)
    parked = list(Parked.objects.order_by("seq"))
    assert [one.code for one in parked] == ["VERSION", "VERSION"]
    assert bytes(parked[0].line) in envelopes.decompress(sent.envelope.body, sent.header.raw_size)
    assert parked[0].schema_version == changes.get("version", 1)
    stream = Stream.objects.get(producer_code=CITY)
    assert (stream.seq, *counted(stream)) == (2, 0, 0, 2, 0)
    assert not Organisation.objects.exists()


def test_what_was_not_known_is_applied_by_itself_after_the_upgrade(from_city, monkeypatch):
    from cityops.foundation.records import registry
    from sync.exchange.services import parking

    sent = from_city("城管局", "园林局")
    kind = registry.get("JC02")
    monkeypatch.setitem(registry._kinds, "JC02", dataclasses.replace(kind, schema_version=0))
    receive(sent.envelope, sender=CITY)
    parking._upgrade_seen.clear()
    assert parking.retry_after_upgrade() == 0
    monkeypatch.undo()
    parking._upgrade_seen.clear()
    assert parking.retry_after_upgrade() == 2
    assert parking.retry_after_upgrade() == 0
    assert set(Organisation.objects.values_list("name", flat=True)) == {"城管局", "园林局"}
    assert counted(Stream.objects.get(producer_code=CITY)) == (2, 0, 0, 0)


def test_a_record_of_another_owner_is_parked_with_an_alarm_and_the_rest_is_applied(from_city):
    sent = from_city("城管局", "园林局")
    theirs = organisation(name="省厅", division_code="330000000000")
    line = envelopes.decompress(sent.envelope.body, sent.header.raw_size).split(b"\n")[0]
    rid = line.split(b"\t")[1]
    receipt = receive(rewritten(sent, lambda raw: raw.replace(rid, str(theirs.rid).encode())), sender=CITY)
    theirs.refresh_from_db()
    assert theirs.name == "省厅"
    assert receipt.parked[0]["reasons"][0]["code"] == "OWNER"
    assert Parked.objects.get().code == "OWNER"
    assert counted(Stream.objects.get(producer_code=CITY)) == (1, 0, 1, 0)
    alarm = AuditEvent.objects.get(action="exchange.alarm")
    assert (alarm.object_key, alarm.succeeded, alarm.after["code"]) == (CITY, False, "OWNER")
    assert parking.retry_waiting() == {}


def test_a_record_that_must_not_come_this_far_is_discarded_unread(from_city, monkeypatch):
    from cityops.foundation.records import Scope, registry

    sent = from_city("城管局", "园林局")
    monkeypatch.setitem(registry._kinds, "JC02", dataclasses.replace(registry.get("JC02"), scope=Scope.PROVINCE))
    receipt = receive(sent.envelope, sender=CITY)
    assert [(bytes(one.line), one.code) for one in Parked.objects.all()] == [(b"", "SCOPE"), (b"", "SCOPE")]
    assert {one.rid for one in Parked.objects.all()} == {UUID(one["rid"]) for one in receipt.parked}
    assert found_anywhere("城管局") == found_anywhere("园林局") == []
    assert AuditEvent.objects.filter(action="exchange.alarm", after__code="SCOPE").exists()
    assert parking.retry(Parked.objects.first()).state == "P"
    kept = last_envelope()
    assert kept.header == sent.envelope.header
    Stream.objects.all().update(seq=0, chain=bytes.fromhex(sent.header.base_chain))
    Batch.objects.all().delete()
    receiving.open_batch(kept, sender=CITY)  # what is left of it still verifies


def test_numbers_inside_the_batch_must_be_the_announced_ones(from_city):
    sent = from_city("城管局", "园林局")
    assert refused(rewritten(sent, lambda raw: raw.replace(b"\n2\t", b"\n5\t"))) == "MALFORMED"


def test_a_record_outside_the_sender_s_division_is_parked_with_reason_and_remedy(from_city):
    sent = from_city("城管局", "园林局")
    moved = rewritten(sent, lambda raw: raw.replace(b"330100000000", b"330200000000", 1))
    receipt = receive(moved, sender=CITY)
    parked = Parked.objects.get()
    assert parked.reasons[0]["code"] == "owner_division"
    assert parked.reasons[0]["remedy"]
    assert receipt.applied == 1
    assert receipt.parked[0]["rid"] == str(parked.rid)
    assert Organisation.objects.count() == 1


def test_a_value_that_the_database_refuses_parks_one_record_and_not_the_batch(from_city):
    sent = from_city("城管局", "园林局", "水务局", "环卫处", "执法队")
    broken = rewritten(sent, lambda raw: raw.replace("水务局".encode(), "水".encode() * 500))
    receive(broken, sender=CITY)
    assert Organisation.objects.count() == 4
    parked = Parked.objects.get()
    assert parked.reasons[0]["code"] == "database"
    stream = Stream.objects.get(producer_code=CITY)
    assert (stream.seq, stream.applied_count, stream.parked_count) == (5, 4, 1)
    assert InboxEntry.objects.filter(state="P").count() == 1


def test_a_parked_record_is_applied_by_a_retry_once_its_cause_is_gone(from_city, monkeypatch):
    from sync.exchange.services import judging, parking
    from sync.exchange.services.checks import Check

    sent = from_city("城管局")
    never = [Check("never", "true", "never")]
    monkeypatch.setattr(judging, "checks_of", lambda kind: never)
    receive(sent.envelope, sender=CITY)
    parked = Parked.objects.get()
    assert parking.retry(parked).state == "P"
    monkeypatch.undo()
    assert parking.retry_waiting() == {"A": 1}
    assert Organisation.objects.get().name == "城管局"
    stream = Stream.objects.get(producer_code=CITY)
    assert (stream.applied_count, stream.parked_count) == (1, 0)
    assert InboxEntry.objects.get().state == "A"


def test_keys_of_a_node_cannot_be_replaced_by_somebody_who_vouches(from_city):
    from sync.exchange.rules.calls import OfferedKey
    from sync.exchange.rules.crypto import key_id
    from sync.exchange.services.vouching import learn_keys

    from_city()
    _pem, public = suite("intl").generate()
    offer = OfferedKey(kid=key_id(public), node_code=CITY, suite="intl", public_key=public)
    with pytest.raises(PeerRefused) as refusal:
        learn_keys([offer], from_parent=False, voucher=CITY)
    assert refusal.value.code == "KEY"
    with pytest.raises(PeerRefused):
        learn_keys([msgspec.structs.replace(offer, node_code=NATION)], from_parent=False, voucher=CITY)


def test_receipts_of_others_are_kept_only_under_their_own_key(from_city):
    sent = from_city()
    receipt = receive(sent.envelope, sender=CITY)
    with pytest.raises(PeerRefused):
        receiving.keep_receipt(bytes(receipt.text), bytes(64), receiver=PROVINCE)
    kept = receiving.keep_receipt(bytes(receipt.text), bytes(receipt.signature), receiver=PROVINCE)
    assert kept is not None
    assert keys.own_key().kid == kept.kid
