"""Comparison by ranges: what differs is found, named and asked for; both ends sign the same statement."""

import json
from uuid import uuid4

import msgspec
import pytest
from django.db import connection, transaction

from cityops.accounts.models import Organisation
from cityops.foundation.records import registry
from sync.exchange.models import Comparison, DirtyMark, Link, RecordVersion
from sync.exchange.rules.calls import Buckets, Compared, Ranges
from sync.exchange.rules.refusals import PeerRefused
from sync.exchange.services import comparing, keys, statements
from sync.exchange.services.sequencing import FORCED, sequence
from tests.factories.people import organisation
from tests.sync.exchange.conftest import CITY, PROVINCE

pytestmark = pytest.mark.django_db
PAIRS = [(CITY, registry.get("JC02"))]


class Parent:
    """The province: the same rows with a change that is taken back after every call."""

    def __init__(self, settings, change):
        self.settings, self.change = settings, change
        self.link = Link.objects.create(peer_code=PROVINCE, role="parent", state="live")
        self.child = Link(peer_code=CITY, role="child", state="live")
        self.calls, self.leaves = [], 0

    def json(self, name, facts):
        """Answer a call as the province."""
        self.calls.append(name)
        said = json.loads(msgspec.json.encode(facts))
        self.settings.CITYOPS_NODE = PROVINCE
        try:
            if name == "notes":
                for told in said.get("compared", []):
                    comparing.keep_result(self.child, msgspec.convert(told, Compared, strict=False))
                return {}
            return self._looked_at(name, said)
        finally:
            self.settings.CITYOPS_NODE = CITY

    def _looked_at(self, name, said):
        point = transaction.savepoint()
        self.change()
        if name == "compare":
            answer = comparing.answer(self.child, msgspec.convert(said, Buckets))
        else:
            answer = comparing.answer_ranges(self.child, msgspec.convert(said, Ranges))
            self.leaves += len(answer["leaves"])
        transaction.savepoint_rollback(point)
        return json.loads(msgspec.json.encode(answer))


@pytest.fixture
def compared(city, settings):
    """Compare 400 organisations of 杭州 with a province that holds them changed."""
    settings.CITYOPS_NODE = PROVINCE
    keys.make_own_key()
    settings.CITYOPS_NODE = CITY
    Organisation.objects.bulk_create(
        Organisation(name=f"单位{n}", org_code=f"9133{n:014d}", division_code="330100000000") for n in range(400)
    )
    organisation()
    sequence()

    def compare(statement=""):
        def change():
            with connection.cursor() as cursor:
                for one in filter(None, statement.split(";")):
                    cursor.execute(one)

        parent = Parent(settings, change)
        (result,) = comparing.compare_with_parent(parent, PAIRS)
        parent.here, parent.there = result, Comparison.objects.get(peer_code=CITY)
        return parent

    return compare


def rids(count):
    return sorted(str(rid) for rid in Organisation.objects.values_list("rid", flat=True)[:count])


def test_equal_ends_need_one_call_and_sign_the_same_statement(compared):
    parent = compared()
    assert parent.calls == ["compare", "notes"]
    for kept, other in ((parent.here, PROVINCE), (parent.there, CITY)):
        assert (kept.result, kept.records, kept.peer_records, kept.peer_code) == ("equal", 401, 401, other)
        assert kept.digest == kept.peer_digest
        assert statements.is_proven(kept)
    assert parent.here.statement == parent.there.statement
    signed = json.loads(statements.as_file(parent.there))
    assert [one["node"] for one in signed["signatures"]] == [CITY, PROVINCE]
    for changed in ("statement", "child_signature", "parent_kid"):
        kept = Comparison.objects.get(peer_code=CITY)
        value = getattr(kept, changed)
        setattr(kept, changed, b"x" * 64 if changed == "child_signature" else value.replace("4", "5"))
        assert not statements.is_proven(kept), changed


def test_one_corrupted_row_is_found_among_all_and_sent_again(compared):
    (rid,) = rids(1)
    parent = compared(f"UPDATE accounts_organisation SET name = '坏' WHERE rid = '{rid}'")
    assert parent.calls == ["compare", "ranges", "notes"]
    assert (parent.here.result, parent.here.differing, parent.here.missing) == ("different", 1, 0)
    assert parent.there.found == {"differing": [rid]}
    assert parent.leaves <= 3, "only the range of the record is looked at"
    assert [str(mark.rid) for mark in DirtyMark.objects.filter(op=FORCED)] == [rid]
    assert statements.is_proven(parent.there), "a difference is signed as well"


def test_missing_records_are_all_found_however_many_calls_it_takes(compared, monkeypatch):
    monkeypatch.setattr(comparing, "RECORDS_AT_ONCE", 20)
    monkeypatch.setattr(comparing, "BUCKETS_AT_ONCE", 100)
    parent = compared(f"DELETE FROM accounts_organisation; DELETE FROM sync_record WHERE owner_code = '{CITY}'")
    assert parent.calls.count("ranges") > 10
    assert (parent.here.missing, parent.here.peer_records) == (401, 0)
    assert DirtyMark.objects.filter(op=FORCED).count() == 401


def test_what_only_the_holder_has_is_named_for_a_person_and_left_alone(compared):
    rid = str(uuid4())
    parent = compared(
        f"INSERT INTO sync_record SELECT '{rid}', dataset, owner_code, 1, 1, 'U', content_sha, 1, at "
        "FROM sync_record WHERE dataset = 'JC02' LIMIT 1"
    )
    assert (parent.there.result, parent.there.orphans) == ("different", 1)
    assert parent.there.found == {"orphans": [rid]}
    assert not DirtyMark.objects.filter(op=FORCED).exists()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda told: told["statement"].replace('"child_records":"401"', '"child_records":"400"'), "SIGNATURE"),
        (lambda told: told["statement"].replace(CITY, "330200000000-C"), "SCOPE"),
        (lambda told: "{}", "MALFORMED"),
    ],
)
def test_a_result_with_a_statement_that_was_not_signed_is_refused(compared, settings, change, code):
    parent = compared()
    kept = parent.here
    told = comparing._facts(
        kept,
        {
            "statement": kept.statement,
            "parent_signature": bytes(kept.parent_signature).hex(),
            "child_kid": kept.child_kid,
            "child_signature": bytes(kept.child_signature).hex(),
        },
    )
    settings.CITYOPS_NODE = PROVINCE
    count = Comparison.objects.count()
    with pytest.raises(PeerRefused) as refusal:
        comparing.keep_result(parent.child, msgspec.convert({**told, "statement": change(told)}, Compared))
    assert refusal.value.code == code
    assert Comparison.objects.count() == count


def test_a_child_does_not_sign_what_it_did_not_say(compared, settings):
    parent = compared()
    answer = {"statement": parent.here.statement, "parent_signature": bytes(parent.here.parent_signature).hex()}
    organisation(name="后来的")
    sequence()
    with connection.cursor() as cursor:
        comparing.digests.steady_text(cursor)
        mine = comparing.digests.digest(cursor, registry.get("JC02"), CITY)
    with pytest.raises(PeerRefused, match="did not say"):
        statements.sign(answer, parent=PROVINCE, mine=mine, seq=1)
    assert RecordVersion.objects.filter(dataset="JC02").count() == 402
