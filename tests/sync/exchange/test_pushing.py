"""The road for third parties: NDJSON in, an answer to every line, the records this node's own."""

import json
import uuid

import pytest

from cityops.accounts.models import Organisation
from cityops.foundation.models import AuditEvent
from sync.exchange.models import DirtyMark, PushedRecord, RecordVersion
from sync.exchange.rules import lines
from sync.exchange.services.sequencing import sequence
from tests.factories.people import HANGZHOU, division, organisation, person
from tests.sync.exchange.conftest import CITY

pytestmark = pytest.mark.django_db
URL = "/api/v1/exchange/records/?dataset="


@pytest.fixture
def push(city, client):
    """Hand lines in as a data officer of the city (or somebody else), with a token."""

    def send(*records, dataset="JC02", role="data_officer", division_code=HANGZHOU, expect=200):
        division()
        client.force_login(person(role, division_code=division_code))
        body = b"\n".join(one if isinstance(one, bytes) else json.dumps(one).encode() for one in records)
        answer = client.post(URL + dataset, body, content_type="application/x-ndjson")
        assert answer.status_code == expect, getattr(answer, "content", b"")
        if expect != 200:
            return answer.json()
        return [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]

    return send


def org(number: int = 1, **fields) -> dict:
    known = {
        "rid": str(uuid.UUID(int=number)), "rev": 1, "org_code": f"1233{number:014d}", "name": f"单位\t\\ {number}",
        "org_type": "05", "industry": "", "division_code": HANGZHOU, "status": "1",
    }  # fmt: skip
    return {name: value for name, value in {**known, **fields}.items() if value is not None}


def test_records_come_in_as_this_node_s_own_and_travel_like_any_other(push):
    assert push(org(1), org(2)) == [{"line": 1, "result": "accepted"}, {"line": 2, "result": "accepted"}]
    one = Organisation.objects.get(org_code="1233" + "0" * 13 + "1")
    assert (one.name, one.origin_code, one.short_name) == ("单位\t\\ 1", CITY, "")
    assert DirtyMark.objects.filter(rid=one.rid).count() == 1
    sequence()
    assert RecordVersion.objects.get(rid=one.rid).rev == 1
    assert AuditEvent.objects.get(action="records.push").after == {"accepted": 2, "unchanged": 0, "refused": 0}


def test_an_empty_request_is_refused_with_its_type_and_without(push, client):
    assert push(expect=400)["detail"]
    assert client.generic("POST", URL + "JC02", b"", content_type="").status_code == 400


def test_the_same_rid_and_rev_again_change_nothing_and_a_higher_one_does(push):
    push(org(1))
    DirtyMark.objects.all().delete()
    assert push(org(1)) == [{"line": 1, "result": "accepted", "unchanged": True}]
    assert not DirtyMark.objects.exists()
    (refused,) = push(org(1, name="改"))
    assert (refused["result"], refused["errors"][0]["code"]) == ("refused", "rev_reused")
    assert push(org(1, name="改", rev=2)) == [{"line": 1, "result": "accepted"}]
    assert Organisation.objects.get().name == "改"
    (refused,) = push(org(1))
    assert refused["errors"][0]["code"] == "rev_old"
    assert push({"rid": org(1)["rid"], "rev": 3, "op": "D"}) == [{"line": 1, "result": "accepted"}]
    assert not Organisation.objects.exists()
    assert PushedRecord.objects.get().rev == 3


SURROGATE = json.dumps(org(2)).replace("\\u5355", "\\ud800").encode()


@pytest.mark.parametrize(
    ("bad", "field", "code"),
    [
        (org(2, org_type="99"), "org_type", "code_list"),
        (org(2, name="长" * 101), "name", "length"),
        (org(2, name=None), "name", "required"),
        (org(2, salary=1), "salary", "unknown_field"),
        (org(2, division_code="330200000000"), "-", "owner_division"),
        (org(2, rid="x"), "rid", "envelope"),
        (org(2, rev=0), "rev", "envelope"),
        (b"{", "-", "json"),
        (b'{"rid": "\xff"}', "rid", "envelope"),
        (b"[" * 100_000, "-", "envelope"),
        (b"", "-", "json"),
        (org(2, name="a\x00b"), "-", "database"),
        (SURROGATE, "-", None),
    ],
)  # fmt: skip
def test_a_line_at_fault_is_refused_with_field_and_remedy_and_holds_up_nothing(push, bad, field, code):
    first, second, third = push(org(1), bad, org(3))
    assert first["result"] == third["result"] == "accepted"
    assert (second["line"], second["result"]) == (2, "refused")
    assert code is None or (second["errors"][0]["field"], second["errors"][0]["code"]) == (field, code)
    assert all(one["remedy"] for one in second["errors"])
    assert Organisation.objects.count() == 2


def test_a_number_taken_twice_and_a_foreign_record_are_refused(push):
    theirs = organisation(name="省厅", origin_code="330000000000-P")
    answers = push(org(1), org(2, org_code=org(1)["org_code"]), org(3, rid=str(theirs.rid)), org(4), org(4, rev=2))
    assert [one["result"] for one in answers] == ["accepted", "refused", "refused", "refused", "accepted"]
    assert [one["errors"][0]["code"] for one in answers if "errors" in one] == ["taken", "OWNER", "repeated"]
    theirs.refresh_from_db()
    assert theirs.name == "省厅"


def test_what_is_too_much_or_not_for_this_road_is_refused_whole(push, monkeypatch):
    monkeypatch.setattr(lines, "MOST_LINES", 2)
    assert push(org(1), org(2), org(3), expect=413)["code"] == "too_large"
    monkeypatch.undo()
    assert push(org(1), b'"' + b"x" * (lines.LONGEST_LINE + 1), expect=413)["code"] == "too_large"
    assert AuditEvent.objects.filter(action="records.push", succeeded=False).count() == 2
    for dataset in ("JC01", "GL04", "JC11", "XX99", ""):
        assert push(org(1), dataset=dataset, expect=400)["code"] == "invalid"
    push(org(1), role="leader", expect=403)
    assert not Organisation.objects.filter(org_code__startswith="1233").exists()
    assert not PushedRecord.objects.exists()


@pytest.mark.parametrize("size", [1, 3, 100])
def test_lines_are_cut_alike_however_they_arrive(size):
    text = b"a\nbb\n\nccc"

    def reader():
        left = [text[at : at + size] for at in range(0, len(text), size)]
        return lambda _most: left.pop(0) if left else b""

    assert [line for chunk in lines.chunks_of(reader(), 2) for line in chunk] == [b"a", b"bb", b"", b"ccc"]
