"""Pages of the ground: unit grids and components, as lists, one by one, and as files."""

from datetime import date
from typing import Any

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from cityops.foundation.exports import Column, download
from cityops.foundation.ordering import Order, Orders, order_of
from cityops.foundation.paging import BoundedPaginator
from grid.models import Component
from grid.selectors import ground, inventory
from grid.web.ground_forms import ComponentFilter, GridFilter

PAGE_SIZE = 50
SHOWN_CHANGES = 20
"""Changes on the page of a component; the API has all."""
GRID_COLUMNS = (
    Column(_("单元网格编码"), "grid_code"),
    Column(_("网格名称"), "name"),
    Column(_("所属社区代码"), "division_code"),
    Column(_("面积(m²)"), "area_m2"),
    Column(_("四至说明"), "boundary_desc"),
    Column(_("初始日期"), "init_date"),
    Column(_("变更日期"), "change_date"),
    Column(_("区域类别"), "area_class"),
    Column(_("状态"), lambda grid: grid.get_status_display()),
    Column(_("备注"), "note"),
)
COMPONENT_COLUMNS = (
    Column(_("管理部件标识码"), "obj_id"),
    Column(_("管理部件名称"), "obj_name"),
    Column(_("部件分类代码"), "class_code"),
    Column(_("分类标准版本"), "std_ref"),
    Column(_("所在单元网格标识码"), "grid_code"),
    Column(_("社区代码"), "division_code"),
    Column(_("管理部件状态"), lambda component: component.get_state_display()),
    Column(_("主管部门代码"), "dept_code1"),
    Column(_("主管部门名称"), "dept_name1"),
    Column(_("权属单位名称"), "dept_name2"),
    Column(_("养护单位名称"), "dept_name3"),
    Column(_("经度"), lambda component: round(component.geom.centroid.x, 7)),
    Column(_("纬度"), lambda component: round(component.geom.centroid.y, 7)),
    Column(_("初始日期"), "init_date"),
    Column(_("变更日期"), "change_date"),
    Column(_("备注"), "note"),
)


GRID_ORDERS = {
    "code": ("grid_code",),
    "name": ("name", "grid_code"),
    "division": ("division_code", "grid_code"),
    "area": ("area_m2", "grid_code"),
    "status": ("status", "grid_code"),
    "changed": ("change_date", "grid_code"),
}
COMPONENT_ORDERS = {
    "code": ("obj_id",),
    "name": ("obj_name", "obj_id"),
    "class": ("class_code", "obj_id"),
    "state": ("state", "obj_id"),
    "division": ("division_code", "obj_id"),
    "grid": ("grid_code", "obj_id"),
    "authority": ("dept_name1", "obj_id"),
    "changed": ("change_date", "obj_id"),
}


def _order(request: HttpRequest, offered: Orders) -> Order:
    return order_of(request.GET.get("order"), offered, "code")


def _chosen(form: Any) -> dict[str, str]:
    """What the filter asks for; a value that is not offered narrows nothing and is told beside its field."""
    form.is_valid()
    return {name: value for name, value in form.cleaned_data.items() if value}


def _list(request: HttpRequest, template: str, form: Any, rows: Any, orders: Orders) -> HttpResponse:
    if request.GET.get("count"):
        return render(request, "web/parts/exact_count.html", {"total": rows.count()})
    order = _order(request, orders)
    page = BoundedPaginator(rows.order_by(*order.fields), PAGE_SIZE).get_page(request.GET.get("page"))
    names = ground.division_names({row.division_code for row in page})
    facts = {
        "form": form,
        "page": page,
        "names": names,
        "is_filtered": bool(_chosen(form)),
        "order": order,
        "states": [choice for choice in Component.State.choices if choice[0] != Component.State.OCCUPIED],
    }
    return render(request, template, facts, status=400 if form.errors else 200)


@require_safe
def grid_list(request: HttpRequest) -> HttpResponse:
    """单元网格."""
    form = GridFilter(request.GET)
    rows = ground.filter_grids(ground.visible_grids(request.user), **_chosen(form))  # type: ignore[arg-type]
    return _list(request, "grid/grid_list.html", form, rows, GRID_ORDERS)


@require_safe
def grid_detail(request: HttpRequest, grid_code: str) -> HttpResponse:
    """One grid, where it is and what lies in it."""
    return render(request, "grid/grid_detail.html", {"detail": ground.grid_detail(request.user, grid_code)})  # type: ignore[arg-type]


@require_safe
def grid_export(request: HttpRequest) -> StreamingHttpResponse | FileResponse:
    """The grids that the list shows, as a file."""
    rows = ground.filter_grids(ground.visible_grids(request.user), **_chosen(GridFilter(request.GET)))  # type: ignore[arg-type]
    rows = rows.order_by(*_order(request, GRID_ORDERS).fields)
    return download(request, "grids", GRID_COLUMNS, rows, action="grid.export")


@require_safe
def component_list(request: HttpRequest) -> HttpResponse:
    """管理部件."""
    form = ComponentFilter(request.GET)
    rows = ground.filter_components(ground.visible_components(request.user), **_chosen(form))  # type: ignore[arg-type]
    return _list(request, "grid/component_list.html", form, rows, COMPONENT_ORDERS)


@require_safe
def component_detail(request: HttpRequest, obj_id: str) -> HttpResponse:
    """One component, where it is, who answers for it, and the states it may change to."""
    user: Any = request.user
    detail = ground.component_detail(user, obj_id)
    component, day = detail.component, _day(request.GET.get("on", ""))
    is_city = settings.CITYOPS_TIER == "municipal"
    facts = {
        "detail": detail,
        "changes": inventory.worded(inventory.changes_of(component)[:SHOWN_CHANGES]),
        "on_day": inventory.as_of(component, day) if day else None,
        "checks": inventory.visible_checks(user).filter(component=component)[:5] if is_city else [],
        "cases": inventory.cases_of(user, component) if user.has_perm("grid.view_case") else [],
    }
    return render(request, "grid/component_detail.html", facts)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@require_safe
def component_export(request: HttpRequest) -> StreamingHttpResponse | FileResponse:
    """The components that the list shows, as a file."""
    rows = ground.visible_components(request.user).defer("geom_3857", "extra")  # type: ignore[arg-type]
    rows = ground.filter_components(rows, **_chosen(ComponentFilter(request.GET)))
    rows = rows.order_by(*_order(request, COMPONENT_ORDERS).fields)
    return download(request, "components", COMPONENT_COLUMNS, rows, action="component.export")
