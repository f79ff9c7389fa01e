"""Questions about patrol plans 巡查计划: what holds, and what is still due."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from cityops.accounts.models import User
from cityops.foundation.errors import NotThere
from grid.duty.models import DutyGridUnit, PatrolPlan, Visit
from grid.duty.models.visits import PatrolPlanQuerySet
from grid.duty.rules.coverage import Due, Span, due_list, span_around
from grid.duty.selectors.roster import on_shift

Hours = tuple[dt.datetime, dt.datetime]


def visible_plans(user: User) -> PatrolPlanQuerySet:
    """The patrol plans a person may see."""
    found: PatrolPlanQuerySet = PatrolPlan.objects.visible_to(user)
    return found


def get_plan(user: User, pk: int) -> PatrolPlan:
    """One plan. Raises NotThere where the person may not see it."""
    found = visible_plans(user).filter(pk=pk).first()
    if found is None:
        raise NotThere
    return found


@dataclass(frozen=True)
class PlanState:
    """How far a plan is kept in the shift, day or week that runs."""

    plan: PatrolPlan
    starts_at: dt.datetime | None
    ends_at: dt.datetime | None
    dues: list[Due]

    @property
    def runs(self) -> bool:
        """False for a plan per shift outside of every shift: nothing is due."""
        return self.starts_at is not None

    @property
    def open(self) -> list[Due]:
        """Unit grids that still need visits."""
        return [due for due in self.dues if not due.is_fulfilled]

    @property
    def fulfilled(self) -> int:
        """Unit grids where the plan is kept."""
        return len(self.dues) - len(self.open)


def plan_state(plan: PatrolPlan, at: dt.datetime | None = None) -> PlanState:
    """The state of a plan at a moment; one per shift looks at the shift of the roster that covers each unit grid."""
    at = at or timezone.now()
    span = span_around(Span(plan.per), at, timezone.get_default_timezone())
    if span is None:
        return _per_shift(plan, at)
    return PlanState(plan, *span, due_list(plan.grid_codes, plan.times, _moments(plan.grid_codes, *span)))


def _per_shift(plan: PatrolPlan, at: dt.datetime) -> PlanState:
    """Unit grids that no running shift covers are not due now."""
    covered = _running_shifts(plan.grid_codes, at)
    if not covered:
        return PlanState(plan, None, None, [])
    first, last = min(start for start, _end in covered.values()), max(end for _start, end in covered.values())
    moments = _moments(covered, first, last)
    done = {
        code: [moment for moment in moments.get(code, ()) if start <= moment < end]
        for code, (start, end) in covered.items()
    }
    return PlanState(plan, first, last, due_list(covered, plan.times, done))


def _running_shifts(codes: Collection[str], at: dt.datetime) -> dict[str, Hours]:
    """Unit grid → the hours of the shift that runs there."""
    running: dict[Any, tuple[dt.date, Hours]] = {
        pk: (day, (start, end))
        for pk, day, start, end in on_shift(at).values_list("duty_grid", "day", "starts_at", "ends_at")
    }
    found = {}
    for unit in DutyGridUnit.objects.filter(duty_grid__in=list(running), grid_code__in=list(codes)):
        day, hours = running[unit.duty_grid_id]
        if unit.since <= day and (unit.until is None or unit.until >= day):
            found[unit.grid_code] = hours
    return found


def _moments(codes: Collection[str], first: dt.datetime, last: dt.datetime) -> dict[str, list[dt.datetime]]:
    found: dict[str, list[dt.datetime]] = defaultdict(list)
    rows = Visit.objects.filter(grid_code__in=list(codes), at__gte=first, at__lt=last)
    for code, at in rows.values_list("grid_code", "at"):
        found[code].append(at)
    return found
