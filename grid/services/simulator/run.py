"""Make a simulated city: ground, components, and a past; once, and marked as what it is."""

from dataclasses import asdict, dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from cityops.accounts.models import Organisation
from cityops.foundation import audit
from cityops.foundation.errors import Refused
from cityops.foundation.models import AuditEvent
from cityops.regions.models import Division
from cityops.regions.rules import Level
from grid.models import Case, Component, UnitGrid
from grid.rules.codes import CURRENT
from grid.rules.tempo import random_of
from grid.selectors.calendar import read_desk
from grid.selectors.places import city_prefix
from grid.services.simulator.builders import build_all
from grid.services.simulator.bulk import copy_rows
from grid.services.simulator.extras import EXTRAS
from grid.services.simulator.ground import Cell, ClassName, Owners, component_rows, draw_grids, grid_rows
from grid.services.simulator.past import Past, play, write
from grid.services.simulator.pictures import keep_newest
from grid.services.simulator.planting import plant_all
from grid.services.simulator.world import industry_of, place_names, read_world
from sync.standard.models import ClassEntry

RUN = "simulate.run"
GRIDS_PER_COUNTY = 36
COMPONENTS_PER_GRID = 44.0
CASES_PER_COUNTY_AND_DAY = 15


@dataclass(frozen=True)
class Plan:
    """What a simulated city is made of; kept in the audit trail, so that the present goes on as the past began."""

    seed: int
    days: int
    per_day: float


@dataclass(frozen=True)
class Simulated:
    """What a run made; all zero where the city was simulated before."""

    grids: int = 0
    components: int = 0
    cases: int = 0
    steps: int = 0
    built: dict[str, int] = field(default_factory=dict)
    """What the builders of other apps made, by name."""
    planted: dict[str, int] = field(default_factory=dict)
    """What was planted to be found, by kind."""


def check_allowed() -> None:
    """Raises Refused where the instance is not marked as simulated, or is no city."""
    if not settings.CITYOPS_SIMULATED:
        raise Refused("Simulated records belong on a simulated instance only: set CITYOPS_SIMULATED=true first.")
    if settings.CITYOPS_TIER != "municipal":
        raise Refused("Only a city can be simulated; provinces and the nation receive what cities send.")


def plan_of_city(seed: int, days: int, per_day: float | None = None) -> Plan:
    """A plan; without ``per_day`` the city has as many reports as its counties make likely."""
    return Plan(seed, days, per_day if per_day is not None else float(len(_counties()) * CASES_PER_COUNTY_AND_DAY))


def stored_plan() -> Plan | None:
    """The plan that this city was simulated by; None where it was not."""
    event = AuditEvent.objects.filter(action=RUN).order_by("-id").first()
    return None if event is None or event.after is None else Plan(**event.after["plan"])


def _counties() -> list[str]:
    return list(
        Division.objects.current()
        .filter(level=Level.COUNTY, code__startswith=city_prefix(), boundary__isnull=False)
        .values_list("code", flat=True)
    )


@transaction.atomic
def simulate(plan: Plan, *, now: datetime | None = None, fraud: bool = False) -> Simulated:
    """Draw the ground (where there is none), place components, and write the past up to ``now``.

    With ``fraud`` some of what happened is tampered with at known places (``planting``).
    A second run changes nothing but for parts that the product did not know when the city was made: places, duty.
    Raises Refused, naming the command, where something it stands on is missing.
    """
    check_allowed()
    if Case.objects.filter(is_simulated=True, origin_code=settings.CITYOPS_NODE).exists():
        return _completed(now or timezone.now())
    grids, components = _ground(plan)
    built = build_all(plan.seed)
    past = Past(read_world(plan.seed), read_desk(), plan.seed, plan.per_day, now or timezone.now())
    play(past, plan.days)
    planted = plant_all(past) if fraud else {}
    keep_newest(past.media)
    cases, steps = write(past)
    done = Simulated(grids, components, cases, steps, built, planted)
    for extra in EXTRAS:
        extra(past.world, plan.seed, past.until)
    audit.record(
        RUN,
        kind="instance",
        key=settings.CITYOPS_NODE,
        division_code=settings.CITYOPS_REGION,
        after={"plan": asdict(plan), **asdict(done)},
    )
    return done


def _completed(now: datetime) -> Simulated:
    """Add to a city that was simulated before what it lacks; each part looks itself whether it is there."""
    plan = stored_plan()
    if plan is None:
        return Simulated()
    built = {name: number for name, number in build_all(plan.seed).items() if number}
    world = read_world(plan.seed)
    for extra in EXTRAS:
        extra(world, plan.seed, now)
    if built:
        audit.record(
            "simulate.complete",
            kind="instance",
            key=settings.CITYOPS_NODE,
            division_code=settings.CITYOPS_REGION,
            after=built,
        )
    return Simulated(built=built)


def _ground(plan: Plan) -> tuple[int, int]:
    """Grids and components, where the city has no grids of its own."""
    if UnitGrid.objects.filter(division_code__startswith=city_prefix()).exists():
        return 0, 0
    city = Division.objects.current().filter(code=settings.CITYOPS_REGION).first()
    cells = draw_grids(city, GRIDS_PER_COUNTY) if city else []
    if not cells:
        raise Refused("No community of this city has an outline; run manage.py load_regions first.")
    names = place_names()
    grids = copy_rows(UnitGrid, grid_rows(cells, names))
    classes = [
        ClassName(entry.class_code, entry.class_name)
        for entry in ClassEntry.objects.in_force().components().filter(version=CURRENT).order_by("class_code")
    ]
    if not classes:
        raise Refused("There are no classes; run manage.py load_standard first.")
    rng = random_of(plan.seed, "components")
    rows = component_rows(
        cells, classes, per_grid=COMPONENTS_PER_GRID, rng=rng, owners=_owners(classes, cells), names=names
    )
    return grids, copy_rows(Component, rows)


def _owners(classes: list[ClassName], cells: list[Cell]) -> Owners:
    """Authority of the city, and the department that owns each class in each county."""
    rows = Organisation.objects.active().filter(division_code__startswith=city_prefix()).order_by("org_code")
    authority = ("", "")
    departments: dict[tuple[str, str], tuple[str, str]] = {}
    for row in rows:
        if row.org_type == Organisation.Type.AUTHORITY and authority == ("", ""):
            authority = (row.org_code, row.name)
        if row.org_type == Organisation.Type.DEPARTMENT:
            county = "" if row.division_code[4:6] == "00" else row.division_code[:6]
            departments.setdefault((county, row.industry), (row.org_code, row.name))
    owner = {}
    for county in {cell.county for cell in cells}:
        for entry in classes:
            industry = industry_of(entry.name, entry.code[:2])
            found = departments.get((county, industry)) or departments.get(("", industry))
            owner[county, entry.code] = found or ("", "")
    return Owners(authority, owner)
