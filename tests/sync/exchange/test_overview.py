"""The board of nodes and datasets, statements, and what came back to a city."""

import json
import uuid
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from sync.exchange.models import Batch, Comparison, DirtyMark, Link, Receipt, RecordVersion, Stream
from sync.exchange.selectors import links, measures
from sync.exchange.services.receiving import receive
from sync.exchange.services.sequencing import FORCED, sequence
from tests.factories.people import HANGZHOU, NINGBO, ZHEJIANG, organisation, person
from tests.sync.exchange.conftest import CITY, PROVINCE

pytestmark = pytest.mark.django_db
REASONS = [{"code": "x", "detail": "统一社会信用代码不对", "remedy": "改正代码后重发"}]


@pytest.fixture
def province(from_city):
    """浙江, which received one good organisation and parked one; compared as equal before and as different now."""
    from tests.sync.exchange.test_receiving import rewritten

    sent = from_city("城管局", "园林局", "环卫处")
    receive(rewritten(sent, lambda raw: raw.replace(b"330100000000", b"330200000000", 1)), sender=CITY)
    compared("equal", hours=2, records=1_204_533)
    compared("different", records=3, peer_records=4, missing=1, found={"missing": [str(uuid.uuid4())]})
    Link.objects.update(last_ok_at=timezone.now())


def compared(result, *, hours=0, dataset="JC02", peer=CITY, **fields):
    at = timezone.now() - timezone.timedelta(hours=hours)
    return Comparison.objects.create(
        peer_code=peer, owner_code=CITY, dataset=dataset, flow="up", result=result, at=at, **{"records": 2, **fields}
    )


def signed_in(client, role="supervisor", division=ZHEJIANG):
    client.force_login(person(role, division_code=division))
    return client


@pytest.mark.parametrize(
    ("part", "whole", "wanted"), [(0, 0, None), (1, 3, "33.3"), (9999, 10_000, "99.9"), (5, 5, "100.0")]
)
def test_a_share_is_never_rounded_up_to_the_whole(part, whole, wanted):
    assert measures.share(part, whole) == (None if wanted is None else Decimal(wanted))


def test_a_cell_says_when_it_was_verified_with_how_many_records_and_how_good_it_is(client, province):
    page = signed_in(client).get(reverse("exchange-overview"))
    row = next(row for row, _name, _worst in page.context["matrix"] if row.owner_code == CITY)
    cell = row.cells["JC02"]
    assert "核对一致，1,204,533 条" in cell.verified
    assert (cell.light, cell.timely, cell.complete, cell.valid) == ("red", 100, 75, Decimal("66.6"))
    assert cell.verified in page.content.decode()
    assert page.context["values"][HANGZHOU]["light"] == "red"
    assert reverse("exchange-link", args=[CITY]) in page.content.decode()
    assert page.context["different"] == 1


def test_what_arrives_late_is_not_timely(province):
    assert measures.timeliness()[CITY, "JC02"] == 100
    batch = Batch.objects.get(stream__producer_code=CITY)
    made_at = json.loads(bytes(batch.header))["made_at"]
    late = timezone.datetime.fromisoformat(made_at) + timezone.timedelta(seconds=901)
    Batch.objects.filter(pk=batch.pk).update(stored_at=late)
    assert measures.timeliness()[CITY, "JC02"] == 0


def test_a_wall_shows_the_same_to_whom_it_concerns(client, province):
    page = signed_in(client).get(reverse("exchange-wall")).content.decode()
    assert "JC02" in page
    assert CITY in page or "杭州" in page
    other = signed_in(client, division=NINGBO).get(reverse("exchange-wall"))
    assert [row.owner_code for row, _name, _worst in other.context["matrix"] if row.owner_code == CITY] == []


def test_more_nodes_cost_no_more_queries(client, province):
    signed_in(client)
    for name in ("exchange-overview", "exchange-statements"):
        client.get(reverse(name))
        with CaptureQueriesContext(connection) as few:
            client.get(reverse(name))
        for number in range(10, 14):
            owner = f"3303{number}000000-C"
            Link.objects.create(peer_code=owner, role="child", state="live")
            RecordVersion.objects.create(
                rid=uuid.uuid4(), dataset="JC04", owner_code=owner, rec_epoch=1, rev=1, op="U", at=timezone.now(),
                content_sha=b"\0" * 32,
            )  # fmt: skip
            compared("equal", dataset="JC04")
        with CaptureQueriesContext(connection) as many:
            client.get(reverse(name))
        assert len(many) == len(few), name
        Link.objects.exclude(peer_code=CITY).delete()


def test_a_difference_is_listed_with_what_happens_to_it(client, province):
    one = Comparison.objects.get(result="different")
    page = signed_in(client).get(reverse("exchange-statement", args=[one.pk]))
    assert one.found["missing"][0] in page.content.decode()
    assert [part["name"] for part in page.context["classes"]] == ["missing"]
    assert client.get(reverse("exchange-statement-file", args=[one.pk])).status_code == 404, "nothing was signed"
    other = signed_in(client, division=NINGBO)
    assert other.get(reverse("exchange-statement", args=[one.pk])).status_code == 404
    listed = other.get(reverse("exchange-statements")).context["rows"]
    assert listed == []


@pytest.fixture
def returned(city):
    """杭州, two organisations of which its province sent back; one of them was changed since."""
    Link.objects.create(peer_code=PROVINCE, role="parent", state="live")
    kept, changed = organisation(name="甲"), organisation(name="乙")
    sequence()
    entries = [
        {"seq": str(version.seq), "dataset": "JC02", "rid": str(version.rid), "reasons": REASONS}
        for version in RecordVersion.objects.filter(rid__in=[kept.rid, changed.rid])
    ]
    Receipt.objects.create(
        stream=Stream.objects.get(producer_code=CITY, lane="normal"), receiver_code=PROVINCE, epoch_no=1, from_seq=1,
        upto_seq=9, applied=0, superseded=0, parked=entries, text=b"{}", kid="k", signature=b"s",
        made_at=timezone.now(),
    )  # fmt: skip
    changed.name = "乙新"
    changed.save()
    sequence()
    return kept


def test_a_city_finds_what_came_back_why_and_where_it_is_mended_in_one_screen(client, returned):
    signed_in(client, "data_officer", HANGZHOU)
    page = client.get(reverse("exchange-rejected"))
    (one,) = page.context["rows"]
    assert (one.rid, one.receiver_code, one.title) == (returned.rid, PROVINCE, returned.org_code)
    assert REASONS[0]["remedy"] in page.content.decode()
    admin = signed_in(client, "system_admin", HANGZHOU).get(reverse("exchange-rejected"))
    assert reverse("organisation-edit", args=[returned.org_code]) in admin.content.decode()


def test_what_came_back_is_sent_again_on_demand_and_gone_once_both_ends_are_equal(client, returned):
    signed_in(client, "data_officer", HANGZHOU)
    assert client.post(reverse("exchange-resend", args=["JC02", returned.rid])).status_code == 302
    assert list(DirtyMark.objects.filter(op=FORCED).values_list("rid", flat=True)) == [returned.rid]
    assert client.post(reverse("exchange-resend", args=["JC02", uuid.uuid4()])).status_code == 404
    compared("equal", peer=PROVINCE)
    assert client.get(reverse("exchange-rejected")).context["rows"] == []


def test_of_one_time_words_the_day_is_left_out_today():
    cell = links.LinkCell("x", "JC02", "up", "green", equal_at=timezone.now(), equal_records=12)
    assert ":" in cell.equal_short
    assert "-" not in cell.verified.split()[0]
