"""What was erased stays erased, also where a backup brings it back, and where two versions of it wait for a person."""

import pytest

from cityops.accounts.models import Organisation
from sync.exchange.models import Conflict, Erasure, RecordVersion
from sync.exchange.services.counting import streams_that_do_not_add_up
from sync.exchange.services.erasing import erase_record
from tests.sync.exchange.conftest import found_anywhere
from tests.sync.recovery.nodes import Node
from tests.sync.recovery.test_restores import conflicts, held, make, rename

pytestmark = pytest.mark.django_db
WORD = "nameless-tavern"


def erase(node: Node, code: str) -> None:
    with node.here():
        erase_record(None, dataset="JC02", rid=Organisation.objects.get(org_code=code).rid, reason="本人申请删除")


def test_a_backup_that_brings_an_erased_record_back_loses_it_again(world, city, province, nation):
    make(city, "a", "b")
    rename(city, "a", WORD)
    world.settle()
    city.back_up()
    erase(city, "a")
    world.settle()
    city.restore()
    with city.here():
        assert "body" in found_anywhere(WORD)
    make(city, "c")
    world.settle()
    for node in (city, province, nation):
        assert held(node) == {"b": "b", "c": "c"}
        with node.here():
            assert found_anywhere(WORD) == []
            assert RecordVersion.objects.get(op="X").rid == Erasure.objects.get().rid
            assert streams_that_do_not_add_up() == []


def test_an_erasure_wipes_both_sides_of_a_conflict(world, city, province, nation):
    make(city, "a")
    world.settle()
    city.back_up()
    rename(city, "a", f"{WORD}-before")
    world.settle()
    city.restore()
    rename(city, "a", f"{WORD}-after")
    world.settle()
    assert conflicts(city) == [(f"{WORD}-after", f"{WORD}-before")]
    erase(city, "a")
    world.settle()
    for node in (city, province, nation):
        with node.here():
            assert found_anywhere(WORD) == []
    with city.here():
        assert Conflict.objects.get().state == "resolved"
