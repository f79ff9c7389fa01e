"""Change disposal rules: a city's own decision, with its reason in the audit trail."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.accounts.services import limits
from cityops.foundation import audit
from cityops.foundation.errors import InvalidInput
from sync.standard.models import DisposalRule

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
    if not reason.strip():
        raise InvalidInput(_("请写明修改原因。"), errors=[{"field": "reason", "code": "required"}])
    unknown = sorted(set(changes) - set(EDITABLE))
    if unknown:
        raise InvalidInput(_("不能修改：%s。") % ", ".join(unknown), errors=[{"field": unknown[0], "code": "fixed"}])
    rule = DisposalRule.objects.select_for_update().get(pk=rule.pk)
    before = {name: getattr(rule, name) for name in changes}
    different = {name: value for name, value in changes.items() if before[name] != value}
    if not different:
        return rule
    for name, value in different.items():
        setattr(rule, name, value)
    if (rule.limit_value is None) != (not rule.limit_unit):
        raise InvalidInput(
            _("处置时限和时限单位要一起填写。"), errors=[{"field": "limit_unit", "code": "limit_needs_unit"}]
        )
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


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | str) else str(value)
