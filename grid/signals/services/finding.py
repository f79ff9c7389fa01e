"""Look for signals and write them down once; a run that finds the same again brings an open one up to date."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from cityops.accounts.models import User
from cityops.foundation import audit
from cityops.foundation.errors import Refused
from grid.signals.models import Signal
from grid.signals.rules.finding import Found
from grid.signals.rules.kinds import Kind, Terms
from grid.signals.selectors import photos, work
from grid.signals.selectors.terms import all_terms

KEEP_DISMISSED = timedelta(days=90)
"""So long a false alarm is kept; longer than any sample window, so that it is not found anew at once."""
KEEP_ANY = timedelta(days=730)
FINDERS = {
    Kind.SAME_PHOTO: photos.same_photo,
    Kind.UNCHANGED: photos.unchanged,
    Kind.FAR_PHOTO: photos.far_photo,
    Kind.TRAVEL: lambda terms, start, end: photos.travel(terms, start, end, settings.TIME_ZONE),
    Kind.BUNCHED: work.bunched_closings,
    Kind.QUIET_GRID: work.quiet,
    Kind.PAIR: work.agreeing,
}
LOCK = 7_413_020


@dataclass
class FindingRun:
    """What a run found: (new, seen again) by kind."""

    new: Counter[Kind] = field(default_factory=Counter)
    again: Counter[Kind] = field(default_factory=Counter)
    off: list[Kind] = field(default_factory=list)


def look(terms: Terms, end: datetime, start: datetime | None = None) -> list[Found]:
    """The signals of one kind in the window that ends at ``end``; nothing is written."""
    start = start or end - timedelta(days=terms.window_days)
    return FINDERS[terms.kind](terms, start, end)


def find(*, first: date | None = None, last: date | None = None, now: datetime | None = None) -> FindingRun:
    """Look for every kind that is switched on. ``first`` and ``last``: the days to look at instead of the windows.

    Raises Refused while another run is under way, and where ``first`` is after ``last``.
    """
    if first and last and first > last:
        raise Refused("The first day is after the last one.")
    end = _day_after(last) if last else now or timezone.now()
    start = _day_after(first) - timedelta(days=1) if first else None
    run = FindingRun()
    for kind, terms in all_terms().items():
        if not terms.is_on:
            run.off.append(kind)
            continue
        with transaction.atomic():
            _alone()
            keep(look(terms, end, start), terms, start or end - timedelta(days=terms.window_days), end, run)
    return run


def _day_after(day: date) -> datetime:
    """The first moment after a day, in the city's time."""
    midnight = datetime.combine(day + timedelta(days=1), datetime.min.time())
    return timezone.make_aware(midnight, timezone.get_default_timezone())


def _alone() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            raise Refused("Signals are being looked for already; try again when that run has ended.")


@transaction.atomic
def keep(found: Iterable[Found], terms: Terms, start: datetime, end: datetime, run: FindingRun) -> None:
    """Write what was found. What somebody has reviewed stays as reviewed."""
    by_key = {one.key: one for one in found}
    known = {row.key: row for row in Signal.objects.filter(kind=terms.kind, key__in=by_key).select_for_update()}
    at = timezone.now()
    people = set(User.objects.filter(pk__in={one.person for one in by_key.values()}).values_list("pk", flat=True))
    fresh, seen = [], []
    for key, one in by_key.items():
        row = known.get(key)
        if row is None:
            person = one.person if one.person in people else None
            fresh.append(_row(one, person, window_from=start, window_to=end, found_at=at, seen_at=at))
        elif row.is_open:
            row.score, row.facts, row.seen_at, row.window_to = one.score, dict(one.facts), at, end
            seen.append(row)
        (fresh[-1] if row is None else row).setting_version = terms.version
    Signal.objects.bulk_create(fresh)
    Signal.objects.bulk_update(seen, ["score", "facts", "seen_at", "window_to", "setting_version"], batch_size=500)
    run.new[terms.kind] += len(fresh)
    run.again[terms.kind] += len(known)
    if fresh:
        audit.record(
            "signal.find",
            kind="signal",
            key=terms.kind.value,
            division_code=settings.CITYOPS_REGION,
            after={"new": len(fresh), "again": len(known), "setting_version": terms.version},
        )


def _row(one: Found, person: int | None, **times: datetime) -> Signal:
    cases = (*one.cases, None, None)
    return Signal(
        kind=one.kind,
        key=one.key,
        division_code=one.division_code,
        case_id=cases[0],
        other_case_id=cases[1],
        grid_code=one.grid_code,
        org_code=one.org_code,
        person_id=person,
        score=one.score,
        facts=dict(one.facts),
        **times,
    )


@transaction.atomic
def forget_old(now: datetime | None = None) -> int:
    """Remove false alarms after their time, and everything after two years; returns how many signals went."""
    now = now or timezone.now()
    settled = Q(state__in=(Signal.State.DISMISSED, Signal.State.EXPLAINED), reviewed_at__lt=now - KEEP_DISMISSED)
    rows = Signal.objects.filter(settled | Q(seen_at__lt=now - KEEP_ANY))
    gone = rows.count()
    rows.delete()
    if gone:
        audit.record("signal.forget", kind="signal", division_code=settings.CITYOPS_REGION, after={"gone": gone})
    return gone
