"""The API of figures: the parts behind a figure are those of its page, and what names nothing is refused by place."""

import re

import pytest

from evaluation.rules import INDICATORS
from tests.evaluation.cases import at, case, save
from tests.factories.people import HANGZHOU, NINGBO, ZHEJIANG, division, person

pytestmark = pytest.mark.django_db
FIGURE = f"figures/on_time_closing_rate/{HANGZHOU}/2026-10/"
TIMES = next(code for code, one in INDICATORS.items() if one.times != 100)


@pytest.fixture
def four(client):
    """Two closed on time, one late, one open; of 杭州 in October."""
    for code in ("000000000000", ZHEJIANG, HANGZHOU, NINGBO, "330102000000"):
        division(code)
    filed = {"filed_at": at("2026-10-01 10:00"), "close_deadline": at("2026-10-03 10:00"), "state": "80"}
    client.force_login(person("evaluator"))
    return save(
        case(**filed, closed_at=at("2026-10-02 10:00")),
        case(**filed, closed_at=at("2026-10-03 10:00")),
        case(**filed, closed_at=at("2026-10-04 12:30")),
        case(**{**filed, "state": "50"}),
    )


def numbers(body) -> set[str]:
    return {record["case_no"] for record in body["results"]}


def test_what_the_numerator_misses_can_be_listed_as_on_the_page(client, four):
    asked = {"part": "missed"}
    missed = numbers(client.get(f"/api/v1/{FIGURE}records/", asked).json())
    assert missed == {four[2].case_no, four[3].case_no}
    page = client.get(f"/{FIGURE}records/", asked).content.decode()
    assert set(re.findall(r"/cases/(\d+)/", page)) == missed


@pytest.mark.parametrize("part", ["", *(one.code for one in INDICATORS["on_time_closing_rate"].inputs)])
def test_every_input_lists_as_many_records_as_it_counts(client, four, part):
    counted = client.get(f"/api/v1/{FIGURE}").json()
    listed = client.get(f"/api/v1/{FIGURE}records/", {"part": part} if part else {}).json()
    assert len(listed["results"]) == (counted["inputs"][part] if part else counted["denominator"])


@pytest.mark.parametrize(
    ("address", "query", "field"),
    [
        (f"{FIGURE}records/", "part=nothing", "part"),
        (f"figures/{TIMES}/{HANGZHOU}/2026-10/records/", "part=missed", "part"),
        (FIGURE, "cohort=maybe", "cohort"),
        (f"figures/on_time_closing_rate/{HANGZHOU}/2026-13/", "", "period"),
        (f"figures/on_time_closing_rate/{HANGZHOU}/october/", "", "period"),
        ("figures/on_time_closing_rate/3301x/2026/", "", "region"),
        ("figures/", "", "region"),
        ("figures/", f"region={HANGZHOU}", "period"),
        ("figures/", f"region={HANGZHOU}&period=2026&series=61", "series"),
        ("figures/", f"region={HANGZHOU}&period=2026&series=²", "series"),
        ("figures/", f"region={HANGZHOU}&period=2026&parts=x", "parts"),
    ],
)
def test_bad_input_is_refused_by_its_place(client, four, address, query, field):
    answer = client.get(f"/api/v1/{address}?{query}")
    assert answer.status_code == 400
    entry = answer.json()["errors"][0]
    assert (entry["field"], entry["pointer"]) == (field, f"/{field}")
    assert entry["detail"]


@pytest.mark.parametrize(
    "address",
    [
        f"figures/nothing/{HANGZHOU}/2026/",
        f"figures/on_time_closing_rate/{NINGBO}/2026/",
        f"figures/on_time_closing_rate/{NINGBO}/2026/records/",
        "figures/on_time_closing_rate/339900000000/2026/",
        f"figures/?region={NINGBO}&period=2026",
        f"figures/?region={HANGZHOU}&period=2026&indicator=nothing",
    ],
)
def test_what_is_not_there_or_lies_elsewhere_is_404(client, four, address):
    answer = client.get(f"/api/v1/{address}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_figure_that_did_not_change_is_not_sent_again(client, four):
    etag = client.get(f"/api/v1/{FIGURE}")["ETag"]
    known = {"If-None-Match": etag}
    assert client.get(f"/api/v1/{FIGURE}", headers=known).status_code == 304
    assert client.get(f"/api/v1/{FIGURE}?cohort=true", headers=known).status_code == 200
    save(case(filed_at=at("2026-10-01 10:00"), close_deadline=at("2026-10-03 10:00")))
    assert client.get(f"/api/v1/{FIGURE}", headers=known).status_code == 200
