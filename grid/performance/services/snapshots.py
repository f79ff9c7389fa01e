"""Freeze the results of a period, correct them with a record, and send them upward (GL05)."""

import hashlib
import json
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.accounts.services import limits
from cityops.foundation import audit
from cityops.foundation.context import current_actor
from cityops.foundation.errors import InvalidInput, Refused
from cityops.foundation.records import local_node
from grid.performance.models import CorrectionRecord, PerformanceResult, PerformanceSnapshot, SnapshotRow
from grid.performance.rules.counts import POSTS, Target
from grid.performance.rules.formulas import FormulaSet
from grid.performance.selectors.sets import find_set
from grid.performance.selectors.snapshots import facts_of, held_of, statement_now
from grid.performance.selectors.statement import Row, Statement, statement
from grid.rules.periods import InvalidPeriod, Kind, Period, parse_period, period_of
from grid.selectors.divisions import find_place

SENT = {Kind.MONTH: "M", Kind.QUARTER: "Q", Kind.YEAR: "Y"}
"""Kinds of periods whose results travel (GL05), and their code of CL_PERIOD."""
FROZEN_KINDS = (Kind.MONTH, Kind.QUARTER, Kind.HALF, Kind.YEAR)


def read_period(text: str) -> Period:
    """A period that can be frozen. Raises InvalidInput for none and for days and weeks, Refused for one that runs."""
    try:
        period = parse_period(text)
    except InvalidPeriod:
        period = None
    if period is None or period.kind not in FROZEN_KINDS:
        raise InvalidInput(_("「%s」不能冻结：请写月、季、半年或年，如 2026-10、2026Q3、2026H1、2026。") % text[:20])
    if period.after > timezone.localdate():
        raise Refused(_("%s 还没有结束，不能冻结。") % period.key)
    return period


@transaction.atomic
def freeze(actor: User | None, period: Period, *, key: str = "") -> list[PerformanceSnapshot]:
    """Freeze areas, departments and posts of a period by a set (the default one without ``key``).

    ``actor`` None is the instance itself. What is frozen already stays as it is and is not in the answer.
    """
    if actor is not None:
        limits.whole_instance(actor)
    formulas = find_set(key)
    place = find_place(settings.CITYOPS_REGION)
    found = []
    for target in Target:
        if PerformanceSnapshot.objects.filter(period=period.key, target=target, formula_key=formulas.key).exists():
            continue
        found.append(_frozen(statement(target, place, period, formulas, user=None)))
    return found


def _frozen(shown: Statement) -> PerformanceSnapshot:
    facts = {row.code: facts_of(row) for row in shown.rows}
    snapshot = PerformanceSnapshot.objects.create(
        period=shown.period.key,
        target=shown.target,
        formula_key=shown.formulas.key,
        formulas=shown.formulas.document,
        division_code=shown.place.code,
        digest=_digest({code: one["counts"] for code, one in facts.items()}),
        frozen_by=current_actor().name[:150],
    )
    SnapshotRow.objects.bulk_create(
        SnapshotRow(
            snapshot=snapshot,
            target_code=row.code,
            name=row.name[:150],
            division_code=row.division_code,
            org_code=row.org_code,
            counts=facts[row.code]["counts"],
            values=facts[row.code]["values"],
            score=row.score,
            grade=row.grade,
            covered=row.result.covered if row.result else Decimal(0),
        )
        for row in shown.rows
    )
    _send(snapshot, {row.code: (facts[row.code], row.score) for row in shown.rows})
    audit.record(
        "performance.freeze",
        kind="PerformanceSnapshot",
        key=f"{snapshot.period} {snapshot.target} {snapshot.formula_key}",
        division_code=snapshot.division_code,
        after={"objects": len(shown.rows), "digest": snapshot.digest},
    )
    return snapshot


def _digest(counts: Any) -> str:
    return hashlib.sha256(json.dumps(counts, sort_keys=True).encode()).hexdigest()


@transaction.atomic
def correct(actor: User | None, snapshot: PerformanceSnapshot, reason: str) -> list[CorrectionRecord]:
    """Compute a snapshot again; every object that comes out differently gets a correction record with the reason.

    The snapshot itself stays. What was sent (GL05) is sent again as corrected. Raises InvalidInput without a reason.
    """
    if actor is not None:
        limits.whole_instance(actor)
    reason = limits.reason_given(reason)
    list(SnapshotRow.objects.select_for_update().filter(snapshot=snapshot))
    now = {row.code: row for row in statement_now(snapshot).rows}
    made: dict[str, tuple[CorrectionRecord, Row]] = {}
    for row in snapshot.rows.prefetch_related("corrections"):
        fresh = now.get(row.target_code)
        if fresh is None:
            continue
        held, new = held_of(row), facts_of(fresh)
        old = {**new, "counts": held.counts, "values": held.values, "score": held.score, "grade": held.grade}
        if old == new:
            continue
        record = CorrectionRecord.objects.create(
            row=row, old=old, new=new, reason=reason, corrected_by=current_actor().name[:150]
        )
        made[row.target_code] = (record, fresh)
    _send(snapshot, {code: (record.new, fresh.score) for code, (record, fresh) in made.items()})
    audit.record(
        "performance.correct",
        kind="PerformanceSnapshot",
        key=f"{snapshot.period} {snapshot.target} {snapshot.formula_key}",
        division_code=snapshot.division_code,
        after={"objects": sorted(made)},
        reason=reason,
    )
    return [record for record, _row in made.values()]


def _send(snapshot: PerformanceSnapshot, found: dict[str, tuple[dict[str, Any], Decimal | None]]) -> None:
    """Write the results that travel: months, quarters and years of what has a score, by the default set of a city."""
    period = parse_period(snapshot.period)
    if settings.CITYOPS_TIER != "municipal" or period.kind not in SENT:
        return
    for code, (facts, score) in found.items():
        if score is None or (snapshot.target == Target.POST and code[:2] not in POSTS):
            continue
        PerformanceResult.objects.update_or_create(
            origin_code=local_node(),
            period_code=period.key.replace("-", ""),
            target_type=snapshot.target,
            target_code=code,
            formula_version=snapshot.formula_key,
            defaults={
                "period": SENT[period.kind],
                "metrics": {name: value for name, value in facts["values"].items() if value is not None},
                "score": score,
                "grade": facts["grade"],
                "computed_at": timezone.now(),
            },
        )


def freeze_due(today: date, formulas: FormulaSet | None = None) -> list[PerformanceSnapshot]:
    """Freeze what ended with the last month: the month itself, and the quarter, half and year it closed."""
    month = period_of(today, Kind.MONTH).shift(-1)
    made: list[PerformanceSnapshot] = []
    for kind in FROZEN_KINDS:
        period = period_of(month.first, kind)
        if period.after == month.after:
            made += freeze(None, period, key=formulas.key if formulas else "")
    return made
