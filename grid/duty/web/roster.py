"""Pages of shifts 班次 and of the roster 排班: a month as a table, a grid's day, planning, files."""

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cityops.accounts.guards import person_of
from cityops.accounts.services import limits
from cityops.accounts.services.limits import has_whole_instance
from cityops.foundation.errors import CityOpsError, NotThere
from cityops.foundation.exports import download
from cityops.foundation.patience import patience
from grid.duty.models import DutyGrid, Shift
from grid.duty.rules.shifts import days_of_month
from grid.duty.selectors import roster as ask
from grid.duty.selectors.areas import get_duty_grid, visible_duty_grids
from grid.duty.services import roster
from grid.duty.services.roster_files import COLUMNS, read_roster
from grid.duty.web.areas import told
from grid.duty.web.forms import AssignForm, CopyForm, RosterFileForm, ShiftForm, SubstituteForm, WeekForm
from grid.selectors.calendar import current_desk

ROWS = 25
"""Responsibility grids on one page of the month."""


@require_safe
def shift_list(request: HttpRequest) -> HttpResponse:
    """班次: those in use, and the retired."""
    person = person_of(request)
    may_change = person.has_perm("duty.change_roster") and has_whole_instance(person)
    return render(request, "duty/shifts.html", {"shifts": Shift.objects.all(), "may_change": may_change})


@require_http_methods(["GET", "HEAD", "POST"])
def shift_new(request: HttpRequest) -> HttpResponse:
    """Make a shift."""
    return _shift_page(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
def shift_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a shift; the roster that is planned keeps its hours."""
    return _shift_page(request, ask.get_shift(pk))


def _shift_page(request: HttpRequest, shift: Shift | None) -> HttpResponse:
    person = person_of(request)
    limits.whole_instance(person)
    initial = {} if shift is None else {**_fields_of(shift), "weekdays": list(shift.weekdays)}
    form = ShiftForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        asked = {**form.cleaned_data, "weekdays": "".join(form.cleaned_data["weekdays"])}
        try:
            roster.save_shift(person, roster.ShiftFields(**asked), shift.pk if shift else None)
        except CityOpsError as refused:
            told(form, refused)
        else:
            messages.success(request, _("班次已保存。已排的班不变,此后的排班用新的时间。"))
            return redirect("duty-shift-list")
    return render(request, "duty/shift_edit.html", {"shift": shift, "form": form}, status=400 if form.errors else 200)


def _fields_of(shift: Shift) -> dict[str, Any]:
    return {name: getattr(shift, name) for name in ("name", "starts_at", "ends_at", "days")}


@require_POST
def shift_retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Offer a shift no more."""
    shift = roster.retire_shift(person_of(request), pk)
    messages.success(request, _("班次“%s”已停用。") % shift.name)
    return redirect("duty-shift-list")


@require_safe
def month(request: HttpRequest) -> HttpResponse:
    """排班: responsibility grids down, days across."""
    person, first = person_of(request), ask.month_of(request.GET.get("month", ""))
    days = days_of_month(first.year, first.month)
    grids = visible_duty_grids(person).filter(grid_kind=DutyGrid.Kind.COLLECTING, valid_from__lte=days[-1])
    grids = grids.exclude(valid_to__lt=first)
    if q := request.GET.get("q", "").strip()[:60]:
        grids = grids.filter(grid_code__startswith=q) if q.isdigit() else grids.filter(name__icontains=q)
    page = Paginator(grids, ROWS).get_page(request.GET.get("page"))
    calendar = current_desk().calendar
    facts = {
        "month": first,
        "before": (first - dt.timedelta(days=1)).replace(day=1),
        "after": days[-1] + dt.timedelta(days=1),
        "days": [(day, calendar.is_workday(day)) for day in days],
        "page": page,
        "rows": ask.month_roster(person, page.object_list, first),
        "today": timezone.localdate(),
        "q": q,
        "shifts": ask.active_shifts(),
    }
    return render(request, "duty/month.html", facts)


@require_http_methods(["GET", "HEAD", "POST"])
def grid_day(request: HttpRequest, grid_code: str, day: str) -> HttpResponse:
    """One responsibility grid on one day: who is there, who stands in; put somebody on, for who may."""
    person, grid, on = person_of(request), get_duty_grid(person_of(request), grid_code), _day(day)
    may_change = person.has_perm("duty.change_roster")
    if request.method == "POST" and not may_change:
        raise PermissionDenied
    form = AssignForm(request.POST or None, user=person) if may_change else None
    if request.method == "POST" and form is not None and form.is_valid():
        asked = form.cleaned_data
        try:
            shift = ask.get_shift(int(asked["shift"]))
            roster.assign(person, day=on, shift=shift, grid_code=grid_code, username=asked["supervisor"])
        except CityOpsError as refused:
            told(form, refused)
        else:
            messages.success(request, _("已排班。"))
            return redirect("duty-day", grid_code, day)
    entries = ask.visible_assignments(person).filter(duty_grid=grid, day=on).order_by("starts_at", "pk")
    facts = {
        "grid": grid,
        "day": on,
        "entries": [(entry, _substitute_form(person, entry) if may_change else None) for entry in entries],
        "form": form,
        "now": timezone.now(),
        "before": on - dt.timedelta(days=1),
        "after": on + dt.timedelta(days=1),
    }
    return render(request, "duty/day.html", facts, status=400 if form is not None and form.errors else 200)


def _substitute_form(person: Any, entry: Any) -> SubstituteForm:
    present = entry.substitute.username if entry.substitute else ""
    initial = {"substitute": present, "reason": entry.substitute_reason}
    return SubstituteForm(user=person, initial=initial, prefix=f"s{entry.pk}", use_required_attribute=False)


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise NotThere from error


@require_POST
def entry_substitute(request: HttpRequest, pk: int) -> HttpResponse:
    """Let somebody stand in, or take that back."""
    person = person_of(request)
    entry = ask.get_assignment(person, pk)
    values = {name: request.POST.get(f"s{pk}-{name}", request.POST.get(name, "")) for name in ("substitute", "reason")}
    try:
        roster.substitute(person, pk, username=values["substitute"], reason=values["reason"][:200])
    except CityOpsError as refused:
        if refused.status == 404:
            raise
        messages.error(request, refused.detail)
    else:
        messages.success(request, _("替班已保存。"))
    return redirect("duty-day", entry.duty_grid.grid_code, entry.day.isoformat())


@require_POST
def entry_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an entry off the roster."""
    person = person_of(request)
    entry = ask.get_assignment(person, pk)
    try:
        roster.unassign(person, pk, reason=request.POST.get("reason", "")[:200])
    except CityOpsError as refused:
        if refused.status == 404:
            raise
        messages.error(request, refused.detail)
    else:
        messages.success(request, _("已撤下。"))
    return redirect("duty-day", entry.duty_grid.grid_code, entry.day.isoformat())


@require_http_methods(["GET", "HEAD", "POST"])
def planning(request: HttpRequest) -> HttpResponse:
    """Plan many days at once: by a person's repeating week, by copying a week, from a workbook."""
    person, what = person_of(request), request.POST.get("what", "")
    today = timezone.localdate()
    following = days_of_month(*_next_month(today))
    span = {"first": following[0], "last": following[-1], "grid": request.GET.get("grid", "")}
    bound: dict[str, forms.Form] = {
        "week": WeekForm(request.POST if what == "week" else None, user=person, initial=span),
        "copy": CopyForm(request.POST if what == "copy" else None, initial={**span, "monday": today}),
        "file": RosterFileForm(*((request.POST, request.FILES) if what == "file" else ())),
    }
    form = bound.get(what)
    if request.method == "POST" and form is not None and form.is_valid():
        try:
            with patience():
                done = _PLANS[what](person, form.cleaned_data)
        except CityOpsError as refused:
            told(form, refused)
        else:
            told_done = _("新排 %(made)s 条,原已有 %(present)s 条。") % {"made": done.made, "present": done.present}
            messages.success(request, told_done)
            return redirect(reverse("duty-roster"))
    status = 400 if form is not None and form.errors else 200
    return render(request, "duty/planning.html", {"forms": bound}, status=status)


def _next_month(today: dt.date) -> tuple[int, int]:
    following = (today.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
    return following.year, following.month


def _by_week(person: Any, asked: dict[str, Any]) -> roster.Planned:
    week = roster.Week(
        asked["grid"],
        ask.get_shift(int(asked["shift"])),
        asked["supervisor"],
        "".join(asked["weekdays"]),
        asked["first"],
        asked["last"],
    )
    return roster.plan_weeks(person, week)


def _by_copy(person: Any, asked: dict[str, Any]) -> roster.Planned:
    return roster.copy_week(person, **asked)


def _by_file(person: Any, asked: dict[str, Any]) -> roster.Planned:
    return roster.book(person, read_roster(person, asked["file"]), action="roster.import")


_PLANS = {"week": _by_week, "copy": _by_copy, "file": _by_file}


@require_safe
def roster_export(request: HttpRequest) -> HttpResponseBase:
    """The roster of a month as a file; the same columns are read again."""
    first = ask.month_of(request.GET.get("month", ""))
    days = days_of_month(first.year, first.month)
    rows = ask.visible_assignments(person_of(request)).filter(day__range=(days[0], days[-1]))
    return download(
        request, f"roster-{first:%Y%m}", COLUMNS, rows.order_by("day", "starts_at", "pk"), action="roster.export"
    )
