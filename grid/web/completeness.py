"""Pages of what the ground lacks: the completeness report, and the conversions of codes."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from cityops.foundation.errors import CityOpsError
from cityops.foundation.exports import Column, download
from cityops.foundation.patience import patience
from grid.models import Component
from grid.selectors import inventory as selectors
from grid.selectors.completeness import FIELDS, ClassLine, completeness, d1_grids
from grid.services.conversion.plan import Wish
from grid.services.conversion.run import try_conversion
from grid.web.ground import PAGE_SIZE
from grid.web.inventory_forms import TryForm


def _field(name: str) -> Column:
    return Column(
        Component._meta.get_field(name).verbose_name,  # type: ignore[union-attr]
        lambda line: line.percent(line.filled[name]),
    )


def _state(code: str, label: Any) -> Column:
    return Column(label, lambda line: line.states.get(code, 0))


COLUMNS = (
    Column(_("部件分类代码"), "class_code"),
    Column(_("名称"), "class_name"),
    Column(_("数量"), "number"),
    Column(_("一年内更新(%)"), "updated_percent"),
    Column(_("三个单位齐全(%)"), "units_percent"),
    *(_state(code, label) for code, label in Component.State.choices),
    *(_field(name) for name in FIELDS),
)


@require_safe
def completeness_report(request: HttpRequest) -> HttpResponseBase:
    """部件完整性, class by class; ``?format=`` gives it as a file, ``?grids=1`` checks the grids' topology, too."""
    user: Any = request.user
    division = request.GET.get("division", "").strip()[:12]
    with patience():
        report = completeness(user, division)
        grids = d1_grids(user, division) if request.GET.get("grids") else []
    if request.GET.get("format"):
        rows: list[ClassLine] = [*report.lines, report.whole]
        return download(request, "completeness", COLUMNS, rows, action="component.completeness", kind="component")
    facts = {
        "report": report,
        "ticks": [*grids, *report.ticks],
        "has_grids": bool(grids),
        "division": division,
        "titles": [(name, selectors.field_title(name)) for name in FIELDS],
    }
    return render(request, "grid/completeness.html", facts)


@require_safe
def conversions(request: HttpRequest) -> HttpResponse:
    """编码换版: the runs and trials, and a form to try one; converting itself is for the command line."""
    return _conversions(request, TryForm())


def _conversions(request: HttpRequest, form: TryForm) -> HttpResponse:
    rows = selectors.visible_conversions(request.user)  # type: ignore[arg-type]
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "grid/conversions.html", {"form": form, "page": page}, status=400 if form.errors else 200)


@require_POST
def conversion_try(request: HttpRequest) -> HttpResponse:
    """Try a conversion: nothing changes, the report is kept."""
    form = TryForm(request.POST)
    if form.is_valid():
        given = form.cleaned_data
        wish = Wish(given["to_std"], kinds=tuple(given["kinds"]), division_code=given["division"].strip())
        try:
            with patience():
                run = try_conversion(request.user, wish)  # type: ignore[arg-type]
        except CityOpsError as refused:
            form.add_error(None, refused.detail)
        else:
            return redirect("inventory-conversion-detail", run.pk)
    return _conversions(request, form)


LINE_COLUMNS = (
    Column(_("对象"), lambda line: line["kind_name"]),
    Column(_("原分类"), lambda line: line["class_code"]),
    Column(_("原名称"), lambda line: line["class_name"]),
    Column(_("新分类"), lambda line: line["to_code"]),
    Column(_("新名称"), lambda line: line["to_name"]),
    Column(_("数量"), lambda line: line["number"]),
    Column(_("可换"), lambda line: line["converted"]),
    Column(_("另编顺序号"), lambda line: line["renumbered"]),
    Column(_("损失"), lambda line: line["lost"]),
    Column(_("原因"), lambda line: line["reason"]),
    Column(_("可选分类"), lambda line: " ".join(line["offered"])),
    Column(_("合并的分类"), lambda line: " ".join(line["merged"])),
)


@require_safe
def conversion_detail(request: HttpRequest, pk: int) -> HttpResponseBase:
    """One run: totals, and every class that loses or changes something; ``?format=`` gives the report as a file."""
    run = selectors.get_conversion(request.user, pk)  # type: ignore[arg-type]
    losses = selectors.losses(run)
    if request.GET.get("format"):
        return download(request, f"codes-{run.pk}", LINE_COLUMNS, losses, action="codes.export", kind="codes")
    kinds = {"components": _("部件"), "matters": _("事项"), "cases": _("案件")}
    totals = [(kinds[kind], counts) for kind, counts in run.totals.items()]
    return render(request, "grid/conversion_detail.html", {"run": run, "losses": losses, "totals": totals})
