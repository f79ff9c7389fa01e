"""One way to show a list: filter, paging, empty state, export of exactly what is shown."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.views import View
from django_filters import FilterSet

from cityops.accounts.guards import person_of
from cityops.accounts.models import User
from cityops.accounts.services.limits import has_whole_instance
from cityops.foundation.exports import Column, download
from cityops.foundation.ordering import Orders, order_of

PAGE_SIZE = 50
Text = str | Promise


@dataclass(frozen=True)
class Cell:
    """What stands in one cell: a text, perhaps a link, perhaps a light before it."""

    text: Any
    url: str = ""
    light: str = ""
    css: str = ""


def when(moment: dt.datetime | None) -> str:
    """A moment in local time to the second; a dash for never."""
    return "—" if moment is None else timezone.localtime(moment).strftime("%Y-%m-%d %H:%M:%S")


@dataclass(frozen=True)
class Action:
    """A button of the page's head."""

    title: Text
    url_name: str
    icon: str
    permission: str
    is_for_all: bool = False
    """Whether it changes something for the whole instance, so that who is responsible for a part does not see it."""

    def is_open_to(self, person: User) -> bool:
        """Whether the person may press it."""
        return person.has_perm(self.permission) and (not self.is_for_all or has_whole_instance(person))


class ListPage(View):
    """A list; subclasses say what is in it and how a row looks."""

    title: Text = ""
    heads: tuple[Text, ...] = ()
    filterset: type[FilterSet] | None = None
    actions: tuple[Action, ...] = ()
    empty: Text = ""
    export: tuple[Column, ...] = ()
    export_action = ""
    export_permission = ""
    orders: Orders = {}
    """What the list can be ordered by: the place of the column's head, as text, → fields."""
    template_name = "maintenance/list.html"

    def queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """What the person may see, in order."""
        raise LookupError(f"{type(self).__name__} names no queryset.")

    def cells(self, thing: Any) -> Iterable[Cell]:
        """The cells of one row, one for each head."""
        raise LookupError(f"{type(self).__name__} names no cells.")

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """The page, or the file where ``?format=`` asks for one."""
        found = self.queryset(request)
        order = order_of(request.GET.get("order"), self.orders, "0") if self.orders else None
        if order is not None:
            found = found.order_by(*order.fields)
        filterset = self.filterset(request.GET, queryset=found, request=request) if self.filterset else None
        if filterset is not None:
            found = filterset.qs if filterset.is_valid() else found.none()
        may_export = bool(self.export) and (not self.export_permission or request.user.has_perm(self.export_permission))
        if may_export and request.GET.get("format"):
            name = self.export_action.split(".", maxsplit=1)[0]
            return download(request, name, self.export, found, action=self.export_action, kind=name)
        page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
        facts = {
            "title": self.title,
            "heads": [(head, str(place) if str(place) in self.orders else "") for place, head in enumerate(self.heads)],
            "order": order,
            "filter_form": filterset.form if filterset is not None else None,
            "rows": [list(self.cells(thing)) for thing in page],
            "page": page,
            "buttons": [
                (action, reverse(action.url_name)) for action in self.actions if action.is_open_to(person_of(request))
            ],
            "empty": self.empty,
            "may_export": may_export,
            "is_filtered": any(value for key, value in request.GET.items() if key not in ("page", "order")),
        }
        return render(request, self.template_name, facts)
