"""Pages of matched addresses: upload, reports, one report, its file."""

from typing import Any

from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from cityops.accounts.guards import person_of
from cityops.foundation.errors import CityOpsError
from cityops.foundation.exports import Column, download
from cityops.foundation.patience import patience
from grid.places.rules.matching import Verdict
from grid.places.selectors import reports
from grid.places.selectors.words import VERDICTS, reason_words
from grid.places.services.batches import match_upload
from grid.places.web.forms import MatchForm

PAGE_SIZE = 100
COLUMNS = (
    Column(_("行号"), lambda row: row["row"]),
    Column(_("地址"), lambda row: row["text"]),
    Column(_("结果"), lambda row: VERDICTS[row["verdict"]]),
    Column(_("最佳地点"), lambda row: row["name"]),
    Column(_("标准地址"), lambda row: row["address"]),
    Column(_("得分"), lambda row: row["score"]),
    Column(_("依据"), lambda row: reason_words(row["reasons"])),
    Column(_("其他候选"), lambda row: row["others"]),
    Column(_("经度"), lambda row: row.get("longitude")),
    Column(_("纬度"), lambda row: row.get("latitude")),
    Column(_("单元网格"), lambda row: row.get("grid_code")),
    Column(_("地点标识"), lambda row: row["place_id"]),
)


@require_http_methods(["GET", "POST"])
def match_list(request: HttpRequest) -> HttpResponse:
    """Upload a file of addresses; the reports that were made."""
    form = MatchForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            with patience():
                report = match_upload(person_of(request), form.cleaned_data["file"])
        except CityOpsError as refused:
            form.add_error("file", refused.detail)
        else:
            return redirect("place-match-detail", report.pk)
    page = Paginator(reports.visible_reports(person_of(request)), 20).get_page(request.GET.get("page"))
    rates = {report.pk: reports.percent_of(report.found, report.total) for report in page}
    facts = {"form": form, "page": page, "rates": rates}
    return render(request, "places/match_list.html", facts, status=400 if form.errors else 200)


def _rows(request: HttpRequest, rows: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    """The verdict that is asked for, and the rows that have it."""
    wanted = request.GET.get("verdict", "")
    if wanted not in VERDICTS:
        return "", rows
    return wanted, [row for row in rows if row["verdict"] == wanted]


@require_safe
def match_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One report: the shares, and the best candidate of each address."""
    report = reports.get_report(person_of(request), pk)
    wanted, rows = _rows(request, report.rows)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    shown = [{**row, "said": VERDICTS[row["verdict"]], "why": reason_words(row["reasons"])} for row in page]
    counts = ((Verdict.FOUND, report.found), (Verdict.AMBIGUOUS, report.ambiguous), (Verdict.MISSING, report.missing))
    facts = {
        "report": report,
        "page": page,
        "rows": shown,
        "wanted": wanted,
        "rate": reports.percent_of(report.found, report.total),
        "enough": reports.WANTED_PERCENT,
        "shares": [(code.value, VERDICTS[code], n, reports.percent_of(n, report.total)) for code, n in counts],
    }
    return render(request, "places/match_detail.html", facts)


@require_safe
def match_export(request: HttpRequest, pk: int) -> StreamingHttpResponse | FileResponse:
    """The rows of a report as a file."""
    report = reports.get_report(person_of(request), pk)
    _wanted, rows = _rows(request, report.rows)
    return download(
        request,
        f"places-match-{pk}",
        COLUMNS,
        rows,
        action="place.match_export",
        kind="MatchReport",
        division_code=report.division_code,
    )
