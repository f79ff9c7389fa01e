"""Settings of aggregation: what a node sends how often, and what its local codes mean; each change with its trace."""

from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.foundation import audit
from cityops.foundation.errors import InvalidInput, NotAllowed, NotThere, Refused, field_fault
from cityops.foundation.locks import hold
from sync.aggregation.models import CodeMapping, DatasetPlan
from sync.aggregation.selectors.dues import is_known
from sync.aggregation.selectors.overview import see_node
from sync.standard.models import ClassEntry

PLAN, MAPPING = "aggregation.change_plan", "aggregation.change_mapping"


@transaction.atomic
def set_plan(
    actor: User, node: str, dataset: str, *, is_subscribed: bool, frequency: str, note: str = "", reason: str = ""
) -> DatasetPlan:
    """Say whether a node sends a dataset, and how often. The same again changes nothing.

    What is not subscribed is neither due nor checked. Raises NotAllowed, NotThere, InvalidInput.
    """
    _may(actor, PLAN, _("您没有“修改数据集订阅和频次”的权限。"))
    see_node(actor, node)
    if not is_known(dataset):
        raise NotThere(_("没有数据集 %s。") % dataset)
    if frequency not in DatasetPlan.Frequency.values:
        raise field_fault(
            "frequency", "invalid", _("没有这种频次；可用：%s。") % "、".join(DatasetPlan.Frequency.values)
        )
    hold("dataset plans")
    new = {"is_subscribed": is_subscribed, "frequency": frequency, "note": note.strip()[:300]}
    held = DatasetPlan.objects.filter(node_code=node, dataset=dataset).first()
    before = {name: getattr(held, name) for name in new} if held else None
    if before == new and held is not None:
        return held
    plan, _new = DatasetPlan.objects.update_or_create(
        node_code=node, dataset=dataset, defaults={**new, "changed_by": actor.get_username()}
    )
    _record("dataset_plan.change", f"{node} {dataset}", node, before=before, after=new, reason=reason)
    return plan


@transaction.atomic
def add_mapping(
    actor: User,
    *,
    node: str,
    kind: str,
    local_code: str,
    version: str,
    class_code: str,
    local_name: str = "",
    valid_from: date | None = None,
) -> CodeMapping:
    """Say what a node's local class means from a day on; the former mapping of it ends the day before.

    Raises NotAllowed, NotThere for a node outside the region, InvalidInput for a class that the version lacks.
    """
    _may(actor, MAPPING, _("您没有“修改编码映射”的权限。"))
    see_node(actor, node)
    start, local = valid_from or timezone.localdate(), local_code.strip()
    if not 0 < len(local) <= 20:
        raise field_fault("local_code", "invalid", _("请填写本地代码，不超过 20 个字符。"))
    if not ClassEntry.objects.filter(kind=kind, version=version, class_code=class_code).exists():
        raise field_fault(
            "class_code",
            "invalid",
            _("标准 %(version)s 中没有分类 %(code)s。") % {"version": version, "code": class_code},
        )
    hold("code mappings")
    current = CodeMapping.objects.filter(node_code=node, kind=kind, local_code=local, valid_to__isnull=True).first()
    if current is not None:
        if (current.version, current.class_code) == (version, class_code):
            return current
        if start <= current.valid_from:
            raise InvalidInput(_("现有映射自 %s 起，新的须晚于这一天。") % current.valid_from)
        current.valid_to = start - timedelta(days=1)
        current.save(update_fields=["valid_to", "changed_at"])
    made = CodeMapping.objects.create(
        node_code=node,
        kind=kind,
        local_code=local,
        local_name=local_name.strip()[:60],
        version=version,
        class_code=class_code,
        valid_from=start,
        changed_by=actor.get_username(),
    )
    before = {"class_code": current.class_code} if current else None
    after = {"class_code": class_code, "version": version, "from": start.isoformat()}
    _record("code_mapping.add", f"{node} {local}", node, before=before, after=after, reason="")
    return made


@transaction.atomic
def end_mapping(actor: User, pk: int, *, reason: str) -> CodeMapping:
    """End a mapping with today. Raises NotAllowed, NotThere, Refused for one that has ended, InvalidInput."""
    _may(actor, MAPPING, _("您没有“修改编码映射”的权限。"))
    mapping: CodeMapping | None = CodeMapping.objects.workable_by(actor).select_for_update().filter(pk=pk).first()
    if mapping is None:
        raise NotThere(_("没有这条编码映射。"))
    if mapping.valid_to is not None:
        raise Refused(_("这条映射已经停用。"))
    if not reason.strip():
        raise field_fault("reason", "required", _("请写明原因。"))
    mapping.valid_to = timezone.localdate()
    mapping.save(update_fields=["valid_to", "changed_at"])
    after = {"to": mapping.valid_to.isoformat()}
    _record("code_mapping.end", str(mapping), mapping.node_code, before=None, after=after, reason=reason)
    return mapping


def _may(actor: User, permission: str, told: str) -> None:
    if not actor.has_perm(permission):
        raise NotAllowed(told)


def _record(
    action: str, key: str, node: str, *, before: dict[str, Any] | None, after: dict[str, Any], reason: str
) -> None:
    kind = "DatasetPlan" if action.startswith("dataset_plan") else "CodeMapping"
    audit.record(action, kind=kind, key=key, division_code=node[:12], before=before, after=after, reason=reason.strip())
