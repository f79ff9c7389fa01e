"""The duty of a simulated city: responsibility grids, shifts, a roster around now, and visits that leave gaps."""

import datetime as dt
import json
import uuid
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from django.contrib.gis.db.models import Union
from django.contrib.gis.geos import MultiPolygon
from django.utils import timezone

from cityops.accounts.models import User
from cityops.regions.models import CGCS2000
from grid.duty.models import Assignment, DutyGrid, DutyGridUnit, PatrolPlan, Shift, Visit
from grid.duty.rules.ground import duty_grid_code, pieces_of, smallest_division
from grid.duty.rules.shifts import Days, window_of
from grid.duty.selectors.areas import neighbours
from grid.duty.services.visits import visits_from_steps
from grid.models import UnitGrid
from grid.rules.tempo import random_of
from grid.selectors.places import city_prefix
from grid.services.simulator.ground import rid_of
from grid.services.simulator.world import World, place_names

PAST_DAYS, COMING_DAYS = 14, 14
"""How far the roster of a simulated city reaches, back and ahead."""
SHIFTS = (
    ("早班", dt.time(7, 0), dt.time(15, 0), Days.EVERY),
    ("晚班", dt.time(15, 0), dt.time(23, 0), Days.EVERY),
    ("夜班", dt.time(23, 0), dt.time(7, 0), Days.WORKDAYS),
)
"""(name, start, end, days); the night shift is there to be planned, and not planned."""
LARGEST = 14
"""Unit grids of one responsibility grid; a larger piece is cut by code."""
VISITED_SHARE = (0.55, 0.97)
"""How much of its responsibility grid a shift looks at."""


def simulate_duty(world: World, seed: int, now: dt.datetime) -> None:
    """Make duty for a simulated city, where there are no responsibility grids yet; within its transaction."""
    if DutyGrid.objects.exists():
        return
    grids = list(_make_grids(world))
    shifts = _make_shifts()
    _make_roster(grids, shifts, now)
    visits_from_steps(since=now - dt.timedelta(days=PAST_DAYS))
    _make_visits(seed, now)
    _make_plan(grids, now)


def _make_grids(world: World) -> Iterator[DutyGrid]:
    """A responsibility grid for each community, where its unit grids hang together."""
    names = place_names()
    communities: dict[str, list[str]] = defaultdict(list)
    rows = UnitGrid.objects.in_force().filter(division_code__startswith=city_prefix())
    for code in rows.order_by("grid_code").values_list("grid_code", flat=True):
        communities[code[:12]].append(code)
    org_code = world.authority[0]
    since = timezone.localdate() - dt.timedelta(days=90)
    for community, codes in communities.items():
        for number, piece in enumerate(_patrolled(codes), start=1):
            division = smallest_division(piece)
            grid = DutyGrid(
                rid=rid_of("duty-grid", community, number),
                grid_code=duty_grid_code(division, number),
                name=f"{names.get(community, community)[:50]}{number}号责任网格",
                unit_grids=json.dumps(piece),
                org_code=org_code,
                geom=_outline(piece),
                valid_from=since,
            )
            grid.save(force_insert=True)
            DutyGridUnit.objects.bulk_create(
                DutyGridUnit(duty_grid=grid, grid_code=code, grid_kind=grid.grid_kind, since=since) for code in piece
            )
            yield grid


def _patrolled(codes: list[str]) -> list[list[str]]:
    return [sorted(piece) for piece in pieces_of(codes, neighbours(codes)) if len(piece) <= LARGEST]


def _outline(codes: list[str]) -> Any:
    shape = UnitGrid.objects.filter(grid_code__in=codes).aggregate(all=Union("geom"))["all"]
    return shape if isinstance(shape, MultiPolygon) else MultiPolygon(shape, srid=CGCS2000)


def _make_shifts() -> list[Shift]:
    return [
        Shift.objects.get_or_create(name=name, defaults={"starts_at": start, "ends_at": end, "days": days.value})[0]
        for name, start, end, days in SHIFTS
    ]


def _make_roster(grids: list[DutyGrid], shifts: list[Shift], now: dt.datetime) -> None:
    """The collectors of a district share its grids: each has one at a time, mornings and evenings turn every week.

    Where there are fewer people than grids, some grids have nobody: the board is there to show it.
    """
    zone, today = timezone.get_default_timezone(), timezone.localdate(now)
    people: dict[str, list[User]] = defaultdict(list)
    for user in User.objects.filter(is_active=True, groups__role__code="collector").order_by("username"):
        people[user.scope_prefix[:6]].append(user)
    by_county: dict[str, list[DutyGrid]] = defaultdict(list)
    for grid in grids:
        by_county[grid.grid_code[:6]].append(grid)
    entries = []
    for county, owned in by_county.items():
        team = people.get(county) or people.get(city_prefix(), [])
        for number in range(-PAST_DAYS, COMING_DAYS + 1):
            day = today + dt.timedelta(days=number)
            for place, user in enumerate(team):
                grid = owned[(place + day.toordinal()) % len(owned)]
                shift = shifts[(place + day.isocalendar().week) % 2]
                start, end = window_of(shift.hours, day, zone)
                entries.append(
                    Assignment(
                        day=day,
                        shift=shift,
                        duty_grid=grid,
                        supervisor=user,
                        on_duty=user,
                        starts_at=start,
                        ends_at=end,
                    )
                )
    _with_substitutes(entries)
    Assignment.objects.bulk_create(entries)


def _with_substitutes(entries: list[Assignment]) -> None:
    """Now and then somebody who is free that day stands in."""
    by_day: dict[dt.date, list[Assignment]] = defaultdict(list)
    for entry in entries:
        by_day[entry.day].append(entry)
    everybody = {entry.supervisor_id: entry.supervisor for entry in entries}
    for day, planned in by_day.items():
        free = sorted(set(everybody) - {entry.supervisor_id for entry in planned})
        if free and day.toordinal() % 5 == 0:
            entry = planned[0]
            entry.substitute = entry.on_duty = everybody[free[0]]
            entry.substitute_reason = "事假"


def _make_visits(seed: int, now: dt.datetime) -> None:
    """Each shift that has begun looked at a good part of its grid."""
    rows = Assignment.objects.filter(starts_at__lte=now).select_related("duty_grid").order_by("pk")
    units: dict[Any, list[str]] = defaultdict(list)
    for pk, code in DutyGridUnit.objects.values_list("duty_grid_id", "grid_code"):
        units[pk].append(code)
    made = []
    for entry in rows:
        rng = random_of(seed, "visits", entry.day, entry.duty_grid.grid_code, entry.shift_id)
        codes = sorted(units[entry.duty_grid_id])
        share = rng.uniform(*VISITED_SHARE)
        length = (entry.ends_at - entry.starts_at).total_seconds()
        for code in rng.sample(codes, max(1, round(len(codes) * share))):
            at = entry.starts_at + dt.timedelta(seconds=rng.uniform(0, length))
            if at <= now:
                made.append(
                    Visit(
                        visit_id=uuid.UUID(int=rng.getrandbits(128), version=4),
                        visitor_id=entry.on_duty_id,
                        grid_code=code,
                        division_code=code[:12],
                        at=at,
                        source=Visit.Source.TAP,
                    )
                )
    Visit.objects.bulk_create(made, batch_size=2000, ignore_conflicts=True)


def _make_plan(grids: list[DutyGrid], now: dt.datetime) -> None:
    """Main roads twice a shift: the first two unit grids of every responsibility grid stand for them."""
    by_county: dict[str, list[str]] = defaultdict(list)
    for grid in grids:
        by_county[grid.grid_code[:6]] += grid.unit_codes[:2]
    for county, codes in by_county.items():
        PatrolPlan.objects.create(
            name="主干道每班两次",
            division_code=county.ljust(12, "0"),
            grid_codes=sorted(codes),
            times=2,
            valid_from=timezone.localdate(now) - dt.timedelta(days=30),
            note="模拟数据",
        )
