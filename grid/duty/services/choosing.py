"""Choose who gets a verification or check task 核实·核查任务, from the roster of the moment."""

import datetime as dt
from collections import Counter
from collections.abc import Collection
from typing import Any

from django.contrib.gis.db.models import GeometryField
from django.contrib.gis.geos import GEOSGeometry
from django.db.models import F, FloatField, Func, QuerySet, Value

from cityops.accounts.models import User
from cityops.regions.models import CGCS2000
from grid.duty.models import Assignment, DutyGrid
from grid.duty.rules.choosing import Candidate, choose
from grid.duty.selectors.roster import on_shift
from grid.models import Case, CaseTask, UnitGrid

NEAR_DEGREES = 0.02
"""How far from the task's unit grid the responsibility grid of who is asked may lie: about two kilometres."""


class _Metres(Func):
    """Metres between two shapes on the ellipsoid."""

    template = "ST_Distance(%(expressions)s::geography)"
    arg_joiner = "::geography, "
    output_field = FloatField()


def choose_supervisor(
    grid_code: str, division_code: str, at: dt.datetime, kind: str, *, not_user: User | None = None
) -> User | None:
    """Somebody on shift for a task in a unit grid (or, without one, in a community); None where nobody is near.

    First whoever has the responsibility grid that the unit grid lies in, then the nearest one around; substitutes
    first, then fewest open tasks, then by lot. ``not_user`` reported it, and does not judge it.
    """
    excluded = frozenset({not_user.pk}) if not_user else frozenset()
    found = _chosen(grid_code, division_code, at, kind, excluded)
    return None if found is None else User.objects.get(pk=found)


def assign_task(case: Case, kind: str, at: dt.datetime, excluded: frozenset[int]) -> int | None:
    """The same as the core asks it: a case, and the people who may not; the person's pk or None."""
    return _chosen(case.grid_code, case.division_code, at, kind, excluded)


def _chosen(grid_code: str, division_code: str, at: dt.datetime, kind: str, excluded: Collection[int]) -> int | None:
    inside, place = _inside(grid_code, division_code, at)
    found = [(entry, 0.0) for entry in inside]
    if place is not None:
        around = _running(at).exclude(pk__in=[entry.pk for entry in inside])
        near = around.filter(duty_grid__geom__dwithin=(place, NEAR_DEGREES)).annotate(
            away=_Metres(F("duty_grid__geom"), Value(place.point_on_surface, GeometryField(srid=CGCS2000)))
        )
        found += [(entry, entry.away) for entry in near]
    people = {entry.on_duty_id for entry, _away in found}
    open_tasks = CaseTask.objects.open().filter(assignee__in=people).values_list("assignee_id", flat=True)
    burden = Counter(open_tasks)
    candidates = [
        Candidate(entry.on_duty_id, entry.substitute_id is not None, burden[entry.on_duty_id], away)
        for entry, away in found
    ]
    return choose(candidates, f"{grid_code}/{division_code}/{at.isoformat()}/{kind}", excluded=excluded)


def _running(at: dt.datetime) -> QuerySet[Assignment]:
    found: QuerySet[Assignment] = on_shift(at).filter(
        on_duty__is_active=True, duty_grid__grid_kind=DutyGrid.Kind.COLLECTING
    )
    return found


def _inside(grid_code: str, division_code: str, at: dt.datetime) -> tuple[list[Assignment], GEOSGeometry | None]:
    """Who has the responsibility grid of the place now; and the unit grid's outline, where it is known."""
    lies: dict[str, Any] = {"duty_grid__units__until__isnull": True}
    if grid_code:
        lies["duty_grid__units__grid_code"] = grid_code
    else:
        lies["duty_grid__units__grid_code__startswith"] = division_code
    entries = list(_running(at).filter(**lies).distinct())
    place = UnitGrid.objects.filter(grid_code=grid_code).values_list("geom", flat=True).first() if grid_code else None
    return entries, place
