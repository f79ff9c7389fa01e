"""Pages and API of performance: every number opens a list of its length, who may do what, what is shown to whom."""

import json
import re
from urllib.parse import parse_qs, urlparse

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from grid.performance.models import AnalysisReport, CorrectionRecord, Objection, PerformanceSnapshot, StoredFormulas
from grid.performance.rules.counts import SUMS
from grid.performance.selectors.sets import shipped_sets
from grid.performance.services import reports
from grid.performance.services.snapshots import freeze
from grid.rules.periods import parse_period
from tests.factories.people import api_token, bearer, person
from tests.grid.performance.conftest import PARKS, ROADS

OCTOBER = "period=2026-10&region=3301"
NUMBER = re.compile(r'<a class="num" href="([^"]*/performance/cases/[^"]*)">([\d,.]+)</a>')


@pytest.fixture
def signed_in(client, evaluator):
    client.force_login(evaluator)
    return client


@pytest.mark.parametrize("target", ["area", "department", "post"])
def test_a_statement_shows_scores_grades_and_formulas(signed_in, month, desks, target):
    answer = signed_in.get(f"/performance/?object={target}&{OCTOBER}")
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "综合分" in text
    assert "不作排名" in text
    assert ("率之外的占比" in text) is (target != "post")
    assert ('id="grade-values"' in text) is (target == "area")


def test_a_statement_compares_with_the_period_and_the_year_before(signed_in, month):
    text = signed_in.get(f"/performance/?object=department&{OCTOBER}").content.decode()
    assert "较 2026 年 9 月" in text
    assert "较 2025 年 10 月" in text


@pytest.mark.parametrize(
    ("target", "code"), [("area", "3301"), ("area", "330106"), ("department", ROADS), ("post", "03")]
)
def test_every_number_of_an_object_opens_a_list_of_its_length(signed_in, month, desks, target, code):
    page = signed_in.get(f"/performance/objects/{target}/{code}/?{OCTOBER}")
    links = NUMBER.findall(page.content.decode().replace("&amp;", "&"))
    assert len(links) > 15
    for url, number in set(links):
        if parse_qs(urlparse(url).query)["count"][0] in SUMS:
            continue
        behind = signed_in.get(url)
        assert behind.context["page"].paginator.count == int(number.replace(",", "")), url


def test_the_page_of_an_object_says_how_its_score_came_about(signed_in, month):
    text = signed_in.get(f"/performance/objects/department/{PARKS}/?{OCTOBER}").content.decode()
    assert "结案数" in text
    assert "÷" in text
    assert "近 12 期" in text
    assert "2025 年 11 月" in text


def test_the_list_behind_a_number_can_be_exported_by_who_may(client, month, evaluator):
    address = f"/performance/cases/export/?object=area&{OCTOBER}&code=330102&count=register_num&format=csv"
    client.force_login(evaluator)
    body = b"".join(client.get(address).streaming_content).decode()
    assert body.count("\n") == 6
    client.force_login(person("acceptor"))
    assert client.get(address).status_code == 403


def test_a_statement_is_exported_with_its_counts_and_formula_set(signed_in, month):
    answer = signed_in.get(f"/performance/?object=department&{OCTOBER}&format=csv")
    body = b"".join(answer.streaming_content).decode()
    assert "立案数" in body
    assert "sample-2026.1" in body
    assert "道路处" in body


@pytest.mark.parametrize(
    "address",
    [
        "/performance/?object=person&period=2026-10",
        "/performance/?object=area&period=October",
        "/performance/?object=area&period=2026-10&set=nothing-1",
        "/performance/?object=area&period=2026-10&region=3302",
        "/performance/cases/?object=area&period=2026-10&count=nothing",
        "/performance/cases/?object=area&period=2026-10&count=unit_grid_num",
        "/performance/cases/?object=area&period=2026-10&count=register_num&code=3302",
        "/performance/objects/post/09/?period=2026-10",
        "/performance/formulas/nothing/",
        "/performance/snapshots/999/",
        "/performance/reports/999/pdf/",
    ],
)
def test_what_is_not_there_is_404(signed_in, month, address):
    assert signed_in.get(address).status_code == 404


def test_another_set_gives_other_figures_and_is_named(signed_in, month):
    text = signed_in.get(f"/performance/?object=department&{OCTOBER}&set=jinniu-2026.1").content.decode()
    assert "jinniu-2026.1" in text
    assert "超期待处置率" in text


# --- a department's own view


def test_a_department_sees_itself_and_nothing_else(client, month, roads_person):
    client.force_login(roads_person)
    text = client.get(f"/performance/?{OCTOBER}").content.decode()
    assert "道路处" in text
    assert "园林处" not in text
    assert client.get(f"/performance/?object=area&{OCTOBER}").status_code == 404
    assert client.get(f"/performance/objects/department/{PARKS}/?{OCTOBER}").status_code == 404
    assert client.get(f"/performance/objects/department/{ROADS}/?{OCTOBER}").status_code == 200


def test_a_department_objects_and_the_evaluator_answers(client, month, evaluator, roads_person):
    freeze(evaluator, parse_period("2026-10"))
    snapshot = PerformanceSnapshot.objects.get(target="2")
    row = snapshot.rows.get(target_code=ROADS)
    client.force_login(roads_person)
    assert "提出异议" in client.get(f"/performance/snapshots/{snapshot.pk}/").content.decode()
    client.post(f"/performance/objections/{row.pk}/raise/", {"count": "rework_num", "reason": "不是返工"})
    made = Objection.objects.get()
    client.force_login(evaluator)
    assert "不是返工" in client.get(f"/performance/snapshots/{snapshot.pk}/").content.decode()
    client.post(f"/performance/objections/{made.pk}/answer/", {"accepted": "0", "answer": "记录属实"})
    made.refresh_from_db()
    assert (made.state, made.answer) == ("refused", "记录属实")


# --- snapshots, sets, reports


def test_an_evaluator_freezes_compares_and_corrects(signed_in, month):
    signed_in.post("/performance/snapshots/freeze/", {"period": "2026-10", "set": "sample-2026.1"})
    snapshot = PerformanceSnapshot.objects.get(target="2")
    assert "2026-10" in signed_in.get("/performance/snapshots/").content.decode()
    type(month["late"]).objects.filter(pk=month["late"].pk).update(rework_count=0)
    text = signed_in.get(f"/performance/snapshots/{snapshot.pk}/?changes=1").content.decode()
    assert "冻结以来的变化" in text
    assert "返工数" in text
    signed_in.post(f"/performance/snapshots/{snapshot.pk}/correct/", {"reason": "返工登记有误"})
    assert CorrectionRecord.objects.count() == 1
    assert "返工登记有误" in signed_in.get(f"/performance/snapshots/{snapshot.pk}/").content.decode()
    assert "202610" in signed_in.get("/performance/results/").content.decode()


@pytest.mark.parametrize("period", ["2026-10-05", str(timezone.localdate().year)])
def test_what_cannot_be_frozen_is_told(signed_in, month, period):
    answer = signed_in.post("/performance/snapshots/freeze/", {"period": period}, follow=True)
    assert "冻结" in answer.content.decode()
    assert not PerformanceSnapshot.objects.exists()


def test_a_set_is_loaded_shown_and_compared(signed_in, month):
    document = {**shipped_sets()["sample-2026.1"].document, "version": "2026.2"}
    document["indicators"] = [
        {**one, "numerator": "intime_close_num"} if one["code"] == "closing_rate" else one
        for one in document["indicators"]
    ]
    upload = SimpleUploadedFile("set.json", json.dumps(document).encode())
    answer = signed_in.post("/performance/formulas/load/", {"file": upload}, follow=True)
    assert StoredFormulas.objects.get().key == "sample-2026.2"
    assert "sample-2026.2" in answer.content.decode()
    compared = signed_in.get("/performance/formulas/compare/?a=sample-2026.1&b=sample-2026.2")
    assert [title for title, _a, _b in compared.context["differences"]] == ["结案率"]
    signed_in.post("/performance/formulas/load/", {"default_key": "jinniu-2026.1"})
    assert signed_in.get("/performance/formulas/").context["default"] == "jinniu-2026.1"


def test_a_faulty_set_is_refused_with_words(signed_in, month):
    upload = SimpleUploadedFile("set.json", b'{"code": "x"}')
    answer = signed_in.post("/performance/formulas/load/", {"file": upload}, follow=True)
    assert "至少要有一类评价对象" in answer.content.decode()
    assert signed_in.post("/performance/formulas/load/", {}, follow=True).status_code == 200
    assert not StoredFormulas.objects.exists()


def test_a_report_is_ordered_and_downloaded(signed_in, month):
    signed_in.post("/performance/reports/", {"region": "3301", "period": "2026-10", "set": ""})
    report = AnalysisReport.objects.get()
    reports.make_waiting()
    page = signed_in.get("/performance/reports/").content.decode()
    assert f"/performance/reports/{report.pk}/docx/" in page
    for form, start in (("docx", b"PK"), ("pdf", b"%PDF-")):
        answer = signed_in.get(f"/performance/reports/{report.pk}/{form}/")
        assert b"".join(answer.streaming_content).startswith(start)


@pytest.mark.parametrize("given", [{"region": "3301", "period": "x"}, {"region": "3302", "period": "2026-10"}])
def test_a_report_of_what_is_not_there_is_not_ordered(signed_in, month, given):
    assert signed_in.post("/performance/reports/", given, follow=True).status_code == 200
    assert not AnalysisReport.objects.exists()


def test_who_only_reads_orders_no_report(client, month):
    client.force_login(person("acceptor"))
    assert client.post("/performance/reports/", {"region": "3301", "period": "2026-10"}).status_code == 403


# --- the API


@pytest.fixture
def token(evaluator):
    return bearer(api_token(evaluator))


def test_the_api_gives_a_statement_with_its_parts(client, month, token):
    answer = client.get("/api/v1/performance/statements/department/3301/2026-10/", headers=token).json()
    assert (answer["period"], answer["formulas"], answer["is_running"]) == ("2026-10", "sample-2026.1", False)
    parks = next(one for one in answer["objects"] if one["code"] == PARKS)
    assert (parks["score"], parks["grade"], parks["counts"]["force_close_num"]) == ("100.00", "A", 1)
    assert next(part["indicator"] for part in parks["parts"]) == "rework_num"


@pytest.mark.parametrize(
    ("path", "status"),
    [("person/3301/2026-10", 404), ("area/3302/2026-10", 404), ("area/3301/October", 400), ("area/33x/2026-10", 400)],
)
def test_the_api_refuses_what_is_not_there(client, month, token, path, status):
    assert client.get(f"/api/v1/performance/statements/{path}/", headers=token).status_code == status


def test_the_api_lists_sets_snapshots_and_results(client, month, desks, evaluator, token):
    freeze(evaluator, parse_period("2026-10"))
    sets = client.get("/api/v1/performance/formulas/", headers=token).json()
    assert [(one["key"], one["is_default"]) for one in sets] == [("jinniu-2026.1", False), ("sample-2026.1", True)]
    assert client.get("/api/v1/performance/formulas/sample-2026.1/", headers=token).json()["provenance"] == "B"
    found = client.get("/api/v1/performance/snapshots/", headers=token).json()["results"]
    assert len(found) == 3
    one = next(snapshot for snapshot in found if snapshot["target"] == "2")
    rows = client.get(f"/api/v1/performance/snapshots/{one['id']}/", headers=token).json()["rows"]
    assert [row["code"] for row in rows] == [ROADS, PARKS]
    results = client.get("/api/v1/performance/results/", headers=token).json()["results"]
    assert {result["target_type"] for result in results} <= {"1", "2", "3"}
