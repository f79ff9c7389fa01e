"""Change and add disposal rules: a city's own decision, with its reason in the audit trail."""

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
    "is_active",
)


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
    if (rule.limit_value is None) != (not rule.limit_unit):
        raise InvalidInput(
            _("处置时限和时限单位要一起填写。"), errors=[{"field": "limit_unit", "code": "limit_needs_unit"}]
        )
    if rule.limit_value is not None and rule.limit_value <= 0:
        raise InvalidInput(_("处置时限应大于零。"), errors=[{"field": "limit_value", "code": "limit_positive"}])


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | str) else str(value)
