"""Frozen results: what holds now (a snapshot with its corrections), and what changed since it was frozen."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.foundation.errors import NotThere
from grid.performance.models import CorrectionRecord, Objection, PerformanceSnapshot, SnapshotRow
from grid.performance.rules.counts import Target
from grid.performance.rules.formulas import FormulaSet, read_set
from grid.performance.selectors.statement import Row, Statement, statement
from grid.rules.periods import parse_period
from grid.selectors.divisions import find_place

OBJECTION_WINDOW = timedelta(days=7)
"""So long after the freezing (or the last correction) of a result a department may object to a number of it."""


@dataclass(frozen=True)
class Held:
    """What a frozen row says now: as frozen, or as last corrected."""

    row: SnapshotRow
    counts: dict[str, Any]
    values: dict[str, Any]
    score: str | None
    grade: str
    corrections: tuple[CorrectionRecord, ...]

    @property
    def is_corrected(self) -> bool:
        """Whether a correction stands beside it."""
        return bool(self.corrections)


@dataclass(frozen=True)
class Change:
    """One count of an object that cases give otherwise now than when the snapshot was frozen."""

    code: str
    name: str
    count: str
    held: Any
    now: Any


def facts_of(row: Row) -> dict[str, Any]:
    """A row of a statement as JSON: what is frozen, compared and corrected."""
    return {
        "counts": {code: float(n) if code == "delay_hours" else int(n) for code, n in sorted(row.counts.items())},
        "values": {code: None if v.value is None else str(v.value) for code, v in sorted(row.values.items())},
        "score": None if row.score is None else str(row.score),
        "grade": row.grade,
        "covered": str(row.result.covered) if row.result else "0",
    }


def held_of(row: SnapshotRow) -> Held:
    """What a row says now."""
    corrections = tuple(row.corrections.all())
    if corrections:
        new = corrections[0].new
        return Held(row, new["counts"], new["values"], new["score"], new["grade"], corrections)
    score = None if row.score is None else str(row.score)
    return Held(row, row.counts, row.values, score, row.grade, ())


def find_snapshot(pk: int, *, user: Any) -> PerformanceSnapshot:
    """A snapshot the person sees a row of. Raises NotThere."""
    found: PerformanceSnapshot | None = PerformanceSnapshot.objects.visible_to(user).filter(pk=pk).first()
    if found is None:
        raise NotThere(_("没有这份绩效快照，或不在您的可见范围内。"))
    return found


def rows_of(snapshot: PerformanceSnapshot, *, user: Any) -> list[Held]:
    """The rows a person may see, in the order of the codes."""
    corrections = Prefetch("corrections", CorrectionRecord.objects.order_by("-corrected_at", "-pk"))
    rows = SnapshotRow.objects if user is None else SnapshotRow.objects.visible_to(user)
    found = rows.filter(snapshot=snapshot).select_related("snapshot").prefetch_related(corrections)
    return [held_of(row) for row in found.order_by("target_code")]


def formulas_of(snapshot: PerformanceSnapshot) -> FormulaSet:
    """The set as it was when the snapshot was frozen."""
    return read_set(snapshot.formulas)


def statement_now(snapshot: PerformanceSnapshot) -> Statement:
    """What the cases give now for the period and set of a snapshot."""
    place = find_place(snapshot.division_code)
    period = parse_period(snapshot.period)
    return statement(Target(snapshot.target), place, period, formulas_of(snapshot), user=None)


def changes_since(snapshot: PerformanceSnapshot, *, user: Any) -> list[Change]:
    """What changed since: every count that is not what is held, of the rows a person may see."""
    now = {row.code: row for row in statement_now(snapshot).rows}
    found: list[Change] = []
    for held in rows_of(snapshot, user=user):
        fresh = now.get(held.row.target_code)
        counts = facts_of(fresh)["counts"] if fresh else {}
        found += [
            Change(held.row.target_code, held.row.name, code, number, counts.get(code, 0))
            for code, number in held.counts.items()
            if number != counts.get(code, 0)
        ]
    return found


def may_object_until(row: SnapshotRow) -> datetime:
    """The end of the window in which its department may object."""
    last = row.corrections.order_by("-corrected_at").first()
    return (last.corrected_at if last else row.snapshot.frozen_at) + OBJECTION_WINDOW


def is_open_for_objection(row: SnapshotRow) -> bool:
    """Whether the window is still open."""
    return timezone.now() <= may_object_until(row)


def objections_of(snapshot: PerformanceSnapshot, *, user: Any) -> Any:
    """The objections to rows that a person may see."""
    rows = SnapshotRow.objects.visible_to(user).filter(snapshot=snapshot)
    return Objection.objects.filter(row__in=rows).select_related("row", "raised_by", "answered_by")
