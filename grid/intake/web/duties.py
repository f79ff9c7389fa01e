"""Pages of the duty table 责任表: the rows with their overlaps and the coverage, one row, the workbook."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cityops.accounts.guards import person_of
from cityops.accounts.models import Organisation
from cityops.foundation.errors import InvalidInput, NotThere
from cityops.foundation.exports import Column, download
from cityops.foundation.ordering import order_of
from grid.intake.models import DutyRule
from grid.intake.selectors.departments import duty_coverage, meetings
from grid.intake.services import duties, duty_files
from grid.intake.web.forms import DutyFileForm, DutyFilter, DutyForm, ReasonForm
from grid.intake.web.views import may_change
from grid.web.forms import add_faults

PAGE_SIZE = 50
SHOWN_MEETINGS = 20
ORDERS = {
    "class": ("class_code", "area", "pk"),
    "area": ("area", "class_code", "pk"),
    "org": ("org_code", "class_code", "pk"),
    "from": ("valid_from", "pk"),
}


def _cell(number: int) -> Any:
    return lambda row: duty_files.cells_of(row)[number]


COLUMNS = tuple(Column(head, _cell(number)) for number, head in enumerate(duty_files.HEADS))
"""The columns of the file are those that an import reads."""


@require_safe
def duty_list(request: HttpRequest) -> HttpResponseBase:
    """The rows; ``?format=`` gives them as a file that can be imported again."""
    form = DutyFilter(request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    rows = DutyRule.objects.filter(
        class_code__startswith=asked.get("class_code", ""), area__startswith=asked.get("area", "")
    )
    if asked.get("org_code"):
        rows = rows.filter(org_code=asked["org_code"])
    order = order_of(request.GET.get("order"), ORDERS, "class")
    rows = rows.order_by(*order.fields)
    if request.GET.get("format"):
        return download(request, "duties", COLUMNS, rows, action="duty_rule.export", kind="duty_rule")
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    found = meetings(list(DutyRule.objects.all()[:2000]))
    facts = {
        "form": form,
        "page": page,
        "order": order,
        "is_filtered": any(asked.values()),
        "meetings": found[:SHOWN_MEETINGS],
        "meeting_count": len(found),
        "names": _names([row.org_code for row in page] + [o.org_code for m in found for o in (m.row, m.other)]),
        "coverage": duty_coverage(),
        "may_change": may_change(request, duties.PERMISSION),
    }
    return render(request, "intake/duty_list.html", facts)


def _names(codes: list[str]) -> dict[str, str]:
    return dict(Organisation.objects.filter(org_code__in=set(codes)).values_list("org_code", "name"))


@require_http_methods(["GET", "HEAD", "POST"])
def duty_new(request: HttpRequest) -> HttpResponse:
    """Add a row."""
    return _edit(request, DutyForm(request.POST or None), None)


@require_http_methods(["GET", "HEAD", "POST"])
def duty_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a row."""
    row = DutyRule.objects.filter(pk=pk).first()
    if row is None:
        raise NotThere
    return _edit(request, DutyForm(request.POST or None, instance=row), row)


def _edit(request: HttpRequest, form: DutyForm, row: DutyRule | None) -> HttpResponse:
    _allowed(request)
    if request.method == "POST" and form.is_valid():
        try:
            duties.save_duty(person_of(request), form.cleaned_data, pk=row.pk if row else None)
        except InvalidInput as fault:
            add_faults(form, fault)
        else:
            messages.success(request, _("已保存，此后的派遣建议按新表给出。"))
            return redirect("intake-duties")
    facts = {"form": form, "row": row, "reason": ReasonForm()}
    return render(request, "intake/duty_edit.html", facts, status=422 if form.errors else 200)


def _allowed(request: HttpRequest) -> None:
    if not may_change(request, duties.PERMISSION):
        raise PermissionDenied


@require_POST
def duty_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a row with a reason."""
    try:
        duties.delete_duty(person_of(request), pk, reason=request.POST.get("reason", "")[:200])
    except InvalidInput as fault:
        messages.error(request, fault.detail)
        return redirect("intake-duty-edit", pk)
    messages.success(request, _("已删除。"))
    return redirect("intake-duties")


@require_http_methods(["GET", "HEAD", "POST"])
def duty_import(request: HttpRequest) -> HttpResponse:
    """Take a workbook in, as a whole or not at all."""
    _allowed(request)
    form = DutyFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            done = duty_files.import_duties(
                person_of(request), form.cleaned_data["file"], replace=form.cleaned_data["replace"]
            )
        except InvalidInput as fault:
            for entry in fault.facts["errors"]:
                form.add_error("file", entry["detail"])
        else:
            text = _("新增 %(added)s 行，原有 %(kept)s 行，删除 %(removed)s 行。")
            told = {"added": done.added, "kept": done.kept, "removed": done.removed}
            messages.success(request, text % told)
            return redirect("intake-duties")
    return render(request, "intake/duty_import.html", {"form": form}, status=422 if form.errors else 200)
