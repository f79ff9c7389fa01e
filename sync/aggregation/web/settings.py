"""Pages of the due list with its settings, of code mappings, and of the return flow."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cityops.accounts.guards import person_of
from cityops.foundation import audit
from cityops.foundation.errors import CityOpsError, NotThere
from cityops.foundation.exports import Column, download
from cityops.foundation.models import AuditEvent
from sync.aggregation.selectors import dues, mapping, returning
from sync.aggregation.selectors import overview as selectors
from sync.aggregation.services import settings as services
from sync.aggregation.web.forms import DueFilter, MappingForm, PlanForm

PAGE_SIZE = 50
DUE_COLUMNS = (
    Column(_lazy("节点"), "node_code"),
    Column(_lazy("名称"), "name"),
    Column(_lazy("数据集"), "dataset"),
    Column(_lazy("数据集名称"), "title"),
    Column(_lazy("订阅"), "is_subscribed"),
    Column(_lazy("频次"), "frequency_label"),
    Column(_lazy("期间"), "period"),
    Column(_lazy("应报时间"), "due_at"),
    Column(_lazy("记录数"), "records"),
    Column(_lazy("到达时间"), "arrived_at"),
    Column(_lazy("状态"), lambda row: str(dict(DueFilter.base_fields["state"].choices)[row.state])),  # type: ignore[attr-defined]
    Column(_lazy("自动生成自"), "prefilled_from"),
    Column(_lazy("说明"), "note"),
)
MAPPING_COLUMNS = (
    Column(_lazy("节点"), "node_code"),
    Column(_lazy("类别"), lambda one: one.get_kind_display()),
    Column(_lazy("本地代码"), "local_code"),
    Column(_lazy("本地名称"), "local_name"),
    Column(_lazy("标准版本"), "version"),
    Column(_lazy("标准代码"), "class_code"),
    Column(_lazy("启用日期"), "valid_from"),
    Column(_lazy("停用日期"), "valid_to"),
)


def _dues(request: HttpRequest) -> tuple[DueFilter, list[dues.DueRow]]:
    form = DueFilter({key: value for key, value in request.GET.items() if key in DueFilter.base_fields})
    return form, dues.due_list(person_of(request), **form.chosen())


@require_safe
def due_list(request: HttpRequest) -> HttpResponse:
    """应报清单: what every node sends how often, what was due last, what is missing or late."""
    form, rows = _dues(request)
    labels: Any = DueFilter.base_fields["state"]
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    facts = {"form": form, "page": page, "labels": dict(labels.choices), "is_filtered": bool(form.chosen())}
    return render(request, "aggregation/dues.html", facts)


@require_safe
def due_export(request: HttpRequest) -> HttpResponseBase:
    """The list as a file."""
    _form, rows = _dues(request)
    return download(request, "due-list", DUE_COLUMNS, rows, action="due_list.export", kind="DatasetPlan")


@require_http_methods(["GET", "POST"])
def plan_edit(request: HttpRequest, owner: str, dataset: str) -> HttpResponse:
    """The subscription and frequency of one dataset of one node, and who changed it when and why."""
    user = person_of(request)
    row = next(iter(dues.due_list(user, node=owner, dataset=dataset)), None)
    if row is None:
        raise NotThere
    initial = {"is_subscribed": row.is_subscribed, "frequency": row.frequency, "note": row.note}
    form = PlanForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.set_plan(user, owner, dataset, **form.cleaned_data)
        except CityOpsError as refused:
            form.add_error(None, refused.detail)
        else:
            messages.success(request, _("订阅和频次已保存。"))
            return redirect("aggregation-plan", owner, dataset)
    trail = AuditEvent.objects.filter(object_kind="DatasetPlan", object_key=f"{owner} {dataset}").order_by("-id")[:20]
    facts = {"row": row, "form": form, "trail": trail}
    return render(request, "aggregation/plan.html", facts, status=400 if form.errors else 200)


@require_safe
def mapping_list(request: HttpRequest) -> HttpResponse:
    """编码映射: what local classes mean, and local classes that nobody mapped yet."""
    user = person_of(request)
    facts = {
        "page": Paginator(mapping.mappings(user), PAGE_SIZE).get_page(request.GET.get("page")),
        "unmapped": mapping.unmapped(user),
        "names": selectors.names_seen(user),
    }
    return render(request, "aggregation/mappings.html", facts)


@require_safe
def mapping_export(request: HttpRequest) -> HttpResponseBase:
    """The mappings as a file."""
    rows = mapping.mappings(person_of(request))
    return download(request, "mappings", MAPPING_COLUMNS, rows, action="code_mapping.export", kind="CodeMapping")


@require_http_methods(["GET", "POST"])
def mapping_new(request: HttpRequest) -> HttpResponse:
    """Map a local class."""
    known = {name: request.GET[name] for name in ("node", "kind", "local_code") if name in request.GET}
    form = MappingForm(request.POST or None, initial=known)
    if request.method == "POST" and form.is_valid():
        try:
            services.add_mapping(person_of(request), **form.cleaned_data)
        except CityOpsError as refused:
            form.add_error(None, refused.detail or str(refused.title))
        else:
            messages.success(request, _("编码映射已保存。"))
            return redirect("aggregation-mappings")
    return render(request, "aggregation/mapping_new.html", {"form": form}, status=400 if form.errors else 200)


@require_POST
def mapping_end(request: HttpRequest, number: int) -> HttpResponse:
    """End a mapping."""
    try:
        services.end_mapping(person_of(request), number, reason=request.POST.get("reason", "")[:300])
        messages.success(request, _("编码映射已停用。"))
    except NotThere:
        raise
    except CityOpsError as refused:
        messages.error(request, refused.detail)
    return redirect("aggregation-mappings")


@require_safe
def returns(request: HttpRequest, owner: str) -> HttpResponse:
    """数据回流: what is held here of a node, for its own people to fetch back."""
    user, title = person_of(request), selectors.title_finder()
    rows = [(code, title(code), held, parked) for code, held, parked in returning.held_of(user, owner)]
    facts = {"owner": owner, "name": selectors.see_node(user, owner), "rows": rows}
    return render(request, "aggregation/returns.html", facts)


@require_safe
def return_file(request: HttpRequest, owner: str, dataset: str) -> HttpResponseBase:
    """The records of a node and dataset as they are applied here: NDJSON, or CSV and workbook with ``?format=``."""
    kind = returning.kind_of(person_of(request), owner, dataset)
    if request.GET.get("format") in ("csv", "xlsx"):
        names = ("rid", "rev", "seq", "applied_at", *kind.fields)
        columns = [Column(name, returning.reader(name)) for name in names]
        rows = returning.returned(kind, owner)
        return download(
            request,
            f"{owner}-{dataset}",
            columns,
            rows,
            action="records.return",
            kind=dataset,
            division_code=owner[:12],
        )
    with transaction.atomic():
        audit.record("records.return", kind=dataset, key=owner, division_code=owner[:12], after={"format": "ndjson"})
    answer = StreamingHttpResponse(returning.lines(kind, owner), content_type="application/x-ndjson")
    answer.headers["Content-Disposition"] = f'attachment; filename="{owner}-{dataset}.ndjson"'
    answer.headers["Cache-Control"] = "no-store"
    return answer
