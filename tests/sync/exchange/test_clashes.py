"""Keys that another record holds: found for a whole batch at once, parked with the holder named, healed where moved."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cityops.accounts.models import Organisation
from sync.exchange import models
from sync.exchange.rules.places import node_rid
from sync.exchange.services import parking, sealing
from sync.exchange.services.chunks import MOST_SINGLE
from sync.exchange.services.receiving import receive
from sync.exchange.services.sequencing import sequence
from sync.exchange.services.streams import genesis
from tests.factories.people import division, organisation
from tests.sync.exchange.conftest import CITY, become_province
from tests.sync.exchange.test_receiving import rewritten

pytestmark = pytest.mark.django_db
NINGBO = "330200000000-C"
MANY = 200


@pytest.fixture
def exchange(city, as_tier):
    """Run the given steps at the city, a round of the sequencer after each, and hand the batches to the province."""
    division()
    models.Stream.objects.all().update(seq=0)
    models.Batch.objects.all().delete()
    models.InboxEntry.objects.all().delete()
    start = models.Stream.objects.get(producer_code=CITY, lane="normal")
    start.chain = genesis(producer=CITY, flow="up", scope="N", lane="normal", epoch_no=1, epoch_id=start.epoch_id)
    start.save()

    def run(*steps, before=lambda: None):
        for step in steps:
            step()
            while sequence():
                pass
        batches = [sealing.sealed_batch(batch) for batch in models.Batch.objects.order_by("id")]
        become_province(as_tier)
        before()
        return [receive(batch, sender=CITY) for batch in batches]

    return run


def held() -> dict[str, str]:
    """Code → name of the city's organisations."""
    return dict(Organisation.objects.filter(origin_code=CITY).values_list("org_code", "name"))


def code(number: int) -> str:
    return f"{number:018d}"


def make(count: int, name: str, **fields):
    def step():
        for number in range(count):
            organisation(code(number), name=name, **fields)

    return step


def test_many_numbers_that_another_owner_holds_are_found_at_once(exchange):
    with CaptureQueriesContext(connection) as asked:
        (receipt,) = exchange(make(MANY, "甲"), before=make(MANY, "别家", origin_code=NINGBO))
    assert (receipt.applied, len(receipt.parked)) == (0, MANY)
    about_parking = [one for one in asked if "INSERT INTO sync_verdict" in one["sql"]]
    assert len(about_parking) < 12
    (reason,) = models.Parked.objects.earliest("seq").reasons
    holder = Organisation.objects.get(org_code=code(0), origin_code=NINGBO) if reason["code"] == "taken" else None
    assert reason["code"] == "taken"
    assert NINGBO in reason["detail"]
    assert reason["remedy"]
    assert str(holder.rid) in "".join(one.reasons[0]["detail"] for one in models.Parked.objects.all())


def test_a_number_is_free_again_for_the_retry_once_its_holder_is_gone(exchange):
    exchange(make(2, "甲"), before=make(1, "别家", origin_code=NINGBO))
    Organisation.objects.filter(origin_code=NINGBO).delete()
    assert parking.retry_waiting() == {"A": 1}
    assert held() == {code(0): "甲", code(1): "甲"}


def test_records_deleted_and_made_again_with_the_same_numbers_arrive(exchange):
    receipts = exchange(
        make(MANY, "旧"),
        lambda: (Organisation.objects.filter(origin_code=CITY).delete(), make(MANY, "新")()),
    )
    assert sum(len(receipt.parked) for receipt in receipts) == 0
    assert held() == {code(number): "新" for number in range(MANY)}


def rename(**codes):
    """Give organisations (by name) other codes, over a code that nobody holds."""
    for name, new in codes.items():
        Organisation.objects.filter(name=name).update(org_code=f"x{new}")
    for name, new in codes.items():
        Organisation.objects.filter(name=name).update(org_code=new)


def test_numbers_that_were_exchanged_arrive(exchange):
    def begin():
        for name in ("a", "b", "c"):
            organisation(name, name=name)

    receipts = exchange(begin, lambda: rename(a="b", b="c", c="a"))
    assert [receipt.applied for receipt in receipts] == [3, 3]
    assert held() == {"b": "a", "c": "b", "a": "c"}


def test_who_waits_for_a_number_that_is_not_given_up_is_parked_with_all_behind_it(exchange):
    def begin():
        for name in ("a", "b", "c"):
            organisation(name, name=name)

    last = exchange(
        begin,
        lambda: rename(a="z", b="a", c="b"),
        before=lambda: organisation("z", name="z", origin_code=NINGBO),
    )[-1]
    assert last.applied == 0
    assert {one["reasons"][0]["code"] for one in last.parked} == {"taken"}
    assert held() == {"a": "a", "b": "b", "c": "c"}


def test_a_number_that_stands_in_a_batch_twice_is_taken_by_the_first(from_city):
    sent = from_city("城管局", "园林局", "水务局")
    first, second = (line.split(b"\t")[6] for line in sent_lines(sent)[:2])
    receipt = receive(rewritten(sent, lambda raw: raw.replace(second, first)), sender=CITY)
    assert receipt.applied == 2
    assert receipt.parked[0]["reasons"][0]["code"] == "taken"


def sent_lines(sent) -> list[bytes]:
    from sync.exchange.rules import envelope

    return envelope.decompress(sent.envelope.body, sent.header.raw_size).splitlines()


def test_so_many_values_that_are_none_are_parked_together_and_the_good_ones_by_the_retry(from_city):
    many = MOST_SINGLE * 3
    sent = from_city(*(f"机构{number}" for number in range(many)), "好")

    def spoil(raw: bytes) -> bytes:
        return b"".join(
            line.replace("机构".encode(), "长".encode() * 300) if number % 2 else line
            for number, line in enumerate(raw.splitlines(keepends=True))
        )

    with CaptureQueriesContext(connection) as asked:
        receipt = receive(rewritten(sent, spoil), sender=CITY)
    assert receipt.applied + len(receipt.parked) == many + 1
    assert len([one for one in asked if "SAVEPOINT" in one["sql"]]) < 40 * MOST_SINGLE
    parking.retry_waiting()
    parked = models.Parked.objects.waiting()
    assert all(one.reasons[0]["code"] == "database" for one in parked)
    assert Organisation.objects.count() + parked.count() == many + 1
    assert Organisation.objects.count() >= many // 2


def test_a_record_that_stands_in_a_batch_twice_is_malformed(from_city):
    from tests.sync.exchange.test_receiving import refused

    sent = from_city("城管局", "园林局")
    first, second = (line.split(b"\t")[1] for line in sent_lines(sent))
    assert refused(rewritten(sent, lambda raw: raw.replace(second, first))) == "MALFORMED"


@pytest.mark.parametrize(("taken", "code"), [(NINGBO, "reserved"), (CITY, "reserved")])
def test_nobody_takes_the_identifier_of_a_node(from_city, taken, code):
    division("330200000000")
    sent = from_city("城管局")
    rid = sent_lines(sent)[0].split(b"\t")[1]
    receipt = receive(rewritten(sent, lambda raw: raw.replace(rid, str(node_rid(taken)).encode())), sender=CITY)
    assert receipt.parked[0]["reasons"][0]["code"] == code
    assert not models.RecordVersion.objects.filter(rid=node_rid(taken), owner_code=CITY, dataset="JC02").exists()


def test_an_identifier_made_from_a_name_is_nothing_special(from_city):
    sent = from_city("城管局")
    rid = sent_lines(sent)[0].split(b"\t")[1]
    named = str(uuid.uuid5(uuid.NAMESPACE_URL, "urn:x")).encode()
    assert receive(rewritten(sent, lambda raw: raw.replace(rid, named)), sender=CITY).applied == 1
