"""Pages of analysis reports: order one, watch it, download it."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from cityops.accounts.guards import person_of
from cityops.foundation.errors import CityOpsError
from grid.performance.models import AnalysisReport
from grid.performance.selectors.sets import all_sets
from grid.performance.services.reports import MAKERS, file_of, order_report
from grid.performance.tasks import wake_reports
from grid.performance.web.asked import default_period, default_region
from grid.rules.periods import InvalidPeriod, parse_period
from grid.selectors.divisions import find_place, places_of

PAGE_SIZE = 30
TYPES = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
}


@require_http_methods(["GET", "HEAD", "POST"])
def report_list(request: HttpRequest) -> HttpResponse:
    """月度分析报告: order one; those that are there, newest first."""
    person = person_of(request)
    if request.method == "POST":
        return _order(request)
    rows = AnalysisReport.objects.visible_to(person).select_related("made_by")
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    names = {place.code: place.name for place in places_of({row.division_code for row in page.object_list})}
    facts = {
        "page": page,
        "lines": [{"report": row, "place": names.get(row.division_code, row.division_code)} for row in page],
        "is_busy": any(row.state in ("waiting", "running") for row in page),
        "sets": list(all_sets().values()),
        "region": default_region(person),
        "last_month": default_period().shift(-1).key,
        "may_make": person.has_perm("performance.make_report") and not person.is_bound_to_organisation,
        "forms": list(MAKERS),
    }
    return render(request, "performance/report_list.html", facts)


def _order(request: HttpRequest) -> HttpResponse:
    person = person_of(request)
    if not person.has_perm("performance.make_report") or person.is_bound_to_organisation:
        return HttpResponse(status=403)
    try:
        place = find_place(request.POST.get("region", ""), user=person)
        period = parse_period(request.POST.get("period", ""))
        order_report(person, place, period, request.POST.get("set", ""))
    except InvalidPeriod:
        messages.error(request, _("统计期写作 2026-10、2026Q3、2026H1 或 2026。"))
    except CityOpsError as refused:
        messages.error(request, refused.detail)
    else:
        transaction.on_commit(wake_reports)
        messages.success(request, _("报告已在后台生成，完成后可以下载。"))
    return redirect("performance-reports")


@require_safe
def report_file(request: HttpRequest, pk: int, form: str) -> HttpResponseBase:
    """One file of a report."""
    if form not in MAKERS:
        raise Http404(form)
    report, path = file_of(person_of(request), pk, form)
    name = f"performance-{report.division_code}-{report.period}.{form}"
    answer = FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type=TYPES[form])
    answer.headers["Cache-Control"] = "no-store"
    return answer
