"""Changing a quality rule: the next version of it, with its reason; former ones stay readable."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.accounts.services import limits
from cityops.foundation import audit
from cityops.foundation.context import current_actor
from cityops.foundation.errors import InvalidInput, NotAllowed, NotThere
from cityops.foundation.locks import hold
from sync.aggregation.models import RuleVersion
from sync.aggregation.rules.rulebook import Rule, changed
from sync.aggregation.rules.sql import RuleFault
from sync.aggregation.selectors import sources
from sync.aggregation.selectors.ruleset import rules
from sync.aggregation.services.judging import Job, prepare

CHANGE = "aggregation.change_rule"
EDITABLE = ("severity", "effect", "grace_hours", "is_active", "params")


@transaction.atomic
def change_rule(actor: User, code: str, *, changes: dict[str, Any], reason: str) -> Rule:
    """Change a rule for this node; the same values again change nothing. It holds from the next run on.

    Raises NotAllowed without the permission or the responsibility for the whole instance, NotThere for a code nobody
    knows, InvalidInput without a reason and for what the rule cannot be.
    """
    if not actor.has_perm(CHANGE):
        raise NotAllowed(_("您没有“修改质量规则”的权限。"))
    limits.whole_instance(actor)
    hold("quality rules")
    rule = rules().get(code)
    if rule is None:
        raise NotThere(_("没有质量规则 %s。") % code)
    reason = limits.reason_given(reason)
    different = {name: changes[name] for name in EDITABLE if name in changes and changes[name] != getattr(rule, name)}
    if not different:
        return rule
    try:
        new = changed(rule, **different)
        _try(new)
    except RuleFault as error:
        raise InvalidInput(_("规则不能这样修改：%s") % error) from error
    _keep(new, reason, {name: getattr(rule, name) for name in different}, different)
    return new


@transaction.atomic
def load_rules(given: Iterable[Rule]) -> list[Rule]:
    """Add rules from a file, or new versions of those there are; the same ones again change nothing. Returns what is
    new. Raises RuleFault for one that cannot run here."""
    hold("quality rules")
    known, new = rules(), []
    for rule in given:
        held = known.get(rule.code)
        if held is not None and _document(held) == _document(rule):
            continue
        fresh = Rule(**{**asdict(rule), "version": held.version + 1 if held else 1})
        _try(fresh)
        _keep(fresh, "", {}, {"title": fresh.title})
        new.append(fresh)
    return new


def _try(rule: Rule) -> None:
    """See that a rule can be written as a question. Raises RuleFault."""
    prepare(rule, Job(sources.finder(), [], {}, changes=True))


def _document(rule: Rule) -> dict[str, Any]:
    return {name: value for name, value in asdict(rule).items() if name not in ("code", "version")}


def _keep(rule: Rule, reason: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    RuleVersion.objects.create(
        code=rule.code,
        version=rule.version,
        document=_document(rule),
        reason=reason[:300],
        changed_by=current_actor().name[:150],
    )
    audit.record("quality_rule.change", kind="QualityRule", key=rule.code, before=before, after=after, reason=reason)
