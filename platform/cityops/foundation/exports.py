"""Exports: xlsx, and CSV that Excel opens (UTF-8 with BOM); audited, safe against formulas in cells.

A list offers what it shows::

    COLUMNS = (Column(_("案件号"), "case_no"), Column(_("状态"), lambda case: case.get_state_display()))
    return download(request, "cases", COLUMNS, cases, action="case.export")
"""

import csv
import datetime as dt
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from typing import IO, Any
from urllib.parse import quote

import xlsxwriter
from django.db import transaction
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, StreamingHttpResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from cityops.foundation import audit
from cityops.foundation.errors import InvalidInput
from cityops.foundation.patience import patiently

BOM = "\ufeff"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Beginnings that a spreadsheet takes for a formula: in CSV such a text gets an apostrophe before it; in a workbook it
is a text by its type."""
FORMATS = ("xlsx", "csv")
"""What is offered; the first one where nothing is asked for."""
XLSX_ROWS = 100_000
"""Rows in one workbook, which is written before it is sent; CSV is written while it is sent and has no limit."""
CHUNK = 2000


@dataclass(frozen=True)
class Column:
    """One column: its head, and where a row's value comes from (an attribute's name, or a function of the row)."""

    title: str | Promise
    value: str | Callable[[Any], Any]

    def read(self) -> Callable[[Any], Any]:
        """The function that reads the value from a row."""
        return attrgetter(self.value) if isinstance(self.value, str) else self.value


def download(
    request: HttpRequest,
    name: str,
    columns: Iterable[Column],
    rows: Iterable[Any],
    *,
    action: str,
    kind: str = "",
    division_code: str = "",
) -> StreamingHttpResponse | FileResponse:
    """The rows as a file, in the format that ``?format=`` (or ``as``) asks for; writes the audit entry first.

    ``rows`` is a queryset, a list, or an iterator; rows of a queryset are never all in memory. Raises InvalidInput
    for a format that is not offered, and for a queryset that a workbook does not hold: nothing is cut off.
    """
    wanted = request.GET.get("format") or request.GET.get("as") or FORMATS[0]
    if wanted not in FORMATS:
        raise InvalidInput(_("导出格式只有 %s。") % "、".join(FORMATS))
    if isinstance(rows, QuerySet):
        if wanted == "xlsx":
            _fits(rows.count())
        rows = rows.iterator(chunk_size=CHUNK)
    columns = tuple(columns)
    filename = f"{name}-{timezone.localtime():%Y%m%d-%H%M}.{wanted}"
    asked = {key: values for key, values in request.GET.lists() if key not in ("format", "as", "page")}
    with transaction.atomic():
        audit.record(
            action, kind=kind, key=name, division_code=division_code, after={"file": filename, "filter": asked}
        )
    make = _csv if wanted == "csv" else _xlsx
    response = make(columns, patiently(rows))
    response.headers["Content-Disposition"] = (
        f"attachment; filename=\"{filename.encode('ascii', 'replace').decode()}\"; filename*=UTF-8''{quote(filename)}"
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _fits(count: int) -> None:
    """Refuse what is longer than a workbook may be, with the number and the way out."""
    if count > XLSX_ROWS:
        raise InvalidInput(
            _("共 %(count)s 条，超过一个 Excel 文件的上限 %(limit)s 条：请缩小筛选范围后再导出，或导出 CSV。")
            % {"count": f"{count:,}", "limit": f"{XLSX_ROWS:,}"},
            count=count,
            limit=XLSX_ROWS,
        )


def _csv(columns: tuple[Column, ...], rows: Iterable[Any]) -> StreamingHttpResponse:
    return StreamingHttpResponse(csv_lines(columns, rows), content_type="text/csv; charset=utf-8")


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def csv_lines(columns: tuple[Column, ...], rows: Iterable[Any]) -> Iterator[str]:
    """The lines of the file, the byte order mark and the heads first."""
    writer = csv.writer(_Echo())
    readers = [column.read() for column in columns]
    yield BOM + writer.writerow([str(column.title) for column in columns])
    for row in rows:
        yield writer.writerow([safe(shown(reader(row))) for reader in readers])


def _xlsx(columns: tuple[Column, ...], rows: Iterable[Any]) -> FileResponse:
    file = tempfile.TemporaryFile(suffix=".xlsx")  # noqa: SIM115 (the response closes it)
    write_workbook(file, columns, _no_more(rows))
    file.seek(0)
    return FileResponse(file, content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")


def _no_more(rows: Iterable[Any]) -> Iterator[Any]:
    """The rows, refused where they are more than were counted and than one sheet holds."""
    for at, row in enumerate(rows, start=1):
        if at > XLSX_ROWS:
            _fits(at)
        yield row


def write_workbook(file: IO[bytes], columns: Iterable[Column], rows: Iterable[Any]) -> int:
    """Write rows as a workbook, XLSX_ROWS to a sheet, never all in memory. Returns how many rows were written."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    columns = tuple(columns)
    readers = [column.read() for column in columns]
    count = 0
    with xlsxwriter.Workbook(file, options) as book:
        bold = book.add_format({"bold": True})
        sheet = _sheet(book, columns, bold)
        for count, row in enumerate(rows, start=1):
            at = (count - 1) % XLSX_ROWS + 1
            if at == 1 and count > 1:
                sheet = _sheet(book, columns, bold)
            for number, reader in enumerate(readers):
                _cell(sheet, at, number, shown(reader(row)))
    return count


def _sheet(book: Any, columns: tuple[Column, ...], bold: Any) -> Any:
    """A new sheet with the heads of its columns."""
    sheet = book.add_worksheet()
    for number, column in enumerate(columns):
        sheet.write_string(0, number, str(column.title), bold)
    sheet.freeze_panes(1, 0)
    return sheet


def _cell(sheet: Any, row: int, column: int, value: Any) -> None:
    if isinstance(value, int | float | Decimal):
        sheet.write_number(row, column, value)
    elif value != "":
        sheet.write_string(row, column, value)


def shown(value: Any) -> Any:
    """A value as a file shows it: numbers stay numbers, moments in local time, yes and no as words."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, int | float | Decimal):
        return value
    if isinstance(value, dt.datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M:%S")
    return str(value)


def safe(value: Any) -> Any:
    """A text that a spreadsheet does not take for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
