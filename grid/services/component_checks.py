"""部件核对任务: raise one, assign it, settle it; settling is the only way from what was seen to the record."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.contrib.gis.geos import GEOSGeometry, Point
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.accounts.services import limits
from cityops.foundation import audit
from cityops.foundation.errors import InvalidInput, NotAllowed, NotThere, Refused, field_fault
from grid.models import Case, Component, ComponentCheck
from grid.rules.component_states import LOST, REMOVED
from grid.selectors.aliases import component_by_code
from grid.services import inventory
from grid.services.components import EDITABLE, change_state, edit

DUE_DAYS = 10
"""Natural days from raising to the due day (designed; no standard names one)."""
Finding, Outcome, State = ComponentCheck.Finding, ComponentCheck.Outcome, ComponentCheck.State
SEEN = (*EDITABLE, "state")
"""Fields that may be told to differ; a place is told by ``spot``."""
OUTCOMES: dict[str, tuple[str, ...]] = {
    Finding.DIFFERS: (Outcome.CORRECTED, Outcome.RIGHT, Outcome.REMOVED),
    Finding.MISSING: (Outcome.CORRECTED, Outcome.RIGHT, Outcome.REMOVED),
    Finding.UNRECORDED: (Outcome.RECORDED, Outcome.RIGHT),
}
"""Finding → how it may end. A missing component that is ``corrected`` is lost; ``removed`` is taken away for good."""


@dataclass(frozen=True)
class Seen:
    """What somebody saw: on a component, or in a case where the record has none."""

    finding: str
    description: str
    obj_id: str = ""
    case_no: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    """Field → value on the ground, where the fields differ."""
    spot: Point | None = None
    """Where it really is (CGCS2000), if that differs or the record has none."""
    class_code: str = ""


@transaction.atomic
def raise_check(user: User, seen: Seen) -> ComponentCheck:
    """Write down that a component is not as the record says; told again while it is open, nothing is added.

    Raises NotAllowed, NotThere (component or case), InvalidInput, Refused for a replica.
    """
    if not user.has_perm("grid.raise_check"):
        raise NotAllowed(_("您没有提出部件核对的权限。"))
    _well_formed(seen)
    case = _case(user, seen.case_no)
    component = _component(user, seen.obj_id)
    if known := _open_one(component, case, seen):
        return known
    place = _where(component, case, seen)
    check = ComponentCheck.objects.create(
        component=component,
        finding=seen.finding,
        seen=dict(seen.values),
        description=seen.description.strip()[:500],
        case_no=seen.case_no,
        class_code=seen.class_code or (component.class_code if component else ""),
        raised_by=user,
        due_on=timezone.localdate() + timedelta(days=DUE_DAYS),
        **place,
    )
    limits.inside_scope(user, check.division_code)
    _audit("component_check.raise", check, after={"finding": check.finding, "seen": check.seen, "case": check.case_no})
    return check


def _well_formed(seen: Seen) -> None:
    if seen.finding not in OUTCOMES:
        raise field_fault("finding", "invalid_choice", _("没有不符情况“%s”。") % seen.finding)
    if not seen.description.strip():
        raise field_fault("description", "required", _("请写明现场所见。"))
    if (seen.finding == Finding.UNRECORDED) == bool(seen.obj_id):
        told = _("“台账没有”时不填标识码，其余情况必须填标识码。")
        raise field_fault("obj_id", "obj_id", told)
    if unknown := sorted(set(seen.values) - set(SEEN)):
        raise InvalidInput(
            _("不能核对 %s；可核对名称、权属和养护单位、备注、状态和位置。") % "、".join(unknown),
            errors=[{"field": name, "code": "fixed"} for name in unknown],
        )
    if seen.finding == Finding.DIFFERS and not (seen.values or seen.spot):
        raise field_fault("seen", "required", _("请填写至少一项与台账不同的内容或位置。"))
    state = seen.values.get("state")
    if state is not None and state not in Component.State.values:
        raise field_fault("state", "invalid_choice", _("没有状态代码“%s”。") % state)


def _case(user: User, case_no: str) -> Case | None:
    if not case_no:
        return None
    found: Case | None = Case.objects.visible_to(user).filter(case_no=case_no).first()
    if found is None:
        raise NotThere(_("没有案件 %s，或不在您的可见范围内。") % case_no)
    return found


def _component(user: User, obj_id: str) -> Component | None:
    if not obj_id:
        return None
    rows = Component.objects.workable_by(user).select_for_update().filter(component_by_code(obj_id))
    found: Component | None = rows.first()
    if found is None:
        raise NotThere(_("没有部件 %s，或不在您的范围内。") % obj_id)
    if found.is_replica:
        raise Refused(_("该部件归节点 %(node)s 所有，此处只读。") % {"node": found.origin_code})
    return found


def _open_one(component: Component | None, case: Case | None, seen: Seen) -> ComponentCheck | None:
    rows = ComponentCheck.objects.open().filter(finding=seen.finding)
    if component is not None:
        return rows.filter(component=component).first()
    return rows.filter(component=None, case_no=case.case_no).first() if case is not None else None


def _where(component: Component | None, case: Case | None, seen: Seen) -> dict[str, Any]:
    """Place, grid and community of a check: where it was seen, else of the component, else of the case."""
    if component is not None:
        spot = seen.spot or component.geom.point_on_surface
        return {"geom": spot, "grid_code": component.grid_code, "division_code": component.division_code}
    if seen.spot is not None:
        grid = inventory.grid_around(seen.spot)
        return {"geom": seen.spot, "grid_code": grid.grid_code, "division_code": grid.division_code}
    if case is not None:
        return {"geom": case.geom, "grid_code": case.grid_code, "division_code": case.division_code}
    raise field_fault("longitude", "required", _("请给出位置，或从案件提出。"))


def _locked(user: User, pk: int) -> ComponentCheck:
    found: ComponentCheck | None = ComponentCheck.objects.workable_by(user).select_for_update().filter(pk=pk).first()
    if found is None:
        raise NotThere
    if not found.is_open:
        raise Refused(_("该任务已核对：%s。") % found.get_outcome_display())
    return found


@transaction.atomic
def assign(user: User, pk: int, username: str) -> ComponentCheck:
    """Give a check to a person who may settle it or look at the ground; asked for the same person, nothing changes."""
    if not user.has_perm("grid.settle_check"):
        raise NotAllowed(_("您没有分派部件核对的权限。"))
    check = _locked(user, pk)
    person: User | None = User.objects.filter(username=username, is_active=True).first()
    if person is None or not check.division_code.startswith(person.scope_prefix):
        raise field_fault("assignee", "unknown_person", _("没有人员 %s，或其负责范围不含该部件。") % username)
    if not person.has_perm("grid.raise_check"):
        raise field_fault("assignee", "no_permission", _("%s 没有部件核对的权限。") % username)
    if check.assignee_id == person.pk:
        return check
    before = check.assignee.username if check.assignee else ""
    check.assignee, check.assigned_at, check.state = person, timezone.now(), State.ASSIGNED
    check.save(update_fields=["assignee", "assigned_at", "state"])
    _audit("component_check.assign", check, before={"assignee": before}, after={"assignee": username})
    return check


@transaction.atomic
def settle(user: User, pk: int, outcome: str, *, opinion: str, obj_id: str = "") -> ComponentCheck:
    """End a check, and bring the record in step where it was wrong: the seen values, the place, or the state.

    ``obj_id`` names the component that was recorded since, for ``recorded``. The opinion is demanded. Raises
    NotAllowed, NotThere, InvalidInput for an outcome that does not fit, and what the change itself refuses.
    """
    if not user.has_perm("grid.settle_check"):
        raise NotAllowed(_("您没有办结部件核对的权限。"))
    opinion = limits.reason_given(opinion)
    check = _locked(user, pk)
    if outcome not in OUTCOMES[check.finding]:
        fitting = "、".join(str(Outcome(code).label) for code in OUTCOMES[check.finding])
        raise field_fault("outcome", "invalid_choice", _("“%(finding)s”可办结为：%(fitting)s。") % {
            "finding": check.get_finding_display(), "fitting": fitting,
        })  # fmt: skip
    _carry_out(user, check, outcome, opinion, obj_id)
    check.state, check.outcome, check.opinion = State.SETTLED, outcome, opinion[:500]
    check.settled_by, check.settled_at = user, timezone.now()
    check.save(update_fields=["component", "state", "outcome", "opinion", "settled_by", "settled_at"])
    _audit("component_check.settle", check, after={"outcome": outcome}, reason=opinion)
    return check


def _carry_out(user: User, check: ComponentCheck, outcome: str, opinion: str, obj_id: str) -> None:
    """Change the record as the outcome says."""
    if outcome == Outcome.RECORDED:
        check.component = _recorded(user, obj_id)
        return
    component = check.component
    if component is None or outcome == Outcome.RIGHT:
        return
    if outcome == Outcome.REMOVED:
        _state(user, check, REMOVED, opinion)
    elif check.finding == Finding.MISSING:
        _state(user, check, LOST, opinion)
    else:
        _correct(user, check, component, opinion)


def _state(user: User, check: ComponentCheck, state: str, reason: str) -> None:
    if check.component is not None:
        change_state(user=user, obj_id=check.component.obj_id, state=state, reason=reason[:200], case_no=check.case_no)


def _correct(user: User, check: ComponentCheck, component: Component, reason: str) -> None:
    values = dict(check.seen)
    state = values.pop("state", None)
    why, case_no = reason[:200], check.case_no
    if values:
        edit(user=user, obj_id=component.obj_id, values=values, reason=why, case_no=case_no)
    if state is not None:
        _state(user, check, state, reason)
    if _has_moved(check.geom, component):
        inventory.move(user, component.obj_id, check.geom, reason=why, case_no=case_no)


def _has_moved(spot: GEOSGeometry, component: Component) -> bool:
    """Whether another place was seen; that of a line or an outline is drawn by hand."""
    return component.geom.geom_type == "Point" and not component.geom.equals_exact(spot)


def _recorded(user: User, obj_id: str) -> Component:
    found: Component | None = Component.objects.workable_by(user).filter(obj_id=obj_id).first() if obj_id else None
    if found is None:
        raise field_fault("obj_id", "required", _("请先补录该部件，再填写其标识码。"))
    return found


def _audit(
    action: str,
    check: ComponentCheck,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> None:
    audit.record(
        action,
        kind="ComponentCheck",
        key=check.pk,
        division_code=check.division_code,
        before=dict(before) if before else None,
        after=dict(after) if after else None,
        reason=reason,
    )
