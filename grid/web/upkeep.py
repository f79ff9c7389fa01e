"""Pages that change the ground of a city: a component's state and fields, imports."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cityops.foundation.errors import CityOpsError, Refused
from cityops.foundation.exports import Column, download
from cityops.foundation.ordering import order_of
from cityops.foundation.patience import patience
from grid.models import ImportRun
from grid.selectors import ground
from grid.services import components
from grid.services.imports.recipe import RECIPES
from grid.services.imports.report import issue_lines
from grid.services.imports.uploads import take_upload
from grid.tasks import wake_imports
from grid.web.ground import PAGE_SIZE
from grid.web.ground_forms import ComponentForm, ImportForm


@require_http_methods(["GET", "POST"])
def component_edit(request: HttpRequest, obj_id: str) -> HttpResponse:
    """Change the descriptive fields of a component."""
    component = ground.component_to_change(request.user, obj_id)  # type: ignore[arg-type]
    form = ComponentForm(request.POST or None, instance=component)
    if request.method == "POST" and form.is_valid():
        try:
            components.edit(user=request.user, obj_id=obj_id, values=form.cleaned_data)  # type: ignore[arg-type]
        except Refused as refused:
            form.add_error(None, refused.detail)
        else:
            messages.success(request, _("已保存。"))
            return redirect("component-detail", obj_id)
    facts = {"form": form, "component": component}
    return render(request, "grid/component_edit.html", facts, status=400 if form.errors else 200)


@require_POST
def component_state(request: HttpRequest, obj_id: str) -> HttpResponse:
    """Change the state of a component, with the reason."""
    state, reason = request.POST.get("state", ""), request.POST.get("reason", "")[:200]
    try:
        components.change_state(user=request.user, obj_id=obj_id, state=state, reason=reason)  # type: ignore[arg-type]
    except CityOpsError as refused:
        if refused.status == 404:
            raise
        messages.error(request, refused.detail)
    else:
        messages.success(request, _("部件状态已变更。"))
    return redirect("component-detail", obj_id)


RUN_ORDERS = {
    "run": ("id",),
    "kind": ("kind", "id"),
    "file": ("file_name", "id"),
    "state": ("state", "id"),
    "read": ("rows_read", "id"),
    "taken": ("rows_taken", "id"),
    "refused": ("rows_refused", "id"),
    "started": ("started_at", "id"),
}
RUN_COLUMNS = (
    Column(_lazy("批次"), "pk"),
    Column(_lazy("类别"), lambda run: run.get_kind_display()),
    Column(_lazy("文件"), "file_name"),
    Column(_lazy("状态"), lambda run: run.get_state_display()),
    Column(_lazy("读取"), "rows_read"),
    Column(_lazy("导入"), "rows_taken"),
    Column(_lazy("退回"), "rows_refused"),
    Column(_lazy("开始"), "started_at"),
    Column(_lazy("操作人"), lambda run: run.started_by or ""),
)


@require_safe
def import_list(request: HttpRequest) -> HttpResponseBase:
    """导入: what was imported, newest first; ``?format=`` gives the list as a file."""
    rows = ground.visible_runs(request.user)  # type: ignore[arg-type]
    if (kind := request.GET.get("kind", "")) in ImportRun.Kind.values:
        rows = rows.filter(kind=kind)
    order = order_of(request.GET.get("order"), RUN_ORDERS, "-run")
    rows = rows.order_by(*order.fields)
    if request.GET.get("format"):
        return download(request, "imports", RUN_COLUMNS, rows, action="import.export", kind="import")
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    facts = {"page": page, "kinds": ImportRun.Kind.choices, "kind": kind, "order": order}
    return render(request, "grid/import_list.html", facts)


@require_http_methods(["GET", "POST"])
def import_new(request: HttpRequest) -> HttpResponse:
    """Upload a file with its mapping; a small one is imported at once, a larger one by a worker."""
    form = ImportForm(request.POST or None, request.FILES or None, initial={"kind": request.GET.get("kind", "")})
    if request.method == "POST" and form.is_valid():
        try:
            run = _take(request, form.cleaned_data)
        except CityOpsError as refused:
            form.add_error(None, refused.detail)
        else:
            return redirect("import-detail", run.pk)
    facts = {"form": form, "templates": _templates(), "chosen": form["kind"].value()}
    return render(request, "grid/import_new.html", facts, status=400 if form.errors else 200)


def _templates() -> list[tuple[str, str, str]]:
    """(kind, its name, dataset) of each import: the import template is the one of its dataset."""
    return [(kind.value, str(kind.label), RECIPES[kind.value].dataset) for kind in ImportRun.Kind]


def _take(request: HttpRequest, asked: dict[str, Any]) -> ImportRun:
    options = {name: bool(asked[name]) for name in ("dry_run", "skip_refused", "repair")}
    kind, file, mapping = asked["kind"], asked["file"], asked["mapping"]
    with patience():
        run = take_upload(kind, file, user=request.user, mapping=mapping, options=options)  # type: ignore[arg-type]
    if run.is_under_way:
        wake_imports()
    return run


@require_safe
def import_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One import: what was read and taken, and every fault with its remedy; htmx asks again while it runs."""
    run = ground.get_run(request.user, pk)  # type: ignore[arg-type]
    page = Paginator(run.issues.order_by("row_no", "id"), PAGE_SIZE).get_page(request.GET.get("page"))
    facts = {"run": run, "page": page, "rules": ground.issues_by_rule(run), "summary": _summary(run)}
    part = request.headers.get("HX-Target") == "run"
    return render(request, "grid/parts/import_run.html" if part else "grid/import_detail.html", facts)


def _summary(run: ImportRun) -> list[tuple[str, Any]]:
    """What the summary tells, in words; nothing that has none."""
    words = {
        "seconds": _("用时(秒)"),
        "grids_written": _("写入网格"),
        "components_written": _("写入部件"),
        "places_written": _("写入地点"),
        "middles": _("线和面取其中点"),
        "invalid": _("无效边界"),
        "overlaps": _("重叠处"),
        "overlap_m2": _("重叠面积(m²)"),
        "pieces_numbered": _("另编网格"),
        "slivers_m2": _("去掉的碎片(m²)"),
        "gaps": _("有空隙的社区"),
        "gap_m2": _("空隙面积(m²)"),
        "unusual_size": _("面积在 2 000–50 000 m² 之外"),
        "in_no_grid": _("不在任何网格内"),
        "deadlines_filled": _("按规则补算时限"),
        "steps_written": _("写入流转步骤"),
        "ignored_columns": _("没有读取的列"),
        "days_counted": _("更新日统计"),
    }
    return [(title, run.summary[name]) for name, title in words.items() if name in run.summary]


@require_safe
def import_issues(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """The faults of an import as CSV."""
    run = ground.get_run(request.user, pk)  # type: ignore[arg-type]
    response = StreamingHttpResponse(issue_lines(run), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="import-{run.pk}-issues.csv"'
    response.headers["Cache-Control"] = "no-store"
    return response
