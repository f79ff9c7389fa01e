"""Pages of places: the list with its map, one place, its upkeep; answers for the forms of others."""

from typing import Any

from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cityops.accounts.guards import person_of
from cityops.foundation.errors import CityOpsError, InvalidInput
from cityops.foundation.exports import Column, download
from cityops.foundation.ordering import order_of
from grid.places.models import Place
from grid.places.selectors import places as asked_places
from grid.places.selectors.geocoding import SHORTEST, geocode
from grid.places.selectors.reverse import around
from grid.places.services import places as services
from grid.places.web.forms import PlaceFilter, PlaceForm, RetireForm
from grid.selectors.extents import extent_of
from grid.selectors.ground import division_names

PAGE_SIZE = 50
OPTIONS = 8
"""Places offered for a text that is being typed."""
ORDERS = {
    "id": ("place_id",),
    "name": ("place_name", "place_id"),
    "type": ("place_type", "place_id"),
    "address": ("std_address", "place_id"),
    "division": ("division_code", "place_id"),
    "grid": ("grid_code", "place_id"),
    "valid": ("valid", "place_id"),
}
COLUMNS = (
    Column(gettext_lazy("地点标识"), "place_id"),
    Column(gettext_lazy("地点名称"), "place_name"),
    Column(gettext_lazy("地点类别"), lambda place: place.get_place_type_display()),
    Column(gettext_lazy("标准地址"), "std_address"),
    Column(gettext_lazy("别名"), "alias"),
    Column(gettext_lazy("经度"), lambda place: round(place.geom.x, 7)),
    Column(gettext_lazy("纬度"), lambda place: round(place.geom.y, 7)),
    Column(gettext_lazy("单元网格"), "grid_code"),
    Column(gettext_lazy("社区代码"), "division_code"),
    Column(gettext_lazy("有效"), lambda place: place.get_valid_display()),
    Column(gettext_lazy("启用日期"), "valid_from"),
    Column(gettext_lazy("停用日期"), "valid_to"),
    Column(gettext_lazy("数据来源"), "source"),
)


def _chosen(form: PlaceFilter) -> dict[str, str]:
    """What the filter asks for; a value that is not offered narrows nothing and is told beside its field."""
    form.is_valid()
    return {name: value for name, value in form.cleaned_data.items() if value}


@require_safe
def place_list(request: HttpRequest) -> HttpResponse:
    """地点."""
    form = PlaceFilter(request.GET)
    chosen = _chosen(form)
    order = order_of(request.GET.get("order"), ORDERS, "id")
    rows = asked_places.filter_places(asked_places.visible_places(person_of(request)), **chosen)
    page = Paginator(rows.order_by(*order.fields), PAGE_SIZE).get_page(request.GET.get("page"))
    facts = {
        "form": form,
        "page": page,
        "order": order,
        "is_filtered": bool(chosen),
        "names": division_names({place.division_code for place in page}),
        "bounds": extent_of([place.geom for place in page]),
    }
    return render(request, "places/place_list.html", facts, status=400 if form.errors else 200)


@require_safe
def place_export(request: HttpRequest) -> StreamingHttpResponse | FileResponse:
    """The places that the list shows, as a file."""
    rows = asked_places.filter_places(
        asked_places.visible_places(person_of(request)), **_chosen(PlaceFilter(request.GET))
    )
    rows = rows.order_by(*order_of(request.GET.get("order"), ORDERS, "id").fields)
    return download(request, "places", COLUMNS, rows, action="place.export", kind="place")


@require_safe
def place_detail(request: HttpRequest, place_id: str) -> HttpResponse:
    """One place: where it is, what it was called, what belongs to it."""
    return _detail(request, place_id)


def _detail(request: HttpRequest, place_id: str, form: RetireForm | None = None) -> HttpResponse:
    detail = asked_places.place_detail(person_of(request), place_id)
    facts = {"detail": detail, "place": detail.place, "form": form or RetireForm()}
    return render(request, "places/place_detail.html", facts, status=400 if form is not None else 200)


@require_http_methods(["GET", "POST"])
def place_new(request: HttpRequest) -> HttpResponse:
    """Make a place."""
    form = PlaceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            place = services.create_place(person_of(request), _values(form))
        except CityOpsError as refused:
            form.add_error(None, refused.detail)
        else:
            return redirect("place-detail", place.place_id)
    return render(request, "places/place_form.html", {"form": form}, status=400 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def place_edit(request: HttpRequest, place_id: str) -> HttpResponse:
    """Change a place."""
    place = asked_places.place_to_change(person_of(request), place_id)
    form = PlaceForm(request.POST or None, instance=place)
    if request.method == "POST" and form.is_valid():
        keeps = form.cleaned_data["keeps_old_name"]
        try:
            services.edit_place(person_of(request), place_id, _values(form), keeps_old_name=keeps)
        except CityOpsError as refused:
            form.add_error(None, refused.detail)
        else:
            return redirect("place-detail", place_id)
    facts = {"form": form, "place": place}
    return render(request, "places/place_form.html", facts, status=400 if form.errors else 200)


def _values(form: PlaceForm) -> dict[str, Any]:
    return {name: value for name, value in form.cleaned_data.items() if name in services.EDITABLE}


@require_POST
def place_retire(request: HttpRequest, place_id: str) -> HttpResponse:
    """Take a place out of use."""
    place: Place = asked_places.place_to_change(person_of(request), place_id)
    form = RetireForm(request.POST)
    if not form.is_valid():
        return _detail(request, place_id, form)
    try:
        services.retire_place(person_of(request), place.place_id, **form.cleaned_data)
    except CityOpsError as refused:
        form.add_error(None, refused.detail)
        return _detail(request, place_id, form)
    return redirect("place-detail", place_id)


@require_safe
def place_options(request: HttpRequest) -> HttpResponse:
    """Places for a text, as choices that fill longitude, latitude and address of the form they are embedded in.

    ``?text=``; a form may send its own field ``address`` instead. Asked without htmx it is a page of its own.
    docs/places.md tells how to embed it.
    """
    text = (request.GET.get("text") or request.GET.get("address") or "").strip()[:300]
    answer = geocode(person_of(request), text, limit=OPTIONS) if len(text) >= SHORTEST else None
    part = bool(request.headers.get("HX-Request"))
    template = "places/parts/options.html" if part else "places/place_find.html"
    return render(request, template, {"text": text, "answer": answer})


@require_safe
def place_near(request: HttpRequest) -> HttpResponse:
    """What is around a point, in words: ``?longitude=&latitude=``."""
    try:
        lon, lat = (float(request.GET.get(name, "")) for name in ("longitude", "latitude"))
        spot = around(person_of(request), lon, lat)
    except (ValueError, InvalidInput) as wrong:
        told = wrong.detail if isinstance(wrong, InvalidInput) else _("请填写经度和纬度(十进制度数)。")
        return render(request, "places/parts/near.html", {"told": told}, status=400)
    return render(request, "places/parts/near.html", {"spot": spot})
