"""Scores, findings and rules as the pages and the API show them."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Max, Q, QuerySet

from cityops.accounts.models import User
from cityops.foundation.errors import NotThere
from cityops.foundation.records import local_node
from sync.aggregation.models import QualityFinding, QualityIssue, QualityRun, QualityScore, RuleResult
from sync.aggregation.rules.rulebook import Rule
from sync.aggregation.rules.scoring import light
from sync.aggregation.selectors.ruleset import remedy_of, rules, title_of
from sync.standard.selectors import dictionaries
from tiers.models import Node

HISTORY_DAYS = 92
"""So far back a score is drawn."""


@dataclass(frozen=True)
class Cell:
    """The last score of one dataset of one node."""

    owner_code: str
    dataset: str
    title: str
    score: Any
    light: str
    records: int
    broken: int
    parked: int
    day: date


@dataclass
class Row:
    """One node, and its datasets by code."""

    owner_code: str
    name: str
    cells: dict[str, Cell] = field(default_factory=dict)


def names_seen(user: User) -> dict[str, str]:
    """The nodes inside the person's division, and this one where it is, by code."""
    rows = Node.objects.filter(division_code__startswith=user.scope_prefix).order_by("node_code")
    found = dict(rows.values_list("node_code", "platform_name"))
    if local_node().startswith(user.scope_prefix):
        found.setdefault(local_node(), local_node())
    return found


def see_node(user: User, code: str) -> str:
    """The name of a node that the person may see. Raises NotThere."""
    found = names_seen(user)
    if code not in found:
        raise NotThere
    return found[code]


def title_finder() -> Any:
    """A function that gives the title of a dataset in the reader's language; one query for all of them."""
    known = dictionaries.catalogue()

    def title(dataset: str) -> str:
        definition = known.by_code.get(dataset)
        return dictionaries.title(definition) if definition else dataset

    return title


def latest_scores(user: User) -> QuerySet[QualityScore]:
    """The last score of every node and dataset that the person may see."""
    rows: QuerySet[QualityScore] = QualityScore.objects.visible_to(user)
    return rows.order_by("owner_code", "dataset", "-day").distinct("owner_code", "dataset")


def matrix(user: User) -> list[Row]:
    """Node by node the last scores; a constant number of queries."""
    names, title = names_seen(user), title_finder()
    rows = {code: Row(code, name) for code, name in names.items()}
    for one in latest_scores(user):
        row = rows.setdefault(one.owner_code, Row(one.owner_code, one.owner_code))
        row.cells[one.dataset] = Cell(
            one.owner_code,
            one.dataset,
            title(one.dataset),
            one.score,
            light(one.score),
            one.records,
            one.broken,
            one.parked,
            one.day,
        )
    return [rows[code] for code in sorted(rows) if rows[code].cells]


@dataclass(frozen=True)
class Standing:
    """How one rule stands for one node and dataset."""

    rule: Rule
    title: str
    remedy: str
    checked: int
    broken: int
    ran_at: Any


def standings(user: User, owner: str, dataset: str) -> list[Standing]:
    """The rules of a dataset as they stand for a node: those with findings first, then by code."""
    known = rules()
    results = RuleResult.objects.visible_to(user).filter(owner_code=owner, dataset=dataset)
    found = [
        Standing(rule, title_of(rule), remedy_of(rule), one.checked, one.broken, one.ran_at)
        for one in results
        if (rule := known.get(one.rule_code)) is not None
    ]
    return sorted(found, key=lambda one: (one.broken == 0, one.rule.code))


def history(user: User, owner: str, dataset: str) -> list[QualityScore]:
    """The scores of a node's dataset, the newest day first, over the last HISTORY_DAYS days that have one."""
    rows = QualityScore.objects.visible_to(user).filter(owner_code=owner, dataset=dataset)
    last = rows.aggregate(last=Max("day"))["last"]
    return list(rows.filter(day__gt=last - timedelta(days=HISTORY_DAYS)).order_by("-day")) if last else []


def findings(user: User, asked: dict[str, str]) -> QuerySet[QualityFinding]:
    """Findings narrowed by owner, dataset, rule, clause and state (``open``, ``gone`` or ``all``)."""
    rows: Any = QualityFinding.objects.visible_to(user)
    if asked.get("state", "open") == "open":
        rows = rows.open()
    elif asked.get("state") == "gone":
        rows = rows.filter(gone_at__isnull=False)
    if asked.get("clause"):
        rows = rows.filter(rule_code__in=[code for code, rule in rules().items() if rule.clause == asked["clause"]])
    names = {"owner": "owner_code__startswith", "dataset": "dataset", "rule": "rule_code"}
    return rows.filter(**{names[name]: asked[name] for name in names if asked.get(name)})


def issues_of(user: User, view: str = "") -> Any:
    """Issues that this node raised, and those that it has to answer, as far as the person sees the node asked."""
    rows = QualityIssue.objects.visible_to(user)
    rows = rows.filter(Q(origin_code=local_node()) | Q(targets__0=local_node()))
    if view == "open":
        return rows.open()
    if view == "overdue":
        return rows.overdue()
    if view == "answered":
        return rows.filter(state__in=("2", "4"))
    return rows.filter(state="3") if view == "closed" else rows


def get_issue(user: User, issue_no: str) -> QualityIssue:
    """One of them. Raises NotThere."""
    issue: QualityIssue | None = issues_of(user).filter(issue_no=issue_no).first()
    if issue is None:
        raise NotThere
    return issue


@dataclass(frozen=True)
class Sum:
    """What stands at the top of the overview."""

    open_issues: int
    overdue: int
    answered: int
    findings: int


def sums(user: User) -> Sum:
    """Issues and findings that the person may see."""
    return Sum(
        issues_of(user, "open").count(),
        issues_of(user, "overdue").count(),
        issues_of(user, "answered").count(),
        findings(user, {}).count(),
    )


def last_run() -> QualityRun | None:
    """The run under way, otherwise the last whole one."""
    return (
        QualityRun.objects.filter(state=QualityRun.State.RUNNING).first()
        or QualityRun.objects.filter(kind=QualityRun.Kind.WHOLE).first()
    )


def rules_by_dataset() -> dict[str, list[Rule]]:
    """The rules that hold, by dataset, in the order of codes."""
    found: dict[str, list[Rule]] = defaultdict(list)
    for rule in rules().values():
        found[rule.dataset].append(rule)
    return dict(sorted(found.items()))


def find_rule(code: str) -> Rule:
    """One rule. Raises NotThere."""
    rule = rules().get(code)
    if rule is None:
        raise NotThere
    return rule
