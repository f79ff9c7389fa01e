"""Keep the duty table 责任表: add, change, end and delete rows. It holds for the whole city; each change is audited."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from cityops.accounts.models import Organisation, User
from cityops.accounts.services import limits
from cityops.foundation import audit
from cityops.foundation.errors import InvalidInput, NotAllowed, NotThere
from cityops.regions.models import Division
from grid.intake.models import DutyRule
from grid.intake.services.settings import checked
from grid.models import UnitGrid
from grid.selectors.classes import classes_in_force
from grid.selectors.moves import disposal_organisations
from grid.selectors.places import city_prefix

PERMISSION = "intake.change_dutyrule"
FIELDS = (
    "kind", "class_code", "area", "weekdays", "starts_at", "ends_at", "valid_from", "valid_to", "org_code", "source",
)  # fmt: skip


def may_change(actor: User) -> None:
    """Raise NotAllowed without the permission, or for who is responsible for a part of the city only."""
    if not actor.has_perm(PERMISSION):
        raise NotAllowed(_("您没有维护责任表的权限。"))
    limits.whole_instance(actor)


def save_duty(actor: User, values: dict[str, Any], *, pk: int | None = None) -> DutyRule:
    """Add a row, or change one. Raises NotAllowed, NotThere, InvalidInput with every wrong field."""
    may_change(actor)
    with transaction.atomic():
        row = DutyRule() if pk is None else _locked(pk)
        before = None if pk is None else told(row)
        for name in FIELDS:
            if name in values:
                setattr(row, name, values[name])
        check_duty(row, Known.now())
        row.save()
        audit.record(
            "duty_rule.add" if pk is None else "duty_rule.change",
            kind="duty_rule",
            key=row.pk,
            division_code=settings.CITYOPS_REGION,
            before=before,
            after=told(row),
        )
    return row


def delete_duty(actor: User, pk: int, *, reason: str) -> None:
    """Delete a row with a reason. Raises NotAllowed, NotThere, InvalidInput without a reason."""
    may_change(actor)
    reason = limits.reason_given(reason)
    with transaction.atomic():
        row = _locked(pk)
        before = told(row)
        row.delete()
        audit.record(
            "duty_rule.delete",
            kind="duty_rule",
            key=pk,
            division_code=settings.CITYOPS_REGION,
            before=before,
            reason=reason,
        )


def _locked(pk: int) -> DutyRule:
    row = DutyRule.objects.select_for_update().filter(pk=pk).first()
    if row is None:
        raise NotThere(_("责任表中没有这一行。"))
    return row


def told(row: DutyRule) -> dict[str, Any]:
    """A row as the audit trail keeps it."""
    return {
        name: value if isinstance(value := getattr(row, name), str | list | None) else str(value) for name in FIELDS
    }


@dataclass(frozen=True)
class Known:
    """What rows may name, read once for a whole file."""

    organisations: frozenset[str]
    classes: frozenset[tuple[str, str]]
    """(kind, code) of small classes."""
    majors: frozenset[str]
    divisions: frozenset[str]

    @classmethod
    def now(cls) -> "Known":
        """As it holds now."""
        classes = list(classes_in_force().values_list("kind", "class_code", "big_code"))
        return cls(
            organisations=frozenset(org.org_code for org in disposal_organisations()),
            classes=frozenset((kind, code) for kind, code, _big in classes),
            majors=frozenset(big for _kind, _code, big in classes),
            divisions=frozenset(
                Division.objects.current().filter(code__startswith=city_prefix()).values_list("code", flat=True)
            ),
        )


def check_duty(row: DutyRule, known: Known) -> None:
    """Raise InvalidInput with everything that is wrong with a row, and how to mend it."""
    faults = {**_what(row, known), **_where(row, known), **_when(row)}
    if row.org_code not in known.organisations:
        faults["org_code"] = _unknown_org(row.org_code)
    if faults:
        raise InvalidInput(
            " ".join(faults.values()),
            errors=[{"field": name, "code": "invalid", "detail": text} for name, text in faults.items()],
        )
    checked(row)


def _unknown_org(code: str) -> str:
    if Organisation.objects.filter(org_code=code).exists():
        return _("机构 %s 不能被派遣：只有本市在用的专业处置部门、权属企业、街道和社区可以。") % code
    return _("没有机构代码 %s；请先在“机构”中登记。") % (code or "—")


def _what(row: DutyRule, known: Known) -> dict[str, str]:
    code = row.class_code
    if not code:
        return {"kind": _("不分小类时类别须留空。")} if row.kind and not code else {}
    if len(code) == 2:
        return {} if code in known.majors else {"class_code": _("没有大类 %s。") % code}
    kinds = [kind for kind, one in known.classes if one == code]
    if not kinds:
        return {"class_code": _("现行分类中没有 %s；填大类 2 位或小类代码。") % code}
    if row.kind and row.kind not in kinds:
        return {"kind": _("类别与分类代码 %s 不符。") % code}
    return {}


def _where(row: DutyRule, known: Known) -> dict[str, str]:
    area = row.area
    if not area:
        return {}
    if not area.startswith(city_prefix()):
        return {"area": _("%s 不在本市。") % area}
    if len(area) in (14, 15):
        is_there = UnitGrid.objects.in_force().filter(grid_code=area).exists()
        return {} if is_there else {"area": _("没有单元网格 %s。") % area}
    if len(area) in (4, 6, 9, 12):
        return {} if area.ljust(12, "0") in known.divisions else {"area": _("没有区划 %s。") % area}
    return {"area": _("填区划代码的 4、6、9、12 位，或网格代码 15 位。")}


def _when(row: DutyRule) -> dict[str, str]:
    faults = {}
    if (row.starts_at is None) != (row.ends_at is None) or (row.starts_at and row.starts_at == row.ends_at):
        faults["ends_at"] = _("每日起止须同时填写，且不相同；跨零点的填如 20:00–06:00。")
    if any(day not in range(1, 8) for day in row.weekdays):
        faults["weekdays"] = _("星期用 1（周一）到 7（周日）。")
    if not isinstance(row.valid_from, dt.date):
        faults["valid_from"] = _("必填。")
    elif row.valid_to is not None and row.valid_to < row.valid_from:
        faults["valid_to"] = _("失效日期不能早于生效日期。")
    return faults
