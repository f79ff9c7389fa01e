"""The limits of every administrator: the own division, never the own rights, never two administrators in one."""

from collections.abc import Collection, Iterable

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cityops.accounts.models import Role, User
from cityops.accounts.permissions import all_permissions
from cityops.accounts.roles import ADMINISTRATORS
from cityops.accounts.rules.separation import administrators_of, exclusive_powers
from cityops.foundation.errors import NotAllowed, NotThere, Refused, field_fault


class OwnRights(NotAllowed):
    """Nobody changes the own rights."""

    code = "own_rights"
    title = gettext_lazy("不能改变本人的权限")


class AdministratorsMixed(Refused):
    """Powers of two of the three administrators would come into one hand."""

    code = "administrators_mixed"
    title = gettext_lazy("三员权限不能合一")


def not_oneself(actor: User, person: User) -> None:
    """Raise OwnRights where actor and person are the same."""
    if actor.pk == person.pk:
        raise OwnRights(_("不能改变本人的权限或状态,请另一位管理员办理。"))


def inside_scope(actor: User, division_code: str) -> None:
    """Raise InvalidInput for a division outside the actor's."""
    if not division_code.startswith(actor.scope_prefix):
        told = _("区划 %s 不在您负责的范围内。") % division_code
        raise field_fault("division_code", "outside_scope", told)


def has_whole_instance(actor: User) -> bool:
    """Whether the actor is responsible for all that this instance covers, not for a part of it."""
    return actor.division_code == settings.CITYOPS_REGION


def whole_instance(actor: User) -> None:
    """Raise NotAllowed where the actor is responsible for a part of the instance only.

    For what holds for everybody here: roles, calendar, rules of disposal, the link to the parent.
    """
    if not has_whole_instance(actor):
        raise NotAllowed(_("这项设置对整个平台生效,只能由负责全域(区划 %s)的人员修改。") % settings.CITYOPS_REGION)


def visible_person(actor: User, username: str) -> User:
    """The person, if it is in the actor's division. Raises NotThere otherwise."""
    person: User | None = User.objects.workable_by(actor).filter(username=username).first()
    if person is None:
        raise NotThere(_("没有这个人员,或者不在您的可见范围内。"))
    return person


def powers() -> dict[str, frozenset[str]]:
    """The exclusive powers of each administrator."""
    return exclusive_powers(((p.codename, p.roles) for p in all_permissions()), ADMINISTRATORS)


def separated(codenames: Collection[str]) -> None:
    """Raise AdministratorsMixed where a set of permissions holds powers of two administrators."""
    found = administrators_of(codenames, powers())
    if len(found) > 1:
        names = "、".join(role.title for role in Role.objects.filter(code__in=found))
        raise AdministratorsMixed(_("这会把%s的权限合在一起;请分给不同的人。") % names, administrators=found)


def no_administrating_integration(person: User, codenames: Collection[str]) -> None:
    """Raise Refused where another system would come to powers of one of the three administrators."""
    if person.is_integration and administrators_of(codenames, powers()):
        raise Refused(_("对接系统 %s 不能取得管理员的权限。") % person.username)


def codenames_of(roles: Iterable[Role]) -> set[str]:
    """Everything that the roles allow together."""
    rows = Role.objects.filter(pk__in=[role.pk for role in roles])
    pairs = rows.values_list("permissions__content_type__app_label", "permissions__codename")
    return {f"{label}.{codename}" for label, codename in pairs if codename}


def is_administrator(person: User) -> bool:
    """Whether the person has powers of one of the three administrators."""
    return bool(administrators_of(person.permission_codes, powers()))


def reason_given(reason: str) -> str:
    """The reason, trimmed. Raises InvalidInput without one."""
    reason = reason.strip()
    if not reason:
        told = _("请写明原因。")
        raise field_fault("reason", "required", told)
    return reason
