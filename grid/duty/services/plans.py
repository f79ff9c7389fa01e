"""Make, change and end patrol plans 巡查计划."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.foundation import audit
from cityops.foundation.errors import NotThere, field_fault
from grid.duty.models import PatrolPlan
from grid.duty.rules.ground import smallest_division
from grid.models import UnitGrid

MOST = 2_000
"""Unit grids of one plan."""


@dataclass(frozen=True)
class PlanFields:
    """What a plan says."""

    name: str
    codes: Collection[str]
    times: int
    per: str
    valid_from: dt.date | None = None
    note: str = ""


def save_plan(actor: User, fields: PlanFields, pk: int | None = None) -> PatrolPlan:
    """Make a plan, or change one. Raises InvalidInput for unknown unit grids, NotThere."""
    name = fields.name.strip()
    if not name or len(name) > 60:
        raise field_fault("name", "length", _("名称为 1 至 60 个字。"))
    if not 1 <= fields.times <= 20 or fields.per not in PatrolPlan.Per.values:
        raise field_fault("times", "range", _("次数为 1 至 20,周期为每班次、每天或每周。"))
    codes = _codes(actor, fields.codes)
    with transaction.atomic():
        plan = PatrolPlan() if pk is None else _locked(actor, pk)
        before = None if pk is None else _facts(plan)
        plan.name, plan.grid_codes, plan.division_code = name, codes, smallest_division(codes)
        plan.times, plan.per, plan.note = fields.times, fields.per, fields.note.strip()[:200]
        if pk is None:
            plan.valid_from = fields.valid_from or timezone.localdate()
        plan.save()
        _audit("patrol_plan.change" if pk else "patrol_plan.create", plan, before=before, after=_facts(plan))
    return plan


def _codes(actor: User, codes: Collection[str]) -> list[str]:
    wanted = sorted(set(codes))
    if not 0 < len(wanted) <= MOST:
        raise field_fault("codes", "required", _("请选择 1 至 %s 个单元网格。") % MOST)
    rows = UnitGrid.objects.in_force().workable_by(actor).filter(grid_code__in=wanted)
    if missing := sorted(set(wanted) - set(rows.values_list("grid_code", flat=True))):
        told = _("没有这些单元网格,或已作废、不在您的范围内:%s。请改正编码。") % "、".join(missing[:10])
        raise field_fault("codes", "unknown", told, unknown=missing)
    return wanted


def end_plan(actor: User, pk: int, reason: str) -> PatrolPlan:
    """Let a plan end with today. Raises NotThere, InvalidInput without a reason."""
    if not reason.strip():
        raise field_fault("reason", "required", _("请写明停用原因。"))
    with transaction.atomic():
        plan = _locked(actor, pk)
        if plan.valid_to is None:
            plan.valid_to = max(timezone.localdate(), plan.valid_from)
            plan.save(update_fields=["valid_to"])
            _audit("patrol_plan.end", plan, reason=reason.strip(), after={"valid_to": plan.valid_to.isoformat()})
    return plan


def _locked(actor: User, pk: int) -> PatrolPlan:
    found: PatrolPlan | None = PatrolPlan.objects.workable_by(actor).select_for_update().filter(pk=pk).first()
    if found is None:
        raise NotThere
    return found


def _facts(plan: PatrolPlan) -> dict[str, Any]:
    return {"name": plan.name, "times": plan.times, "per": plan.per, "unit_grids": plan.grid_codes}


def _audit(action: str, plan: PatrolPlan, **more: Any) -> None:
    audit.record(action, kind="PatrolPlan", key=plan.pk, division_code=plan.division_code, **more)
