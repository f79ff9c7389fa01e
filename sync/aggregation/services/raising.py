"""At the superior: findings and parked records become issues, one for each rule and node; what is mended closes them.

Only a node's own parent asks it: the nation scores cities as well, but asks their province.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.foundation import audit
from cityops.foundation.audit import Entry
from cityops.foundation.locks import hold
from sync.aggregation.models import IssueState, QualityIssue, RuleResult
from sync.aggregation.rules.numbers import beginning, following
from sync.aggregation.rules.rulebook import Rule
from sync.aggregation.selectors.ruleset import rules
from sync.exchange.models import Link

FIX_DAYS = {"1": 3, "2": 7, "3": 15}
"""Days to mend and answer, by severity."""
EXAMPLES = 20
"""Records that an issue names; the others are found by the same rule at the node itself."""
CODE = "left(coalesce(p.reasons -> 0 ->> 'code', 'unknown'), 40)"
"""SQL of the first reason for which a record is parked."""
SINCE = "unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[]) AS c (node, item, dataset, at)"
"""SQL of what was accepted, and until when."""
Key = tuple[str, str, str, str]
"""Node, cause, item, dataset: of one open issue."""
Accepted = dict[Key, datetime]


@dataclass
class Cause:
    """What an issue is to be about now."""

    key: Key
    clause: str
    severity: str
    title: str
    remedy: str
    records: int
    examples: list[dict[str, str]] = field(default_factory=list)


@transaction.atomic
def follow() -> tuple[int, int]:
    """Raise what is new, bring what is open up to date, close what is gone. Returns how many were raised and closed.

    A constant number of statements, whatever the number of findings.
    """
    hold("quality issues")
    children = list(Link.objects.to_children().filter(state=Link.State.LIVE).values_list("peer_code", flat=True))
    accepted = _accepted()
    causes = {one.key: one for one in [*_of_rules(children, accepted), *_of_parked(children, accepted)]}
    waiting = QualityIssue.objects.raised_here().open().select_for_update(of=("self",))
    held = {(one.target, one.cause, one.item_code, one.dataset): one for one in waiting}
    raised = _raise([cause for key, cause in causes.items() if key not in held])
    closed = _close([issue for key, issue in held.items() if key not in causes])
    _renew([(issue, causes[key]) for key, issue in held.items() if key in causes])
    return raised, closed


def _accepted() -> Accepted:
    """What a person closed: until then found, it makes no new issue."""
    closed = QualityIssue.objects.raised_here().filter(state=IssueState.CLOSED).exclude(closed_by="")
    rows = closed.values_list("targets__0", "cause", "item_code", "dataset").annotate(last=Max("closed_at"))
    return {(row[0], row[1], row[2], row[3]): row[4] for row in rows.order_by()}


def _since(accepted: Accepted, cause: str) -> list[list[Any]]:
    """Columns of node, item, dataset and moment of what was accepted, for a statement."""
    found = [(node, item, dataset, at) for (node, one, item, dataset), at in accepted.items() if one == cause]
    return [list(column) for column in zip(*found, strict=True)] or [[], [], [], []]


def _of_rules(children: list[str], accepted: Accepted) -> Iterable[Cause]:
    known = {code: rule for code, rule in rules().items() if rule.is_active and rule.effect == "issue"}
    results = RuleResult.objects.filter(owner_code__in=children, rule_code__in=known, broken__gt=0)
    examples = _examples(children, known, accepted)
    for result in results.order_by("owner_code", "rule_code"):
        rule, named = known[result.rule_code], examples.get((result.owner_code, result.rule_code))
        if named:
            key = (result.owner_code, QualityIssue.Cause.RULE.value, rule.code, rule.dataset)
            yield Cause(key, rule.clause, rule.severity, rule.title, rule.remedy, result.broken, named)


def _examples(
    children: list[str], known: dict[str, Rule], accepted: Accepted
) -> dict[tuple[str, str], list[dict[str, str]]]:
    """The first findings of each node and rule; none where all were accepted or are in the rule's time of grace."""
    grace = {code: rule.grace_hours for code, rule in known.items()}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT owner_code, rule_code, rid::text, record_key, detail FROM (SELECT f.*, row_number() OVER "
            "(PARTITION BY f.owner_code, f.rule_code ORDER BY f.found_at, f.subject) AS number "
            "FROM aggregation_qualityfinding f "
            "JOIN unnest(%s::text[], %s::int[]) AS g (code, hours) ON g.code = f.rule_code "
            f"LEFT JOIN {SINCE} ON (c.node, c.item, c.dataset) = (f.owner_code, f.rule_code, f.dataset) "
            "WHERE f.gone_at IS NULL AND f.owner_code = ANY(%s::text[]) AND (c.at IS NULL OR f.found_at > c.at) "
            "AND f.found_at <= statement_timestamp() - make_interval(hours => g.hours)) q "
            "WHERE number <= %s ORDER BY number",
            [
                list(grace),
                list(grace.values()),
                *_since(accepted, QualityIssue.Cause.RULE),
                children,
                EXAMPLES,
            ],
        )
        found: dict[tuple[str, str], list[dict[str, str]]] = {}
        for owner, rule, rid, key, detail in cursor.fetchall():
            found.setdefault((owner, rule), []).append({"rid": rid or "", "key": key, "detail": detail})
    return found


def _of_parked(children: list[str], accepted: Accepted) -> Iterable[Cause]:
    """What could not be applied, by node, dataset and the code of its first reason."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT owner_code, dataset, code, detail, remedy, n, rid::text FROM (SELECT p.owner_code, "
            f"p.dataset, p.rid, "
            f"{CODE} AS code, p.reasons -> 0 ->> 'detail' AS detail, p.reasons -> 0 ->> 'remedy' AS remedy, "
            "count(*) OVER w AS n, row_number() OVER (w ORDER BY p.id) AS number FROM sync_parked p "
            f"LEFT JOIN {SINCE} ON (c.node, c.item, c.dataset) = (p.owner_code, {CODE}, p.dataset) "
            "WHERE p.state = 'P' AND p.flow = 'up' AND p.owner_code = ANY(%s::text[]) "
            "AND (c.at IS NULL OR p.parked_at > c.at) "
            f"WINDOW w AS (PARTITION BY p.owner_code, p.dataset, {CODE})) q "
            "WHERE number <= %s ORDER BY owner_code, dataset, code, number",
            [*_since(accepted, QualityIssue.Cause.PARKED), children, EXAMPLES],
        )
        found: dict[Key, Cause] = {}
        for owner, dataset, code, detail, remedy, count, rid in cursor.fetchall():
            key = (owner, QualityIssue.Cause.PARKED.value, code, dataset)
            cause = found.get(key)
            if cause is None:
                title = _("记录未能入库：%s") % (detail or code)
                cause = found[key] = Cause(key, "Q2", "1", title[:200], (remedy or "")[:500], count)
            cause.examples.append({"rid": rid, "key": "", "detail": (detail or "")[:300]})
    return found.values()


def _raise(causes: list[Cause]) -> int:
    """New issues with their numbers."""
    if not causes:
        return 0
    now, start = timezone.now(), beginning(settings.CITYOPS_NODE, timezone.localdate())
    last = QualityIssue.objects.raised_here().filter(issue_no__startswith=start).order_by("-issue_no")
    numbers = following(last.values_list("issue_no", flat=True).first() or "", start, len(causes))
    issues = [
        QualityIssue(
            issue_no=number,
            node_code=cause.key[0][:12],
            targets=[cause.key[0]],
            cause=cause.key[1],
            item_code=cause.key[2],
            dataset=cause.key[3],
            rule_code=cause.clause,
            severity=cause.severity,
            title=cause.title,
            remedy=cause.remedy,
            found_at=now,
            fix_deadline=now + timedelta(days=FIX_DAYS[cause.severity]),
            **_about(cause),
        )
        for number, cause in zip(numbers, causes, strict=True)
    ]
    QualityIssue.objects.bulk_create(issues)
    _trail("issue.raise", issues)
    return len(issues)


def _about(cause: Cause) -> dict[str, Any]:
    """The columns that follow what is found."""
    one = cause.examples[0]["key"] if cause.records == 1 else ""
    return {"records": cause.records, "examples": cause.examples, "record_key": one[:64]}


def _renew(pairs: list[tuple[QualityIssue, Cause]]) -> None:
    """Bring open issues up to date where the number or the records changed."""
    changed = []
    for issue, cause in pairs:
        facts = _about(cause)
        if any(getattr(issue, name) != value for name, value in facts.items()):
            for name, value in facts.items():
                setattr(issue, name, value)
            changed.append(issue)
    QualityIssue.objects.bulk_update(changed, ["records", "examples", "record_key"])


def _close(issues: list[QualityIssue]) -> int:
    """What is found no more is closed by itself."""
    now = timezone.now()
    for issue in issues:
        issue.state, issue.fixed_at, issue.closed_at = IssueState.CLOSED, issue.fixed_at or now, now
        issue.conclusion = _("复查已无此问题，自动关闭。")
    QualityIssue.objects.bulk_update(issues, ["state", "fixed_at", "closed_at", "conclusion"])
    _trail("issue.close", issues)
    return len(issues)


def _trail(action: str, issues: list[QualityIssue]) -> None:
    audit.record_each(
        action,
        [
            Entry(
                "QualityIssue",
                issue.issue_no,
                issue.targets[0][:12],
                after={"rule": issue.item_code, "dataset": issue.dataset, "records": issue.records},
                reason=issue.conclusion,
            )
            for issue in issues
        ],
    )
