"""Databases restored to older backups at either end: found out by themselves, nothing lost, forks kept for people."""

import datetime as dt

import pytest
from django.utils import timezone

from cityops.accounts.models import Organisation
from cityops.foundation.errors import InvalidInput, Refused
from cityops.regions.models import Division
from grid.models import Case, CaseStep
from grid.services.numbers import next_case_number
from sync.exchange.models import Conflict, RecoveryReport, Stream
from sync.exchange.rules.envelope import unpack
from sync.exchange.rules.refusals import PeerRefused
from sync.exchange.services.conflicts import decide
from sync.exchange.services.receiving import receive
from tests.factories import grid as ground
from tests.factories.people import division, organisation, person
from tests.sync.recovery.nodes import CITY, NATION, Node

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


def test_what_was_written_after_the_restore_is_kept_and_forks_are_listed_with_both_sides(world, city, province, nation):
    make(city, "a", "b")
    world.settle()
    city.back_up()
    rename(city, "a", "a-before")
    make(city, "c")
    world.settle()
    city.restore()
    rename(city, "a", "a-after")
    rename(city, "b", "b-after")
    make(city, "d")
    world.settle()
    expected = {"a": "a-after", "b": "b-after", "c": "c", "d": "d"}
    assert held(city) == held(province) == held(nation) == expected
    assert conflicts(city) == [("a-after", "a-before")]
    with city.here():
        report = RecoveryReport.objects.get(stream__lane="normal", stream__scope="N")
        assert (report.adopted, report.forks) == (1, 1)
        assert Stream.objects.get(producer_code=CITY, scope="N", lane="normal").epoch_no == report.epoch_no == 2
        user = person("data_officer")
        conflict = Conflict.objects.get()
        with pytest.raises(InvalidInput):
            decide(user, conflict, decision="take", reason="")
        decide(user, conflict, decision="take", reason="对端版本是恢复前的最新版本")
        with pytest.raises(Refused):
            decide(user, conflict, decision="keep", reason="再次裁定")
    world.settle()
    assert held(city) == held(province) == held(nation) == {**expected, "a": "a-before"}
    assert conflicts(city) == []


def test_a_number_given_anew_after_a_restore_is_a_conflict_and_both_records_are_kept(world, city, province, nation):
    world.settle()
    city.back_up()
    with city.here():
        organisation("1", name="before")
    world.settle()
    city.restore()
    with city.here():
        organisation("1", name="after")
    world.settle()
    assert held(city) == held(province) == {"1": "after"}
    with city.here():
        conflict = Conflict.objects.get()
        assert (conflict.cause, conflict.other["fields"]["name"]) == ("taken", "before")
        with pytest.raises(Refused):
            decide(person("data_officer"), conflict, decision="take", reason="取回")
        Organisation.objects.filter(name="after").update(org_code="2")
        decide(person("data_officer"), conflict, decision="take", reason="取回")
    world.settle()
    assert held(city) == held(province) == held(nation) == {"1": "before", "2": "after"}


def test_a_receiver_that_was_restored_is_sent_what_it_lacks_without_a_new_epoch(world, city, province, nation):
    make(city, "a")
    world.settle()
    province.back_up()
    make(city, "b")
    world.settle()
    province.restore()
    assert held(province) == {"a": "a"}
    world.settle()
    assert held(province) == held(nation) == {"a": "a", "b": "b"}
    nation.back_up()
    make(city, "c")
    world.settle()
    nation.restore()
    world.settle()
    assert held(nation) == {"a": "a", "b": "b", "c": "c"}
    with city.here():
        assert set(Stream.objects.values_list("epoch_no", flat=True)) == {1}
        assert not RecoveryReport.objects.exists()


@pytest.mark.long
def test_a_relay_that_was_restored_together_with_the_owner_brings_back_what_only_the_nation_holds(
    world, city, province, nation
):
    make(city, "a")
    world.settle()
    city.back_up()
    province.back_up()
    make(city, "b")
    rename(city, "a", "a2")
    world.settle()
    city.restore()
    province.restore()
    make(city, "c")
    world.settle()
    assert held(city) == held(province) == held(nation) == {"a": "a2", "b": "b", "c": "c"}


@pytest.mark.long
def test_both_ends_restored_to_different_ages_and_twice(world, city, province, nation):
    make(city, "a")
    world.settle()
    for node in (city, province, nation):
        node.back_up()
    make(city, "b")
    world.settle()
    for node in (city, province, nation):
        node.back_up()
    make(city, "c")
    world.settle()
    city.restore(1)
    make(city, "d")
    city.talk()
    province.restore(2)
    nation.restore(1)
    world.settle()
    province.restore(1)
    city.restore(2)
    rename(city, "a", "a2")
    world.settle()
    nation.restore(2)
    world.settle()
    names = held(city)
    assert names == held(province) == held(nation)
    assert set(names) >= {"a", "b"}


@pytest.mark.long
def test_an_empty_database_at_the_parent_is_filled_and_at_the_child_is_filled_from_above(world, city, province, nation):
    make(city, "a", "b")
    make(province, "p")
    world.settle()
    province.restore(0)
    world.settle()
    assert held(province) == {"a": "a", "b": "b"}
    assert held(province, province.code) == held(nation, province.code) == {"p": "p"}
    city.restore(0)
    world.settle()
    assert held(city) == held(province) == held(nation) == {"a": "a", "b": "b"}
    city.restore(0)
    province.restore(0)
    make(city, "c")
    world.settle()
    assert held(city) == held(province) == held(nation) == {"a": "a", "b": "b", "c": "c"}


@pytest.mark.parametrize("call", ["fence", "evidence"])
def test_a_restore_during_the_recovery_begins_it_again(world, city, province, nation, call):
    make(city, "a")
    world.settle()
    city.back_up()
    province.back_up()
    make(city, "b")
    world.settle()
    city.restore()
    make(city, "c")

    def restore_at(node: Node, name: str, _body: bytes) -> None:
        if name == call and node is province:
            world.before = None
            province.restore(1)

    world.before = restore_at
    city.talk()
    world.settle()
    assert world.before is None
    assert held(city) == held(province) == held(nation) == {"a": "a", "b": "b", "c": "c"}


def test_a_batch_held_back_since_before_the_restore_is_refused(world, city, province, nation):
    make(city, "a")
    world.settle()
    city.back_up()
    held_back: list[bytes] = []

    def hold(node: Node, name: str, body: bytes) -> None:
        if name == "push" and node is province and not held_back:
            held_back.append(body)
            raise ConnectionResetError

    make(city, "b")
    world.before = hold
    with pytest.raises(ConnectionResetError):
        city.talk()
    world.before = None
    city.restore()
    make(city, "c")
    world.settle()
    with province.here(), pytest.raises(PeerRefused, match=r"epoch|follows|number"):
        receive(unpack(held_back[0]), sender=CITY)
    assert held(city) == held(province) == held(nation) == {"a": "a", "c": "c"}


def regions(node: Node) -> set[str]:
    """Divisions that the nation sent down, by code."""
    with node.here():
        found = Division.objects.filter(origin_code=NATION, code__startswith="9")
        return set(found.values_list("code", flat=True))


def region(node: Node, code: str) -> None:
    with node.here():
        division(code)


def test_a_producer_above_that_was_restored_gets_back_what_only_those_below_hold(world, city, province, nation):
    region(nation, "910000000000")
    world.settle()
    nation.back_up()
    province.back_up()
    region(nation, "920000000000")
    world.settle()
    assert regions(city) == {"910000000000", "920000000000"}
    nation.restore()
    region(nation, "930000000000")
    world.settle()
    everything = {"910000000000", "920000000000", "930000000000"}
    assert regions(nation) == regions(province) == regions(city) == everything
    city.restore(0)
    world.settle()
    assert regions(city) == everything
    region(nation, "940000000000")
    world.settle()
    nation.restore()
    province.restore()
    world.settle()
    assert regions(nation) == regions(province) == regions(city) == {*everything, "940000000000"}


def step(case: Case, number: int, opinion: str) -> None:
    facts = {"action": "01", "to_state": "10", "operator_role": "01", "operated_at": timezone.now(), "opinion": opinion}
    CaseStep.objects.create(case=case, origin_code=case.origin_code, seq=number, **facts)


def opinions(node: Node) -> list[str]:
    with node.here():
        return list(CaseStep.objects.order_by("case__case_no", "seq").values_list("opinion", flat=True))


def test_cases_come_back_with_their_steps_and_no_number_is_given_twice(world, city, province):
    day = dt.date(2026, 1, 1)
    with city.here():
        division()
        case = ground.stored_case(case_no=next_case_number(day), dept_code1="A", dept_name1="城管局")
        step(case, 1, "立案")
    world.settle()
    city.back_up()
    with city.here():
        step(case, 2, "恢复前")
        lost = ground.stored_case(case_no=next_case_number(day), dept_code1="A", dept_name1="城管局")
        step(lost, 1, "丢失的案件")
    world.settle()
    city.restore()
    with city.here():
        step(Case.objects.get(), 2, "恢复后")
    world.settle()
    assert opinions(city) == opinions(province) == ["立案", "恢复后", "丢失的案件"]
    with city.here():
        assert next_case_number(day) == f"{int(lost.case_no) + 1}"
        decide(person("data_officer"), Conflict.objects.get(), decision="take", reason="以恢复前为准")
    world.settle()
    assert opinions(city) == opinions(province) == ["立案", "恢复前", "丢失的案件"]
