"""Pages of responsibility grids 责任网格 and evaluation grids 评价网格."""

import uuid
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cityops.accounts.guards import person_of
from cityops.foundation.errors import CityOpsError, InvalidInput
from cityops.foundation.exports import Column, download
from cityops.foundation.ordering import order_of
from grid.duty.models import DutyGrid, EvaluationGrid
from grid.duty.selectors import areas as ask
from grid.duty.services import areas
from grid.duty.web.forms import CodesForm, DutyGridFilter, DutyGridForm, EvaluationGridForm
from grid.models import UnitGrid

PAGE_SIZE = 50
ORDERS = {
    "code": ("grid_code",),
    "name": ("name", "grid_code"),
    "kind": ("grid_kind", "grid_code"),
    "units": ("unit_count", "grid_code"),
    "from": ("valid_from", "grid_code"),
    "to": ("valid_to", "grid_code"),
}
COLUMNS = (
    Column(_lazy("责任网格编码"), "grid_code"),
    Column(_lazy("名称"), "name"),
    Column(_lazy("网格类型"), lambda grid: grid.get_grid_kind_display()),
    Column(_lazy("包含单元网格"), lambda grid: "、".join(grid.unit_codes)),
    Column(_lazy("责任单位"), "org_code"),
    Column(_lazy("网格负责人"), "leader"),
    Column(_lazy("启用日期"), "valid_from"),
    Column(_lazy("停用日期"), "valid_to"),
)
EVALUATION_COLUMNS = (
    Column(_lazy("评价网格编码"), "grid_code"),
    Column(_lazy("名称"), "name"),
    Column(_lazy("类型"), lambda grid: grid.get_grid_type_display()),
    Column(_lazy("街道代码"), "division_code"),
    Column(_lazy("评价年度"), "eval_year"),
    Column(_lazy("道路/区域等级"), "road_grade"),
    Column(_lazy("人口密度档"), "pop_band"),
    Column(_lazy("状态"), lambda grid: grid.get_status_display()),
)


def chosen(form: forms.Form) -> dict[str, Any]:
    """What a filter asks for; a value that is not offered narrows nothing and is told beside its field."""
    form.is_valid()
    return {name: value for name, value in form.cleaned_data.items() if value}


def told(form: forms.Form, refused: CityOpsError) -> None:
    """Say beside the field what a service refused, or above the form. Raises again what is not there (404)."""
    if refused.status == 404:
        raise refused
    for error in refused.facts.get("errors") or [{"field": "", "detail": refused.detail}]:
        field = error.get("field") if error.get("field") in form.fields else None
        form.add_error(field, error.get("detail") or refused.detail)


def codes_asked(request: HttpRequest, form: CodesForm) -> tuple[str, ...]:
    """The unit grids that a form names: those written, and all of the community. Raises InvalidInput."""
    codes = areas.codes_of(form.cleaned_data["codes"])
    if community := form.cleaned_data["community"].strip():
        codes = tuple(dict.fromkeys([*codes, *areas.codes_in(person_of(request), community)]))
    return codes


def filled(request: HttpRequest, form: CodesForm, save: Callable[[tuple[str, ...]], Any]) -> Any:
    """Let a valid form be saved; None where it was refused, with the reason in the form."""
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        return save(codes_asked(request, form))
    except CityOpsError as refused:
        told(form, refused)
        return None


@require_safe
def duty_grid_list(request: HttpRequest) -> HttpResponseBase:
    """责任网格: a list beside the map; ``?format=`` gives the list as a file, for who may export."""
    person, form = person_of(request), DutyGridFilter(request.GET)
    rows = ask.filter_duty_grids(ask.visible_duty_grids(person), **chosen(form))
    order = order_of(request.GET.get("order"), ORDERS, "code")
    page = Paginator(rows.order_by(*order.fields), PAGE_SIZE).get_page(request.GET.get("page"))
    shown = DutyGrid.objects.visible_to(person).filter(pk__in=[grid.pk for grid in page])
    facts = {
        "form": form,
        "page": page,
        "order": order,
        "orgs": ask.organisation_names(grid.org_code for grid in page),
        "today": timezone.localdate(),
        "is_filtered": bool(chosen(form)),
        "shapes": ask.shapes_of(shown),
    }
    return render(request, "duty/grid_list.html", facts, status=400 if form.errors else 200)


@require_safe
def duty_grid_export(request: HttpRequest) -> HttpResponseBase:
    """The responsibility grids that the list shows, as a file."""
    rows = ask.filter_duty_grids(
        DutyGrid.objects.visible_to(person_of(request)).defer("geom"), **chosen(DutyGridFilter(request.GET))
    )
    return download(request, "duty-grids", COLUMNS, rows.order_by("grid_code"), action="duty_grid.export")


@require_safe
def duty_grid_detail(request: HttpRequest, grid_code: str) -> HttpResponse:
    """One responsibility grid: its unit grids, its outline, who answers for it."""
    detail = ask.duty_grid_detail(person_of(request), grid_code)
    outline = ask.shapes_of(DutyGrid.objects.visible_to(person_of(request)).filter(pk=detail.grid.pk))
    return render(request, "duty/grid_detail.html", {"detail": detail, "shapes": outline})


def _drawn(form: DutyGridForm, codes: tuple[str, ...]) -> areas.Drawn:
    asked = form.cleaned_data
    return areas.Drawn(
        name=asked["name"],
        codes=codes,
        org_code=asked["org_code"],
        kind=asked.get("grid_kind") or DutyGrid.Kind.COLLECTING,
        leader=asked["leader"],
        valid_from=asked.get("valid_from"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def duty_grid_new(request: HttpRequest) -> HttpResponse:
    """Draw a responsibility grid."""
    person = person_of(request)
    form = DutyGridForm(request.POST or None, user=person, initial={"valid_from": timezone.localdate()})
    made = filled(request, form, lambda codes: areas.create_duty_grid(person, _drawn(form, codes)))
    if made is not None:
        messages.success(request, _("已建立责任网格 %s。") % made.grid_code)
        return redirect("duty-grid-detail", made.grid_code)
    facts = {"form": form, "title": _("新建责任网格"), "back": "duty-grid-list"}
    return render(request, "duty/draw.html", facts, status=400 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def duty_grid_edit(request: HttpRequest, grid_code: str) -> HttpResponse:
    """Change a responsibility grid from today on."""
    person = person_of(request)
    grid = ask.duty_grid_to_change(person, grid_code)
    present = {"name": grid.name, "org_code": grid.org_code, "leader": grid.leader}
    form = DutyGridForm(request.POST or None, user=person, initial={**present, "codes": "\n".join(grid.unit_codes)})
    for fixed in ("grid_kind", "valid_from"):
        del form.fields[fixed]
    saved = filled(request, form, lambda codes: areas.change_duty_grid(person, grid_code, _drawn(form, codes)))
    if saved is not None:
        messages.success(request, _("已保存,自今天起生效;以前的巡查仍按当时的网格统计。"))
        return redirect("duty-grid-detail", grid_code)
    facts = {
        "form": form,
        "title": _("修改责任网格"),
        "back": "duty-grid-list",
        "bounds": grid.geom and grid.geom.extent,
    }
    return render(request, "duty/draw.html", facts, status=400 if form.errors else 200)


@require_POST
def duty_grid_retire(request: HttpRequest, grid_code: str) -> HttpResponse:
    """Let a responsibility grid end with today."""
    person = person_of(request)
    ask.duty_grid_to_change(person, grid_code)
    try:
        removed = areas.retire_duty_grid(person, grid_code, request.POST.get("reason", "")[:200])
    except CityOpsError as refused:
        messages.error(request, refused.detail)
    else:
        messages.success(request, _("已停用;以后的排班撤下 %s 条。") % removed)
    return redirect("duty-grid-detail", grid_code)


@require_safe
def evaluation_grid_list(request: HttpRequest) -> HttpResponseBase:
    """评价网格, the newest year first."""
    person = person_of(request)
    rows = ask.visible_evaluation_grids(person)
    if year := request.GET.get("year", "")[:4]:
        rows = rows.filter(eval_year=year)
    if request.GET.get("format") and person.has_perm("duty.export_duty"):
        return download(request, "evaluation-grids", EVALUATION_COLUMNS, rows, action="evaluation_grid.export")
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    shown = EvaluationGrid.objects.visible_to(person).filter(pk__in=[grid.pk for grid in page])
    years = ask.visible_evaluation_grids(person).order_by("-eval_year").values_list("eval_year", flat=True).distinct()
    facts = {"page": page, "year": year, "years": years, "shapes": ask.shapes_of(shown)}
    return render(request, "duty/evaluation_list.html", facts)


@require_http_methods(["GET", "HEAD", "POST"])
def evaluation_grid_new(request: HttpRequest) -> HttpResponse:
    """Draw an evaluation grid."""
    person = person_of(request)
    form = EvaluationGridForm(request.POST or None, initial={"eval_year": str(timezone.localdate().year)})

    def save(codes: tuple[str, ...]) -> EvaluationGrid:
        asked = {name: form.cleaned_data[name] for name in ("name", "grid_type", "eval_year", "road_grade", "pop_band")}
        return areas.create_evaluation_grid(person, areas.EvaluationDrawn(codes=codes, **asked))

    made = filled(request, form, save)
    if made is not None:
        messages.success(request, _("已建立评价网格 %s。") % made.grid_code)
        return redirect("duty-evaluation-list")
    facts = {"form": form, "title": _("新建评价网格"), "back": "duty-evaluation-list"}
    return render(request, "duty/draw.html", facts, status=400 if form.errors else 200)


@require_POST
def evaluation_grid_retire(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take an evaluation grid out of use."""
    person = person_of(request)
    ask.get_evaluation_grid(person, pk)
    try:
        grid = areas.retire_evaluation_grid(person, pk, request.POST.get("reason", "")[:200])
    except InvalidInput as refused:
        messages.error(request, refused.detail)
    else:
        messages.success(request, _("评价网格 %s 已作废,编码不再使用。") % grid.grid_code)
    return redirect("duty-evaluation-list")


def unit_shapes(person: Any, codes: Any, values: dict[str, dict[str, Any]] | None = None) -> Any:
    """Outlines of unit grids for a map, within what the person may see."""
    rows = UnitGrid.objects.visible_to(person).filter(grid_code__in=list(codes)).order_by("grid_code")
    return ask.shapes_of(rows, values=values)
