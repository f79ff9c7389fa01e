"""Files of lists."""

import csv
import io
from decimal import Decimal
from types import SimpleNamespace

import openpyxl
import pytest
from django.test import RequestFactory
from django.utils import timezone

from cityops.foundation.errors import InvalidInput
from cityops.foundation.exports import Column, download
from cityops.foundation.models import AuditEvent

pytestmark = pytest.mark.django_db
COLUMNS = (Column("编号", "code"), Column("值", lambda row: row.value))


def get(query, *values):
    rows = (SimpleNamespace(code=f"行{n}", value=value) for n, value in enumerate(values))
    response = download(RequestFactory().get(f"/x/?{query}"), "列表", COLUMNS, rows, action="thing.export")
    content = b"".join(response.streaming_content)
    for close in response._resource_closers:  # not response.close(), which ends the test's connection
        close()
    return response, content


def test_csv_opens_in_excel():
    response, content = get("format=csv", 1, None)
    assert content.startswith(b"\xef\xbb\xbf")
    assert list(csv.reader(io.StringIO(content.decode("utf-8-sig")))) == [["编号", "值"], ["行0", "1"], ["行1", ""]]
    assert "filename*=UTF-8''" in response["Content-Disposition"]


def test_xlsx_keeps_numbers_as_numbers():
    _, content = get("format=xlsx", Decimal("1.5"), "=1+1")
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert [[cell.value for cell in row] for row in sheet.rows] == [["编号", "值"], ["行0", 1.5], ["行1", "=1+1"]]
    assert sheet["B3"].data_type == "s"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠x"])
def test_a_text_is_never_a_formula_in_csv(text):
    _, content = get("format=csv", text)
    rows = csv.reader(io.StringIO(content.decode(), newline=""))
    assert next(row for row in rows if row[0] == "行0")[1] == f"'{text}"


def test_moments_are_local_and_yes_is_a_word():
    _, content = get("format=csv", timezone.datetime(2026, 1, 1, tzinfo=timezone.get_fixed_timezone(0)), True)
    assert "2026-01-01 08:00:00" in content.decode()
    assert "是" in content.decode()


def test_the_audit_trail_knows_what_was_taken_out():
    get("format=csv&state=80&page=3", 1)
    event = AuditEvent.objects.get(action="thing.export")
    assert event.after["filter"] == {"state": ["80"]}


def test_another_format_is_refused():
    with pytest.raises(InvalidInput, match="xlsx"):
        get("format=pdf", 1)
    assert not AuditEvent.objects.exists()


def test_a_workbook_is_what_comes_unasked():
    response, content = get("", 1)
    assert content.startswith(b"PK")
    assert ".xlsx" in response["Content-Disposition"]
