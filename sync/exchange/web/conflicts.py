"""Pages of conflicts: which there are, both versions side by side, a person's decision."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_POST, require_safe

from cityops.accounts.guards import person_of
from cityops.foundation.errors import CityOpsError
from cityops.foundation.exports import Column, download
from cityops.foundation.ordering import Order, order_of
from sync.exchange import selectors
from sync.exchange.models import Conflict
from sync.exchange.selectors.conflicts import side_by_side
from sync.exchange.services import conflicts
from sync.exchange.web.forms import ConflictFilter
from sync.standard.selectors.dictionaries import catalogue

PAGE_SIZE = 50
ORDERS = {
    "found": ("found_at", "pk"),
    "dataset": ("dataset", "pk"),
    "holder": ("holder_code", "pk"),
    "state": ("state", "pk"),
}


def _order(request: HttpRequest) -> Order:
    return order_of(request.GET.get("order"), ORDERS, "-found")


def _found(request: HttpRequest) -> tuple[ConflictFilter, QuerySet[Conflict]]:
    asked = {key: value for key, value in request.GET.items() if key in ConflictFilter.base_fields}
    form = ConflictFilter(asked or {"state": Conflict.State.OPEN})
    found = Conflict.objects.visible_to(request.user).filter(**form.conditions())
    return form, found.order_by(*_order(request).fields).defer("line", "children")


@require_safe
def conflict_list(request: HttpRequest) -> HttpResponse:
    """Conflicts, those first that wait for a decision."""
    form, found = _found(request)
    known = catalogue()
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    facts = {
        "form": form,
        "page": page,
        "rows": [(one, selectors.dataset_title(one.dataset, known)) for one in page],
        "order": _order(request),
        "is_filtered": form.conditions() != {"state": Conflict.State.OPEN.value},
    }
    return render(request, "exchange/conflicts.html", facts)


@require_safe
def conflict_detail(request: HttpRequest, number: int) -> HttpResponse:
    """One conflict, field by field."""
    conflict = get_object_or_404(Conflict.objects.visible_to(request.user), pk=number)
    facts: dict[str, Any] = {
        "conflict": conflict,
        "title": selectors.dataset_title(conflict.dataset),
        "rows": side_by_side(conflict),
        "may_decide": conflicts.may_decide(person_of(request), conflict),
    }
    return render(request, "exchange/conflict.html", facts)


@require_POST
def conflict_decide(request: HttpRequest, number: int) -> HttpResponse:
    """Let one of the versions stand."""
    conflict = get_object_or_404(Conflict.objects.visible_to(request.user), pk=number)
    try:
        conflicts.decide(
            person_of(request),
            conflict,
            decision=request.POST.get("decision", ""),
            reason=request.POST.get("reason", ""),
        )
        messages.success(request, _("已裁定，结果将作为新版本发往各级。"))
    except CityOpsError as error:
        messages.error(request, error.detail)
    return redirect("exchange-conflict", number)


@require_safe
def conflict_export(request: HttpRequest) -> StreamingHttpResponse | FileResponse:
    """The conflicts that the list shows, as a file."""
    _form, found = _found(request)
    return download(request, "conflicts", CONFLICT_COLUMNS, found, action="conflict.export")


CONFLICT_COLUMNS = (
    Column(_lazy("发现时间"), "found_at"),
    Column(_lazy("数据集"), "dataset"),
    Column(_lazy("记录标识"), lambda one: str(one.rid)),
    Column(_lazy("对端节点"), "holder_code"),
    Column(_lazy("成因"), lambda one: one.get_cause_display()),
    Column(_lazy("不同的字段"), lambda one: ", ".join(row.field for row in side_by_side(one) if row.differs)),
    Column(_lazy("状态"), lambda one: one.get_state_display()),
    Column(_lazy("裁定"), lambda one: one.get_decision_display()),
    Column(_lazy("理由"), "reason"),
    Column(_lazy("裁定人"), "decided_by"),
)
