"""The row-wise report of an import as a CSV that a spreadsheet opens, row by row."""

import csv
from collections.abc import Iterator
from typing import IO, Any

from django.utils.translation import gettext as _

from cityops.foundation.exports import safe
from grid.models import ImportIssue, ImportRun


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def header() -> list[str]:
    """The column names of the report."""
    return [_("行号"), _("编号"), _("字段"), _("规则"), _("结果"), _("说明"), _("处理办法")]


def cells(issue: ImportIssue) -> list[str]:
    """One fault as cells."""
    outcome = _("退回") if issue.is_fatal else _("提示")
    values = (issue.row_no, issue.key, issue.field, issue.code, outcome, issue.message, issue.remedy)
    return [safe(str(value)) for value in values]


def issue_lines(run: ImportRun) -> Iterator[str]:
    """The report as lines of CSV, with a mark so that spreadsheets read UTF-8."""
    writer: Any = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(header())
    for issue in run.issues.order_by("row_no", "id").iterator(chunk_size=1_000):
        yield writer.writerow(cells(issue))


def write_issues(run: ImportRun, stream: IO[str]) -> None:
    """Write the report to an open text file (whose encoding writes the mark)."""
    writer = csv.writer(stream)
    writer.writerow(header())
    for issue in run.issues.order_by("row_no", "id").iterator(chunk_size=1_000):
        writer.writerow(cells(issue))
