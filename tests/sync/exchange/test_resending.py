"""Requests to send a record again: a mark at the owner, elsewhere handed on towards it, once."""

import uuid

import pytest

from sync.exchange.models import DirtyMark, RecordVersion, ResendRequest
from sync.exchange.services import resending
from sync.exchange.services.sequencing import FORCED
from tests.factories.people import organisation
from tests.sync.exchange.conftest import CITY, NATION, PROVINCE

NINGBO = "330200000000-C"
RID = uuid.UUID(int=1)


def marks():
    return list(DirtyMark.objects.filter(op=FORCED).values_list("dataset", "rid"))


def test_the_owner_marks_what_it_knows_and_nothing_else(city):
    from sync.exchange.services.sequencing import sequence

    own = organisation()
    sequence()
    assert RecordVersion.objects.filter(rid=own.rid).exists()
    assert resending.ask([(CITY, "JC02", own.rid), (CITY, "JC02", RID), (CITY, "XX99", RID)]) == 2
    assert marks() == [("JC02", own.rid)]
    assert not ResendRequest.objects.exists()


def test_a_request_for_another_owner_waits_once_however_often_it_is_made(city, as_tier):
    as_tier("provincial")
    for _twice in range(2):
        assert resending.ask([(CITY, "JC02", RID), (NATION, "JC02", RID)]) == 2
    assert ResendRequest.objects.count() == 2
    assert marks() == []


@pytest.mark.parametrize(
    ("here", "child", "taken"),
    [
        ("provincial", CITY, [CITY]),
        ("provincial", NINGBO, [NINGBO]),
        ("national", PROVINCE, [CITY, NINGBO, PROVINCE]),
        ("national", "320000000000-P", []),
    ],
)
def test_each_child_takes_what_is_its_own_or_lies_under_it_once(city, as_tier, here, child, taken):
    as_tier(here)
    owners = [CITY, NINGBO, *([PROVINCE] if here == "national" else [])]
    resending.ask((owner, "JC02", RID) for owner in owners)
    assert resending.has_for_child(child) is bool(taken)
    assert {owner for owner, _d, _r in resending.take_for_child(child)} == set(taken)
    assert resending.take_for_child(child) == []
    assert ResendRequest.objects.count() == len(owners) - len(taken)


def test_what_an_owner_above_must_send_goes_to_the_parent(city, as_tier):
    as_tier("provincial")
    resending.ask([(NATION, "JC02", RID), (CITY, "JC02", RID)])
    assert resending.take_for_parent() == [(NATION, "JC02", RID)]
    assert list(ResendRequest.objects.values_list("owner_code", flat=True)) == [CITY]
