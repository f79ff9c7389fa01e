"""A record erased for privacy is found nowhere, at its owner and at every receiver, and the chains still verify."""

import uuid

import pytest
from django.core.management import CommandError, call_command

from cityops.accounts.models import Organisation
from cityops.foundation import audit
from cityops.foundation.errors import InvalidInput, NotThere, Refused
from cityops.foundation.models import AuditEvent
from sync.exchange import models
from sync.exchange.rules import chain as chains
from sync.exchange.rules import erasing as wiping_rules
from sync.exchange.rules.wholeness import raw_of, refuse_broken_chain
from sync.exchange.services import attempts, receiving, sealing
from sync.exchange.services.erasing import erase_record
from sync.exchange.services.receiving import receive
from sync.exchange.services.sequencing import sequence
from tests.factories.grid import stored_case
from tests.factories.people import division, organisation, person
from tests.sync.exchange.conftest import CITY, become_province, found_anywhere
from tests.sync.exchange.test_steps import step_of
from tests.sync.exchange.test_waiting import batches, check, stream  # noqa: F401

pytestmark = pytest.mark.django_db
WORDS = ("雪夜无名小馆", "金桂巷七号")


def change(name: str):
    def run() -> None:
        Organisation.objects.filter(name__startswith=WORDS[0]).update(name=name)

    return run


def make() -> None:
    one, _other = organisation(name=WORDS[0], duty_scope=WORDS[1]), organisation(name="城管局")
    audit.record("organisation.change", kind="Organisation", key=one.org_code, before={"name": WORDS[0]})


def erase() -> None:
    rid = Organisation.objects.get(name__startswith=WORDS[0]).rid
    erase_record(None, dataset="JC02", rid=rid, reason="本人申请删除")


def test_an_erased_record_is_found_nowhere_at_the_owner_and_the_trail_says_who_did_it(city):
    make()
    sequence()
    change(WORDS[0] + "二店")()
    sequence()
    assert {"body"} < set(found_anywhere(*WORDS))
    erase()
    sequence()
    assert found_anywhere(*WORDS) == []
    entry = AuditEvent.objects.get(action="record.erase")
    assert (entry.object_kind, entry.reason, entry.after) == ("JC02", "本人申请删除", {"batches": 2})
    assert AuditEvent.objects.get(action="organisation.change").after == {"erased": True}
    version = models.RecordVersion.objects.get(rid=entry.object_key)
    assert (version.op, version.rev) == ("X", 3)
    for batch in models.Batch.objects.all():
        sealed = sealing.sealed_batch(batch)
        header = sealed.read()
        refuse_broken_chain(header, [
            (section, chains.split_lines(lines), blocks)
            for section, lines, blocks in receiving.envelope.sections_of(raw_of(sealed, header), header)
        ])  # fmt: skip


def test_receivers_wipe_it_wherever_they_kept_it_and_confirm_it_in_their_receipt(batches):  # noqa: F811
    sealed = batches(make, change(WORDS[0] + "二店"))
    for one in sealed[:2]:
        receive(one, sender=CITY)
    assert "body" in found_anywhere(*WORDS)
    rid = Organisation.objects.get(name__startswith=WORDS[0]).rid
    receipt = receive(erasure_of(rid), sender=CITY)
    assert found_anywhere(*WORDS) == []
    assert Organisation.objects.get().name == "城管局"
    assert str(rid) in bytes(receipt.text).decode()
    assert models.Erasure.objects.get().wiped_batches == 2
    assert check() == "Every stream adds up.\n"


LATER = []


def erasure_of(rid):
    return next(sealed for sealed in LATER if str(rid).encode() in receiving.envelope.decompress(sealed.body))


@pytest.fixture(autouse=True)
def seal_the_erasure(monkeypatch):
    """Let the city seal one more batch, with the erasure, which the receiver is given when a test asks for it."""
    from tests.sync.exchange import test_waiting

    def become(as_tier):
        if Organisation.objects.filter(name__startswith=WORDS[0]).exists():
            before = models.Batch.objects.latest("id").pk
            kept = {batch.pk: sealing.sealed_batch(batch).body for batch in models.Batch.objects.all()}
            erase()
            sequence()
            LATER[:] = [sealing.sealed_batch(batch) for batch in models.Batch.objects.filter(pk__gt=before)]
            assert kept
        models.Erasure.objects.all().delete()
        become_province(as_tier)

    monkeypatch.setattr(test_waiting, "become_province", become)


def test_a_batch_that_was_wiped_on_its_way_is_taken_with_its_stubs(batches):  # noqa: F811
    first, second = batches(make, change(WORDS[0] + "二店"))
    header = first.read()
    raw = receiving.envelope.decompress(first.body)
    rid = next(uuid.UUID(line.split(b"\t")[1].decode()) for line in raw.splitlines() if WORDS[0].encode() in line)
    wiped = receiving.envelope.compress(wiping_rules.without(raw, header, "JC02", [rid]))
    receive(receiving.envelope.Envelope(first.header, first.signature, wiped), sender=CITY)
    assert found_anywhere(*WORDS) == []
    assert (stream().seq, stream().applied_count, stream().superseded_count) == (2, 1, 1)
    receive(second, sender=CITY)
    assert Organisation.objects.filter(name=WORDS[0] + "二店").exists()
    assert check() == "Every stream adds up.\n"


@pytest.mark.parametrize("forged", [b"#", b"#zz\t1\n", b"#" + b"ab" * 32 + b"\t1\t2\n", b""])
def test_a_stub_that_stands_for_nothing_is_refused(batches, forged):  # noqa: F811
    (sealed,) = batches(make)
    lines = receiving.envelope.decompress(sealed.body).splitlines(keepends=True)
    body = receiving.envelope.compress(b"".join([forged, *lines[1:]]))
    with pytest.raises(receiving.PeerRefused) as refusal:
        receive(receiving.envelope.Envelope(sealed.header, sealed.signature, body), sender=CITY)
    assert refusal.value.code == "SIGNATURE"
    assert not models.Batch.objects.exists()


def test_a_case_goes_with_its_steps_at_both_ends(city):
    division()
    case = stored_case(description=WORDS[0])
    step_of(case, opinion=WORDS[1])
    sequence()
    assert "body" in found_anywhere(*WORDS)
    erase_record(None, dataset="GL01", rid=case.rid, reason="本人申请删除")
    sequence()
    assert found_anywhere(*WORDS) == []


def test_a_receipt_of_a_receiver_confirms_the_erasure_at_the_owner(city):
    make()
    sequence()
    erase()
    found = models.Erasure.objects.get()
    receiving.wiping.note_confirmed(CITY, [found.rid], receiver="330000000000-P", at="2026-01-01T00:00:00Z")
    found.refresh_from_db()
    assert found.confirmed == {"330000000000-P": "2026-01-01T00:00:00Z"}
    again = erase_record(None, dataset="JC02", rid=found.rid, reason="又一次")
    assert (again.pk, again.confirmed) == (found.pk, found.confirmed)


def test_who_may_not_or_gives_no_reason_erases_nothing(city):
    one = organisation(name=WORDS[0])
    needed = organisation(name="有人")
    person(organisation=needed)
    stranger = person("data_officer", division_code="330200000000")
    theirs = organisation(name="省厅", origin_code="330000000000-P")
    for actor, rid, reason, error in (
        (None, one.rid, " ", InvalidInput),
        (stranger, one.rid, "删除", NotThere),
        (None, theirs.rid, "删除", NotThere),
        (None, uuid.uuid4(), "删除", NotThere),
        (None, needed.rid, "删除", Refused),
    ):
        with pytest.raises(error):
            erase_record(actor, dataset="JC02", rid=rid, reason=reason)
    with pytest.raises(CommandError):
        call_command("erase_record", "XX99", str(one.rid), reason="删除")
    assert Organisation.objects.count() == 3
    assert not models.Erasure.objects.exists()
    call_command("erase_record", "JC02", str(one.rid), reason="删除")
    assert models.Erasure.objects.get().rid == one.rid
    assert attempts.MOST
