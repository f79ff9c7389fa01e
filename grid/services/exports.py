"""Write cases into a workbook 导出; every export leaves an entry in the audit trail."""

import tempfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import xlsxwriter
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.foundation import audit

EXPORT_LIMIT = 100_000
"""Rows in one workbook; who needs more narrows the period."""
CHUNK = 256 * 1024
COLUMNS = (
    "case_no", "matter_name", "class_code", "state", "source", "address", "description", "division_code", "grid_code",
    "reported_at", "accepted_at", "filed_at", "dispatched_at", "duty_org", "dispose_deadline", "disposed_at",
    "close_deadline", "closed_at", "rework_count", "is_simulated",
)  # fmt: skip


def export_cases(rows: QuerySet[Any], *, filters: Mapping[str, Any]) -> Iterator[bytes]:
    """The cases as xlsx, in pieces; rows are written as they come, so memory does not grow with their number."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 — it lives as long as its pieces are sent
    book = xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet(_("案件"))
    head = book.add_format({"bold": True, "bg_color": "#EAF1FB"})
    fields = [rows.model._meta.get_field(name) for name in COLUMNS]
    for column, field in enumerate(fields):
        sheet.write_string(0, column, str(field.verbose_name), head)
    count = 0
    for count, row in enumerate(rows.iterator(chunk_size=2000), start=1):
        for column, name in enumerate(COLUMNS):
            sheet.write(count, column, _cell(row, name))
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, count, len(COLUMNS) - 1)
    book.close()
    with transaction.atomic():
        audit.record(
            "case.export", kind="case", after={"rows": count, "filters": {k: str(v) for k, v in filters.items()}}
        )
    return _pieces(file)


def _cell(row: Any, name: str) -> Any:
    """A code as its word, a moment as local time."""
    display = getattr(row, f"get_{name}_display", None)
    value = display() if display else getattr(row, name)
    if isinstance(value, datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, bool):
        return _("是") if value else ""
    return "" if value is None else value if isinstance(value, int | float) else str(value)


def _pieces(file: Any) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while piece := file.read(CHUNK):
            yield piece
