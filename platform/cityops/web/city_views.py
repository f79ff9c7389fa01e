"""城市一览: the cities side by side in time with the state of their links, and one city."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cityops.foundation.errors import InvalidInput
from cityops.foundation.exports import Column, download
from cityops.web import cities
from evaluation.documents import name_of


@require_safe
def city_list(request: HttpRequest) -> HttpResponseBase:
    """Links and data, or one indicator over twelve months (``?by=figures&indicator=…``); ``?link=`` narrows.

    ``?format=`` gives the table as a file.
    """
    facts = cities.board(request.user, request.GET.get("indicator", cities.ON_TIME))
    by = "figures" if request.GET.get("by") == "figures" else "links"
    link = request.GET.get("link", "")
    rows = [city for city in facts["cities"] if not link or city.link.light == link]
    if request.GET.get("format"):
        return _file(request, facts, rows, by)
    is_narrowed = bool(facts["cities"]) and not rows
    return render(
        request, "web/city_list.html", {**facts, "cities": rows, "by": by, "link": link, "is_narrowed": is_narrowed}
    )


def _file(request: HttpRequest, facts: dict[str, Any], rows: list[cities.CityRow], by: str) -> HttpResponseBase:
    """The table that is shown, as a file."""
    if not request.user.has_perm("evaluation.export_figure"):
        raise PermissionDenied
    columns = [Column(_("城市"), "place.name"), Column(_("区划"), "place.code")]
    columns += _month_columns(facts) if by == "figures" else _link_columns(facts)
    return download(request, f"cities-{by}", columns, rows, action="city.export", kind="city")


def _month_columns(facts: dict[str, Any]) -> list[Column]:
    title = name_of(facts["indicator"])
    return [Column(f"{title} {month.key}", _month(number)) for number, month in enumerate(facts["months"])]


def _link_columns(facts: dict[str, Any]) -> list[Column]:
    columns = [
        Column(_("链路"), "link.words"),
        Column(_("最近成功"), "link.last_ok_at"),
        Column(_("待收"), "link.backlog"),
        Column(_("暂存"), "link.parked"),
        Column(_("今日上报"), lambda city: city.counts.get("today", 0)),
        Column(_("未结"), lambda city: city.counts.get("open", 0)),
        Column(_("超期未结"), lambda city: city.counts.get("red", 0)),
        Column(_("最新数据"), "latest_at"),
    ]
    equal, count = _("最后核对一致"), _("记录数")
    for one in facts["datasets"]:
        columns += [
            Column(f"{one.title} {equal}", _cell(one.code, "equal_at")),
            Column(f"{one.title} {count}", _cell(one.code, "records")),
        ]
    return columns


def _month(number: int) -> Callable[[cities.CityRow], Any]:
    return lambda city: city.series[number].value


def _cell(code: str, name: str) -> Callable[[cities.CityRow], Any]:
    return lambda city: getattr(city.link.cells.get(code), name, None)


@require_safe
def city_detail(request: HttpRequest, code: str) -> HttpResponse:
    """One city over the months; another province's city does not exist here."""
    try:
        facts = cities.detail(request.user, code)
    except InvalidInput as error:
        raise Http404 from error
    return render(request, "web/city_detail.html", facts)
