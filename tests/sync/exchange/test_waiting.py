"""Records that wait for what they need, records that kill the process, poison of all kinds; the counts add up."""

import os
import uuid
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from cityops.accounts.models import Organisation
from cityops.foundation.records import registry
from grid.duty.models import DutyGrid
from sync.exchange import models
from sync.exchange.rules import envelope as envelopes
from sync.exchange.services import applying, attempts, parking, sealing
from sync.exchange.services.receiving import receive
from sync.exchange.services.sequencing import sequence
from sync.exchange.services.shapes import Shape
from sync.exchange.services.streams import genesis
from tests.factories.people import division, organisation
from tests.sync.exchange.conftest import CITY, become_province
from tests.sync.exchange.test_receiving import counted, rewritten

pytestmark = pytest.mark.django_db
ORG = "12330100MB0000001X"
SQUARE = "SRID=4490;MULTIPOLYGON(((120 30,120.001 30,120.001 30.001,120 30.001,120 30)))"


def stream() -> models.Stream:
    return models.Stream.objects.get(producer_code=CITY, lane="normal")


def check() -> str:
    out = StringIO()
    call_command("exchange_check", stdout=out)
    return out.getvalue()


@pytest.fixture
def batches(city, as_tier):
    """Run steps at the city, seal after each, and give the batches to a province that is empty."""
    division()
    models.Stream.objects.all().update(seq=0)
    models.Batch.objects.all().delete()
    models.InboxEntry.objects.all().delete()
    start = stream()
    start.chain = genesis(producer=CITY, flow="up", scope="N", lane="normal", epoch_no=1, epoch_id=start.epoch_id)
    start.save()

    def run(*steps) -> list:
        for step in steps:
            step()
            while sequence():
                pass
        found = [sealing.sealed_batch(batch) for batch in models.Batch.objects.order_by("id")]
        DutyGrid.objects.all().delete()
        become_province(as_tier)
        return found

    return run


def duty_grid():
    return DutyGrid.objects.create(
        rid=uuid.uuid4(), origin_code=CITY, grid_code="330102001001Z01", name="一号", grid_kind="01",
        unit_grids='["330102001001001"]', org_code=ORG, geom=SQUARE, valid_from="2026-01-01",
    )  # fmt: skip


def test_a_record_waits_for_its_parent_and_is_applied_when_that_arrives(batches):
    for sealed in batches(duty_grid, lambda: organisation(ORG)):
        receive(sealed, sender=CITY)
        waited = list(models.Parked.objects.values_list("state", "needs_dataset", "needs_key", "reasons__0__code"))
        if not Organisation.objects.exists():
            assert waited == [("W", "JC02", ORG, "waits")]
            assert counted(stream()) == (0, 0, 0, 1)
            assert models.InboxEntry.objects.get().state == "W"
            assert models.Receipt.objects.get().parked[0]["state"] == "W"
            assert parking.wake() == 0
            assert check() == "Every stream adds up.\n"
    assert DutyGrid.objects.get().origin_code == CITY
    assert counted(stream()) == (2, 0, 0, 0)
    assert set(models.InboxEntry.objects.values_list("state", flat=True)) == {"A"}
    assert check() == "Every stream adds up.\n"


def test_a_record_that_waits_is_superseded_by_a_later_version(batches):
    def again():
        DutyGrid.objects.update(name="二号")

    first, second = batches(duty_grid, again)
    receive(first, sender=CITY)
    organisation(ORG)
    receive(second, sender=CITY)
    assert DutyGrid.objects.get().name == "二号"
    assert counted(stream()) == (1, 1, 0, 0)
    assert check() == "Every stream adds up.\n"


def test_a_record_of_a_newer_dictionary_waits_for_it(from_city):
    from sync.standard.models import DictionaryVersion

    call_command("load_standard", verbosity=0)
    sent = from_city("城管局", "园林局")
    newer = rewritten(sent, lambda raw: raw.replace(b"\t05\t", b"\t77\t", 1))
    receive(resigned(sent, newer, standard="cityops-2099"), sender=CITY)
    assert counted(stream()) == (1, 0, 0, 1)
    waiting = models.Parked.objects.get()
    assert (waiting.state, waiting.needs_dataset, waiting.needs_key) == ("W", "ZD", "cityops-2099")
    assert parking.wake() == 0
    known = DictionaryVersion.objects.get(kind="datasets", is_default=True)
    known.pk, known.code, known.is_default = None, "cityops-2099", False
    known.save()
    assert parking.wake() == 1
    waiting.refresh_from_db()
    assert waiting.state == "P"  # the default decides, and it still says no
    assert counted(stream()) == (1, 0, 1, 0)


def resigned(sent, sealed, **fields):
    import msgspec

    header = msgspec.structs.asdict(sealed.read())
    return sent.changed(body=sealed.body, **{**header, **fields})


def test_a_count_that_is_wrong_is_shown(from_city):
    receive(from_city().envelope, sender=CITY)
    models.Stream.objects.filter(producer_code=CITY, lane="normal").update(applied_count=7)
    with pytest.raises(SystemExit):
        check()


POISON = {
    "a field too long": lambda line: line.replace("水务局".encode(), "水".encode() * 500),
    "a field of 10 MB": lambda line: line.replace("水务局".encode(), b"w" * 10_000_000),
    "NUL": lambda line: line.replace("水务局".encode(), b"\x00"),
    "a lone surrogate": lambda line: line.replace("水务局".encode(), b"\xed\xa0\x80"),
    "no UTF-8": lambda line: line.replace("水务局".encode(), b"\xff\xfe"),
    "a column too many": lambda line: line.replace("水务局".encode(), b"a\tb"),
}


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON)
def test_a_poisoned_record_is_parked_as_it_came_and_the_stream_goes_on(from_city, poison):
    sent = from_city("城管局", "园林局", "水务局", "环卫处")

    def poisoned(raw: bytes) -> bytes:
        return b"".join(poison(line) if "水务局".encode() in line else line for line in raw.splitlines(keepends=True))

    receive(rewritten(sent, poisoned), sender=CITY)
    parked = models.Parked.objects.get()
    assert parked.code == "database"
    raw = poisoned(envelopes.decompress(sent.envelope.body))
    assert bytes(parked.line) in raw
    assert counted(stream()) == (3, 0, 1, 0)
    assert parking.retry(parked).state == "P"
    assert check() == "Every stream adds up.\n"


@pytest.mark.parametrize(
    ("dataset", "column", "poison"),
    [
        ("GL05", "metrics", "[" * 200_000),
        ("GL05", "metrics", '{"a": "\\\\ud800"}'),
        ("JC05", "geom", "0103000020"),
        ("JC05", "geom", "zz"),
        ("JC05", "geom", "POLYGON((0 0))"),
    ],
)
def test_a_deep_json_and_a_broken_geometry_are_parked(city, dataset, column, poison):
    shape = Shape(registry.get(dataset))
    cells = [poison if name == column else "\\N" for name in shape.columns]
    line = "\t".join(["1", str(uuid.uuid4()), "1", "1", "U", "ab" * 32, *cells]) + "\n"
    target = applying.Target(shape, CITY, 0, 1, 0, is_retry=True)
    with connection.cursor() as cursor:
        outcome = applying.apply_chunk(cursor, target, applying.Chunk(1, [line.encode()], []))
    assert [one.code for one in outcome.parked] == ["database"]


def test_a_batch_that_ended_the_process_twice_is_set_aside_and_its_records_are_tried_alone(from_city):
    sent = from_city("城管局", "园林局", "水务局")
    assert [attempts.begin(sent.envelope) for _time in range(3)] == [1, 2, 3]
    receive(sent.envelope, sender=CITY, tries=attempts.tries(sent.envelope))
    assert counted(stream()) == (0, 0, 3, 0)
    assert {one.code for one in models.Parked.objects.all()} == {"CRASH"}
    lethal = models.Parked.objects.get(seq=2)
    models.Parked.objects.filter(pk=lethal.pk).update(crashes=3)  # as its own attempt left it
    assert parking.retry_waiting(untried_for=parking.timedelta(hours=1)) == {"A": 2}
    lethal.refresh_from_db()
    assert (lethal.state, lethal.crashes) == ("P", 3)
    assert counted(stream()) == (2, 0, 1, 0)
    assert parking.retry_waiting() == {}
    assert parking.retry(lethal).state == "A"  # a person asked for it, after mending the cause
    attempts.end(sent.envelope)
    assert attempts.begin(sent.envelope) == 1


@pytest.mark.django_db(transaction=True)
def test_an_attempt_counts_though_the_process_dies(from_city, monkeypatch):
    sent = from_city("城管局", "园林局", "水务局")
    for expected in (1, 2):
        died = _in_a_process_that_dies(lambda: attempts.begin(sent.envelope) and receive(sent.envelope, sender=CITY))
        assert died == 9
        assert models.Attempt.objects.get().tries == expected
        assert not models.Batch.objects.exists()
    tries = attempts.begin(sent.envelope)
    receive(sent.envelope, sender=CITY, tries=tries)
    poison = models.Parked.objects.get(seq=1)
    assert _in_a_process_that_dies(lambda: parking.retry(poison)) == 9
    assert parking.retry_waiting() == {"A": 2}
    poison.refresh_from_db()
    assert (poison.state, poison.crashes) == ("P", 3)


def _in_a_process_that_dies(work) -> int:
    """The exit code of a process of its own, in which judging a record ends it."""
    connection.close()
    child = os.fork()
    if not child:
        applying.judge = lambda cursor, target: os._exit(9)
        try:
            work()
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
