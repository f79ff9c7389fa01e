"""Sent batches lose their bodies once everybody has them; who needs one after all is healed by the comparison."""

import datetime as dt

import pytest
from django.db import connection
from django.utils import timezone

from cityops.accounts.models import Organisation
from cityops.foundation.records import registry
from sync.exchange.models import Batch, Link, Receipt, RecordVersion, Stream
from sync.exchange.rules.envelope import Envelope
from sync.exchange.rules.refusals import PeerRefused
from sync.exchange.services import comparing, digests, pruning, sealing
from sync.exchange.services.receiving import receive
from sync.exchange.services.sequencing import sequence
from tests.factories.people import organisation
from tests.sync.exchange.conftest import CITY, PROVINCE

pytestmark = pytest.mark.django_db


def acknowledged(stream, upto, by=PROVINCE):
    Receipt.objects.create(
        stream=stream, receiver_code=by, epoch_no=1, from_seq=1, upto_seq=upto, applied=upto, superseded=0, text=b"",
        kid="", signature=b"", made_at=timezone.now(),
    )  # fmt: skip


def test_only_what_is_old_and_acknowledged_by_everybody_is_pruned(city):
    Link.objects.create(peer_code=PROVINCE, role="parent", state="live")
    for name in ("甲", "乙"):
        organisation(name=name)
        sequence()
    stream = Stream.objects.get(producer_code=CITY, lane="normal")
    first, second = Batch.objects.filter(stream=stream).order_by("-from_seq")[:2][::-1]
    later = timezone.now() + dt.timedelta(days=36)
    count = Batch.objects.filter(stream=stream).count()
    assert pruning.prune(later) == 0, "nobody has signed for it"
    acknowledged(stream, first.to_seq)
    assert pruning.prune() == 0, "it is young"
    assert pruning.prune(later) == count - 1
    assert sealing.sealed_or_bare(first).body == b""
    with pytest.raises(LookupError):
        sealing.sealed_batch(first)
    assert sealing.sealed_batch(second).body
    assert Batch.objects.filter(pk=first.pk).exists(), "header and signature stay"


def test_what_goes_down_waits_for_every_child(city, as_tier):
    as_tier("provincial")
    Link.objects.create(peer_code=CITY, role="child", state="live")
    Link.objects.create(peer_code="330200000000-C", role="child", state="frozen")
    stream = Stream.objects.create(
        producer_code=PROVINCE, flow="down", scope="N", lane="normal", epoch_id="0" * 32, seq=9, chain=b"\0" * 32
    )
    acknowledged(stream, 9, CITY)
    assert pruning._acknowledged(stream, [CITY, "330200000000-C"]) == 0
    acknowledged(stream, 5, "330200000000-C")
    assert pruning._acknowledged(stream, [CITY, "330200000000-C"]) == 5


def test_a_batch_without_its_body_moves_the_cursor_and_asks_for_the_comparison_that_heals(from_city):
    sent = from_city("城管局", "园林局")
    bare = Envelope(sent.envelope.header, sent.envelope.signature, b"")
    receipt = receive(bare, sender=CITY)
    assert (receipt.applied, receipt.superseded, receipt.upto_seq) == (0, 2, 2)
    stream = Stream.objects.get(producer_code=CITY)
    assert (stream.seq, bytes(stream.chain).hex(), stream.superseded_count) == (2, sent.header.to_chain, 2)
    assert Link.objects.get(peer_code=CITY).compare_asked_at is not None
    assert not Organisation.objects.exists()
    with connection.cursor() as cursor:
        digests.steady_text(cursor)
        held = digests.leaves(cursor, registry.get("JC02"), CITY, list(range(65536)))
    owners = {"rid": (1, 1, "U", "00", 1, False)}
    found = comparing.compare(owners, held, cursor=stream.seq, head=2)
    assert found.to_send_again == ["rid"], "what was skipped is missing, not on its way"
    with pytest.raises(PeerRefused) as refusal:
        receive(bare, sender=CITY)
    assert refusal.value.code == "CURSOR"


def test_a_batch_without_its_body_needs_the_producers_signature_too(from_city):
    sent = from_city("城管局")
    forged = Envelope(sent.envelope.header, b"\0" * 64, b"")
    with pytest.raises(PeerRefused) as refusal:
        receive(forged, sender=CITY)
    assert refusal.value.code == "SIGNATURE"
    assert not RecordVersion.objects.filter(owner_code=CITY).exists()
