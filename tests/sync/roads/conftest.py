"""One database plays both ends, as in the tests of the exchange."""

import io
import random
import zipfile

import pytest
from django.db import connection

from cityops.accounts.models import Organisation
from sync.exchange import models
from sync.exchange.services.nodes import init_node
from sync.exchange.services.sequencing import sequence
from sync.roads.models import Bundle, WaitingBatch
from sync.roads.services.exporting import export
from tests.factories.people import organisation
from tests.sync.exchange.conftest import CITY, PROVINCE, city, key_folder
from tiers.models import Node

__all__ = ["city", "key_folder"]
BUNDLES = 5


@pytest.fixture
def sent(city, as_tier):
    """Bundles that a city made, a record or two each; the process is the province, which has taken none."""
    as_tier("provincial")
    init_node()
    as_tier("municipal")
    models.Link.objects.create(peer_code=PROVINCE, role="parent", state="live")
    made = []
    for number in range(BUNDLES):
        for name in ("甲", "乙")[: 1 + number % 2]:
            organisation(name=f"{name}{number}")
        if number == 3:
            Organisation.objects.filter(name="甲0").update(name="改名")
            Organisation.objects.get(name="甲1").delete()
        made.append(export(PROVINCE)[1])
    as_province(as_tier)
    return made


def as_province(as_tier) -> None:
    """Forget what the city holds, and be its province."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for model in (
        Bundle, WaitingBatch, models.Receipt, models.Parked, models.Batch, models.Stream, models.InboxEntry,
        models.DirtyMark, Organisation, Node, models.RecordVersion, models.DirtyMark, models.Link,
    ):  # fmt: skip
        model.objects.all().delete()
    as_tier("provincial")
    sequence()
    models.Link.objects.create(peer_code=CITY, role="child", state="live")


def state() -> dict[str, list]:
    """All that a receiver holds of the city's records, and how far it is."""
    return {
        "records": sorted(Organisation.objects.filter(origin_code=CITY).values_list("name", "rid", "division_code")),
        "versions": sorted(
            models.RecordVersion.objects.filter(owner_code=CITY).values_list("rid", "rec_epoch", "rev", "op", "seq")
        ),
        "streams": [
            (one.seq, bytes(one.chain), one.applied_count, one.superseded_count, one.parked_count)
            for one in models.Stream.objects.filter(producer_code=CITY).order_by("lane", "scope")
        ],
        "inbox": sorted(models.InboxEntry.objects.values_list("seq", "rid", "state")),
        "batches": sorted(bytes(batch.header) for batch in models.Batch.objects.all()),
        "waiting": list(WaitingBatch.objects.values_list("from_seq")),
    }


def contents(data: bytes) -> dict[str, bytes]:
    """The files of a bundle."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def mutated(data: bytes, chance: random.Random) -> bytes:
    """The same with one byte changed."""
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ chance.randint(1, 255)]) + data[at + 1 :]
