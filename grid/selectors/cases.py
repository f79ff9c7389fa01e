"""Questions about cases: lists, one case with its steps, the numbers of a desk, neighbours."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.gis.geos import Point
from django.db.models import Count, Q
from django.utils import timezone

from cityops.accounts.models import Organisation, User
from cityops.foundation.constants import constants
from cityops.foundation.errors import NotThere
from cityops.regions.models import WEB_MERCATOR, Division
from grid.models import Case, CaseStep
from grid.models.cases import CaseQuerySet
from grid.rules.clock import Light
from grid.rules.stages import OPEN_STAGES
from grid.selectors.moves import OpenMove, open_moves, stages_waiting_for

EARTH_RADIUS = 6378137.0
"""Radius of the Web Mercator sphere, metres."""
NEAR_METRES = 50
NEAR_HOURS = 24
"""Where and when another report of the same class may be the same matter (one city's values, domain notes §4.2)."""


def visible_cases(user: User) -> CaseQuerySet:
    """The cases a person may see, newest first; give it to ``CaseFilter`` for more."""
    found: CaseQuerySet = Case.objects.visible_to(user).order_by("-reported_at", "-rid")
    return found


def get_case(user: User, case_no: str) -> Case:
    """One case by its number. Raises NotThere where the person may not see it."""
    found: Case | None = visible_cases(user).filter(case_no=case_no).first()
    if found is None:
        raise NotThere
    return found


@dataclass(frozen=True)
class CaseDetail:
    """A case with all that its page shows."""

    case: Case
    steps: list[CaseStep]
    moves: list[OpenMove]
    """What this person may do with it now."""
    organisation_names: dict[str, str] = field(default_factory=dict)
    """Organisation code → name, of the duty organisation and of those in the steps."""
    place: str = ""
    """Names of the divisions the case lies in, from county to community."""

    @property
    def duty_org_name(self) -> str:
        """Name of the organisation that handles the case, or its code where the name is not known here."""
        return self.organisation_names.get(self.case.duty_org, self.case.duty_org)


def case_detail(user: User, case_no: str) -> CaseDetail:
    """A case, its steps, and the person's moves, in a constant number of queries. Raises NotThere."""
    case = get_case(user, case_no)
    steps = list(case.steps.order_by("seq"))
    codes = {step.operator_org for step in steps} | {case.duty_org}
    names = dict(Organisation.objects.filter(org_code__in=codes - {""}).values_list("org_code", "name"))
    return CaseDetail(case, steps, open_moves(user, case, steps), names, place_of(case.division_code))


def department_names(cases: Iterable[Case]) -> dict[str, str]:
    """Code → name of the departments that answer for the cases; one query."""
    codes = {case.duty_org for case in cases if case.duty_org}
    return {row.org_code: str(row) for row in Organisation.objects.filter(org_code__in=codes)}


def place_of(division_code: str) -> str:
    """Names of the divisions around a community code, from county to community."""
    chain = [division_code[:digits].ljust(12, "0") for digits in (6, 9, 12)]
    names = Division.objects.current().filter(code__in=set(chain)).order_by("level").values_list("name", flat=True)
    return " ".join(names)


@dataclass(frozen=True)
class DeskCounts:
    """The numbers above a desk. Times of day are the city's."""

    reported_today: int
    closed_today: int
    open: int
    overdue: int
    waiting: int
    """Open cases that this person could move on."""
    green: int
    yellow: int
    red: int
    paused: int
    by_state: dict[str, int]
    """State → number of open cases."""


def _waiting(user: User, rows: list[dict[str, Any]]) -> int:
    """How many open cases wait for the person, of counts by state; cases that were only granted wait for others."""
    states = set(stages_waiting_for(user))
    if user.has_grants:
        return Case.objects.workable_by(user).open().filter(state__in=constants(states)).count()
    return sum(row["number"] for row in rows if row["state"] in states)


def desk_counts(user: User, at: datetime | None = None) -> DeskCounts:
    """Counts of what a person sees, in two queries: one over open cases, one over those of today."""
    at = at or timezone.now()
    midnight = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    seen = Case.objects.visible_to(user)
    rows = list(
        seen.open()
        .with_light(at)
        .order_by()
        .values("state", "light_now")
        .annotate(number=Count("pk"), late=Count("pk", filter=Q(is_hung="0", close_deadline__lt=at)))
    )
    today = seen.filter(Q(reported_at__gte=midnight) | Q(closed_at__gte=midnight)).aggregate(
        reported=Count("pk", filter=Q(reported_at__gte=midnight, reported_at__lte=at)),
        closed=Count("pk", filter=Q(closed_at__gte=midnight, closed_at__lte=at)),
    )

    def number(key: str, value: str) -> int:
        return sum(row["number"] for row in rows if row[key] == value)

    return DeskCounts(
        reported_today=today["reported"],
        closed_today=today["closed"],
        open=sum(row["number"] for row in rows),
        overdue=sum(row["late"] for row in rows),
        waiting=_waiting(user, rows),
        green=number("light_now", Light.GREEN),
        yellow=number("light_now", Light.YELLOW),
        red=number("light_now", Light.RED),
        paused=number("light_now", Light.PAUSED),
        by_state={state: count for state in OPEN_STAGES if (count := number("state", state))},
    )


def waiting_cases(user: User) -> CaseQuerySet:
    """The open cases that this person could move on, the most pressing first."""
    found: CaseQuerySet = (
        Case.objects.visible_to(user).filter(state__in=constants(stages_waiting_for(user))).most_pressing_first()
    )
    return found


def nearby_cases(
    user: User,
    longitude: float,
    latitude: float,
    *,
    class_code: str = "",
    metres: float = NEAR_METRES,
    hours: float = NEAR_HOURS,
    besides: str = "",
    limit: int = 10,
) -> list[Case]:
    """Cases reported lately close to a point (CGCS2000), which may be the same matter; nearest in time first.

    ``besides`` is the number of a case that is not to be told to itself. Metres are true at the point's latitude.
    """
    reach = metres / math.cos(math.radians(latitude))
    found = visible_cases(user).filter(
        reported_at__gte=timezone.now() - timedelta(hours=hours),
        geom_3857__dwithin=(_web_mercator(longitude, latitude), reach),
    )
    if class_code:
        found = found.filter(class_code=class_code)
    if besides:
        found = found.exclude(case_no=besides)
    return list(found[:limit])


def _web_mercator(longitude: float, latitude: float) -> Point:
    """A point on the projection whose metres grow with 1 / cos(latitude)."""
    north = math.log(math.tan(math.pi / 4 + math.radians(latitude) / 2))
    return Point(EARTH_RADIUS * math.radians(longitude), EARTH_RADIUS * north, srid=WEB_MERCATOR)
