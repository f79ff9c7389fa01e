"""Bundles that are lost, doubled or shuffled end in the state in which they end on-line."""

import random
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.urls import reverse
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from cityops.foundation.errors import NotThere, Refused
from cityops.foundation.models import AuditEvent
from sync.exchange.models import Key, Link, Receipt, Stream
from sync.exchange.rules.envelope import decompress, unpack
from sync.exchange.rules.refusals import PeerRefused
from sync.exchange.services.receiving import receive
from sync.exchange.services.sequencing import sequence
from sync.exchange.services.wiping import wipe
from sync.roads.models import Bundle, WaitingBatch
from sync.roads.rules.bundle import pack
from sync.roads.services.evidence import evidence
from sync.roads.services.exporting import export
from sync.roads.services.importing import take
from tests.factories.people import ZHEJIANG, division, organisation, person
from tests.sync.exchange.conftest import CITY, NATION, PROVINCE
from tests.sync.roads.conftest import BUNDLES, contents, mutated, state

pytestmark = pytest.mark.django_db


class Undone(Exception):
    """Ends a trial whose traces are taken back."""


def trial(act):
    """What an act leads to; its traces are taken back."""
    found = {}
    try:
        with transaction.atomic():
            act()
            found.update(state())
            raise Undone
    except Undone:
        return found


def online(bundles):
    """The same batches, pushed one by one."""
    for data in bundles:
        for name, packed in contents(data).items():
            if name.startswith("batches/"):
                receive(unpack(packed), sender=CITY)


def last_numbers(bundles) -> list[int]:
    """The last number of the stream after none, one, two … of the bundles."""
    found = [0]
    for data in bundles:
        headers = [unpack(packed).read() for name, packed in contents(data).items() if name.startswith("batches/")]
        found.append(max(header.to_seq for header in headers))
    return found


@pytest.fixture
def expected(sent):
    """The state in which the same batches end on-line."""
    return trial(lambda: online(sent))


@settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(order=st.lists(st.integers(0, BUNDLES - 1), max_size=BUNDLES + 2))
@example(order=[4, 3, 2, 1, 0])
@example(order=[])
def test_lost_doubled_and_shuffled_bundles_end_as_on_line(sent, expected, order):
    """What was lost comes with a later bundle; until then nothing is out of order and nothing is dropped."""
    last = last_numbers(sent)

    def by_stick():
        for number in order:
            take(sent[number])
        whole = next((number for number in range(BUNDLES) if number not in order), BUNDLES)
        assert state()["inbox"] == [entry for entry in expected["inbox"] if entry[0] <= last[whole]]
        for number in range(BUNDLES):
            take(sent[number])

    assert trial(by_stick) == expected


def test_a_bundle_tells_what_it_did(sent):
    first, third = take(sent[0]), take(sent[2])
    assert (first.applied, first.waiting, third.applied, third.waiting) == (2, 0, 0, 1)
    assert WaitingBatch.objects.count() == 1
    second = take(sent[1])
    assert (second.applied, second.waiting, WaitingBatch.objects.count()) == (2, 0, 0)
    again = take(sent[1])
    assert (again.applied, again.known, again.is_repeated) == (0, 1, True)
    assert sorted(Bundle.objects.values_list("number", "records")) == [(1, 2), (2, 2), (3, 1)]
    taken = AuditEvent.objects.filter(action="bundle.take")
    assert taken.count() == 4


def test_receipts_come_back_by_the_same_road_and_shorten_the_next_bundle(sent, as_tier):
    for data in sent:
        take(data)
    _row, back = export(CITY)
    as_tier("municipal")
    Receipt.objects.all().delete()
    Link.objects.create(peer_code=PROVINCE, role="parent", state="live")
    done = take(back)
    assert done.receipts == Receipt.objects.filter(receiver_code=PROVINCE).count() == BUNDLES + 1
    row, _data = export(PROVINCE, again=True)
    assert (row.batches, row.number) == (0, 1), "everything is acknowledged"


def test_a_stick_that_was_lost_is_made_again(sent, as_tier):
    take(sent[0])
    as_tier("municipal")
    Receipt.objects.all().delete()
    Link.objects.create(peer_code=PROVINCE, role="parent", state="live")
    first, _data = export(PROVINCE)
    second, _data = export(PROVINCE)
    third, _data = export(PROVINCE, again=True)
    assert [one.number for one in (first, second, third)] == [1, 2, 3]
    assert (first.batches, second.batches, third.batches) == (2, 0, 2)


def test_every_changed_byte_is_refused_and_leaves_an_audit_entry_only(sent, monkeypatch):
    before, chance = state(), random.Random(4)
    for _n in range(30):
        files = contents(sent[0])
        name = chance.choice(sorted(files))
        files[name] = mutated(files[name], chance)
        with pytest.raises(PeerRefused):
            take(pack(files))
    assert state() == before
    assert not Bundle.objects.exists()
    assert AuditEvent.objects.filter(action="exchange.refuse").exists()


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"no zip at all" * 9], ids=["empty", "start", "text"])
def test_what_is_no_bundle_is_malformed(sent, data):
    with pytest.raises(PeerRefused) as refusal:
        take(data)
    assert refusal.value.code == "MALFORMED"


def refused(data, code):
    """A bundle is refused with this code; one entry tells of it, and nothing changed."""
    before, entries = state(), AuditEvent.objects.filter(action="exchange.refuse").count()
    with pytest.raises(PeerRefused) as refusal:
        take(data)
    assert (refusal.value.code, state()) == (code, before)
    assert AuditEvent.objects.filter(action="exchange.refuse").count() == entries + 1


def test_a_bundle_of_a_stranger_of_a_frozen_link_or_under_a_dead_key_is_refused(sent):
    Link.objects.update(state="frozen")
    refused(sent[0], "SUSPENDED")
    Link.objects.update(state="live")
    Key.objects.filter(node_code=CITY).update(state="revoked")
    refused(sent[0], "KEY")
    Key.objects.filter(node_code=CITY).update(state="active")
    Link.objects.update(peer_code="330200000000-C")
    refused(sent[0], "HOP")


def test_no_bundle_without_a_live_link(sent):
    with pytest.raises(NotThere):
        export(NATION)
    Link.objects.update(state="frozen")
    with pytest.raises(Refused):
        export(CITY)
    assert not Bundle.objects.exists()


def test_a_batch_without_its_body_goes_into_no_bundle_and_into_no_evidence(city):
    Link.objects.create(peer_code=PROVINCE, role="parent", state="live")
    organisation(name="甲")
    sequence()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM sync_batch_body")
    with pytest.raises(Refused, match="联机对账"):
        export(PROVINCE)
    assert not Bundle.objects.exists()
    assert evidence(PROVINCE)[0].batches == 0


def test_the_commands_carry_a_bundle_through_a_folder(sent, tmp_path, capsys):
    paths = []
    for number, data in enumerate(sent):
        paths.append(tmp_path / f"{number}.zip")
        paths[-1].write_bytes(data)
    call_command("exchange_import", *reversed(paths))
    call_command("exchange_export", CITY, tmp_path)
    said = capsys.readouterr().out
    assert f"bundle 1 for {CITY}, 0 batches" in said
    assert (tmp_path / f"{PROVINCE}-{CITY}-000001.zip").is_file()
    (tmp_path / "bad").write_bytes(b"x")
    with pytest.raises(CommandError, match="1 of 2"):
        call_command("exchange_import", tmp_path / "bad", paths[0])


def test_the_page_exports_and_imports_and_names_what_is_missing(client, sent):
    division(ZHEJIANG)
    client.force_login(person("data_officer", division_code=ZHEJIANG))
    page = reverse("road-list")
    for number in (0, 3):
        upload = SimpleUploadedFile("bundle.zip", sent[number])
        answer = client.post(reverse("road-take"), {"file": upload}, follow=True)
        assert f"第 {number + 1} 包" in answer.content.decode()
    assert "2, 3" in client.get(page).content.decode()
    said = client.post(reverse("road-take"), {"file": SimpleUploadedFile("x.zip", b"x")}, follow=True)
    assert "MALFORMED" in said.content.decode()
    answer = client.post(reverse("road-export", args=[CITY]))
    assert contents(answer.content)["manifest.json"]
    assert f'filename="{PROVINCE}-{CITY}-000001.zip"' in answer["Content-Disposition"]
    assert AuditEvent.objects.filter(action="bundle.make", user_name__startswith="data_officer").count() == 1


def test_what_is_erased_while_a_batch_waits_is_wiped_there_and_the_rest_goes_in(sent):
    take(sent[1])
    (waiting,) = WaitingBatch.objects.all()
    sealed = unpack(bytes(waiting.packed))
    line = decompress(sealed.body).splitlines()[0]
    with connection.cursor() as cursor:
        wipe(cursor, "JC02", [UUID(line.split(b"\t")[1].decode())], owner=CITY)
    waiting.refresh_from_db()
    assert line not in decompress(unpack(bytes(waiting.packed)).body)
    take(sent[0])
    assert not WaitingBatch.objects.exists()
    assert Stream.objects.get(producer_code=CITY, lane="normal", seq__gt=0).superseded_count == 1
