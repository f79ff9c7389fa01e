"""The quality rules that hold: those of the product, under those that this node changed or added."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from sync.aggregation.models import RuleVersion
from sync.aggregation.rules.rulebook import Rule, merged, read
from sync.standard.selectors.dictionaries import reads_english

SHIPPED = Path(__file__).resolve().parents[1] / "data" / "quality-2026.1.json"


@cache
def shipped() -> dict[str, Rule]:
    """The rules that come with the product, by code."""
    return read(json.loads(SHIPPED.read_text(encoding="utf-8")))


def rules() -> dict[str, Rule]:
    """The rules that hold now, by code. One query."""
    newest = RuleVersion.objects.order_by("code", "-version").distinct("code")
    return merged(shipped(), [as_rule(row) for row in newest])


def as_rule(row: RuleVersion) -> Rule:
    """A stored version as a rule."""
    found: dict[str, Any] = {**row.document, "code": row.code, "version": row.version}
    return Rule(**found)


def title_of(rule: Rule) -> str:
    """What a rule is called in the reader's language."""
    return rule.title_en or rule.title if reads_english() else rule.title


def remedy_of(rule: Rule) -> str:
    """How to mend what breaks a rule, in the reader's language."""
    return rule.remedy_en or rule.remedy if reads_english() else rule.remedy
