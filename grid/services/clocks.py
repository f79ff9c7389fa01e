"""What a city sets about its clocks: the yellow share of lights, stage limits, the class of area of unit grids."""

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.accounts.services import limits
from cityops.foundation import audit
from cityops.foundation.errors import field_fault
from grid.models import AreaClass, ClockSetting, StageLimit, UnitGrid
from grid.rules.clock import Unit
from grid.rules.moving import DEFAULT_LIMITS
from grid.selectors.calendar import forget_desk
from grid.selectors.ground import division_prefix
from grid.services.calendar import note_change

EVER = date(1970, 1, 1)
LARGEST_LIMIT = Decimal("99999.9")
MOST_GRIDS = 10_000
"""Grids that one list may name; more are set by division."""


@transaction.atomic
def set_yellow_percent(actor: User, percent: int) -> ClockSetting:
    """Set the share of a limit after which lights turn yellow, in percent; open cases get their warnings anew.

    Red stays above 100 %. Raises NotAllowed for an actor of a part of the city, InvalidInput outside 1 to 99.
    """
    limits.whole_instance(actor)
    if not 1 <= percent <= 99:
        raise field_fault("yellow_percent", "range", _("黄灯起点应为 1 到 99 之间的百分数；超过 100% 总是红灯。"))
    row, _created = ClockSetting.objects.select_for_update().get_or_create(pk=1)
    before = row.yellow_percent
    if before == percent:
        return row
    row.yellow_percent = percent
    row.save()
    audit.record(
        "clock.yellow",
        kind="clock",
        division_code=settings.CITYOPS_REGION,
        before={"yellow_percent": before},
        after={"yellow_percent": percent},
    )
    because = _("黄灯起点由 %(old)s%% 改为 %(new)s%%") % {"old": before, "new": percent}
    note_change(EVER, None, because, only_warnings=True)
    forget_desk()
    return row


@transaction.atomic
def set_stage_limit(actor: User, *, stage: str, area_class: str, value: Decimal | None, unit: str) -> None:
    """Set the limit of a stage, for one class of area or (empty) for all without their own; None takes it away.

    Stages that have begun keep their deadline. Raises NotAllowed for an actor of a part of the city, InvalidInput for
    a stage, a class or a unit nobody knows, and for a limit that is not positive.
    """
    limits.whole_instance(actor)
    if stage not in DEFAULT_LIMITS:
        raise field_fault(
            "stage",
            "unknown",
            _("没有环节 %(stage)s；可用：%(known)s。") % {"stage": stage, "known": "、".join(DEFAULT_LIMITS)},
        )
    if area_class not in {"", *AreaClass.values}:
        raise field_fault("area_class", "unknown", _("区域类别应为 A、B、C，或留空表示全部。"))
    row = StageLimit.objects.select_for_update().filter(stage=stage, area_class=area_class).first()
    before = None if row is None else {"value": str(row.value), "unit": row.unit}
    if value is None:
        after = None
        if row is not None:
            row.delete()
    else:
        if unit not in set(Unit):
            raise field_fault("unit", "unknown", _("请选择时限单位。"))
        if not 0 < value <= LARGEST_LIMIT:
            raise field_fault("value", "range", _("环节时限应大于零。"))
        after = {"value": f"{value:.1f}", "unit": unit}
        StageLimit.objects.update_or_create(stage=stage, area_class=area_class, defaults={"value": value, "unit": unit})
    if before != after:
        audit.record(
            "clock.stage_limit",
            kind="clock",
            key=f"{stage} {area_class}".strip(),
            division_code=settings.CITYOPS_REGION,
            before=before,
            after=after,
        )
    forget_desk()


@transaction.atomic
def set_area_class(actor: User, area_class: str, *, division: str = "", grid_codes: Collection[str] = ()) -> int:
    """Give the grids of a division, or those of a list, a class of area; returns how many had another one.

    Cases keep the class they were registered with. Only grids that the actor may work on; of a list that names
    others nothing is changed. Raises InvalidInput without a class, without grids, and for grids that are not there.
    """
    if area_class not in AreaClass.values:
        raise field_fault("area_class", "unknown", _("请选择区域类别 A、B 或 C。"))
    rows = _grids(actor, division, set(grid_codes))
    changed: int = rows.exclude(area_class=area_class).update(area_class=area_class)
    if changed:
        audit.record(
            "grid.area_class",
            kind="unit_grid",
            key=division or f"{min(grid_codes)} +{len(set(grid_codes)) - 1}",
            division_code=actor.division_code,
            after={"area_class": area_class, "changed": changed, "grids": sorted(set(grid_codes))[:200]},
        )
    return changed


def _grids(actor: User, division: str, codes: set[str]) -> Any:
    rows = UnitGrid.objects.workable_by(actor).in_force()
    if bool(division) == bool(codes):
        raise field_fault("division", "one_of", _("请给出一个区划代码，或一组单元网格编码，二者选一。"))
    if division:
        found = rows.filter(division_code__startswith=division_prefix(division))
        if not found.exists():
            raise field_fault("division", "empty", _("区划 %s 内没有您可以维护的有效单元网格；请核对代码。") % division)
        return found
    if len(codes) > MOST_GRIDS:
        raise field_fault("grid_codes", "too_many", _("一次最多 %s 个网格；更多的请按区划设置。") % MOST_GRIDS)
    found = rows.filter(grid_code__in=codes)
    missing = sorted(codes - set(found.values_list("grid_code", flat=True)))
    if missing:
        shown = "、".join(missing[:5]) + ("…" if len(missing) > 5 else "")
        raise field_fault("grid_codes", "unknown", _("没有这些有效单元网格，或不在您的范围内：%s。") % shown)
    return found
