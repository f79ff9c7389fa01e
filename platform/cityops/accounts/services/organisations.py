"""Make, change and disuse organisations."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from cityops.accounts.models import Organisation, User
from cityops.accounts.rules import credit_code
from cityops.accounts.services.limits import inside_scope
from cityops.foundation import audit
from cityops.foundation.errors import NotThere, Refused, field_fault
from cityops.regions.models import Division
from cityops.regions.selectors import retired_hint

FIELDS = (
    "name",
    "short_name",
    "org_type",
    "division_code",
    "parent_code",
    "industry",
    "duty_scope",
    "contact",
    "phone",
    "status",
)
"""What people may change; the code is given once."""


def create_organisation(actor: User, org_code: str, values: dict[str, Any], *, reason: str = "") -> Organisation:
    """Add an organisation. Raises InvalidInput that names the field."""
    if not credit_code.is_valid(org_code) and not (org_code.isalnum() and org_code.isascii() and len(org_code) < 18):
        raise field_fault(
            "org_code", "check_digit", _("18 位统一社会信用代码的校验位不对;内设机构用不足 18 位的字母数字代码。")
        )
    if Organisation.objects.filter(org_code=org_code).exists():
        raise field_fault("org_code", "unique", _("这个机构代码已经有了。"))
    organisation = Organisation(org_code=org_code)
    return _save(actor, organisation, values, "organisation.create", reason)


def change_organisation(
    actor: User, organisation: Organisation, values: dict[str, Any], *, reason: str = ""
) -> Organisation:
    """Change an organisation of this node. Raises NotThere for one outside the actor's scope, Refused for
    a replica, InvalidInput that names the field."""
    if organisation.is_replica:
        raise Refused(_("这是 %s 上报的机构,只能由该节点修改。") % organisation.origin_code)
    if not Organisation.objects.workable_by(actor).filter(pk=organisation.pk).exists():
        raise NotThere(_("没有这个机构,或者不归您管理。"))
    return _save(actor, organisation, values, "organisation.change", reason)


def _save(actor: User, organisation: Organisation, values: dict[str, Any], action: str, reason: str) -> Organisation:
    before = {name: getattr(organisation, name) for name in FIELDS} if not organisation._state.adding else {}
    for name in FIELDS:
        if name in values:
            setattr(organisation, name, values[name])
    with transaction.atomic():
        _check(actor, organisation)
        changed = [name for name in FIELDS if before.get(name) != getattr(organisation, name)]
        if before and not changed:
            return organisation
        organisation.save()
        audit.record(
            action,
            kind="organisation",
            key=organisation.org_code,
            division_code=organisation.division_code,
            before={name: _plain(name, before[name]) for name in changed} if before else None,
            after={name: _plain(name, getattr(organisation, name)) for name in changed},
            reason=reason,
        )
    return organisation


def _plain(name: str, value: Any) -> Any:
    """What the trail says of a value: of personal fields only that there is one."""
    return bool(value) if name in ("contact", "phone") else value


def _check(actor: User, organisation: Organisation) -> None:
    inside_scope(actor, organisation.division_code)
    if not Division.objects.current().filter(code=organisation.division_code).exists():
        told = _("没有这个区划,请用 12 位现行代码。") + retired_hint(organisation.division_code)
        raise field_fault("division_code", "unknown_division", told)
    if organisation.parent_code:
        _check_parent(actor, organisation)
    is_ending = organisation.status == Organisation.Status.DISUSED and not organisation._state.adding
    if is_ending and User.objects.filter(organisation=organisation, is_active=True).exists():
        raise field_fault("status", "has_people", _("机构中还有启用的人员;请先停用或调走他们。"))


def _check_parent(actor: User, organisation: Organisation) -> None:
    """The organisation above must be there, be the actor's to manage, and not lie below."""
    parents = dict(Organisation.objects.values_list("org_code", "parent_code"))
    if not Organisation.objects.workable_by(actor).filter(org_code=organisation.parent_code).exists():
        raise field_fault("parent_code", "does_not_exist", _("没有这个上级机构。"))
    above, seen = organisation.parent_code, set()
    while above and above not in seen:
        if above == organisation.org_code:
            raise field_fault("parent_code", "circle", _("上级机构不能是本机构或其下级。"))
        seen.add(above)
        above = parents.get(above, "")
