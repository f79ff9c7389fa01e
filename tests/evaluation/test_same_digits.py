"""Page, API and command give the same digits and the same records; what the API refuses."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from tests.evaluation.cases import COMMUNITY, at, case, save
from tests.factories.people import HANGZHOU, NINGBO, ZHEJIANG, api_token, bearer, division, person

pytestmark = pytest.mark.django_db
API = f"/api/v1/figures/on_time_closing_rate/{HANGZHOU}/2026-10/"


@pytest.fixture
def cases():
    for code in ("000000000000", ZHEJIANG, HANGZHOU, NINGBO, "330102000000"):
        division(code)
    filed = {"filed_at": at("2026-10-01 10:00"), "close_deadline": at("2026-10-03 10:00"), "state": "80"}
    opened = at("2026-09-30 10:00")
    return save(
        case(**filed, closed_at=at("2026-10-02 10:00"), grid_code=f"{COMMUNITY}001"),
        case(**filed, closed_at=at("2026-10-03 10:00"), reported_at=opened),
        case(**filed, closed_at=at("2026-10-04 12:30")),
        case(**{**filed, "close_deadline": None}, closed_at=at("2026-10-04 12:30"), grid_code=f"{COMMUNITY}001"),
        case("330203001001", **filed, closed_at=at("2026-10-02 10:00")),
    )


@pytest.fixture
def token():
    return bearer(api_token(person("evaluator")))


def command(*arguments: str) -> dict:
    out = io.StringIO()
    call_command("figure", *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


@pytest.mark.parametrize("cohort", [False, True])
@pytest.mark.parametrize("indicator", ["on_time_closing_rate", "closing_rate", "filing_rate", "mean_handling_hours"])
def test_page_api_and_command_show_the_same(client, cases, token, indicator, cohort):
    query = "?cohort=1" if cohort else ""
    told = client.get(f"/api/v1/figures/{indicator}/{HANGZHOU}/2026-10/{query}", headers=token).json()
    printed = command(indicator, "3301", "2026-10", *(["--cohort"] if cohort else []))
    assert {**told, "as_of": ""} == {**printed, "as_of": ""}
    client.force_login(person("evaluator"))
    shown = client.get(f"/figures/{indicator}/{HANGZHOU}/2026-10/{query}").context["figure"]
    assert (shown.counts, shown.text) == (told["inputs"], told["value"] or "—")
    listed = client.get(f"/api/v1/figures/?region=3301&period=2026-10&indicator={indicator}&{query[1:]}", headers=token)
    assert listed.json() == [{key: told[key] for key in listed.json()[0]}]


def test_the_contract_figures_of_a_cohort_are_all_in_the_inputs(cases):
    told = command("按期结案率", HANGZHOU, "2026-10", "--cohort")
    assert told["inputs"] == {
        "on_time": 1, "needed_with_deadline": 2, "closed_with_deadline": 2, "needed": 3, "closed": 3, "in_no_grid": 1,
    }  # fmt: skip
    assert (told["value"], told["definition"]["formula_version"]) == ("50.00", 1)


@pytest.mark.parametrize("part", ["", "on_time", "closed"])
def test_api_and_command_list_exactly_the_same_records(client, cases, token, part):
    told = client.get(f"{API}records/?part={part}&page_size=2", headers=token).json()
    found = told["results"]
    while told["next"]:
        told = client.get(told["next"], headers=token).json()
        found += told["results"]
    printed = command("on_time_closing_rate", HANGZHOU, "2026-10", "--records", "--part", part)["records"]
    assert found == printed
    expected = {"": cases[:3], "on_time": cases[:2], "closed": cases[:4]}[part]
    assert {one["case_no"] for one in found} == {one.case_no for one in expected}
    assert all(not part or part in one["counted_as"] for one in found)


def test_the_command_prints_for_people_too(cases):
    out = io.StringIO()
    call_command("figure", "按期结案率", HANGZHOU, "2026-10", "--records", stdout=out)
    assert "66.67 %" in out.getvalue()
    assert cases[0].case_no in out.getvalue()


@pytest.mark.parametrize(
    "arguments",
    [
        ("x", "3301", "2026", "there are filing_rate"),
        ("结案率", "33010", "2026", "2、4、6、9 或 12"),
        ("结案率", "9999", "2026", "load_regions"),
        ("结案率", "33", "2026", "不在本平台负责的区域内"),
        ("结案率", "0", "2026", "不在本平台负责的区域内"),
        ("结案率", "3301", "26", "2011Q3"),
    ],
)
def test_the_command_refuses_what_it_does_not_know_and_says_what_it_does(cases, arguments):
    *asked, remedy = arguments
    with pytest.raises(CommandError, match=remedy):
        call_command("figure", *asked)
    with pytest.raises(CommandError, match="no input"):
        call_command("figure", "结案率", "3301", "2026", "--records", "--part", "x")


def test_an_unchanged_figure_is_answered_with_304(client, cases, token):
    first = client.get(API, headers=token)
    again = client.get(API, headers={**token, "If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    save(case(filed_at=at("2026-10-01 10:00"), close_deadline=at("2026-10-03 10:00")))
    changed = client.get(API, headers={**token, "If-None-Match": first.headers["ETag"]})
    assert (changed.status_code, changed.json()["denominator"]) == (200, 4)


@pytest.mark.parametrize("path", ["", "records/"])
@pytest.mark.parametrize("code", [NINGBO, ZHEJIANG, "000000000000", "999999999999"])
def test_another_region_is_404_with_a_problem(client, cases, token, code, path):
    answer = client.get(f"/api/v1/figures/closing_rate/{code}/2026-10/{path}", headers=token)
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert client.get(f"/api/v1/figures/?region={code}&period=2026", headers=token).status_code == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("figures/closing_rate/330100000000/2026-13/", 400),
        ("figures/nonsense/330100000000/2026/", 404),
        ("figures/closing_rate/330100000000/2026/records/?part=x", 400),
        ("figures/?region=3301&period=2026&series=0", 400),
        ("figures/?region=33010&period=2026", 400),
        ("figures/?region=3301", 400),
        ("figures/?region=3301&period=2026&indicator=x", 404),
    ],
)
def test_what_cannot_be_read_is_refused_as_a_problem(client, cases, token, path, status):
    answer = client.get(f"/api/v1/{path}", headers=token)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")


def test_the_api_wants_a_token_and_the_permission(client, cases):
    for path in ("indicators/", "figures/?region=3301&period=2026", API[8:], f"{API[8:]}records/"):
        assert client.get(f"/api/v1/{path}").status_code == 401
        department = bearer(api_token(person("department")))
        assert client.get(f"/api/v1/{path}", headers=department).status_code == 403


def test_more_regions_and_periods_than_one_answer_holds_are_refused(client, cases, token, monkeypatch):
    monkeypatch.setattr("evaluation.api.views.MAX_CELLS", 5)
    asked = "/api/v1/figures/?region=3301&period=2026-10&parts=1&series="
    answer = client.get(f"{asked}60", headers=token)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "series")
    assert client.get(f"{asked}1", headers=token).status_code == 200


def test_a_series_with_the_parts_is_one_answer(client, cases, token):
    told = client.get("/api/v1/figures/?region=3301&period=2026-10&series=3&parts=1", headers=token).json()
    assert len(told) == 2 * 5 * 3
    by_key = {(one["region"], one["indicator"], one["period"]): one["value"] for one in told}
    assert by_key["330102000000", "closing_rate", "2026-10"] == "100.00"
    assert by_key["330102000000", "closing_rate", "2026-08"] is None


def test_the_indicators_come_with_formula_and_version(client, cases, token):
    told = client.get("/api/v1/indicators/", headers=token).json()
    assert [one["name"] for one in told] == ["立案率", "结案率", "按期结案率", "返工率", "平均处置时长"]
    assert all(one["formula_version"] == 1 for one in told)
