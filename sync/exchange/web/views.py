"""Pages of the exchange: every link and dataset, one link, parked records, enrolments."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_POST, require_safe

from cityops.accounts.guards import person_of
from cityops.foundation import derived
from cityops.foundation.errors import CityOpsError, InvalidInput, Refused
from cityops.foundation.exports import Column, download
from cityops.foundation.ordering import Order, order_of
from sync.exchange import selectors
from sync.exchange.models import Enrolment, Link, Parked, Stream
from sync.exchange.rules.refusals import remedy
from sync.exchange.selectors.links import LinkRow, link_light
from sync.exchange.services import enrolment, links, parking
from sync.exchange.web.forms import CodeForm, ParkedFilter
from sync.exchange.web.overview import names
from sync.standard.selectors.dictionaries import catalogue
from tiers.tier import this_instance

PAGE_SIZE = 50


def _link(request: HttpRequest, peer: str) -> Link:
    return get_object_or_404(Link.objects.visible_to(request.user), peer_code=peer)


@require_safe
def link_detail(request: HttpRequest, peer: str) -> HttpResponse:
    """One link: streams, datasets, batches, receipts, comparisons."""
    link = _link(request, peer)
    rows = [row for row in selectors.link_matrix(request.user) if row.peer_code == peer and row.cells]
    streams = list(selectors.streams_of(link, request.user))
    facts = {
        "link": link,
        "may_change": links.may_change(person_of(request), link),
        "light": link_light(link),
        "remedy": remedy(link.frozen_reason),
        "rows": rows,
        "names": names(),
        "streams": streams,
        "steps": _steps(link, streams, rows),
        "reasons": selectors.reasons_of([row.owner_code for row in rows], request.user),
        "batches": selectors.batches_of(link, request.user),
        "receipts": selectors.receipts_of(link, request.user),
        "comparisons": selectors.comparisons_of(link, request.user),
        "recoveries": selectors.recoveries_of(link, request.user),
        "derives": link.role == Link.Role.CHILD,
        "differences": derived.differences(_owners_below(link, rows), user=request.user),
    }
    return render(request, "exchange/link.html", facts)


def _steps(link: Link, streams: list[Stream], rows: list[LinkRow]) -> dict[str, int]:
    """How far what goes up has come: numbered, applied, parked, and how many datasets are equal of how many."""
    up = [stream for stream in streams if stream.flow == "up"]
    cells = [cell for row in rows for cell in row.cells.values()]
    return {
        "waiting": link.backlog,
        "numbered": sum(stream.seq for stream in up),
        "applied": sum(stream.applied_count + stream.superseded_count for stream in up),
        "parked": sum(cell.parked for cell in cells),
        "equal": sum(cell.result == "equal" for cell in cells),
        "compared": sum(bool(cell.compared_at) for cell in cells),
        "differing": sum(cell.differing for cell in cells),
    }


def _owners_below(link: Link, rows: list[Any]) -> list[str]:
    """Owners whose records come up over a link; none of a link to the parent."""
    return [row.owner_code for row in rows] if link.role == Link.Role.CHILD else []


@require_POST
def link_compare(request: HttpRequest, peer: str) -> HttpResponse:
    """Ask for a comparison."""
    try:
        links.ask_comparison(person_of(request), _link(request, peer))
        messages.success(request, _("已发起对账,下级节点下次呼叫时执行,结果见下方。"))
    except (InvalidInput, Refused) as error:
        messages.error(request, error.detail)
    return redirect("exchange-link", peer)


@require_POST
def link_thaw(request: HttpRequest, peer: str) -> HttpResponse:
    """Let a frozen link work again."""
    try:
        links.thaw(person_of(request), _link(request, peer), reason=request.POST.get("reason", "")[:300])
        messages.success(request, _("链路已恢复。"))
    except (InvalidInput, Refused) as error:
        messages.error(request, error.detail)
    return redirect("exchange-link", peer)


@require_safe
def parked_list(request: HttpRequest) -> HttpResponse:
    """Parked records with their reasons."""
    form, found = _parked_found(request)
    conditions = form.conditions()
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    named, known = names(), catalogue()
    rows = [
        (one, named.get(one.owner_code, one.owner_code), selectors.dataset_title(one.dataset, known)) for one in page
    ]
    facts = {
        "form": form,
        "page": page,
        "rows": rows,
        "order": _order(request),
        "is_filtered": bool({name for name, value in conditions.items() if value != Parked.State.PARKED}),
        "is_waiting": conditions.get("state") == Parked.State.PARKED,
    }
    return render(request, "exchange/parked.html", facts)


ORDERS = {
    "parked": ("parked_at", "pk"),
    "owner": ("owner_code", "pk"),
    "dataset": ("dataset", "pk"),
    "state": ("state", "pk"),
    "tries": ("tries", "pk"),
}


def _order(request: HttpRequest) -> Order:
    return order_of(request.GET.get("order"), ORDERS, "-parked")


def _parked_found(request: HttpRequest) -> tuple[ParkedFilter, QuerySet[Parked]]:
    asked = {key: value for key, value in request.GET.items() if key in ParkedFilter.base_fields}
    form = ParkedFilter(asked or {"state": Parked.State.PARKED})
    found = Parked.objects.visible_to(request.user).filter(Q(**form.conditions()))
    return form, found.order_by(*_order(request).fields).defer("line", "children")


RECORD_ORDERS = {"rid": ("rid",), "seq": ("seq", "rid"), "at": ("at", "rid"), "rev": ("rev", "rid")}


@require_safe
def dataset_records(request: HttpRequest, owner: str, dataset: str) -> HttpResponse:
    """The records of one owner and dataset that are held here, and how the last comparisons of them came out."""
    cell = next((one for row in selectors.link_matrix(request.user) if row.owner_code == owner
                 for one in row.cells.values() if one.dataset == dataset), None)  # fmt: skip
    if cell is None:
        raise Http404
    order = order_of(request.GET.get("order"), RECORD_ORDERS, "rid")
    found = selectors.records_seen(request.user).filter(owner_code=owner, dataset=dataset, op="U")
    facts = {
        "cell": cell,
        "owner_name": names().get(owner, owner),
        "order": order,
        "page": Paginator(found.order_by(*order.fields), PAGE_SIZE).get_page(request.GET.get("page")),
        "comparisons": selectors.comparisons_with(request.user, owner, dataset),
    }
    return render(request, "exchange/records.html", facts)


@require_safe
def parked_export(request: HttpRequest) -> StreamingHttpResponse | FileResponse:
    """The parked records that the list shows, as a file for the owner who has to mend them."""
    _form, found = _parked_found(request)
    return download(request, "parked", PARKED_COLUMNS, found, action="parked.export")


def _reasons(parked: Parked, part: str) -> str:
    return "\n".join(str(reason.get(part, "")) for reason in parked.reasons)


PARKED_COLUMNS = (
    Column(_lazy("暂存时间"), "parked_at"),
    Column(_lazy("归属节点"), "owner_code"),
    Column(_lazy("数据集"), "dataset"),
    Column(_lazy("记录标识"), lambda one: str(one.rid)),
    Column(_lazy("序号"), "seq"),
    Column(_lazy("原因"), lambda one: _reasons(one, "detail")),
    Column(_lazy("改法"), lambda one: _reasons(one, "remedy")),
    Column(_lazy("状态"), lambda one: one.get_state_display()),
    Column(_lazy("尝试次数"), "tries"),
)


@require_POST
def parked_retry(request: HttpRequest, number: int) -> HttpResponse:
    """Try one parked record again."""
    parked = get_object_or_404(Parked.objects.visible_to(request.user), pk=number)
    parked = parking.retry(parked)
    if parked.state == Parked.State.PARKED:
        messages.warning(request, _("仍未入库,原因已更新。"))
    else:
        messages.success(request, _("记录%(state)s。") % {"state": parked.get_state_display()})
    return redirect("exchange-parked")


@require_safe
def enrolments(request: HttpRequest) -> HttpResponse:
    """Requests of children to join."""
    return render(request, "exchange/enrolments.html", _enrolment_facts(request, CodeForm()))


def _enrolment_facts(request: HttpRequest, form: CodeForm) -> dict[str, Any]:
    if this_instance().node_code.endswith("-C"):
        raise Http404
    found = Enrolment.objects.visible_to(request.user)[:PAGE_SIZE]
    return {"form": form, "enrolments": [(one, enrolment.details_of(one)) for one in found]}


@require_POST
def enrolment_code(request: HttpRequest) -> HttpResponse:
    """Make a one-time code and show it, once."""
    form = CodeForm(request.POST, user=request.user)
    facts = _enrolment_facts(request, form)
    if form.is_valid():
        try:
            facts["code"] = enrolment.make_code(form.cleaned_data["child"], form.cleaned_data["suite"])
            facts["child"] = form.cleaned_data["child"]
            facts.update(_enrolment_facts(request, CodeForm()))
        except CityOpsError as error:
            form.add_error("child", error.detail)
    return render(request, "exchange/enrolments.html", facts, status=200 if form.is_valid() else 422)


@require_POST
def enrolment_approve(request: HttpRequest, child: str) -> HttpResponse:
    """Let a child in."""
    if not Enrolment.objects.visible_to(request.user).filter(child_code=child).exists():
        raise Http404
    try:
        link = enrolment.approve(child, by=request.user.get_username())
        messages.success(request, _("%(name)s 已接入。") % {"name": link.peer_name})
    except CityOpsError as error:
        messages.error(request, error.detail)
    return redirect("exchange-enrolments")
