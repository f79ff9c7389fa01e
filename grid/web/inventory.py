"""Pages that record, move and change components."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from cityops.foundation.errors import CityOpsError, InvalidInput, Refused
from grid.selectors import ground
from grid.selectors import inventory as selectors
from grid.selectors.classes import classes_in_force
from grid.services import inventory
from grid.web.inventory_forms import UNIT_FIELDS, ComponentMoveForm, ComponentNewForm, add_faults

TOLD = 5
"""Refusals of a bulk change that are told one by one."""


def _classes() -> list[tuple[str, str]]:
    rows = classes_in_force().filter(kind="1").order_by("class_code")
    return [(row.class_code, f"{row.class_code} {row.class_name}") for row in rows]


@require_http_methods(["GET", "POST"])
def component_new(request: HttpRequest) -> HttpResponse:
    """Record a component by hand: a point on the map, its class, its units."""
    user: Any = request.user
    first = {
        name: request.GET[name] for name in ("longitude", "latitude", "case_no", "class_code") if name in request.GET
    }
    form = ComponentNewForm(request.POST or None, initial=first, classes=_classes())
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        case_no = given.pop("case_no")
        units = {name: given.pop(name) for name in UNIT_FIELDS}
        try:
            made = inventory.create(user, inventory.NewComponent(units=units, **given), case_no=case_no)
        except InvalidInput as fault:
            add_faults(form, fault)
        except Refused as refused:
            form.add_error(None, refused.detail)
        else:
            messages.success(request, _("已建档，标识码 %s。") % made.obj_id)
            return redirect("component-detail", made.obj_id)
    facts = {"form": form, "units": selectors.units_known(user)}
    return render(request, "grid/component_new.html", facts, status=400 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def component_move(request: HttpRequest, obj_id: str) -> HttpResponse:
    """Give a component another place, with the reason."""
    user: Any = request.user
    component = ground.component_to_change(user, obj_id)
    spot = component.geom.centroid
    first = {"longitude": round(spot.x, 7), "latitude": round(spot.y, 7)}
    if component.geom.geom_type != "Point":
        first = {"wkt": component.geom.wkt}
    form = ComponentMoveForm(request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            inventory.move(user, component.obj_id, _shape(form.cleaned_data), reason=form.cleaned_data["reason"])
        except InvalidInput as fault:
            add_faults(form, fault)
        except Refused as refused:
            form.add_error(None, refused.detail)
        else:
            messages.success(request, _("位置已变更。"))
            return redirect("component-detail", component.obj_id)
    facts = {"form": form, "component": component, "spot": spot}
    return render(request, "grid/component_move.html", facts, status=400 if form.errors else 200)


def _shape(given: dict[str, Any]) -> Any:
    if given["wkt"]:
        return inventory.shape_of(given["wkt"])
    return inventory.point_at(given["longitude"], given["latitude"], given["coordinate_system"])


@require_POST
def component_states(request: HttpRequest) -> HttpResponse:
    """Change the state of the components that were ticked in the list, for one reason."""
    user: Any = request.user
    ids, state = request.POST.getlist("obj_id"), request.POST.get("state", "")
    try:
        done = inventory.change_states(user, ids, state, request.POST.get("reason", "")[:200])
    except CityOpsError as refused:
        messages.error(request, refused.detail)
    else:
        _tell(request, done)
    back = request.POST.get("back", "")
    return redirect(f"{reverse('component-list')}?{back}" if back else "component-list")


def _tell(request: HttpRequest, done: inventory.Changed) -> None:
    count = len(done.changed)
    if count:
        told = ngettext("已变更 %(n)s 个部件的状态。", "已变更 %(n)s 个部件的状态。", count)
        messages.success(request, told % {"n": count})
    if done.same:
        messages.info(request, _("%s 个部件已是该状态。") % len(done.same))
    for obj_id, why in list(done.refused.items())[:TOLD]:
        messages.error(request, f"{obj_id}：{why}")
    if len(done.refused) > TOLD:
        messages.error(request, _("另有 %s 个部件没有变更。") % (len(done.refused) - TOLD))
