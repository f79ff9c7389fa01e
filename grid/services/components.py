"""What people change about components: the state, the descriptive fields. Each with its audit entry."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cityops.accounts.models import User
from cityops.foundation import audit
from cityops.foundation.errors import InvalidInput, NotThere, Refused
from grid.models import Case, Component, ComponentChange
from grid.rules.component_states import INTACT, MENDED_BY_DISPOSAL, NEXT, can_change
from grid.selectors.aliases import current_ids
from grid.services.component_history import note

EDITABLE = ("obj_name", "dept_code2", "dept_name2", "dept_code3", "dept_name3", "note")
"""What may be edited by hand; codes, class, place and authority come with an import."""


class StateRefused(Refused):
    """The component cannot go to that state from where it is."""

    code = "component_state_refused"
    title = gettext_lazy("不能变更为该状态")


def locked(user: User, obj_id: str) -> Component:
    """One component that is the person's to change, locked until the transaction ends. Raises NotThere, Refused."""
    found: Component | None = Component.objects.workable_by(user).select_for_update().filter(obj_id=obj_id).first()
    if found is None:
        raise NotThere
    if found.is_replica:
        raise Refused(_("该部件归节点 %(node)s 所有，此处只读。") % {"node": found.origin_code})
    return found


@transaction.atomic
def change_state(*, user: User, obj_id: str, state: str, reason: str = "", case_no: str = "") -> Component:
    """Write down that a component is in another state now; asked for the state it has, nothing changes.

    ``case_no`` is the case that showed it, if there is one. Raises NotThere, StateRefused, InvalidInput for a state
    nobody knows.
    """
    component = locked(user, obj_id)
    if state not in NEXT:
        raise InvalidInput(
            _("没有状态代码“%(state)s”。") % {"state": state}, errors=[{"field": "state", "code": "invalid_choice"}]
        )
    before = component.state
    if before == state:
        return component
    if not can_change(before, state):
        known = "、".join(str(Component.State(code).label) for code in NEXT[before]) or "—"
        raise StateRefused(
            _("部件现为“%(now)s”，可变更为：%(known)s。") % {"now": component.get_state_display(), "known": known},
            state=before,
            requested=state,
        )
    _set(component, ComponentChange.Kind.STATE, {"state": state}, reason=reason, case_no=case_no)
    _audit("component.change_state", component, {"state": before}, {"state": state}, reason)
    return component


def _set(
    component: Component,
    kind: ComponentChange.Kind,
    values: Mapping[str, str],
    *,
    reason: str = "",
    case_no: str = "",
    at: datetime | None = None,
) -> None:
    """Store new values with the day of the change, and both in the history."""
    values = {**values, "change_date": timezone.localdate(at)}  # type: ignore[dict-item]
    before = {name: getattr(component, name) for name in values}
    for name, value in values.items():
        setattr(component, name, value)
    component.save(update_fields=list(values))
    note(component, kind, before, values, reason=reason, case_no=case_no, at=at)


def mended(case: Case, at: datetime) -> None:
    """The component of a case that was closed after disposal is intact again; within the transaction of the closing.

    One that is not damaged or lost, not known, or owned by another node stays as it is.
    """
    ids = current_ids(case.component_id)
    found = Component.objects.filter(obj_id__in=ids, origin_code=case.origin_code, state__in=MENDED_BY_DISPOSAL)
    component = found.select_for_update().first()
    if component is None:
        return
    before = component.state
    _set(component, ComponentChange.Kind.STATE, {"state": INTACT}, case_no=case.case_no, at=at)
    _audit("component.change_state", component, {"state": before}, {"state": INTACT}, case.case_no)


@transaction.atomic
def edit(*, user: User, obj_id: str, values: Mapping[str, str], reason: str = "", case_no: str = "") -> Component:
    """Change descriptive fields of a component; fields that are not EDITABLE are refused. Raises NotThere."""
    component = locked(user, obj_id)
    if unknown := sorted(set(values) - set(EDITABLE)):
        raise InvalidInput(
            _("不能修改 %(fields)s；编码、分类和位置请重新导入。") % {"fields": "、".join(unknown)},
            errors=[{"field": name, "code": "fixed"} for name in unknown],
        )
    before = {name: getattr(component, name) for name in values if getattr(component, name) != values[name]}
    if not before:
        return component
    after = {name: values[name] for name in before}
    _set(component, ComponentChange.Kind.FIELDS, after, reason=reason, case_no=case_no)
    _audit("component.edit", component, before, after, reason)
    return component


def _audit(
    action: str, component: Component, before: Mapping[str, str], after: Mapping[str, str], reason: str = ""
) -> None:
    audit.record(
        action,
        kind="Component",
        key=component.obj_id,
        division_code=component.division_code,
        before=dict(before),
        after=dict(after),
        reason=reason,
    )
