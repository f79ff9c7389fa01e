"""Pages of the checks: the list with its counts, one check, raising, assigning and settling."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cityops.foundation.errors import CityOpsError, InvalidInput, NotThere
from cityops.foundation.exports import Column, download
from cityops.foundation.ordering import order_of
from grid.selectors import ground
from grid.selectors import inventory as selectors
from grid.selectors.cases import get_case, place_of
from grid.services import component_checks, inventory
from grid.web.ground import PAGE_SIZE
from grid.web.inventory_forms import CheckFilterForm, CheckForm, SettleForm, add_faults

ORDERS = {
    "number": ("id",),
    "finding": ("finding", "id"),
    "component": ("component__obj_id", "id"),
    "state": ("state", "id"),
    "due": ("due_on", "id"),
    "raised": ("raised_at", "id"),
}
COLUMNS = (
    Column(_lazy("任务号"), "pk"),
    Column(_lazy("不符情况"), lambda check: check.get_finding_display()),
    Column(_lazy("部件标识码"), lambda check: check.component.obj_id if check.component else ""),
    Column(_lazy("说明"), "description"),
    Column(_lazy("来源案件"), "case_no"),
    Column(_lazy("单元网格"), "grid_code"),
    Column(_lazy("办理状态"), lambda check: check.get_state_display()),
    Column(_lazy("提出时间"), "raised_at"),
    Column(_lazy("核对期限"), "due_on"),
    Column(_lazy("核对人"), lambda check: check.assignee.username if check.assignee else ""),
    Column(_lazy("核对结果"), lambda check: check.get_outcome_display()),
    Column(_lazy("核对意见"), "opinion"),
    Column(_lazy("办结时间"), "settled_at"),
)


@require_safe
def check_list(request: HttpRequest) -> HttpResponseBase:
    """部件核对任务; ``?format=`` gives the list as a file."""
    user: Any = request.user
    form = CheckFilterForm(request.GET)
    form.is_valid()
    chosen = {name: value for name, value in form.cleaned_data.items() if value}
    mine = user if request.GET.get("mine") else None
    rows = selectors.filter_checks(selectors.visible_checks(user), **chosen, mine=mine)
    order = order_of(request.GET.get("order"), ORDERS, "-number")
    rows = rows.order_by(*order.fields)
    if request.GET.get("format"):
        return download(request, "component-checks", COLUMNS, rows, action="component_check.export", kind="check")
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    facts = {
        "form": form,
        "page": page,
        "order": order,
        "counts": selectors.check_counts(user),
        "is_filtered": bool(chosen or mine),
    }
    return render(request, "grid/check_list.html", facts, status=400 if form.errors else 200)


@require_safe
def check_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One check: what was seen, what the record says, and what the person may do."""
    return render(request, "grid/check_detail.html", _facts(request, pk))


def _facts(request: HttpRequest, pk: int, form: SettleForm | None = None) -> dict[str, Any]:
    user: Any = request.user
    check = selectors.get_check(user, pk)
    may_settle = user.has_perm("grid.settle_check") and selectors.check_is_workable(user, check)
    seen = [
        (
            selectors.field_title(name),
            selectors.shown(name, getattr(check.component, name, "")),
            selectors.shown(name, value),
        )
        for name, value in check.seen.items()
    ]
    return {
        "check": check,
        "seen": seen,
        "place": place_of(check.division_code),
        "may_settle": may_settle,
        "people": selectors.checkers(user, check) if may_settle else [],
        "form": form or SettleForm(finding=check.finding),
    }


@require_http_methods(["GET", "POST"])
def check_new(request: HttpRequest) -> HttpResponse:
    """Raise a check, from a component (``?component=``) or a case (``?case=``)."""
    user: Any = request.user
    form = CheckForm(request.POST or None, initial=_first(user, request))
    if request.method == "POST" and form.is_valid():
        try:
            check = component_checks.raise_check(user, _seen(form))
        except InvalidInput as fault:
            add_faults(form, fault)
        except CityOpsError as refused:
            form.add_error("obj_id" if isinstance(refused, NotThere) else None, refused.detail)
        else:
            messages.success(request, _("已提出核对任务 %s。") % check.pk)
            return redirect("inventory-check-detail", check.pk)
    return render(request, "grid/check_new.html", {"form": form}, status=400 if form.errors else 200)


def _first(user: Any, request: HttpRequest) -> dict[str, Any]:
    """What the form begins with. Raises NotThere for a component or case that the person may not see."""
    first: dict[str, Any] = {}
    if obj_id := request.GET.get("component", ""):
        first["obj_id"] = ground.get_component(user, obj_id).obj_id
    if case_no := request.GET.get("case", ""):
        case = get_case(user, case_no)
        first["case_no"] = case.case_no
        component = selectors.component_of(user, case)
        if component is not None:
            first["obj_id"] = component.obj_id
        else:
            first["finding"] = "unrecorded"
    return first


def _seen(form: CheckForm) -> component_checks.Seen:
    given = form.cleaned_data
    place = (given["longitude"], given["latitude"])
    return component_checks.Seen(
        finding=given["finding"],
        description=given["description"],
        obj_id=given["obj_id"].strip(),
        case_no=given["case_no"].strip(),
        values=form.seen if given["finding"] == "differs" else {},
        spot=None if None in place else inventory.point_at(*place),
    )


@require_POST
def check_assign(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a check to a person."""
    user: Any = request.user
    selectors.get_check(user, pk)
    try:
        component_checks.assign(user, pk, request.POST.get("assignee", ""))
    except CityOpsError as refused:
        if refused.status == 404:
            raise
        messages.error(request, refused.detail)
    else:
        messages.success(request, _("已分派。"))
    return redirect("inventory-check-detail", pk)


@require_POST
def check_settle(request: HttpRequest, pk: int) -> HttpResponse:
    """Settle a check."""
    user: Any = request.user
    check = selectors.get_check(user, pk)
    form = SettleForm(request.POST, finding=check.finding)
    if form.is_valid():
        try:
            component_checks.settle(user, pk, **form.cleaned_data)
        except InvalidInput as fault:
            add_faults(form, fault)
        except CityOpsError as refused:
            if refused.status == 404:
                raise
            form.add_error(None, refused.detail)
        else:
            messages.success(request, _("已核对。"))
            return redirect("inventory-check-detail", pk)
    return render(request, "grid/check_detail.html", _facts(request, pk, form), status=400)
