"""Pages of what was looked at: today's board 今日值守, coverage 巡查覆盖, patrol plans 巡查计划 with their due list."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cityops.accounts.guards import person_of
from cityops.accounts.models import User
from cityops.foundation.errors import CityOpsError
from cityops.foundation.exports import Column, download
from grid.duty.models import DutyGrid, PatrolPlan, Shift
from grid.duty.rules.coverage import Coverage, total
from grid.duty.selectors import plans as ask_plans
from grid.duty.selectors.board import board
from grid.duty.selectors.coverage import Asked, CoverageRow, added_by, coverage_by_unit, coverage_rows
from grid.duty.services import plans
from grid.duty.web.areas import chosen, filled, unit_shapes
from grid.duty.web.forms import CoverageFilter, PlanForm
from grid.selectors.ground import division_prefix

DEFAULT_DAYS = 7
DUES = 500
"""Rows of the due list on one page; the figures above count all."""


@require_safe
def today_board(request: HttpRequest) -> HttpResponse:
    """今日值守: by responsibility grid, who is there and how much was looked at."""
    return render(request, "duty/board.html", {"board": board(person_of(request))})


@dataclass(frozen=True)
class Line:
    """One line of the report."""

    title: str
    detail: str
    coverage: Coverage
    url_code: str = ""


def _asked(person: User, chosen_now: dict[str, Any]) -> Asked:
    last = chosen_now.get("last") or timezone.localdate()
    first = chosen_now.get("first") or last - dt.timedelta(days=DEFAULT_DAYS - 1)
    shift = chosen_now.get("shift")
    prefix = division_prefix(chosen_now["division"]) if chosen_now.get("division") else ""
    return Asked(first, last, prefix, person.scope_prefix, int(shift) if shift else None)


def _lines(rows: list[CoverageRow], by: str) -> list[Line]:
    grids = DutyGrid.objects.in_bulk({row.duty_grid_id for row in rows})
    shifts = Shift.objects.in_bulk({row.shift_id for row in rows})
    if by == "day":
        return [Line(date_format(day, "Y-m-d l"), "", part) for day, part in sorted(added_by(rows, "day").items())]
    if by == "shift":
        parts = sorted(added_by(rows, "shift_id").items(), key=lambda item: shifts[item[0]].starts_at)
        return [Line(shifts[pk].name, _hours(shifts[pk]), part) for pk, part in parts]
    if by == "each":
        return [_each(row, grids[row.duty_grid_id], shifts[row.shift_id]) for row in rows]
    found = [(grids[pk], part) for pk, part in added_by(rows, "duty_grid_id").items()]
    return [
        Line(grid.name, grid.grid_code, part, grid.grid_code)
        for grid, part in sorted(found, key=lambda item: item[0].grid_code)
    ]


def _hours(shift: Shift) -> str:
    return f"{shift.starts_at:%H:%M}–{shift.ends_at:%H:%M}"


def _each(row: CoverageRow, grid: DutyGrid, shift: Shift) -> Line:
    return Line(f"{row.day} {shift.name}", f"{grid.name} {grid.grid_code}", row.coverage, grid.grid_code)


COLUMNS = (
    Column(_lazy("汇总项"), "title"),
    Column(_lazy("说明"), "detail"),
    Column(_lazy("应巡单元网格"), lambda line: line.coverage.scheduled),
    Column(_lazy("已巡单元网格"), lambda line: line.coverage.visited),
    Column(_lazy("未巡单元网格"), lambda line: line.coverage.missing),
    Column(_lazy("覆盖率(%)"), lambda line: line.coverage.rate_percent),
)


@require_safe
def coverage_report(request: HttpRequest) -> HttpResponse:
    """巡查覆盖 over days, by responsibility grid, day or shift, with the map of the unit grids."""
    person, form = person_of(request), CoverageFilter(request.GET)
    asked, by = _asked(person, now := chosen(form)), now.get("by", "grid")
    rows = coverage_rows(asked)
    facts = {
        "form": form,
        "asked": asked,
        "lines": _lines(rows, by),
        "whole": total(row.coverage for row in rows),
        "shapes": unit_shapes(person, *_tones(coverage_by_unit(asked))),
        "by": by,
    }
    return render(request, "duty/coverage.html", facts, status=400 if form.errors else 200)


def _tones(units: dict[str, Coverage]) -> tuple[Iterable[str], dict[str, dict[str, Any]]]:
    """How each unit grid is drawn: looked at in every shift, in some, in none."""

    def tone(part: Coverage) -> str:
        if not part.visited:
            return "none"
        return "full" if not part.missing else "part"

    values = {
        code: {"tone": tone(part), "visited": part.visited, "scheduled": part.scheduled} for code, part in units.items()
    }
    return values, values


@require_safe
def coverage_export(request: HttpRequest) -> HttpResponseBase:
    """The report as a file."""
    now = chosen(CoverageFilter(request.GET))
    rows = coverage_rows(_asked(person_of(request), now))
    return download(request, "coverage", COLUMNS, _lines(rows, now.get("by", "grid")), action="coverage.export")


@require_safe
def plan_list(request: HttpRequest) -> HttpResponse:
    """巡查计划 with how far each is kept now, and what is still due."""
    person, today = person_of(request), timezone.localdate()
    states = [ask_plans.plan_state(plan) for plan in ask_plans.visible_plans(person).in_force(today)]
    ended = ask_plans.visible_plans(person).filter(valid_to__lt=today)
    dues = [(state, due) for state in states for due in state.open]
    facts = {"states": states, "ended": ended, "dues": dues[:DUES], "due_count": len(dues)}
    return render(request, "duty/plan_list.html", facts)


@require_safe
def plan_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One plan: what it asks, how far it is kept, where."""
    person = person_of(request)
    state = ask_plans.plan_state(ask_plans.get_plan(person, pk))
    tones = {due.grid_code: {"tone": "full" if due.is_fulfilled else "none"} for due in state.dues}
    shapes = unit_shapes(person, state.plan.grid_codes, tones)
    return render(request, "duty/plan_detail.html", {"state": state, "plan": state.plan, "shapes": shapes})


def _plan_page(request: HttpRequest, plan: PatrolPlan | None) -> HttpResponse:
    person = person_of(request)
    initial = {}
    if plan is not None:
        initial = {name: getattr(plan, name) for name in ("name", "times", "per", "note")}
        initial["codes"] = "\n".join(plan.grid_codes)
    form = PlanForm(request.POST or None, initial=initial)

    def save(codes: tuple[str, ...]) -> PatrolPlan:
        asked = {name: form.cleaned_data[name] for name in ("name", "times", "per", "note")}
        return plans.save_plan(person, plans.PlanFields(codes=codes, **asked), plan.pk if plan else None)

    saved = filled(request, form, save)
    if saved is not None:
        messages.success(request, _("巡查计划已保存。"))
        return redirect("duty-plan-detail", saved.pk)
    facts = {"form": form, "title": _("修改巡查计划") if plan else _("新建巡查计划"), "back": "duty-plan-list"}
    return render(request, "duty/draw.html", facts, status=400 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def plan_new(request: HttpRequest) -> HttpResponse:
    """Make a patrol plan."""
    return _plan_page(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
def plan_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a patrol plan."""
    return _plan_page(request, ask_plans.get_plan(person_of(request), pk))


@require_POST
def plan_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a patrol plan end with today."""
    person = person_of(request)
    ask_plans.get_plan(person, pk)
    try:
        plans.end_plan(person, pk, request.POST.get("reason", "")[:200])
    except CityOpsError as refused:
        if refused.status == 404:
            raise
        messages.error(request, refused.detail)
    else:
        messages.success(request, _("计划自今天之后不再计算。"))
    return redirect("duty-plan-detail", pk)
