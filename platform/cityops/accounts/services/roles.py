"""Change what a role allows; make, change and delete roles of one's own."""

from collections.abc import Collection

from django.contrib.auth.models import Group
from django.contrib.auth.models import Permission as PermissionRow
from django.db import transaction
from django.utils.translation import gettext as _

from cityops.accounts.models import Role, User
from cityops.accounts.permissions import all_permissions
from cityops.accounts.roles import ADMINISTRATORS
from cityops.accounts.services import limits
from cityops.foundation import audit
from cityops.foundation.errors import InvalidInput, Refused, field_fault


def create_role(actor: User, code: str, name: str, tier: str, *, is_bound: bool = False, reason: str) -> Role:
    """Add an empty role of this tier, bound to the own organisation or not.

    Raises NotAllowed for an actor of a part of the instance, InvalidInput for a code or name that is taken.
    """
    limits.whole_instance(actor)
    reason = limits.reason_given(reason)
    if Role.objects.filter(code=code).exists():
        raise _taken("code", _("这个角色代码已经有了。"))
    _check_name(name)
    with transaction.atomic():
        role = Role.objects.create(code=code, name=name, tiers=[tier], is_bound_to_organisation=is_bound)
        audit.record("role.create", kind="role", key=code, after={"name": name, "is_bound": is_bound}, reason=reason)
    return role


def change_role(actor: User, role: Role, name: str, *, is_bound: bool, reason: str) -> None:
    """Rename a role of one's own, bind it to the own organisation or free it. Its code stays.

    Raises NotAllowed for an actor of a part of the instance, OwnRights for a role that the actor holds, Refused for a
    role of the product, InvalidInput for a name that is taken.
    """
    reason = _may_change_own(actor, role, reason)
    before = {"name": role.name, "is_bound": role.is_bound_to_organisation}
    after = {"name": name, "is_bound": is_bound}
    if before == after:
        return
    _check_name(name, besides=role)
    with transaction.atomic():
        role.name, role.is_bound_to_organisation = name, is_bound
        role.save(update_fields=["name", "is_bound_to_organisation"])
        audit.record("role.change", kind="role", key=role.code, before=before, after=after, reason=reason)


def delete_role(actor: User, role: Role, *, reason: str) -> None:
    """Delete a role of one's own that nobody holds. Raises as ``change_role`` does, and Refused while it is held."""
    reason = _may_change_own(actor, role, reason)
    with transaction.atomic():
        role = Role.objects.select_for_update().get(pk=role.pk)
        if (held := role.user_set.count()) > 0:
            raise Refused(_("还有 %s 人担任这个角色;请先收回。") % held, held=held)
        before = {"name": role.name, "permissions": sorted(limits.codenames_of([role]))}
        audit.record("role.delete", kind="role", key=role.code, before=before, reason=reason)
        role.delete()


def _may_change_own(actor: User, role: Role, reason: str) -> str:
    limits.whole_instance(actor)
    if role.is_seeded:
        raise Refused(_("预置角色由产品规定,不能改名或删除。"))
    if actor.groups.filter(pk=role.pk).exists():
        raise limits.OwnRights(_("不能改变本人所担任的角色。"))
    return limits.reason_given(reason)


def _check_name(name: str, *, besides: Role | None = None) -> None:
    """Raise InvalidInput where another role has the name; a role shares the table of names with Django's groups."""
    others = Group.objects.filter(name=name)
    if besides is not None:
        others = others.exclude(pk=besides.pk)
    if others.exists():
        raise _taken("name", _("这个角色名称已经有了。"))


def _taken(field: str, told: str) -> InvalidInput:
    return field_fault(field, "unique", told)


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
        raise field_fault("permissions", "does_not_exist", told)
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
