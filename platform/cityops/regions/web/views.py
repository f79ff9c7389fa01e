"""Pages of divisions: a list to search, and one division with what is inside it and what became of it."""

from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from cityops.foundation.exports import Column, download
from cityops.foundation.ordering import order_of
from cityops.regions.models import Division, DivisionQuerySet
from cityops.regions.rules import NotACode, is_code, pad_code
from cityops.regions.selectors import ancestors, division_with_history, retired_like

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
    on = forms.DateField(
        label=_("有效日"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def narrowed(self, rows: DivisionQuerySet) -> DivisionQuerySet:
        """The rows that the chosen values leave; what is not understood is left out."""
        chosen = self.chosen
        if on := chosen.get("on"):
            rows = rows.valid_on(on)
        elif not (state := chosen.get("state")):
            rows = rows.current()
        elif state == "retired":
            rows = rows.retired()
        return self.found(rows)

    def found(self, rows: DivisionQuerySet) -> DivisionQuerySet:
        """What words, level and parent find, of any time."""
        chosen = self.chosen
        if "level" in chosen:
            rows = rows.filter(level=int(chosen["level"]))
        if parent := chosen.get("parent"):
            try:
                rows = rows.filter(parent_code=pad_code(parent))
            except NotACode:
                rows = rows.none()
        if q := chosen.get("q"):
            rows = rows.filter(Q(code__startswith=q) if q.isdigit() else Q(full_name__contains=q) | Q(name__contains=q))
        return rows

    @property
    def chosen(self) -> dict[str, Any]:
        """The values that were given and understood."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    @property
    def is_about_today(self) -> bool:
        """Whether only what is valid today is listed."""
        return not {"on", "state"} & set(self.chosen)

    @property
    def is_filtered(self) -> bool:
        """Whether anything narrows the list."""
        return bool(self.chosen)


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
    seen = Division.objects.visible_to(request.user)
    rows = form.narrowed(seen).order_by(*order.fields).defer("boundary", "boundary_3857", "center")
    if request.GET.get("format"):
        return download(request, "divisions", COLUMNS, rows, action="division.export", kind="division")
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    retired = retired_like(form.found(seen)) if form.is_about_today and form.chosen.get("q") else []
    facts = {"form": form, "page": page, "is_filtered": form.is_filtered, "retired": retired, "order": order}
    return render(request, "regions/division_list.html", facts)


@require_safe
def division_detail(request: HttpRequest, code: str) -> HttpResponse:
    """One division: facts, where it lies, what is inside it, and the periods of its code.

    ``?on=YYYY-MM-DD`` shows what the code meant, and what lay inside, on that day.
    """
    try:
        on = parse_date(request.GET.get("on", ""))
    except ValueError as error:
        raise Http404 from error
    periods = division_with_history(request.user, code, on) if is_code(code) else []
    if not periods:
        raise Http404
    division = periods[0]
    seen = Division.objects.visible_to(request.user)
    below = (seen.valid_on(on) if on else seen.current()).filter(parent_code=code)
    page = Paginator(below.defer("boundary", "boundary_3857", "center"), PAGE_SIZE).get_page(request.GET.get("page"))
    facts: dict[str, Any] = {
        "division": division,
        "ancestors": ancestors(division),
        "periods": periods[1:],
        "predecessors": Division.objects.visible_to(request.user).filter(successor_code=code).defer("boundary"),
        "page": page,
        "on": on,
        "bounds": division.boundary.extent if division.boundary else None,
    }
    return render(request, "regions/division_detail.html", facts)
