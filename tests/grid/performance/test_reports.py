"""The analysis report: docx and PDF of figures only, made in the background, downloadable by who may."""

import io
import re
import zlib
from contextlib import suppress

import pytest
from docx import Document
from PIL import Image

from cityops.foundation.errors import NotThere, Refused
from grid.performance.models import AnalysisReport
from grid.performance.selectors.analysis import content_of
from grid.performance.selectors.drawing import months_chart
from grid.performance.selectors.sets import find_set
from grid.performance.services import reports
from grid.performance.services.documents import docx_of, pdf_of, png_of
from grid.rules.periods import parse_period
from grid.selectors.divisions import find_place
from tests.factories.people import person

OCTOBER = parse_period("2026-10")


@pytest.fixture
def content(month):
    return content_of(find_place("3301"), OCTOBER, find_set(), user=None, progress=lambda _number: None)


def test_the_content_is_counted_and_compares_with_before(content):
    assert content.title == "测试市2026 年 10 月绩效分析报告"
    overview = content.tables[0]
    assert overview.heads == ["项目", "2026 年 10 月", "2026 年 9 月", "2025 年 10 月"]
    rows = {row[0]: row[1:] for row in overview.rows}
    assert rows["立案数"] == ["7", "0", "0"]
    assert rows["结案率 %"] == ["80.00", "—", "—"]
    titles = [table.title for table in content.tables]
    assert titles[1:4] == ["区域绩效", "部门绩效", "岗位绩效"]
    assert any(row[0] == "道路处" for row in content.tables[2].rows)
    assert "更正记录" in titles


def test_the_docx_can_be_read_and_holds_tables_and_pictures(content):
    document = Document(io.BytesIO(docx_of(content)))
    text = "\n".join(cell.text for table in document.tables for row in table.rows for cell in row.cells)
    assert "道路处" in text
    assert "80.00" in text
    assert len(document.inline_shapes) == len(content.pictures) >= 1
    assert len(document.tables) >= 6


def test_the_pdf_is_whole_and_has_letters_of_its_own(content):
    made = pdf_of(content)
    assert made.startswith(b"%PDF-")
    assert made.rstrip().endswith(b"%%EOF")
    inside = b""
    for stream in re.findall(rb"stream\n(.*?)\nendstream", made, re.DOTALL):
        with suppress(zlib.error):
            inside += zlib.decompress(stream)
    assert b"/FontFile" in inside
    assert b"WenQuanYi" in inside


def test_a_picture_is_drawn_where_lines_have_gaps():
    chart = months_chart(["26-09", "26-10", "26-11"], [[None, None, None], [10, None, 90]])
    image = Image.open(io.BytesIO(png_of(chart)))
    assert image.size == (1280, 480)
    assert len(image.getcolors(maxcolors=100_000)) > 2


def test_an_ordered_report_is_made_in_the_background(month, evaluator):
    report = reports.order_report(evaluator, find_place("3301"), OCTOBER)
    assert reports.make_waiting() == 1
    report.refresh_from_db()
    assert (report.state, report.progress, set(report.files)) == ("done", 100, {"docx", "pdf"})
    found, path = reports.file_of(evaluator, report.pk, "pdf")
    assert (found.pk, path.read_bytes()[:5]) == (report.pk, b"%PDF-")
    assert reports.make_waiting() == 0


def test_what_goes_wrong_is_written_into_the_report(month, evaluator):
    report = reports.order_report(evaluator, find_place("3301"), OCTOBER)
    AnalysisReport.objects.filter(pk=report.pk).update(formula_key="gone-1")
    reports.make_waiting()
    report.refresh_from_db()
    assert report.state == "failed"
    assert "gone-1" in report.message


def test_a_report_whose_worker_died_waits_again(month, evaluator):
    report = reports.order_report(evaluator, find_place("3301"), OCTOBER)
    AnalysisReport.objects.filter(pk=report.pk).update(state="running", made_at="2026-01-01T00:00Z")
    assert reports.settle_broken() == 1


def test_nobody_fills_the_queue(month, evaluator):
    for _ in range(reports.MOST_WAITING):
        reports.order_report(evaluator, find_place("3301"), OCTOBER)
    with pytest.raises(Refused):
        reports.order_report(evaluator, find_place("3301"), OCTOBER)


def test_other_districts_and_departments_get_no_report(month, evaluator, roads_person):
    report = reports.order_report(evaluator, find_place("3301"), OCTOBER)
    reports.make_waiting()
    for outsider in (roads_person, person("evaluator", division_code="330102000000")):
        with pytest.raises(NotThere):
            reports.file_of(outsider, report.pk, "pdf")
