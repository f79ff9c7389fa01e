"""Marks become versions and numbers: only committed changes, each once, none lost."""

from collections import Counter
from itertools import pairwise

import pytest

from cityops.accounts.models import Organisation
from sync.exchange.models import Batch, DirtyMark, Link, RecordVersion, Stream
from sync.exchange.services import pushing
from sync.exchange.services.nodes import init_node
from sync.exchange.services.sequencing import FORCED, mark_all, sequence
from tests.factories.ground import component
from tests.factories.people import organisation
from tests.sync.exchange.conftest import CITY, last_envelope

pytestmark = pytest.mark.django_db


def head() -> int:
    return Stream.objects.get(producer_code=CITY, lane="normal").seq


def test_a_change_gets_one_version_and_one_number(city):
    start = head()
    one = organisation()
    assert sequence()
    version = RecordVersion.objects.get(rid=one.rid)
    assert (version.rev, version.op, version.seq) == (1, "U", start + 1)
    assert head() == start + 1
    assert sequence() == 0


def test_two_writes_before_one_round_give_one_version(city):
    one = organisation()
    Organisation.objects.filter(pk=one.pk).update(short_name="城管")
    assert sequence()
    assert RecordVersion.objects.get(rid=one.rid).rev == 1


def test_a_write_that_changes_nothing_that_travels_gives_no_version(city):
    one = organisation()
    sequence()
    before = head()
    Organisation.objects.filter(pk=one.pk).update(phone="0571-1234")
    assert sequence()
    assert head() == before
    assert RecordVersion.objects.get(rid=one.rid).rev == 1


def test_a_deleted_record_becomes_a_version_without_content(city):
    one = organisation()
    sequence()
    rid = one.rid
    one.delete()
    sequence()
    version = RecordVersion.objects.get(rid=rid)
    assert (version.rev, version.op) == (2, "D")
    assert last_envelope().read().count == 1


def test_a_forced_mark_sends_a_record_again_though_it_is_the_same(city):
    one = organisation()
    sequence()
    DirtyMark.objects.create(dataset="JC02", rid=one.rid, op=FORCED, marked_at="2026-01-01T00:00Z")
    sequence()
    assert RecordVersion.objects.get(rid=one.rid).rev == 2


def test_marks_of_the_bulk_lane_wait_behind_the_others(city):
    component()
    one = organisation()
    others = DirtyMark.objects.exclude(dataset="JC07").count()
    assert sequence(limit=others) == others
    assert RecordVersion.objects.get(rid=one.rid).rev == 1
    assert list(DirtyMark.objects.values_list("dataset", flat=True)) == ["JC07"]


def test_the_normal_lane_travels_before_bulk_and_the_streams_of_a_lane_in_turn(city, settings):
    settings.SYNC_BATCH_BYTES = 1
    component()
    component("33010200101000002")
    organisation()
    while sequence():
        pass
    sent, turns, lanes = {stream.pk: 0 for stream in Stream.objects.all()}, Counter(), []
    link = Link(peer_code="330000000000-P")
    while batch := pushing._next_batch(link, sent, turns):
        lanes.append(batch.stream.lane)
        sent[batch.stream_id] = batch.to_seq
        turns[batch.stream_id] += 1
    assert lanes == sorted(lanes, key=pushing.LANES.index)
    assert set(lanes) == {"normal", "bulk"}
    assert link.backlog == 0


def test_batches_follow_each_other_without_a_hole(city, settings):
    settings.SYNC_BATCH_BYTES = 600
    for _n in range(12):
        organisation()
    while sequence(limit=5):
        pass
    batches = list(Batch.objects.filter(stream__lane="normal").order_by("from_seq"))
    assert len(batches) > 3
    for one, after in pairwise(batches):
        assert after.from_seq == one.to_seq + 1
        assert bytes(after.base_chain) == bytes(one.to_chain)
    assert batches[-1].to_seq == head()


def test_replicas_are_never_numbered_here(city):
    organisation(origin_code="330000000000-P")
    organisation(origin_code="330000000000-P")
    assert not DirtyMark.objects.filter(dataset="JC02").exists()
    assert mark_all("JC02") == 0


def test_node_init_again_keeps_key_and_numbers(city):
    first = init_node()
    again = init_node()
    assert (first.kid, first.node_code) == (again.kid, again.node_code)
    sequence()
    assert RecordVersion.objects.get(dataset="JC11").rev == 1


def test_a_database_of_another_node_is_not_taken_over(city, settings):
    settings.CITYOPS_NODE = "330200000000-C"
    with pytest.raises(ValueError, match="330100000000-C"):
        init_node()
