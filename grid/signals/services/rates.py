"""Measure each kind on simulated cities in which fraud was planted: what it finds, misses, and says wrongly."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Min
from django.utils import timezone

from cityops.foundation import audit
from grid.models import Case
from grid.selectors.calendar import read_desk
from grid.services.simulator.past import Past, play, write
from grid.services.simulator.run import check_allowed, plan_of_city
from grid.services.simulator.world import read_world
from grid.signals.models import SignalRate
from grid.signals.rules.kinds import Kind
from grid.signals.selectors.terms import all_terms
from grid.signals.services.finding import look
from grid.signals.services.planting import plant

DAYS = 45
APART = timedelta(days=400)
"""A measured past lies so far before everything that is here that no window reaches from one into the other."""


@dataclass
class Measured:
    """Sums over the seeds."""

    seeds: list[int]
    days: int
    cases: int = 0
    photos: int = 0
    planted: Counter[Kind] = field(default_factory=Counter)
    found: Counter[Kind] = field(default_factory=Counter)
    false_alarms: Counter[Kind] = field(default_factory=Counter)
    missed: dict[Kind, list[str]] = field(default_factory=dict)
    wrong: dict[Kind, list[str]] = field(default_factory=dict)


def measure(
    seeds: Iterable[int], *, days: int = DAYS, per_day: float | None = None, tell: Callable[[str], None] | None = None
) -> Measured:
    """Simulate a city with fraud for each seed, look, compare, and leave nothing behind.

    Raises Refused on an instance that is not simulated, or whose ground is missing.
    """
    check_allowed()
    earliest = Case.objects.aggregate(first=Min("reported_at"))["first"] or timezone.now()
    until = timezone.localtime(earliest - APART).replace(hour=12, minute=0, second=0, microsecond=0)
    measured = Measured(list(seeds), days)
    for seed in measured.seeds:
        began = time.perf_counter()
        with transaction.atomic():
            _one(measured, seed, per_day, until)
            transaction.set_rollback(True)
        if tell:
            tell(f"seed {seed}: {time.perf_counter() - began:.1f} s")
    return measured


def _one(measured: Measured, seed: int, per_day: float | None, until: datetime) -> None:
    plan = plan_of_city(seed, measured.days, per_day)
    past = Past(read_world(seed), read_desk(), seed, plan.per_day, until)
    play(past, plan.days)
    planted = plant(past)
    cases, _steps = write(past)
    measured.cases += cases
    measured.photos += len(past.media)
    start = until - timedelta(days=measured.days + 1)
    for kind, terms in all_terms().items():
        truth = set(planted.get(kind, ()))
        raised = {one.subject for one in look(terms, until, start)}
        measured.planted[kind] += len(truth)
        measured.found[kind] += len(truth & raised)
        measured.false_alarms[kind] += len(raised - truth)
        measured.missed.setdefault(kind, []).extend(sorted(truth - raised))
        measured.wrong.setdefault(kind, []).extend(sorted(raised - truth))


@transaction.atomic
def keep(measured: Measured) -> list[SignalRate]:
    """Keep a measurement; the latest of each kind is shown with the settings."""
    terms = all_terms()
    rows = SignalRate.objects.bulk_create(
        SignalRate(
            kind=kind,
            seeds=measured.seeds,
            days=measured.days,
            cases=measured.cases,
            photos=measured.photos,
            planted=measured.planted[kind],
            found=measured.found[kind],
            false_alarms=measured.false_alarms[kind],
            values=dict(terms[kind].values),
        )
        for kind in Kind
    )
    audit.record(
        "signal_rate.measure",
        kind="signal_rate",
        division_code=settings.CITYOPS_REGION,
        after={"seeds": measured.seeds, "days": measured.days, "cases": measured.cases},
    )
    return rows
