"""Questions about the roster: who is on shift, a month by grid and day, where somebody patrols today."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from cityops.accounts.models import User
from cityops.foundation.errors import NotThere
from grid.duty.models import Assignment, DutyGrid, Shift
from grid.duty.rules.coverage import patrol_area
from grid.duty.rules.shifts import day_at, days_of_month, runs_on
from grid.duty.selectors.areas import units_on
from grid.selectors.calendar import current_desk

VISITING = {"groups__permissions__codename": "make_visit", "groups__permissions__content_type__app_label": "duty"}
"""Whoever may register visits can be put on the roster."""


def supervisors() -> QuerySet[User]:
    """People who patrol: active, no integration, with a role that allows visits."""
    found: QuerySet[User] = User.objects.filter(is_active=True, is_integration=False, **VISITING).distinct()
    return found.order_by("name", "username")


def supervisors_for(user: User) -> QuerySet[User]:
    """Those of them whom a planner may put on the roster."""
    return supervisors().filter(pk__in=User.objects.workable_by(user).values("pk"))


def active_shifts() -> list[Shift]:
    """The shifts in use, by their start."""
    return list(Shift.objects.filter(is_active=True))


def get_shift(pk: int) -> Shift:
    """One shift. Raises NotThere."""
    found = Shift.objects.filter(pk=pk).first()
    if found is None:
        raise NotThere
    return found


def shifts_of(day: dt.date) -> list[Shift]:
    """The shifts that run on a day, by the working calendar."""
    worked = current_desk().calendar.is_workday(day)
    return [shift for shift in active_shifts() if runs_on(shift.hours, day, is_workday=worked)]


def shifts_at(at: dt.datetime) -> list[tuple[Shift, dt.date]]:
    """Whose shift it is at a moment: the shifts that run, each with the day that it belongs to."""
    zone, calendar = timezone.get_default_timezone(), current_desk().calendar
    found = []
    for shift in active_shifts():
        day = day_at(shift.hours, at, zone)
        if day is not None and runs_on(shift.hours, day, is_workday=calendar.is_workday(day)):
            found.append((shift, day))
    return found


def on_shift(at: dt.datetime) -> QuerySet[Assignment]:
    """The entries of the roster that run at a moment."""
    found: QuerySet[Assignment] = Assignment.objects.filter(starts_at__lte=at, ends_at__gt=at)
    return found


def visible_assignments(user: User) -> QuerySet[Assignment]:
    """The entries of the roster a person may see, in order of time."""
    found: QuerySet[Assignment] = Assignment.objects.visible_to(user)
    return found.select_related("shift", "duty_grid", "supervisor", "substitute", "on_duty").defer(
        "duty_grid__geom", "duty_grid__unit_grids"
    )


def get_assignment(user: User, pk: int) -> Assignment:
    """One entry. Raises NotThere where the person may not see it."""
    found = visible_assignments(user).filter(pk=pk).first()
    if found is None:
        raise NotThere
    return found


def patrol_area_of(user: User, day: dt.date) -> frozenset[str]:
    """Where somebody patrols on a day: the unit grids of all responsibility grids scheduled for it."""
    grids = Assignment.objects.filter(on_duty=user, day=day).values_list("duty_grid_id", flat=True)
    return patrol_area(units_on(set(grids), day).values())


@dataclass
class RosterRow:
    """A responsibility grid through a month."""

    grid: DutyGrid
    cells: list[tuple[dt.date, list[Assignment]]] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Shifts that somebody has."""
        return sum(len(entries) for _day, entries in self.cells)


def month_of(text: str) -> dt.date:
    """The first day of a month given as 2026-11; of this month for anything else."""
    try:
        return dt.datetime.strptime(text, "%Y-%m").replace(tzinfo=dt.UTC).date()
    except ValueError:
        return timezone.localdate().replace(day=1)


def month_roster(user: User, grids: Iterable[DutyGrid], month: dt.date) -> list[RosterRow]:
    """The roster of a month as a table: one row for each grid, one cell for each day."""
    days = days_of_month(month.year, month.month)
    rows = {grid.pk: RosterRow(grid) for grid in grids}
    found: dict[tuple[Any, dt.date], list[Assignment]] = {}
    entries = visible_assignments(user).filter(day__range=(days[0], days[-1]), duty_grid__in=list(rows))
    for entry in entries.order_by("starts_at", "pk"):
        found.setdefault((entry.duty_grid_id, entry.day), []).append(entry)
    for pk, row in rows.items():
        row.cells = [(day, found.get((pk, day), [])) for day in days]
    return list(rows.values())
