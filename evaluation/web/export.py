"""The records of a figure as a workbook: what was asked and how it was counted, then the cases."""

import tempfile
from collections.abc import Iterable
from typing import IO

import xlsxwriter
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from evaluation.documents import formula_of, name_of, unit_of
from evaluation.selectors import Figure, Lineage
from evaluation.web import shown
from grid.models import Case

MOMENTS = (
    "reported_at",
    "filed_at",
    "rejected_at",
    "dispatched_at",
    "disposed_at",
    "close_deadline",
    "closed_at",
)


def workbook(figure: Figure, lineage: Lineage, part_name: str, cases: QuerySet[Case]) -> IO[bytes]:
    """Write the workbook to a temporary file, row by row, and give it opened at its beginning."""
    file = tempfile.TemporaryFile(suffix=".xlsx")  # noqa: SIM115 — the answer closes it
    book = xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    bold = book.add_format({"bold": True})
    sheet = book.add_worksheet(_("指标"))
    for number, (label, value) in enumerate(_summary(figure, lineage, part_name)):
        sheet.write_string(number, 0, label, bold)
        sheet.write_string(number, 1, value)
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 70)
    _write_cases(book.add_worksheet(_("案件")), bold, cases)
    book.close()
    file.seek(0)
    return file


def _summary(figure: Figure, lineage: Lineage, part_name: str) -> Iterable[tuple[str, str]]:
    indicator = figure.indicator
    yield _("指标"), name_of(indicator)
    yield _("区域"), f"{figure.place.name} {figure.place.code}"
    yield _("统计期"), shown.period_words(figure.period) + (f" · {_('按上报期')}" if figure.is_cohort else "")
    yield _("数值"), f"{figure.text} {unit_of(indicator)}" if figure.value is not None else _("无数据")
    yield _("公式"), f"{formula_of(indicator)} (v{indicator.version})"
    for one in indicator.inputs:
        yield name_of(one), str(figure.counts[one.code])
    yield _("数据截至"), _local(figure.as_of)
    yield _("记录版本"), f"{lineage.records} · SHA-256 {lineage.digest}"
    yield _("清单"), part_name


def _local(at: object) -> str:
    return "" if at is None else f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S}"  # type: ignore[arg-type]


def _write_cases(sheet: xlsxwriter.worksheet.Worksheet, bold: object, cases: QuerySet[Case]) -> None:
    field = Case._meta.get_field
    names = ("case_no", "division_code", "matter_name", "address", "state", *MOMENTS, "rework_count")
    for column, name in enumerate(names):
        title = str(field(name).verbose_name)  # type: ignore[union-attr]
        sheet.write_string(0, column, title, bold)
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, len(names) - 1, 18)
    sheet.freeze_panes(1, 1)
    for number, case in enumerate(cases.iterator(2000), start=1):
        row = [case.case_no, case.division_code, case.matter_name, case.address, case.get_state_display()]
        row += [_local(getattr(case, name)) for name in MOMENTS]
        for column, value in enumerate(row):
            sheet.write_string(number, column, value)
        sheet.write_number(number, len(row), case.rework_count)
