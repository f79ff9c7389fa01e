"""Pages of cases: the list with its map, one case with its steps, the export of what the list shows."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from cityops.foundation.exports import download
from cityops.foundation.paging import BoundedPaginator
from cityops.regions.rules import Level
from grid.models import Case
from grid.selectors.case_columns import case_columns
from grid.selectors.case_list import ALL, VIEWS, CaseListFilter
from grid.selectors.cases import case_detail as detail_of
from grid.selectors.cases import department_names, nearby_cases
from grid.selectors.clock_story import explain_case
from grid.selectors.clocks import unit_now
from grid.selectors.extents import extent_of, names_of
from grid.selectors.media import album_of
from grid.selectors.related import Relation, related_cases
from grid.web import moves
from grid.web.case_panels import panels_of

PAGE_SIZE = 40
RELATIONS = {
    Relation.MAIN: _("已并入"),
    Relation.JOINED: _("并入本案"),
    Relation.PREVIOUS: _("上一轮"),
    Relation.NEXT: _("下一轮"),
}


def _filtered(request: HttpRequest, at: datetime) -> CaseListFilter:
    rows = Case.objects.visible_to(request.user).with_light(at)
    return CaseListFilter(request.GET, rows, user=request.user, at=at)


@require_safe
def case_list(request: HttpRequest) -> HttpResponse:
    """Cases as a list and on a map, narrowed by what stands in the address; htmx asks for the results alone."""
    at = timezone.now()
    part = request.headers.get("HX-Target") == "results"
    asked = _filtered(request, at)
    if request.GET.get("count"):
        return render(request, "web/parts/exact_count.html", {"total": asked.qs.count()})
    page = BoundedPaginator(asked.qs, PAGE_SIZE).get_page(request.GET.get("page"))
    chosen = asked.chosen
    facts = {
        "form": asked.form,
        "page": page,
        "view": chosen.get("view", ALL),
        "views": VIEWS,
        "streets": names_of([case.division_code for case in page], Level.STREET),
        "departments": department_names(page),
        "query": _without_page(request),
        "bounds": extent_of([case.geom for case in page]),
        "is_filtered": bool({name for name, value in chosen.items() if (name, value) != ("view", ALL)}),
        "order": asked.order,
        "as_of": at,
        "part": part,
    }
    return render(request, "grid/parts/case_results.html" if part else "grid/case_list.html", facts)


def _without_page(request: HttpRequest) -> str:
    """The filters of the address, for the tiles and the export."""
    asked = request.GET.copy()
    asked.pop("page", None)
    return asked.urlencode()


@require_safe
def case_detail(request: HttpRequest, case_no: str) -> HttpResponse:
    """One case: facts, deadlines, place, every step as the city recorded it, and what the person may do with it."""
    return render(request, "grid/case_detail.html", detail_facts(request, case_no))


def detail_facts(request: HttpRequest, case_no: str, bound: moves.Bound | None = None) -> dict[str, Any]:
    """What the page of a case shows; ``bound`` gives back a form that was refused. Raises NotThere."""
    user: Any = request.user
    detail = detail_of(user, case_no)
    case = detail.case
    return {
        "case": case,
        "steps": [(step, detail.organisation_names.get(step.operator_org, "")) for step in detail.steps],
        "duty_name": detail.duty_org_name,
        "place": detail.place,
        "nearby": nearby_cases(user, case.geom.x, case.geom.y, metres=100, hours=24 * 30, besides=case_no, limit=5),
        "related": [(RELATIONS[one.relation], one.case) for one in related_cases(user, case)],
        "desk": moves.options(case, detail.moves, bound),
        "album": album_of(case),
        "panels": panels_of(request, case),
        "unit": unit_now(case),
        "story": explain_case(case, detail.steps),
        "as_of": timezone.now(),
    }


@require_safe
def case_export(request: HttpRequest) -> HttpResponseBase:
    """The list as a file: exactly the cases that the filters of the address leave, in the list's order."""
    at = timezone.now()
    asked = _filtered(request, at)
    return download(request, "cases", case_columns(request.user, at), asked.qs, action="case.export", kind="case")
