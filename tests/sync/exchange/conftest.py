"""One database plays two nodes in turn: a city seals batches, then the same process becomes its province."""

import dataclasses
from collections.abc import Callable

import msgspec
import pytest
from django.db import connection

from cityops.accounts.models import Organisation
from sync.exchange import models
from sync.exchange.rules.envelope import SIGNED_BATCH, Envelope, Header, decompress
from sync.exchange.services import keys, sealing
from sync.exchange.services.nodes import init_node
from sync.exchange.services.sequencing import sequence
from tests.factories.people import organisation
from tiers.models import Node

CITY, PROVINCE, NATION = "330100000000-C", "330000000000-P", "000000000000-N"


@pytest.fixture(autouse=True)
def key_folder(settings, tmp_path):
    """Private keys of a test live and die with it."""
    settings.CITYOPS_KEY_DIR = tmp_path / "keys"
    keys._private.cache_clear()


@pytest.fixture
def city(db, as_tier):
    """This process is the city 杭州."""
    as_tier("municipal")
    init_node()
    sequence()
    return CITY


def last_envelope() -> Envelope:
    """The batch that was sealed last."""
    return sealing.sealed_batch(models.Batch.objects.latest("id"))


@dataclasses.dataclass
class Sent:
    """What the city sealed, and its key, with which a test can sign a changed header."""

    envelope: Envelope
    key: models.Key
    private: bytes

    @property
    def header(self) -> Header:
        return self.envelope.read()

    def changed(self, *, body: bytes | None = None, private: bytes | None = None, **fields) -> Envelope:
        """The batch with other header fields, signed again."""
        header = msgspec.structs.replace(self.header, **fields)
        text = msgspec.json.encode(header)
        from sync.exchange.rules.crypto import suite

        signature = suite(self.key.suite).sign(private or self.private, SIGNED_BATCH + text)
        return Envelope(text, signature, self.envelope.body if body is None else body)


@pytest.fixture
def from_city(city, as_tier) -> Callable[..., Sent]:
    """Let the city seal organisations, forget that it happened here, and become the province that knows its key."""

    def send(*names: str) -> Sent:
        for name in names or ("城管局",):
            organisation(name=name)
        models.Stream.objects.all().update(seq=0)
        models.Batch.objects.all().delete()
        models.InboxEntry.objects.all().delete()
        start = models.Stream.objects.get(producer_code=CITY, lane="normal")
        from sync.exchange.services.streams import genesis

        start.chain = genesis(producer=CITY, flow="up", scope="N", lane="normal", epoch_no=1, epoch_id=start.epoch_id)
        start.save()
        sequence()
        key = keys.own_key()
        sent = Sent(last_envelope(), key, keys._private(keys._path(key.kid)))
        become_province(as_tier)
        return sent

    return send


def become_province(as_tier) -> None:
    """Empty the exchanged tables as they would be at the province, and be it."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for model in (models.Receipt, models.Parked, models.Batch, models.Stream, models.InboxEntry, models.DirtyMark):
        model.objects.all().delete()
    Organisation.objects.all().delete()
    Node.objects.all().delete()
    models.RecordVersion.objects.all().delete()
    models.DirtyMark.objects.all().delete()
    as_tier("provincial")
    models.SyncSelf.objects.update(incarnation=None)
    init_node()
    models.Link.objects.create(peer_code=CITY, peer_name="杭州市", role="child", state="live")


def found_anywhere(*words: str) -> list[str]:
    """Tables in which any of the words stands, as text or inside bytes; bodies are unpacked first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relkind = 'r' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"
        )
        found = []
        for (table,) in cursor.fetchall():
            for word in words:
                cursor.execute(
                    f"SELECT EXISTS (SELECT FROM {table} t WHERE strpos(t::text, %s) > 0 OR strpos(t::text, %s) > 0)",
                    [word, word.encode().hex()],
                )
                if cursor.fetchone()[0]:
                    found.append(table)
    bodies = [sealing.sealed_batch(batch).body for batch in models.Batch.objects.all()]
    raws = [decompress(body) for body in bodies]
    return found + ["body" for raw in raws for word in words if word.encode() in raw]
