"""Change and add disposal rules: a city's own decision, with its reason in the audit trail."""

from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.accounts.services import limits
from cityops.foundation import audit
from cityops.foundation.errors import InvalidInput
from sync.standard.models import ClassEntry, DictionaryVersion, DisposalRule

EDITABLE = (
    "filing_condition",
    "filing_condition_en",
    "closing_condition",
    "closing_condition_en",
    "level",
    "limit_value",
    "limit_unit",
    "limit_value_a",
    "limit_unit_a",
    "limit_value_c",
    "limit_unit_c",
    "is_active",
)
LIMITS = (("limit_value", "limit_unit"), ("limit_value_a", "limit_unit_a"), ("limit_value_c", "limit_unit_c"))
"""The limit that holds everywhere (class B), then those of the classes of area that differ."""


@transaction.atomic
def edit_rule(actor: User, *, rule: DisposalRule, changes: dict[str, Any], reason: str) -> DisposalRule:
    """Change a rule and write down before, after and why; the same values again change nothing.

    Cases keep the limit they were dispatched with. Raises NotAllowed for an actor of a part of the instance,
    InvalidInput without a reason, for a field that is not editable, and for a limit without its unit.
    """
    limits.whole_instance(actor)
    _check_wish(changes, reason)
    rule = DisposalRule.objects.select_for_update().get(pk=rule.pk)
    before = {name: getattr(rule, name) for name in changes}
    different = {name: value for name, value in changes.items() if before[name] != value}
    if not different:
        return rule
    for name, value in different.items():
        setattr(rule, name, value)
    _check_limit(rule)
    rule.is_edited = True
    rule.save(update_fields=[*different, "is_edited"])
    audit.record(
        "rule.edit",
        kind="disposal_rule",
        key=rule.pk,
        before={name: _plain(before[name]) for name in different},
        after={name: _plain(value) for name, value in different.items()},
        reason=reason,
    )
    return rule


@transaction.atomic
def add_rule(actor: User, *, kind: str, class_code: str, values: dict[str, Any], reason: str) -> DisposalRule:
    """Add a rule of the city's own for a class to the default rule set; it stays when the set is loaded again.

    ``condition_no`` follows the last of the class. Raises InvalidInput without a rule set or a reason, for a class
    that the default class standard does not have, and for what ``edit_rule`` refuses; NotAllowed as that does.
    """
    limits.whole_instance(actor)
    _check_wish(values, reason)
    defaults = DictionaryVersion.objects.select_for_update().filter(is_default=True)
    rule_set = defaults.filter(kind=DictionaryVersion.Kind.RULES).first()
    standard = defaults.filter(kind=DictionaryVersion.Kind.CLASSES).first()
    if rule_set is None:
        raise InvalidInput(_("还没有默认规则集，请管理员运行 manage.py load_standard。"))
    classes = ClassEntry.objects.in_force().filter(version=standard.code if standard else "")
    entry = classes.filter(kind=kind, class_code=class_code).first()
    if entry is None:
        raise InvalidInput(
            _("默认分类标准中没有这个分类代码。"), errors=[{"field": "class_code", "code": "unknown_class"}]
        )
    rules = DisposalRule.objects.filter(rule_set=rule_set, kind=kind, class_code=class_code)
    rule = DisposalRule(
        rule_set=rule_set,
        kind=kind,
        class_code=class_code,
        class_name=entry.class_name,
        matter_codes=[class_code],
        condition_no=(rules.aggregate(last=Max("condition_no"))["last"] or 0) + 1,
        source=_("本市规定"),
        is_edited=True,
        **values,
    )
    _check_limit(rule)
    rule.save()
    after = {name: _plain(value) for name, value in values.items()}
    audit.record(
        "rule.add", kind="disposal_rule", key=rule.pk, after={"class_code": class_code, **after}, reason=reason
    )
    return rule


def _check_wish(values: dict[str, Any], reason: str) -> None:
    if not reason.strip():
        raise InvalidInput(_("请写明修改原因。"), errors=[{"field": "reason", "code": "required"}])
    if unknown := sorted(set(values) - set(EDITABLE)):
        raise InvalidInput(_("不能修改：%s。") % ", ".join(unknown), errors=[{"field": unknown[0], "code": "fixed"}])


def _check_limit(rule: DisposalRule) -> None:
    for name, unit_name in LIMITS:
        value, unit = getattr(rule, name), getattr(rule, unit_name)
        if fault := limit_fault(value, unit):
            raise InvalidInput(
                fault[1], errors=[{"field": unit_name if fault[0] == NEEDS_UNIT else name, "code": fault[0]}]
            )
        if value is not None and rule.limit_value is None:
            raise InvalidInput(
                _("先填写一般区域(B 类)的处置时限，再填写其他类别的。"),
                errors=[{"field": name, "code": "limit_needs_base"}],
            )


NEEDS_UNIT = "limit_needs_unit"


def limit_fault(value: Decimal | None, unit: str) -> tuple[str, str] | None:
    """What is wrong with a limit, as (code, text); None where nothing is."""
    if (value is None) != (not unit):
        return NEEDS_UNIT, _("处置时限和时限单位要一起填写。")
    if value is not None and value <= 0:
        return "limit_positive", _("处置时限应大于零。")
    return None


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | str) else str(value)
