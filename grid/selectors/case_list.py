"""The filters of the case list; list, map, and export read the same address, so they show the same cases."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cityops.foundation.ordering import order_of
from cityops.regions.models import Division
from cityops.regions.rules import Level, scope_prefix
from grid.models import Case
from grid.rules import FINAL_STAGES
from grid.rules.clock import Light
from grid.selectors import lights
from grid.selectors.boards import day_start
from grid.selectors.case_filters import CaseFilter

TODAY, WAITING, OPEN, RED, FINISHED, ALL = "today", "waiting", "open", "red", "finished", "all"
VIEWS = (
    (TODAY, _("今日上报")),
    (WAITING, _("待我办理")),
    (OPEN, _("未结")),
    (RED, _("红灯")),
    (FINISHED, _("已结束")),
    (ALL, _("全部")),
)
"""Saved views of the list, as tabs."""
ORDERS = {
    "due": ("due_now", "-reported_at", "-rid"),
    "number": ("case_no",),
    "class": ("class_code", "-reported_at", "-rid"),
    "state": ("state", "-reported_at", "-rid"),
    "department": ("duty_org", "-reported_at", "-rid"),
    "reported": ("reported_at", "rid"),
}
"""What the list can be ordered by."""
USUAL_ORDER = "-reported"
DAYS = ("reported_from", "reported_to", "filed_from", "filed_to")


class CaseListFilter(CaseFilter):
    """The filters of lists and API, with the page's views and ``order``; rows carry ``light_now``, ``due_now``."""

    view = django_filters.ChoiceFilter(choices=VIEWS, method="by_view", widget=forms.HiddenInput)
    state = django_filters.ChoiceFilter(choices=Case.State.choices, label=_("环节"), empty_label=_("全部环节"))
    light = django_filters.ChoiceFilter(
        choices=lights.CHOICES, method="by_light", label=_("灯号"), empty_label=_("全部灯号")
    )
    source = django_filters.ChoiceFilter(choices=Case.Source.choices, label=_("问题来源"), empty_label=_("全部来源"))

    class Meta(CaseFilter.Meta):
        pass

    def __init__(self, data: Any, queryset: QuerySet[Any], *, user: Any, at: datetime | None = None) -> None:
        self.user = user
        self.at = at or timezone.now()
        self.order = order_of(data.get("order"), ORDERS, USUAL_ORDER)
        super().__init__(data, queryset.order_by(*self.order.fields))
        fields: Any = self.form.fields
        fields["division"].widget = forms.Select(choices=[("", _("全部区划")), *division_choices(user)])
        for field in fields.values():
            field.help_text = ""  # said to other systems; the page has its labels
        for name in DAYS:
            fields[name].widget = forms.DateInput(attrs={"type": "date"})

    @property
    def person(self) -> Any:
        """Who looks at the list."""
        return self.user

    @property
    def chosen(self) -> dict[str, Any]:
        """What was given and makes sense; a field with an error is left out and says so."""
        self.form.is_valid()
        return {name: value for name, value in self.form.cleaned_data.items() if value not in ("", None)}

    def by_view(self, queryset: Any, _name: str, value: str) -> QuerySet[Any]:
        """The rows of a saved view."""
        if value == TODAY:
            return queryset.filter(reported_at__gte=day_start(self.at))
        if value == WAITING:
            return self.by_waiting(queryset, "waiting", True)
        if value == OPEN:
            return queryset.open()
        if value == RED:
            return queryset.open().filter(light_now=Light.RED.value)
        if value == FINISHED:
            return queryset.filter(state__in=[stage.value for stage in FINAL_STAGES])
        return queryset

    def by_light(self, queryset: Any, _name: str, value: str) -> QuerySet[Any]:
        """Open cases with this light; the rows carry it already."""
        return queryset.open().filter(light_now=value)


def division_choices(user: Any) -> list[tuple[str, str]]:
    """The divisions right below the person's own, as (prefix, name)."""
    own = getattr(user, "scope_prefix", "")
    level = {0: Level.PROVINCE, 2: Level.CITY, 4: Level.COUNTY, 6: Level.STREET}.get(len(own), Level.COMMUNITY)
    found = Division.objects.current().filter(level=level.value, code__startswith=own).values_list("code", "name")
    return [(scope_prefix(code, level), name) for code, name in found]


def narrow_cases(request: HttpRequest) -> Callable[[QuerySet[Any]], QuerySet[Any]] | None:
    """The filters of a request's address as a function; None where it names none."""
    if not request.GET:
        return None

    def narrow(rows: QuerySet[Any]) -> QuerySet[Any]:
        narrowed: QuerySet[Any] = CaseListFilter(request.GET, rows, user=request.user).qs
        return narrowed

    return narrow
