"""Quality rules 质量规则 as data: what a rule says, the checks it may be made of, and reading a file of them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sync.aggregation.rules import checks, groups
from sync.aggregation.rules.sql import Lookup, RuleFault, Source, Statement

CLAUSES = ("Q1", "Q2", "Q3", "Q4", "Q5", "Q6", "Q7", "Q8", "Q9")
"""CL_QRULE: 完整性、规范性、唯一性、一致性、及时性、逻辑性、空间、波动性、造假嫌疑."""
SEVERITIES = ("1", "2", "3")
"""CL_SEVERITY: 阻断、警告、提示."""
EFFECTS = ("issue", "score")
"""What a finding leads to: an issue that the node answers, or the score alone."""
CODE_LENGTH = 20

Check = Callable[[Source, Any, Lookup], Statement]
CHECKS: Mapping[str, Check] = {
    function.__name__: function
    for function in (
        checks.filled,
        checks.absent,
        checks.pattern,
        checks.check_character,
        checks.begins_alike,
        checks.owner_prefix,
        checks.order,
        checks.not_future,
        checks.at_most,
        checks.between,
        checks.exists,
        checks.class_known,
        checks.mapped,
        checks.in_country,
        checks.in_division,
        checks.in_grid,
        checks.has_step,
        checks.steps_in_order,
        checks.photo_far,
        checks.before_after_alike,
        checks.arrived_late,
        groups.unique,
        groups.near_twice,
        groups.sums,
        groups.days_missing,
        groups.month_missing,
        groups.month_jump,
        groups.constant,
        groups.round_numbers,
        groups.perfect_rate,
        groups.metric_perfect,
        groups.photo_twice,
        groups.bulk_at_once,
        groups.one_spot,
    )
}
"""Kinds of checks by name. A rule names one and gives its fields and limits; it never holds SQL."""
CONFORMS, DERIVED = "conforms", "derived"
"""Two more kinds: what the definition of the dataset demands, and what its app derives itself from other records."""
KINDS = frozenset({*CHECKS, CONFORMS, DERIVED})


@dataclass(frozen=True)
class Rule:
    """One quality rule as it holds now."""

    code: str
    dataset: str
    clause: str
    title: str
    check: str
    title_en: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    severity: str = "2"
    effect: str = "issue"
    remedy: str = ""
    remedy_en: str = ""
    source: str = ""
    """The clause it comes from."""
    provenance: str = "designed"
    grace_hours: int = 0
    """How old a finding must be before it becomes an issue."""
    is_active: bool = True
    version: int = 1

    def __post_init__(self) -> None:
        problem = _problem(self)
        if problem:
            raise RuleFault(f"{self.code or '?'}: {problem}")

    def statement(self, source: Source, find: Lookup) -> Statement:
        """The question for what is broken. Raises RuleFault."""
        try:
            return CHECKS[self.check](source, dict(self.params), find)
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, RuleFault):
                raise RuleFault(f"{self.code}: {error}") from error
            raise RuleFault(f"{self.code}: the check {self.check} lacks or misreads {error}.") from error


def _problem(rule: Rule) -> str:
    if not 0 < len(rule.code) <= CODE_LENGTH or not rule.code.replace("-", "").isalnum():
        return f"a code has letters, digits and hyphens, at most {CODE_LENGTH}."
    if rule.clause not in CLAUSES:
        return f"the clause is one of {', '.join(CLAUSES)}."
    if rule.severity not in SEVERITIES:
        return f"the severity is one of {', '.join(SEVERITIES)}."
    if rule.effect not in EFFECTS:
        return f"the effect is one of {', '.join(EFFECTS)}."
    if rule.check not in KINDS:
        return f"there is no check {rule.check!r}."
    return "" if rule.title else "a rule has a title."


def read(document: Mapping[str, Any]) -> dict[str, Rule]:
    """The rules of a file by code. Raises RuleFault with every fault found."""
    faults: list[str] = []
    found: dict[str, Rule] = {}
    common = {"provenance": document.get("provenance", "designed"), "source": document.get("source", "")}
    for number, entry in enumerate(document.get("rules", ()), start=1):
        try:
            rule = Rule(**{**common, **entry})
        except TypeError:
            known = ", ".join(sorted(Rule.__dataclass_fields__))
            faults.append(f"rule {number}: a rule has code, dataset, clause, title, check, and may have of {known}.")
            continue
        except RuleFault as error:
            faults.append(f"rule {number}: {error}")
            continue
        if rule.code in found:
            faults.append(f"rule {number}: {rule.code} stands twice.")
        found[rule.code] = rule
    if not found and not faults:
        faults.append("the file has no rules.")
    if faults:
        raise RuleFault("\n".join(faults))
    return found


def merged(shipped: Mapping[str, Rule], local: Iterable[Rule]) -> dict[str, Rule]:
    """The rules that hold: those of this node over those of the product, in the order of codes."""
    found = {**shipped, **{rule.code: rule for rule in local}}
    return {code: found[code] for code in sorted(found)}


def changed(rule: Rule, **changes: Any) -> Rule:
    """The next version of a rule. Raises RuleFault."""
    return replace(rule, version=rule.version + 1, **changes)
