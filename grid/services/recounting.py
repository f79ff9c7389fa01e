"""Count running deadlines anew when the calendar they were counted with has changed: read in sets, written in sets.

A change of the calendar leaves a row (``CalendarChange``); the background work takes those that wait, and the command
``recount_deadlines`` counts a year or everything. Finished cases, and limits that are finished, keep their deadlines.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.foundation import audit
from cityops.foundation.records import local_node
from grid.models import CalendarChange, Case, CaseStep, DeadlineRecount
from grid.rules.moving import Desk
from grid.rules.recounting import DEADLINES, FIELDS, recounted, touches
from grid.rules.runs import RunStep
from grid.rules.stages import Stage
from grid.selectors.calendar import forget_desk, read_desk

CHUNK = 1_000
READ = (
    "rid", "case_no", "state", "is_hung", "division_code", "deadline_class", "limit_value", "limit_unit", "reported_at",
    "disposed_at", *FIELDS,
)  # fmt: skip
FOREVER = datetime.max.replace(tzinfo=UTC) - timedelta(days=2)
UPDATE = f"""
UPDATE {Case._meta.db_table} AS c SET
    stage_due_at = n.stage_due_at, stage_warn_at = n.stage_warn_at, dispose_deadline = n.dispose_deadline,
    close_deadline = n.close_deadline, version = c.version + 1,
    updated_at = CASE WHEN c.state = '{Stage.RETURNED.value}' THEN c.updated_at ELSE %s::timestamptz END
FROM unnest(%s::uuid[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[])
    AS n (rid, stage_due_at, dispose_deadline, close_deadline, stage_warn_at)
WHERE c.rid = n.rid
"""
"""A returned case keeps the moment of its last change: what was left when it was returned is measured from there."""


@dataclass(frozen=True)
class Moved:
    """A case with the deadlines that come out otherwise: field → (old, new)."""

    case: Case
    fields: dict[str, tuple[datetime | None, datetime]]

    @property
    def deadlines(self) -> dict[str, tuple[datetime | None, datetime]]:
        """Those that are deadlines, not warnings."""
        return {name: pair for name, pair in self.fields.items() if name in DEADLINES}


@dataclass(frozen=True)
class Wish:
    """What to count anew: the limits that run on the days from ``first`` to ``last``, and why."""

    first: date
    last: date | None
    because: str
    only_warnings: bool = False

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """The days as moments of the instance's zone: from, to (not included)."""
        zone = timezone.get_default_timezone()
        first = datetime.combine(self.first, time(), tzinfo=zone)
        if self.last is None or self.last.year >= FOREVER.year - 1:
            return first, FOREVER
        return first, datetime.combine(self.last + timedelta(days=1), time(), tzinfo=zone)


def recount(wish: Wish, *, dry_run: bool = False) -> list[Moved]:
    """Count the running limits of open cases of this node anew; returns what moved, in the order of the case numbers.

    Each case gets a ``DeadlineRecount`` per deadline and an audit entry. With ``dry_run`` nothing is written. Done in
    transactions of a thousand cases; a second run finds nothing more to do.
    """
    forget_desk()  # the change may have been made by another process a moment ago
    desk, moved = read_desk(), []
    keys = list(_running(wish).order_by("case_no").values_list("pk", flat=True))
    for begin in range(0, len(keys), CHUNK):
        with transaction.atomic():
            found = list(_moved(keys[begin : begin + CHUNK], wish, desk))
            if not dry_run:
                _write(found, wish)
        moved += found
    return moved


def _running(wish: Wish) -> Any:
    first, last = wish.bounds
    runs = Q(stage_due_at__gte=first) | Q(dispose_deadline__gte=first) | Q(close_deadline__gte=first)
    return Case.objects.open().filter(runs, origin_code=local_node(), stage_due_at__isnull=False, reported_at__lt=last)


def _moved(keys: Iterable[Any], wish: Wish, desk: Desk) -> Iterator[Moved]:
    cases = list(Case.objects.select_for_update().filter(pk__in=keys).open().only(*READ).order_by("case_no"))
    steps = _steps([case.pk for case in cases])
    for case in cases:
        walk = steps.get(case.pk, [])
        fresh = recounted(case, walk, desk.for_area(case.deadline_class), only_warnings=wish.only_warnings)
        fields = {name: (getattr(case, name), new) for name, new in fresh.items()}
        if fields and (wish.only_warnings or _on_the_days(case, walk, fields, wish)):
            yield Moved(case, fields)


def _on_the_days(
    case: Case, walk: list[RunStep], fields: dict[str, tuple[datetime | None, datetime]], wish: Wish
) -> bool:
    began = walk[0].at if walk else case.reported_at
    return any(touches(began, old or new, new, wish.bounds) for old, new in fields.values())


def _steps(keys: list[Any]) -> dict[Any, list[RunStep]]:
    """Case → its steps, oldest first; cases whose dispatch another system recorded are left without."""
    rows = CaseStep.objects.filter(case_id__in=keys).order_by("case_id", "seq")
    values = rows.values_list("case_id", "action", "operated_at", "deadline", "operator_id", "operator_role")
    found = {}
    for key, group in groupby(values, key=lambda row: row[0]):
        walk = list(group)
        if not any(action == "07" and who is None and role == "04" for _k, action, _at, _due, who, role in walk):
            found[key] = [RunStep(action, at, deadline) for _k, action, at, deadline, _who, _role in walk]
    return found


def _write(found: list[Moved], wish: Wish) -> None:
    if not found:
        return
    now = timezone.now()
    for one in found:
        for name, (_old, new) in one.fields.items():
            setattr(one.case, name, new)
    columns = [[getattr(one.case, name) for one in found] for name in FIELDS]
    with connection.cursor() as cursor:
        cursor.execute(UPDATE, [now, [one.case.pk for one in found], *columns])
    DeadlineRecount.objects.bulk_create(
        DeadlineRecount(case=one.case, field=name, old=old or new, new=new, because=wish.because, recounted_at=now)
        for one in found
        for name, (old, new) in one.deadlines.items()
    )
    audit.record_each(
        "case.recount",
        (
            audit.Entry(
                kind="case",
                key=one.case.case_no,
                division_code=one.case.division_code,
                before={name: _told(old) for name, (old, _new) in one.deadlines.items()},
                after={name: _told(new) for name, (_old, new) in one.deadlines.items()},
                reason=wish.because,
            )
            for one in found
            if one.deadlines
        ),
    )


def _told(moment: datetime | None) -> str | None:
    return None if moment is None else timezone.localtime(moment).isoformat(timespec="seconds")


def recount_waiting() -> int:
    """Take the changes of the calendar that wait, oldest first; returns how many cases got other deadlines.

    A change that fails stays and is tried again.
    """
    total = 0
    for change in CalendarChange.objects.filter(recounted_at__isnull=True).order_by("id"):
        wish = Wish(change.first_day, change.last_day, change.because, only_warnings=change.only_warnings)
        moved = recount(wish)
        change.recounted_at, change.cases = timezone.now(), len(moved)
        change.save(update_fields=["recounted_at", "cases"])
        total += len(moved)
    return total


def year_wish(year: int | None) -> Wish:
    """What the command asks for: the limits that run in a year, or all."""
    if year is None:
        return Wish(date(1970, 1, 1), None, _("按现行工作日历重算"))
    return Wish(date(year, 1, 1), date(year, 12, 31), _("按现行工作日历重算 %s 年") % year)
