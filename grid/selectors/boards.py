"""Counts that overviews show: cases by stage and light, by hour, by county. Set-based, one query each."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import ExtractHour, Left
from django.utils import timezone

from grid.models import Case
from grid.models.cases import CaseQuerySet
from grid.rules import OPEN_STAGES
from grid.rules.clock import Light

SHOWN_LIGHTS = (Light.RED, Light.YELLOW, Light.GREEN, Light.PAUSED)


@dataclass(frozen=True)
class StageRow:
    """Open cases at one stage, by light."""

    state: str
    name: str
    total: int
    lights: dict[str, int] = field(default_factory=dict)

    @property
    def red(self) -> int:
        """How many of them are overdue."""
        return self.lights.get(Light.RED.value, 0)


def _counts() -> dict[str, Any]:
    return {light.value: Count("pk", filter=Q(light_now=light.value)) for light in SHOWN_LIGHTS}


def light_counts(cases: CaseQuerySet) -> dict[str, int]:
    """Light → open cases that show it, and ``total``."""
    counted: dict[str, int] = cases.open().aggregate(total=Count("pk"), **_counts())
    return counted


def stage_board(cases: CaseQuerySet) -> list[StageRow]:
    """Open cases by stage, in the order of the loop; a stage without cases is a row of zeros."""
    rows = cases.open().order_by().values("state").annotate(total=Count("pk"), **_counts())
    found = {row["state"]: row for row in rows}
    board = []
    for state in OPEN_STAGES:
        row = found.get(state, {})
        lights = {light.value: row.get(light.value, 0) for light in SHOWN_LIGHTS}
        board.append(StageRow(state, str(Case.State(state).label), row.get("total", 0), lights))
    return board


@dataclass(frozen=True)
class Hours:
    """Reports and closings by hour of a local day, 24 numbers each."""

    reported: list[int]
    closed: list[int]


def by_hour(cases: CaseQuerySet, day_start: datetime) -> Hours:
    """Reports and closings per hour of the day that begins at ``day_start``."""
    return Hours(_per_hour(cases, "reported_at", day_start), _per_hour(cases, "closed_at", day_start))


def _per_hour(cases: CaseQuerySet, moment: str, start: datetime) -> list[int]:
    inside = cases.filter(**{f"{moment}__gte": start, f"{moment}__lt": start + timedelta(days=1)}).order_by()
    rows = inside.annotate(hour=ExtractHour(moment, tzinfo=timezone.get_current_timezone())).values("hour")
    found = {row["hour"]: row["number"] for row in rows.annotate(number=Count("pk"))}
    return [found.get(hour, 0) for hour in range(24)]


def by_division(cases: CaseQuerySet, digits: int) -> dict[str, dict[str, int]]:
    """Prefix of a division (``digits`` long) → open cases and how many of them are overdue."""
    rows = cases.open().order_by().annotate(area=Left("division_code", digits)).values("area")
    counted = rows.annotate(total=Count("pk"), red=Count("pk", filter=Q(light_now=Light.RED.value)))
    return {row["area"]: {"total": row["total"], "red": row["red"]} for row in counted}


def most_overdue(cases: CaseQuerySet, limit: int = 10) -> QuerySet[Any]:
    """The cases that have been overdue for longest."""
    return cases.open().filter(light_now=Light.RED.value).order_by("due_now")[:limit]


def day_start(at: datetime, days_back: int = 0) -> datetime:
    """Local midnight of the day of ``at``, or of an earlier one."""
    local = timezone.localtime(at) - timedelta(days=days_back)
    return local.replace(hour=0, minute=0, second=0, microsecond=0)
