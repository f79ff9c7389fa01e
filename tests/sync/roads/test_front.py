"""The front-end database: rows that are lost, doubled or shuffled on the way change nothing in the end."""

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from psycopg.conninfo import make_conninfo

from cityops.foundation.models import AuditEvent
from sync.exchange.models import Link, Receipt
from sync.roads.models import WaitingBatch
from sync.roads.services.exporting import export
from sync.roads.services.front import carry, prepare
from tests.factories.people import organisation
from tests.sync.exchange.conftest import CITY, PROVINCE
from tests.sync.roads.conftest import as_province, contents, state
from tests.sync.roads.test_bundles import online, trial

pytestmark = pytest.mark.django_db
TABLES = ("batch", "receipt", "notice")


@pytest.fixture
def front(settings, db):
    """A front-end database: a schema of its own beside the tests' tables, in its own connection."""
    known = connection.get_connection_params()
    words = {name: known[name] for name in ("host", "port", "user", "password", "dbname") if known.get(name)}
    with psycopg.connect(make_conninfo(**words), autocommit=True) as base:
        base.execute("DROP SCHEMA IF EXISTS front CASCADE")
        base.execute("CREATE SCHEMA front")
    settings.CITYOPS_FRONT_DATABASE_URL = make_conninfo(**words, options="-csearch_path=front")
    prepare()
    with psycopg.connect(settings.CITYOPS_FRONT_DATABASE_URL, autocommit=True) as own:
        yield own
        own.execute("DROP SCHEMA front CASCADE")


def gateway(front, *, only: str = "true") -> None:
    """Copy what lies in the out tables to the in tables beyond: again and again the same, in no order."""
    for name in TABLES:
        chosen = only if name == "batch" else "true"
        columns = front.execute(f"SELECT * FROM out_{name} LIMIT 0").description
        names = ", ".join(column.name for column in columns)
        front.execute(
            f"INSERT INTO in_{name} ({names}) SELECT {names} FROM out_{name} WHERE {chosen} "
            "ORDER BY md5(put_at::text) ON CONFLICT DO NOTHING"
        )


def count(front, table: str) -> int:
    return front.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_records_pass_and_receipts_come_back(front, city, as_tier):
    from sync.exchange.services.nodes import init_node

    as_tier("provincial")
    init_node()
    as_tier("municipal")
    Link.objects.create(peer_code=PROVINCE, role="parent", state="live")
    for name in ("甲", "乙", "丙", "丁"):
        organisation(name=name)
        done = carry()
    assert (done.put, count(front, "out_batch")) == (1, 5)
    assert carry().put == 0, "what lies there is not put again"
    bundle = export(PROVINCE)[1]
    as_province(as_tier)
    expected = trial(lambda: online([bundle]))
    gateway(front, only="from_seq <> 3")
    first = carry()
    assert (first.taken, first.refused, WaitingBatch.objects.count()) == (4, 0, 2)
    gateway(front)
    assert (carry().taken, state()) == (1, expected)
    front.execute("UPDATE in_batch SET taken_at = NULL")
    assert (carry().taken, state()) == (5, expected), "a mark that was lost changes nothing"
    gateway(front)
    Receipt.objects.all().delete()
    as_tier("municipal")
    Link.objects.all().delete()
    Link.objects.create(peer_code=PROVINCE, role="parent", state="live")
    back = carry()
    assert (back.receipts, back.cleared, back.refused) == (5, 5, 0)
    assert Receipt.objects.filter(receiver_code=PROVINCE).count() == 5
    assert count(front, "out_batch") == 0


def test_a_changed_row_is_refused_marked_and_audited_and_the_others_go_on(front, sent):
    names = [name for name in contents(sent[0]) if name.startswith("batches/")]
    good = contents(sent[0])[names[0]]
    words = [CITY, PROVINCE, CITY, "up", "N", "normal", "", "0" * 32]
    for seq, packed in ((1, good), (2, good[:-1] + bytes([good[-1] ^ 1])), (3, b"nonsense")):
        front.execute(
            "INSERT INTO in_batch (sender, receiver, producer, flow, scope, lane, audience, epoch_id, from_seq, "
            "to_seq, packed) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [*words, seq, seq, packed],
        )
    front.execute(
        "INSERT INTO in_notice (sender, receiver, number, manifest, signature) VALUES (%s, %s, 1, %s, %s)",
        [CITY, PROVINCE, b"{}", b""],
    )
    done = carry()
    assert (done.taken, done.refused) == (1, 3)
    results = [row[0] for row in front.execute("SELECT result FROM in_batch ORDER BY from_seq")]
    assert results == ["applied", "SIGNATURE", "MALFORMED"]
    refused = AuditEvent.objects.filter(action="exchange.refuse").count()
    assert refused == done.refused


def test_without_a_front_end_database_the_command_says_so(db, settings, capsys):
    settings.CITYOPS_FRONT_DATABASE_URL = ""
    with pytest.raises(CommandError, match="CITYOPS_FRONT_DATABASE_URL"):
        call_command("front_exchange")
    settings.CITYOPS_FRONT_DATABASE_URL = "postgresql://nobody@127.0.0.1:1/none"
    with pytest.raises(CommandError, match="cannot be reached"):
        call_command("front_exchange", "--prepare")
