"""Databases restored to older backups at either end: found out by themselves, nothing lost, forks kept for people."""

import pytest

from cityops.accounts.models import Organisation
from sync.exchange.models import Conflict, RecoveryReport, Stream
from tests.factories.people import organisation
from tests.sync.recovery.nodes import CITY, Node

pytestmark = pytest.mark.django_db


def make(node: Node, *names: str) -> None:
    """Organisations of a node; the name is the code as well."""
    with node.here():
        for name in names:
            organisation(name, name=name, division_code=node.code[:12])


def rename(node: Node, code: str, name: str) -> None:
    with node.here():
        Organisation.objects.get(org_code=code, origin_code=node.code).__class__.objects.filter(
            org_code=code, origin_code=node.code
        ).update(name=name)


def held(node: Node, owner: str = CITY) -> dict[str, str]:
    """Code → name of an owner's organisations at a node."""
    with node.here():
        return dict(Organisation.objects.filter(origin_code=owner).values_list("org_code", "name"))


def conflicts(node: Node) -> list[tuple[str, str]]:
    """(name kept, name of the other) of the open conflicts."""
    with node.here():
        return [
            (one.kept["fields"].get("name", ""), one.other["fields"].get("name", ""))
            for one in Conflict.objects.filter(state="open").order_by("id")
        ]


def test_an_owner_that_was_restored_gets_its_records_back_and_goes_on(world, city, province, nation):
    make(city, "a", "b")
    world.settle()
    city.back_up()
    make(city, "c")
    rename(city, "a", "a2")
    world.settle()
    assert held(nation) == {"a": "a2", "b": "b", "c": "c"}
    city.restore()
    assert held(city) == {"a": "a", "b": "b"}
    world.settle()
    assert held(city) == held(province) == held(nation) == {"a": "a2", "b": "b", "c": "c"}
    with city.here():
        report = RecoveryReport.objects.get(stream__lane="normal", stream__scope="N")
        assert (report.adopted, report.forks) == (2, 0)
        assert Stream.objects.get(producer_code=CITY, scope="N", lane="normal").epoch_no == report.epoch_no > 1
    assert conflicts(city) == []
