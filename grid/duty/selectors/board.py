"""The board of today 今日值守: by responsibility grid who is there and how much was looked at; no ranking of people."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from cityops.accounts.models import User
from grid.duty.models import Assignment, DutyGrid, Shift
from grid.duty.rules.coverage import Coverage, total
from grid.duty.selectors.coverage import Asked, coverage_rows
from grid.duty.selectors.roster import shifts_at, visible_assignments


@dataclass(frozen=True)
class BoardRow:
    """A responsibility grid that collectors patrol: who has it in the shifts that run, and its coverage there."""

    grid: DutyGrid
    entries: list[Assignment]
    now: Coverage
    day: Coverage
    """All shifts of the day that have begun."""


@dataclass(frozen=True)
class Board:
    """Today at a glance; grids stand in the order of their codes."""

    at: dt.datetime
    shifts: list[tuple[Shift, dt.date]]
    rows: list[BoardRow]

    @property
    def unmanned(self) -> list[BoardRow]:
        """Grids that nobody has while a shift runs."""
        return [row for row in self.rows if not row.entries] if self.shifts else []

    @property
    def people(self) -> int:
        """How many are on shift."""
        return len({entry.on_duty_id for row in self.rows for entry in row.entries})

    @property
    def now(self) -> Coverage:
        """Coverage of the shifts that run."""
        return total(row.now for row in self.rows)

    @property
    def day(self) -> Coverage:
        """Coverage of all shifts of today that have begun."""
        return total(row.day for row in self.rows)


def board(user: User, at: dt.datetime | None = None) -> Board:
    """The board as a person may see it."""
    at = at or timezone.now()
    today = timezone.localdate(at)
    running: dict[Any, list[Assignment]] = defaultdict(list)
    for entry in visible_assignments(user).filter(starts_at__lte=at, ends_at__gt=at).order_by("starts_at", "pk"):
        running[entry.duty_grid_id].append(entry)
    keys = {(entry.day, entry.shift_id) for entries in running.values() for entry in entries}
    first = min((day for day, _shift in keys), default=today)
    now: dict[Any, list[Coverage]] = defaultdict(list)
    day: dict[Any, list[Coverage]] = defaultdict(list)
    for row in coverage_rows(Asked(min(first, today), today, scope=user.scope_prefix), at):
        if (row.day, row.shift_id) in keys:
            now[row.duty_grid_id].append(row.coverage)
        if row.day == today:
            day[row.duty_grid_id].append(row.coverage)
    grids = DutyGrid.objects.visible_to(user).patrolled().in_force(today).defer("geom", "unit_grids")
    rows = [
        BoardRow(grid, running.get(grid.pk, []), total(now[grid.pk]), total(day[grid.pk]))
        for grid in grids.order_by("grid_code")
    ]
    return Board(at, shifts_at(at), rows)
