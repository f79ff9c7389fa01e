"""The working calendar 工作日历: a year at a glance, its legal basis, the city's changes, and a trial of a limit."""

import calendar as months
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.dates import MONTHS, WEEKDAYS_ABBR
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from cityops.accounts.guards import person_of, requires
from cityops.accounts.models import User
from cityops.accounts.services.limits import has_whole_instance
from cityops.foundation.errors import InvalidInput
from grid.models import CalendarDay
from grid.rules.clock import CalendarWithoutHours, WorkCalendar, explain
from grid.selectors.calendar import FIRST_YEAR, LAST_YEAR, LOCAL_SOURCE, work_calendar
from grid.services import calendar as service
from grid.tasks import wake_recounts
from grid.web.clock_settings import clock_page
from sync.standard.models import DisposalRule

CHANGE = "grid.change_calendar"


class DayForm(forms.Form):
    """A day that the city works or has off against the notice."""

    day = forms.DateField(label=gettext_lazy("日期"), widget=forms.DateInput(attrs={"type": "date"}))
    kind = forms.ChoiceField(
        label=gettext_lazy("改为"),
        choices=[
            ("off", gettext_lazy("休息日")),
            ("work", gettext_lazy("工作日")),
            ("reset", gettext_lazy("恢复官方安排")),
        ],
    )
    name = forms.CharField(label=gettext_lazy("说明"), max_length=40, required=False)


class HoursForm(forms.Form):
    """The working periods from a day on."""

    valid_from = forms.DateField(label=gettext_lazy("自"), widget=forms.DateInput(attrs={"type": "date"}))
    morning_from = forms.TimeField(label=gettext_lazy("上午开始"), widget=forms.TimeInput(attrs={"type": "time"}))
    morning_to = forms.TimeField(label=gettext_lazy("上午结束"), widget=forms.TimeInput(attrs={"type": "time"}))
    afternoon_from = forms.TimeField(label=gettext_lazy("下午开始"), widget=forms.TimeInput(attrs={"type": "time"}))
    afternoon_to = forms.TimeField(label=gettext_lazy("下午结束"), widget=forms.TimeInput(attrs={"type": "time"}))
    is_yearly = forms.BooleanField(
        label=gettext_lazy("每年从这一天起(夏季、冬季作息)"),
        required=False,
        help_text=gettext_lazy("例如 5 月 1 日起和 10 月 1 日起各设一组，每年自动轮换。"),
    )

    def periods(self) -> list[tuple[time, time]]:
        """The two periods of a day."""
        asked = self.cleaned_data
        return [(asked["morning_from"], asked["morning_to"]), (asked["afternoon_from"], asked["afternoon_to"])]


class TrialForm(forms.Form):
    """A limit to try: from when, how long."""

    start = forms.DateTimeField(
        label=gettext_lazy("起算时间"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    value = forms.DecimalField(label=gettext_lazy("时限"), min_value=0, max_value=999, decimal_places=1)
    unit = forms.ChoiceField(label=gettext_lazy("单位"), choices=DisposalRule.Unit.choices)


@dataclass(frozen=True)
class DayCell:
    """One day of the year's sheet; ``kind`` is work, rest, holiday or makeup."""

    day: date
    kind: str
    name: str
    is_local: bool
    is_today: bool


@dataclass(frozen=True)
class Month:
    """One month: weeks from Monday, with gaps where another month's days stand."""

    title: str | Promise
    weeks: list[list[DayCell | None]]


@require_http_methods(["GET", "HEAD", "POST"])
def calendar_page(request: HttpRequest) -> HttpResponse:
    """Show a year; take a change of a day or of the hours."""
    day_form, hours_form = DayForm(), HoursForm(initial=_present_hours())
    if request.method == "POST":
        if not _may_change(request):
            raise PermissionDenied
        day_form, hours_form, done = _change(request, day_form, hours_form)
        if done:
            return redirect(f"{reverse('calendar')}?year={_year(request)}")
    year = _year(request)
    calendar = work_calendar()
    special = {row.day: row for row in CalendarDay.objects.filter(day__year=year)}
    trial = TrialForm(
        request.GET if "unit" in request.GET else None, initial={"start": timezone.localtime(), "value": 1}
    )
    facts = {
        "year": year,
        "today": timezone.localdate(),
        "months": _months(year, calendar, special),
        "is_official": year in calendar.official_years,
        "sources": sorted({row.source for row in special.values()}),
        "special": special.values(),
        "local_source": LOCAL_SOURCE,
        "hours": calendar.hours,
        "hours_many": len(calendar.hours) > 1,
        "day_form": day_form,
        "hours_form": hours_form,
        "trial": trial,
        "trial_steps": _trial(trial, calendar),
        "may_change": _may_change(request),
        "weekdays": [str(WEEKDAYS_ABBR[number]).removeprefix("星期") for number in range(7)],
    }
    return render(request, "grid/calendar.html", facts, status=400 if day_form.errors or hours_form.errors else 200)


def _may_change(request: HttpRequest) -> bool:
    return request.user.has_perm(CHANGE) and has_whole_instance(person_of(request))


def _year(request: HttpRequest) -> int:
    text = request.GET.get("year", "")
    this_year = timezone.localdate().year
    return min(max(int(text), FIRST_YEAR), LAST_YEAR) if text.isascii() and text.isdigit() else this_year


def _present_hours() -> dict[str, Any]:
    periods = work_calendar().periods_on(timezone.localdate())
    names = (("morning_from", "morning_to"), ("afternoon_from", "afternoon_to"))
    return {
        name: value
        for pair, period in zip(names, periods, strict=False)
        for name, value in zip(pair, period, strict=True)
    }


class RemovalForm(forms.Form):
    """Hours to take away: the day they hold from."""

    valid_from = forms.DateField(input_formats=["%Y-%m-%d"])


def _change(request: HttpRequest, day_form: DayForm, hours_form: HoursForm) -> tuple[DayForm, HoursForm, bool]:
    """Do what was asked: (day form, hours form, whether it was done)."""
    form: DayForm | HoursForm
    if request.POST.get("what") == "no-hours":
        return day_form, hours_form, _removed(request)
    if request.POST.get("what") == "hours":
        form = hours_form = HoursForm(request.POST)
    else:
        form = day_form = DayForm(request.POST)
    if not form.is_valid():
        return day_form, hours_form, False
    try:
        _apply(person_of(request), form)
    except InvalidInput as fault:
        form.add_error(None, fault.detail)
        return day_form, hours_form, False
    wake_recounts()
    messages.success(request, _("已保存。未结案件跨越变更日期的时限随后重算，已完成的不变。"))
    return day_form, hours_form, True


def _removed(request: HttpRequest) -> bool:
    form = RemovalForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("没有这组工作时段。"))
        return True
    try:
        service.remove_hours(person_of(request), form.cleaned_data["valid_from"])
    except InvalidInput as fault:
        messages.error(request, fault.detail)
        return True
    wake_recounts()
    messages.success(request, _("已删除这组工作时段，未结案件的时限随后重算。"))
    return True


def _apply(actor: User, form: DayForm | HoursForm) -> None:
    asked = form.cleaned_data
    if isinstance(form, HoursForm):
        service.set_hours(actor, asked["valid_from"], form.periods(), is_yearly=asked["is_yearly"])
    elif asked["kind"] == "reset":
        service.reset_day(actor, asked["day"])
    else:
        service.set_day(actor, asked["day"], is_workday=asked["kind"] == "work", name=asked["name"])


def _months(year: int, calendar: WorkCalendar, special: dict[date, CalendarDay]) -> Iterator[Month]:
    today = timezone.localdate()
    for number in range(1, 13):
        weeks = [
            [_cell(day, calendar, special.get(day), today) if day.month == number else None for day in week]
            for week in months.Calendar().monthdatescalendar(year, number)
        ]
        yield Month(MONTHS[number], weeks)


def _cell(day: date, calendar: WorkCalendar, row: CalendarDay | None, today: date) -> DayCell:
    worked = calendar.is_workday(day)
    usual = day.weekday() < 5
    kind = ("work" if worked else "rest") if worked == usual and row is None else ("makeup" if worked else "holiday")
    return DayCell(day, kind, row.name if row else "", row is not None and row.source == LOCAL_SOURCE, day == today)


def _trial(form: TrialForm, calendar: WorkCalendar) -> list[Any]:
    """How a limit is counted, day by day; empty where nothing was asked."""
    if not form.is_bound or not form.is_valid():
        return []
    asked = form.cleaned_data
    try:
        return explain(asked["start"], asked["value"], asked["unit"], calendar)
    except CalendarWithoutHours:
        form.add_error(None, _("日历里没有工作时段，无法计算工作时限。"))
        return []


urlpatterns = [
    path("calendar/", requires("grid.view_calendar")(calendar_page), name="calendar"),
    path("clock/", requires("grid.view_calendar")(clock_page), name="clock-settings"),
]
