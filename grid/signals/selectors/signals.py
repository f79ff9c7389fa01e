"""Signals for pages and API, and how well each kind does on simulated cities."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.db.models import Count, Q, QuerySet

from cityops.accounts.models import Organisation, User
from cityops.foundation.errors import NotThere
from grid.models import CaseMedia
from grid.signals.models import Signal, SignalRate, SignalSetting
from grid.signals.rules.kinds import Kind

SHIPPED_RATES = Path(__file__).parents[1] / "data" / "rates.json"


def visible_signals(user: User) -> QuerySet[Signal]:
    """The signals that a person may see."""
    found: QuerySet[Signal] = Signal.objects.visible_to(user).select_related("case", "other_case")
    return found


def get_signal(user: User, pk: int) -> Signal:
    """One signal. Raises NotThere where the person may not see it."""
    found = visible_signals(user).filter(pk=pk).first()
    if found is None:
        raise NotThere
    return found


def numbers(user: User) -> dict[str, int]:
    """How many signals a person sees in each state."""
    states = {state: Count("pk", filter=Q(state=state)) for state in Signal.State.values}
    counted: dict[str, int] = Signal.objects.visible_to(user).aggregate(**states)
    return counted


@dataclass(frozen=True)
class Rate:
    """What was measured of a kind on simulated cities with planted fraud."""

    kind: Kind
    planted: int
    found: int
    false_alarms: int
    cases: int
    photos: int
    days: int
    seeds: tuple[int, ...]
    is_own: bool
    """Measured on this instance; otherwise shipped with the product."""
    on: str
    """The day of the measurement."""
    values: dict[str, int]

    @property
    def missed(self) -> int:
        """What was planted and not found."""
        return self.planted - self.found

    @property
    def per_thousand(self) -> float:
        """False alarms for each 1,000 cases."""
        return round(1000 * self.false_alarms / self.cases, 2) if self.cases else 0.0

    @property
    def precision(self) -> float | None:
        """Percent of the signals that were planted ones; None where nothing was raised."""
        raised = self.found + self.false_alarms
        return round(100 * self.found / raised, 1) if raised else None


def rate_of(row: SignalRate) -> Rate:
    """A stored measurement."""
    return Rate(
        Kind(row.kind), row.planted, row.found, row.false_alarms, row.cases, row.photos, row.days, tuple(row.seeds),
        True, row.measured_at.date().isoformat(), row.values,
    )  # fmt: skip


@cache
def _shipped() -> dict[Kind, Rate]:
    if not SHIPPED_RATES.exists():
        return {}
    document = json.loads(SHIPPED_RATES.read_text(encoding="utf-8"))
    common = (document["cases"], document["photos"], document["days"], tuple(document["seeds"]))
    return {
        Kind(one["kind"]): Rate(
            Kind(one["kind"]), one["planted"], one["found"], one["false_alarms"], *common, False, document["on"],
            one["values"],
        )
        for one in document["kinds"]
    }  # fmt: skip


def rates() -> dict[Kind, Rate]:
    """What is known of each kind: measured here last, else what was measured before the product was shipped."""
    own = {Kind(row.kind): rate_of(row) for row in SignalRate.objects.order_by("kind", "-measured_at").distinct("kind")}
    return {**_shipped(), **own}


def history(kind: Kind) -> QuerySet[SignalSetting]:
    """The versions of the terms of a kind, newest first."""
    return SignalSetting.objects.filter(kind=kind).order_by("-version")


def kept_photos(keys: list[str]) -> set[str]:
    """Of some photos those of which a picture is kept here."""
    rows = CaseMedia.objects.filter(pk__in=keys).exclude(file="").values_list("pk", flat=True)
    return {str(pk) for pk in rows}


def names_of(codes: set[str]) -> dict[str, str]:
    """Organisation code → name."""
    rows: Any = Organisation.objects.filter(org_code__in=codes - {""})
    return dict(rows.values_list("org_code", "name"))
