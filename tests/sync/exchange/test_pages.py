"""Pages and API of the exchange: who sees what, parked records with reasons, approval by a second person."""

import datetime as dt
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from grid.models import CaseDailyStatistic
from grid.selectors.statistics import COUNTS
from sync.exchange.models import Enrolment, Link, Parked, Receipt
from sync.exchange.services.receiving import receive
from tests.factories.people import NINGBO, ZHEJIANG, api_token, bearer, person
from tests.sync.exchange.conftest import CITY

pytestmark = pytest.mark.django_db


@pytest.fixture
def province(from_city):
    """浙江, which received one good organisation and parked one."""
    from tests.sync.exchange.test_receiving import rewritten

    sent = from_city("城管局", "园林局")
    receive(rewritten(sent, lambda raw: raw.replace(b"330100000000", b"330200000000", 1)), sender=CITY)


def signed_in(client, role, division=ZHEJIANG):
    client.force_login(person(role, division_code=division))
    return client


@pytest.mark.parametrize("name", ["exchange-overview", "exchange-parked", "exchange-enrolments"])
def test_pages_open_for_who_may_and_not_for_others(client, province, name):
    assert client.get(reverse(name)).status_code == 302
    assert signed_in(client, "system_admin").get(reverse(name)).status_code == 200
    assert signed_in(client, "expert").get(reverse(name)).status_code == 403


def test_the_overview_names_links_datasets_and_what_is_parked(client, province):
    page = signed_in(client, "supervisor").get(reverse("exchange-overview")).content.decode()
    assert "杭州市" in page
    assert "JC02" in page


def test_a_link_shows_streams_receipts_and_batches(client, province):
    page = signed_in(client, "supervisor").get(reverse("exchange-link", args=[CITY]))
    assert page.status_code == 200
    assert "330000000000-P" in page.content.decode()


@pytest.mark.parametrize(("code", "words"), [("KEY", "密钥标识"), ("OWNER", "属于其他节点")])
def test_a_frozen_link_says_why_and_how_to_mend_it(client, province, code, words):
    Link.objects.update(state="frozen", frozen_reason=f"{code}: what the peer said")
    page = signed_in(client, "supervisor").get(reverse("exchange-link", args=[CITY])).content.decode()
    assert f"{code}: what the peer said" in page
    assert words in page


def test_a_link_to_a_child_compares_its_statistics_with_its_cases(client, province):
    address = reverse("exchange-link", args=[CITY])
    page = signed_in(client, "supervisor").get(address).content.decode()
    assert "统计核对" in page
    assert "收到的每一项都与案件推算的相同" in page
    CaseDailyStatistic.objects.create(
        origin_code=CITY,
        division_code="330102001000",
        stat_date=timezone.localdate() - dt.timedelta(days=2),
        kind="2",
        **{**dict.fromkeys(COUNTS, 0), "report_num": 77},
    )
    page = client.get(address).content.decode()
    assert "330102001" in page
    assert '<td class="r">77</td><td class="r">—</td>' in page
    Link.objects.update(role="parent")
    assert "统计核对" not in client.get(address).content.decode()


def test_a_link_of_another_region_is_not_there(client, province):
    signed_in(client, "supervisor", NINGBO)
    assert client.get(reverse("exchange-link", args=[CITY])).status_code == 404
    assert client.post(reverse("exchange-compare", args=[CITY])).status_code == 404
    assert client.post(reverse("exchange-retry", args=[Parked.objects.get().pk])).status_code == 404
    assert Link.objects.get().compare_asked_at is None


def test_parked_records_show_reason_and_can_be_tried_again(client, province):
    signed_in(client, "supervisor")
    parked = Parked.objects.get()
    assert parked.reasons[0]["remedy"] in client.get(reverse("exchange-parked")).content.decode()
    answer = client.post(reverse("exchange-retry", args=[parked.pk]))
    assert answer.status_code == 302
    parked.refresh_from_db()
    assert (parked.state, parked.tries) == ("P", 2)


def test_parked_records_come_as_a_file_within_the_region(client, province):
    rid = str(Parked.objects.get().rid)
    address = reverse("exchange-parked-export") + "?format=csv"
    found = b"".join(signed_in(client, "supervisor").get(address)).decode("utf-8-sig")
    assert rid in found
    assert Parked.objects.get().reasons[0]["remedy"] in found
    elsewhere = b"".join(signed_in(client, "supervisor", NINGBO).get(address)).decode()
    assert rid not in elsewhere


@pytest.mark.parametrize("name", ["exchange-overview", "exchange-link", "exchange-parked"])
def test_more_records_cost_no_more_queries(client, province, name):
    signed_in(client, "supervisor")
    address = reverse(name, args=[CITY] if name == "exchange-link" else [])
    client.get(address)
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    one = Parked.objects.get()
    for number in range(20):
        again = {"epoch_no": 1, "flow": "up", "dataset": "JC02", "owner_code": CITY, "reasons": one.reasons}
        Parked.objects.create(stream=one.stream, seq=100 + number, rid=uuid.uuid4(), line=b"", **again)
        Receipt.objects.create(
            stream=one.stream, receiver_code="330000000000-P", epoch_no=1, from_seq=100 + number, upto_seq=100 + number,
            applied=1, superseded=0, text=b"", kid="", signature=b"", made_at=timezone.now(),
        )  # fmt: skip
    with CaptureQueriesContext(connection) as many:
        client.get(address)
    assert len(many) == len(few)


def test_a_comparison_can_be_asked_for(client, province):
    signed_in(client, "supervisor").post(reverse("exchange-compare", args=[CITY]))
    assert Link.objects.get().compare_asked_at is not None


def test_who_makes_the_code_cannot_approve_with_it(client, province):
    admin = person(("system_admin",), division_code=ZHEJIANG)
    client.force_login(admin)
    page = client.post(reverse("exchange-code"), {"child": "330200000000-C"})
    assert page.context["code"] in page.content.decode()
    assert client.post(reverse("exchange-code"), {"child": "330200"}).status_code == 422
    assert client.post(reverse("exchange-approve", args=["330200000000-C"])).status_code == 403
    assert Enrolment.objects.get(child_code="330200000000-C").state == "open"


def test_the_api_gives_the_same_within_the_region(client, province):
    token = api_token(person("supervisor", division_code=ZHEJIANG, is_integration=True))
    found = client.get("/api/v1/exchange/links/", headers=bearer(token))
    assert [link["peer_code"] for link in found.json()] == [CITY]
    datasets = client.get("/api/v1/exchange/datasets/", headers=bearer(token)).json()
    assert {d["dataset"]: d["parked"] for d in datasets if d["parked"]} == {"JC02": 1}
    parked = client.get("/api/v1/exchange/parked/", headers=bearer(token)).json()["results"]
    assert parked[0]["reasons"][0]["code"] == "owner_division"
    other = api_token(person("supervisor", division_code=NINGBO, is_integration=True))
    assert client.get("/api/v1/exchange/links/", headers=bearer(other)).json() == []
    assert client.get("/api/v1/exchange/parked/", headers=bearer(other)).json()["results"] == []
    assert client.get("/api/v1/exchange/links/").status_code == 401


def test_the_api_tells_of_a_link_what_its_page_shows(client, province):
    Link.objects.update(state="frozen", frozen_reason="KEY: what the peer said")
    address = reverse("api:exchange-link", args=[CITY])
    found = signed_in(client, "supervisor").get(address).json()
    assert (found["peer_code"], found["state"], found["light"]) == (CITY, "frozen", "red")
    assert "密钥标识" in found["remedy"]
    stream = next(one for one in found["streams"] if one["producer_code"] == CITY)
    assert (stream["seq"], stream["applied_count"], stream["parked_count"]) == ("2", "1", "1")
    receipt = found["receipts"][0]
    assert (receipt["receiver_code"], receipt["applied"], receipt["parked"]) == ("330000000000-P", 1, 1)
    assert receipt["parked_examples"][0]["dataset"] == "JC02"
    assert [batch["datasets"] for batch in found["batches"]] == [{"JC02": 2}]
    assert {cell["dataset"] for cell in found["datasets"]} >= {"JC02"}
    assert signed_in(client, "supervisor", NINGBO).get(address).status_code == 404
    assert client.get(reverse("api:exchange-link", args=["330900000000-C"])).status_code == 404
