"""Pages of figures: the same digits, what is behind them, and who may see them."""

from io import BytesIO

import openpyxl
import pytest

from cityops.foundation.models import AuditEvent
from evaluation import selectors
from evaluation.rules import find_indicator, parse_period
from tests.evaluation.cases import at, case, save
from tests.factories.people import HANGZHOU, NINGBO, ZHEJIANG, division, person

pytestmark = pytest.mark.django_db
DETAIL = f"/figures/on_time_closing_rate/{HANGZHOU}/2026-10/"


@pytest.fixture
def cases():
    """Four cases of 杭州 in October: two on time, one late, one open; one of 宁波."""
    for code in ("000000000000", ZHEJIANG, HANGZHOU, NINGBO, "330102000000"):
        division(code)
    filed = {"filed_at": at("2026-10-01 10:00"), "close_deadline": at("2026-10-03 10:00"), "state": "80"}
    return save(
        case(**filed, closed_at=at("2026-10-02 10:00")),
        case(**filed, closed_at=at("2026-10-03 10:00")),
        case(**filed, closed_at=at("2026-10-04 12:30")),
        case(**{**filed, "state": "50"}),
        case("330203001001", **filed, closed_at=at("2026-10-02 10:00")),
    )


def sign_in(client, role="evaluator", division_code=HANGZHOU):
    user = person(role, division_code=division_code)
    client.force_login(user)
    return user


def text(response) -> str:
    assert response.status_code == 200, response.content
    return response.content.decode()


def test_the_overview_shows_all_indicators_of_the_region_and_its_parts(client, cases):
    sign_in(client)
    shown = text(client.get("/figures/?period=2026-10"))
    assert "50.00" in shown
    assert "330102" in shown
    assert f'href="{DETAIL}"' in shown


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "address", ["/figures/?period=2026-10", "/figures/?period=2026-10&format=csv", DETAIL, f"{DETAIL}records/"]
)
def test_pages_and_files_come_where_no_transaction_is_open_before(client, cases, address):
    sign_in(client)
    answer = client.get(address)
    assert answer.status_code == 200
    assert "50.00" in (b"".join(answer) if answer.streaming else answer.content).decode() or "records" in address
    assert AuditEvent.objects.filter(action="figure.export").exists() is answer.streaming


def test_the_overview_costs_the_same_whatever_it_holds(client, cases, django_assert_max_num_queries):
    sign_in(client)
    with django_assert_max_num_queries(14):
        client.get("/figures/?period=2026-10")


def test_the_figure_opens_to_formula_inputs_and_records(client, cases):
    sign_in(client)
    shown = text(client.get(DETAIL))
    figure = selectors.figure(
        find_indicator("按期结案率"), selectors.find_place("3301"), parse_period("2026-10"), user=None
    )
    assert (figure.text, figure.numerator, figure.denominator) == ("50.00", 2, 4)
    assert "100 × 2 ÷ 4" in shown
    assert "按期结案数 ÷ 有时限的应结案数" in shown
    assert selectors.lineage(figure, user=None).digest in shown
    assert cases[2].case_no in shown
    assert cases[3].case_no in shown
    assert cases[0].case_no not in shown
    assert "超 1 日 2 时" in shown


@pytest.mark.parametrize(
    ("part", "numbers"), [("", [0, 1, 2, 3]), ("on_time", [0, 1]), ("missed", [2, 3]), ("closed", [0, 1, 2])]
)
def test_the_list_holds_exactly_the_records_of_a_part(client, cases, part, numbers):
    sign_in(client)
    shown = text(client.get(f"{DETAIL}records/?part={part}"))
    assert [number for number, one in enumerate(cases) if one.case_no in shown] == numbers


def test_the_list_is_paged(client, cases):
    filed = {"filed_at": at("2026-10-01 10:00"), "close_deadline": at("2026-10-03 10:00"), "state": "50"}
    save(*(case(**filed) for _ in range(100)))
    sign_in(client)
    first = client.get(f"{DETAIL}records/")
    assert len(first.context["records"]) == 50
    assert first.context["page"].paginator.count == 104
    assert len(client.get(f"{DETAIL}records/?page=3").context["records"]) == 4


def test_the_export_holds_exactly_the_records_and_is_audited(client, cases):
    sign_in(client)
    answer = client.get(f"{DETAIL}export/?part=on_time&format=xlsx")
    (listed,) = openpyxl.load_workbook(BytesIO(answer.getvalue())).worksheets
    assert {row[0].value for row in listed.iter_rows(min_row=2)} == {one.case_no for one in cases[:2]}
    assert AuditEvent.objects.filter(action="figure.export", division_code=HANGZHOU).count() == 1


def test_a_zero_denominator_says_no_data(client, cases):
    sign_in(client)
    assert "无数据" in text(client.get(f"/figures/rework_rate/{HANGZHOU}/2026-10/"))
    assert "无数据" in text(client.get("/figures/?period=2020"))


@pytest.mark.parametrize("query", ["", "?cohort=1"])
@pytest.mark.parametrize("period", ["2026", "2026Q4", "2026-10", "2026-10-02", "2024-02-29"])
@pytest.mark.parametrize(
    "indicator", ["filing_rate", "closing_rate", "on_time_closing_rate", "rework_rate", "mean_handling_hours"]
)
def test_every_figure_has_its_page_and_list(client, cases, indicator, period, query):
    sign_in(client)
    text(client.get(f"/figures/{indicator}/{HANGZHOU}/{period}/{query}"))
    text(client.get(f"/figures/{indicator}/{HANGZHOU}/{period}/records/{query}"))


@pytest.mark.parametrize("page", ["", "records/", "export/"])
@pytest.mark.parametrize("code", [NINGBO, ZHEJIANG, "000000000000", "990100000000", "nonsense"])
def test_the_figure_of_another_region_is_not_there(client, cases, code, page):
    sign_in(client)
    assert client.get(f"/figures/closing_rate/{code}/2026-10/{page}").status_code == 404
    assert client.get(f"/figures/?region={code}").status_code == 404


@pytest.mark.parametrize(
    "path",
    ["nonsense/330100000000/2026/", "closing_rate/330100000000/2026-13/", "closing_rate/3301/2026/records/?part=x"],
)
def test_what_names_nothing_is_not_there(client, cases, path):
    sign_in(client)
    assert client.get(f"/figures/{path}").status_code == 404


@pytest.mark.parametrize("page", ["/figures/", DETAIL, f"{DETAIL}records/", f"{DETAIL}export/"])
def test_without_the_permission_it_is_forbidden_and_without_sign_in_one_signs_in(client, cases, page):
    assert client.get(page).status_code == 302
    sign_in(client, "department")
    assert client.get(page).status_code == 403


def test_the_province_sees_its_cities_side_by_side(client, cases, as_tier):
    as_tier("provincial")
    sign_in(client, "supervisor", ZHEJIANG)
    shown = text(client.get("/figures/?period=2026-10"))
    assert "60.00" in shown
    assert f"/figures/on_time_closing_rate/{HANGZHOU}/2026-10/" in shown
    assert f"/figures/on_time_closing_rate/{NINGBO}/2026-10/" in shown


def test_the_nation_sees_cities_under_their_province(client, cases, as_tier):
    as_tier("national")
    sign_in(client, "evaluation_manager", "000000000000")
    shown = text(client.get("/figures/?period=2026-10"))
    assert shown.index(f"/on_time_closing_rate/{ZHEJIANG}/") < shown.index(f"/on_time_closing_rate/{HANGZHOU}/")
    assert "60.00" in shown


@pytest.mark.parametrize(("language", "words"), [("zh-hans", "不是统计期"), ("en", "is no period")])
def test_what_is_no_period_is_refused_in_the_readers_language(client, cases, language, words):
    sign_in(client)
    answer = client.get(f"/api/v1/figures/?period=2026-13&region={HANGZHOU}", headers={"Accept-Language": language})
    assert answer.status_code == 400
    assert words in answer.json()["detail"]


def test_the_overview_comes_as_a_file_to_whom_may_export(client, cases):
    client.force_login(person("leader", division_code=ZHEJIANG))
    sheet = openpyxl.load_workbook(BytesIO(b"".join(client.get("/figures/?format=xlsx").streaming_content))).active
    assert sheet["A1"].value == "区域"
    assert sheet.max_column == 17
    client.force_login(person("acceptor", division_code=ZHEJIANG))
    assert client.get("/figures/?format=xlsx").status_code == 403
