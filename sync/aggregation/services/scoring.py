"""Scores of the day out of the results of the rules and what is parked; the history stays."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Count
from django.utils import timezone

from cityops.foundation.records import Flow
from sync.aggregation.models import QualityFinding, QualityScore, RuleResult
from sync.aggregation.rules.rulebook import Rule
from sync.aggregation.rules.scoring import Judged, score
from sync.aggregation.services.judging import MOST_FINDINGS
from sync.exchange.models import Parked

PARKED_CLAUSE, PARKED_SEVERITY = "Q2", "1"
"""What cannot be applied breaks the form that the standard demands (§4.3: reject), and it blocks."""


def drop_results(rules: Mapping[str, Rule]) -> None:
    """Take away the results of rules that hold no longer, and end what they found."""
    active = [rule.code for rule in rules.values() if rule.is_active]
    RuleResult.objects.exclude(rule_code__in=active).delete()
    QualityFinding.objects.open().exclude(rule_code__in=active).update(gone_at=timezone.now())


def recount(cursor: CursorWrapper) -> None:
    """After a run over changes: the counts of the rules that judge by record, from the findings; where more were found
    than are kept, the count of the last whole run stands."""
    cursor.execute(
        "UPDATE aggregation_ruleresult r SET broken = n.broken, checked = greatest(r.checked, n.broken) FROM ("
        "SELECT r2.id, count(f.id) AS broken FROM aggregation_ruleresult r2 LEFT JOIN aggregation_qualityfinding f "
        "ON f.rule_code = r2.rule_code AND f.owner_code = r2.owner_code AND f.gone_at IS NULL "
        "WHERE r2.by_record AND r2.broken < %s GROUP BY r2.id) n WHERE n.id = r.id AND n.broken <> r.broken",
        [MOST_FINDINGS],
    )


@transaction.atomic
def score_day(day: date) -> int:
    """Write the scores of a day, over those it had. Returns how many. A constant number of statements."""
    results: dict[tuple[str, str], list[RuleResult]] = defaultdict(list)
    for result in RuleResult.objects.all():
        results[result.owner_code, result.dataset].append(result)
    waiting = Parked.objects.waiting().filter(flow=Flow.UP.value)
    parked = {
        (row["owner_code"], row["dataset"]): row["n"]
        for row in waiting.values("owner_code", "dataset").annotate(n=Count("id"))
    }
    rows = []
    for key in sorted({*results, *parked}):
        row = _scored(key, day, results[key], parked.get(key, 0))
        if row is not None:
            rows.append(row)
    QualityScore.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["owner_code", "dataset", "day"],
        update_fields=["records", "broken", "parked", "score", "clauses", "scored_at"],
    )
    return len(rows)


def _scored(key: tuple[str, str], day: date, results: list[RuleResult], parked: int) -> QualityScore | None:
    judged: dict[str, list[Judged]] = defaultdict(list)
    for one in results:
        judged[one.clause].append(Judged(one.severity, one.checked, one.broken, one.by_record))
    records = max((one.checked for one in results), default=0)
    if parked or records:
        judged[PARKED_CLAUSE].append(Judged(PARKED_SEVERITY, records + parked, parked))
    total = score(one for ones in judged.values() for one in ones)
    if total is None:
        return None
    clauses: dict[str, Any] = {clause: score(ones) for clause, ones in sorted(judged.items())}
    return QualityScore(
        owner_code=key[0],
        dataset=key[1],
        day=day,
        records=records,
        broken=sum(one.broken for one in results),
        parked=parked,
        score=total,
        clauses={clause: str(points) for clause, points in clauses.items() if points is not None},
        scored_at=timezone.now(),
    )
