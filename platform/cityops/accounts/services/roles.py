"""Change what a role allows, and make roles of one's own."""

from collections.abc import Collection

from django.contrib.auth.models import Permission as PermissionRow
from django.db import transaction
from django.utils.translation import gettext as _

from cityops.accounts.models import Role, User
from cityops.accounts.permissions import all_permissions
from cityops.accounts.roles import ADMINISTRATORS
from cityops.accounts.services import limits
from cityops.foundation import audit
from cityops.foundation.errors import InvalidInput, Refused


def create_role(actor: User, code: str, name: str, tier: str, *, reason: str) -> Role:
    """Add an empty role of this tier. Raises NotAllowed for an actor of a part of the instance, InvalidInput for a
    code that is taken."""
    limits.whole_instance(actor)
    reason = limits.reason_given(reason)
    if Role.objects.filter(code=code).exists() or Role.objects.filter(name=name).exists():
        told = _("这个角色代码或名称已经有了。")
        raise InvalidInput(told, errors=[{"field": "code", "code": "unique", "detail": told}])
    with transaction.atomic():
        role = Role.objects.create(code=code, name=name, tiers=[tier])
        audit.record("role.create", kind="role", key=code, after={"name": name}, reason=reason)
    return role


def set_permissions(actor: User, role: Role, codenames: Collection[str], *, reason: str) -> None:
    """Let a role allow exactly these permissions.

    Raises NotAllowed for an actor of a part of the instance, OwnRights for a role that the actor holds, Refused for a
    role of administrators and where an integration would come to their powers, AdministratorsMixed where the role, or
    a person who holds it with others, would unite powers of two administrators.
    """
    limits.whole_instance(actor)
    reason = limits.reason_given(reason)
    if actor.groups.filter(pk=role.pk).exists():
        raise limits.OwnRights(_("不能改变本人所担任角色的权限。"))
    if role.code in ADMINISTRATORS:
        raise Refused(_("三员的权限由产品规定,不能修改。"))
    known = {p.codename for p in all_permissions()}
    unknown = set(codenames) - known
    if unknown:
        told = _("没有权限 %s。") % "、".join(sorted(unknown))
        raise InvalidInput(told, errors=[{"field": "permissions", "code": "does_not_exist", "detail": told}])
    limits.separated(codenames)
    before = limits.codenames_of([role]) & known
    after = set(codenames)
    if before == after:
        return
    with transaction.atomic():
        rows = {
            f"{row.content_type.app_label}.{row.codename}": row
            for row in PermissionRow.objects.select_related("content_type")
        }
        role.permissions.set([rows[name] for name in after])
        role.offered = sorted({*role.offered, *before, *after})
        role.save(update_fields=["offered"])
        for person in User.objects.filter(groups=role):
            limits.separated(person.permission_codes)
            limits.no_administrating_integration(person, person.permission_codes)
        audit.record(
            "role.permissions",
            kind="role",
            key=role.code,
            before={"taken": sorted(before - after)},
            after={"given": sorted(after - before)},
            reason=reason,
        )
