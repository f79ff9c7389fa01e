"""Pages of divisions: a list to search, and one division with what is inside it and what became of it."""

from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from cityops.foundation.exports import Column, download
from cityops.foundation.ordering import order_of
from cityops.regions.models import Division
from cityops.regions.rules import is_code
from cityops.regions.selectors import ancestors, division_with_history

PAGE_SIZE = 50


class DivisionFilter(forms.Form):
    """Narrow the list of divisions; the values stand in the address."""

    q = forms.CharField(label=_("查找"), required=False, max_length=60)
    level = forms.ChoiceField(
        label=_("级别"), required=False, choices=[("", _("全部")), *((str(k), v) for k, v in Division.Levels.choices)]
    )
    parent = forms.CharField(label=_("上级代码"), required=False, max_length=12)
    state = forms.ChoiceField(
        label=_("状态"), required=False, choices=[("", _("现行")), ("retired", _("已停用")), ("all", _("全部"))]
    )

    def narrowed(self, rows: QuerySet[Division]) -> QuerySet[Division]:
        """The rows that the chosen values leave; what is not understood is left out."""
        self.is_valid()
        chosen = {name: value for name, value in self.cleaned_data.items() if value}
        state = chosen.get("state")
        if state != "all":
            rows = rows.filter(valid_to__isnull=state != "retired")
        if "level" in chosen:
            rows = rows.filter(level=int(chosen["level"]))
        if "parent" in chosen:
            rows = rows.filter(parent_code=chosen["parent"].ljust(12, "0"))
        if q := chosen.get("q"):
            rows = rows.filter(Q(code__startswith=q) if q.isdigit() else Q(full_name__contains=q) | Q(name__contains=q))
        return rows

    @property
    def is_filtered(self) -> bool:
        """Whether anything narrows the list."""
        return any(self.cleaned_data.values())


ORDERS = {
    "code": ("code", "valid_from"),
    "name": ("name", "code", "valid_from"),
    "level": ("level", "code", "valid_from"),
    "from": ("valid_from", "code"),
    "to": ("valid_to", "code", "valid_from"),
}
COLUMNS = (
    Column(_("代码"), "shown_code"),
    Column(_("名称"), "name"),
    Column(_("级别"), lambda row: row.get_level_display()),
    Column(_("全称"), "full_name"),
    Column(_("启用日期"), lambda row: row.valid_from if row.is_start_known else _("不详")),
    Column(_("停用日期"), "valid_to"),
    Column(_("承继代码"), "successor_code"),
)


@require_safe
def division_list(request: HttpRequest) -> HttpResponseBase:
    """Divisions by code, name, level and state; ``?format=`` gives the list as a file."""
    form = DivisionFilter(request.GET)
    order = order_of(request.GET.get("order"), ORDERS, "code")
    found = form.narrowed(Division.objects.visible_to(request.user)).order_by(*order.fields)
    rows = found.defer("boundary", "boundary_3857", "center")
    if request.GET.get("format"):
        return download(request, "divisions", COLUMNS, rows, action="division.export", kind="division")
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    facts = {"form": form, "page": page, "is_filtered": form.is_filtered, "order": order}
    return render(request, "regions/division_list.html", facts)


@require_safe
def division_detail(request: HttpRequest, code: str) -> HttpResponse:
    """One division: facts, where it lies, what is inside it, and the periods of its code."""
    if not is_code(code):
        raise Http404
    periods = division_with_history(request.user, code)
    if not periods:
        raise Http404
    division = periods[0]
    below = Division.objects.visible_to(request.user).current().filter(parent_code=code)
    page = Paginator(below.defer("boundary", "boundary_3857", "center"), PAGE_SIZE).get_page(request.GET.get("page"))
    facts: dict[str, Any] = {
        "division": division,
        "ancestors": ancestors(division),
        "periods": periods[1:],
        "predecessors": Division.objects.visible_to(request.user).filter(successor_code=code).defer("boundary"),
        "page": page,
        "bounds": division.boundary.extent if division.boundary else None,
    }
    return render(request, "regions/division_detail.html", facts)
