"""对账单: every comparison that was made, one of them with its statement, and the statement as a file."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cityops.foundation import audit, mending
from cityops.foundation.ordering import Order, order_of
from sync.exchange import selectors
from sync.exchange.models import Comparison
from sync.exchange.services import statements
from sync.exchange.web.forms import StatementFilter
from sync.exchange.web.overview import names
from sync.standard.selectors.dictionaries import catalogue
from tiers.tier import this_instance

PAGE_SIZE = 50
ENDS, COUNTED = ("child", "parent"), ("records", "deleted", "seq")
ORDERS = {
    "at": ("at", "pk"),
    "owner": ("owner_code", "dataset", "pk"),
    "dataset": ("dataset", "owner_code", "pk"),
    "result": ("result", "-at", "pk"),
    "records": ("records", "pk"),
}


def _found(request: HttpRequest) -> tuple[StatementFilter, QuerySet[Comparison], Order]:
    form = StatementFilter(request.GET or None)
    order = order_of(request.GET.get("order"), ORDERS, "-at")
    found = Comparison.objects.visible_to(request.user).filter(**form.conditions())
    return form, found.order_by(*order.fields), order


@require_safe
def statement_list(request: HttpRequest) -> HttpResponse:
    """Comparisons with their results, the newest first."""
    form, found, order = _found(request)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    known, named = catalogue(), names()
    facts = {
        "form": form,
        "page": page,
        "order": order,
        "rows": [
            (one, named.get(one.owner_code, one.owner_code), selectors.dataset_title(one.dataset, known))
            for one in page
        ],
        "is_filtered": bool(form.conditions()),
        "can_have_children": not this_instance().node_code.endswith("-C"),
    }
    return render(request, "exchange/statements.html", facts)


@require_safe
def statement_detail(request: HttpRequest, number: int) -> HttpResponse:
    """One comparison: both ends, their signatures, and the records that differ by what it means."""
    one = get_object_or_404(Comparison.objects.visible_to(request.user), pk=number)
    said = statements.read(one.statement) if one.statement else None
    named = names()
    facts = {
        "one": one,
        "said": said,
        "numbers": {f"{end}_{name}": int(getattr(said, f"{end}_{name}")) for end in ENDS for name in COUNTED}
        if said
        else {},
        "is_proven": statements.is_proven(one),
        "title": selectors.dataset_title(one.dataset),
        "owner_name": named.get(one.owner_code, one.owner_code),
        "names": named,
        "classes": _classes(request, one),
    }
    return render(request, "exchange/statement.html", facts)


def _classes(request: HttpRequest, one: Comparison) -> list[dict[str, Any]]:
    """The records that differ, by class: what it means, what happens, how many, the first of them."""
    told = (
        ("missing", _("接收方缺少"), _("已请归属节点补发，到达后自动一致。"), one.missing),
        ("differing", _("两端内容不同"), _("已请归属节点按其现值重发。"), one.differing),
        ("orphans", _("仅接收方有"), _("不会自动删除，请核实后由归属节点补登或作废。"), one.orphans),
    )
    listed = [rid for rids in one.found.values() for rid in rids]
    known = mending.find(one.dataset, listed, request.user)
    by_text = {str(rid): page for rid, page in known.items()}
    return [
        {
            "name": name,
            "title": title,
            "remedy": remedy,
            "count": count,
            "rows": [(rid, by_text.get(rid)) for rid in one.found.get(name, [])],
        }
        for name, title, remedy, count in told
        if count
    ]


@require_safe
def statement_file(request: HttpRequest, number: int) -> HttpResponse:
    """A statement with both signatures and the keys to check them with, as a file."""
    one = get_object_or_404(Comparison.objects.visible_to(request.user), pk=number)
    if not one.statement:
        raise Http404
    audit.record("statement.download", kind="Comparison", key=str(one.pk), division_code=one.owner_code[:12])
    answer = HttpResponse(statements.as_file(one), content_type="application/json")
    name = f"statement-{one.owner_code}-{one.dataset}-{one.at:%Y%m%d%H%M%S}.json"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
