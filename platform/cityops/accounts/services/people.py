"""Make and change people, give roles, reset passwords, end lock-outs. Who may call what is the caller's guard."""

from collections.abc import Collection
from typing import Any

from axes.utils import reset as reset_axes
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import Organisation, Role, User
from cityops.accounts.roles import ADMINISTRATORS
from cityops.accounts.services import attempts, limits, own
from cityops.foundation import audit
from cityops.foundation.errors import NotAllowed, Refused, field_fault

FIELDS = ("name", "organisation", "division_code")


def create_person(
    actor: User, username: str, values: dict[str, Any], *, password: str = "", is_integration: bool = False
) -> User:
    """Add a person without any role; an integration gets no password. Raises InvalidInput that names the field."""
    if User.objects.filter(username__iexact=username).exists():
        raise field_fault("username", "unique", _("这个登录名已经有人用了。"))
    person = User(username=username, is_integration=is_integration)
    person.set_unusable_password()
    with transaction.atomic():
        _fill(actor, person, values)
        person.save()
        audit.record(
            "person.create",
            kind="person",
            key=username,
            division_code=person.division_code,
            after={**_told(person), "is_integration": is_integration},
        )
        if not is_integration:
            own.set_password(person, password, by_owner=False, reason=_("新建人员"))
    return person


def change_person(actor: User, person: User, values: dict[str, Any], *, reason: str = "") -> User:
    """Change name, organisation or division. Nobody changes the own division or organisation."""
    before = _told(person)
    with transaction.atomic():
        _fill(actor, person, values)
        after = _told(person)
        if after == before:
            return person
        if {name for name in after if after[name] != before[name]} - {"name"}:
            limits.not_oneself(actor, person)
        person.save()
        audit.record(
            "person.change",
            kind="person",
            key=person.username,
            division_code=person.division_code,
            before=before,
            after=after,
            reason=reason,
        )
    return person


def set_active(actor: User, person: User, is_active: bool, *, reason: str) -> None:
    """Disable or enable a person; a disabled one is out at the next request, and so are its tokens."""
    limits.not_oneself(actor, person)
    reason = limits.reason_given(reason)
    if person.is_active == is_active:
        return
    with transaction.atomic():
        person.is_active = is_active
        if is_active:
            person.active_since = timezone.now()
        person.save(update_fields=["is_active", "active_since"])
        audit.record(
            "person.enable" if is_active else "person.disable",
            kind="person",
            key=person.username,
            division_code=person.division_code,
            before={"is_active": not is_active},
            after={"is_active": is_active},
            reason=reason,
        )


def assign_roles(actor: User, person: User, codes: Collection[str], *, reason: str) -> None:
    """Give a person exactly these roles.

    Raises OwnRights for oneself, AdministratorsMixed where powers of two administrators would meet, InvalidInput for
    a role that this tier does not have, Refused for an integration with powers of an administrator.
    """
    limits.not_oneself(actor, person)
    reason = limits.reason_given(reason)
    roles = list(Role.objects.filter(code__in=codes, tiers__contains=[settings.CITYOPS_TIER]))
    unknown = set(codes) - {role.code for role in roles}
    if unknown:
        raise field_fault("roles", "does_not_exist", _("本级平台没有角色 %s。") % "、".join(sorted(unknown)))
    if len({role.code for role in roles} & ADMINISTRATORS) > 1:
        raise limits.AdministratorsMixed(_("一个人只能担任三员中的一种。"))
    codenames = limits.codenames_of(roles)
    limits.separated(codenames)
    limits.no_administrating_integration(person, codenames)
    before = sorted(role.code for role in Role.objects.filter(pk__in=person.groups.values("pk")))
    after = sorted(role.code for role in roles)
    if before == after:
        return
    with transaction.atomic():
        person.groups.set(roles)
        audit.record(
            "person.roles",
            kind="person",
            key=person.username,
            division_code=person.division_code,
            before={"roles": before},
            after={"roles": after},
            reason=reason,
        )


def reset_password(actor: User, person: User, password: str, *, reason: str) -> None:
    """Set a password that the person must change at once.

    Of ordinary people the system administrator does it; of administrators only the security administrator, so that
    nobody comes to other powers through a password. Raises NotAllowed otherwise, OwnRights for oneself.
    """
    limits.not_oneself(actor, person)
    reason = limits.reason_given(reason)
    if person.is_integration:
        raise Refused(_("对接系统没有密码,请签发接口令牌。"))
    needed = "accounts.unlock_person" if limits.is_administrator(person) else "accounts.change_person"
    if not actor.has_perm(needed):
        raise NotAllowed(_("管理员的密码由安全管理员重置,其他人员的密码由系统管理员重置。"))
    own.set_password(person, password, by_owner=False, reason=reason)


def end_sessions(actor: User, person: User, *, reason: str) -> None:
    """End every session of a person with its next request; the person may sign in again."""
    limits.not_oneself(actor, person)
    reason = limits.reason_given(reason)
    with transaction.atomic():
        own.end_sessions(person)
        audit.record(
            "person.end_sessions",
            kind="person",
            key=person.username,
            division_code=person.division_code,
            reason=reason,
        )


def unlock(actor: User, person: User, *, reason: str) -> int:
    """End the lock-out of a name at every address; returns how many counters were cleared."""
    limits.not_oneself(actor, person)
    reason = limits.reason_given(reason)
    with transaction.atomic():
        cleared = int(reset_axes(username=person.username))
        attempts.forget_failures(person.username)
        audit.record(
            "person.unlock",
            kind="person",
            key=person.username,
            division_code=person.division_code,
            after={"cleared": cleared},
            reason=reason,
        )
    return cleared


def _fill(actor: User, person: User, values: dict[str, Any]) -> None:
    for name in FIELDS:
        if name in values:
            setattr(person, name, values[name])
    limits.inside_scope(actor, person.division_code)
    if person.organisation is not None:
        if not Organisation.objects.workable_by(actor).filter(pk=person.organisation.pk).exists():
            raise field_fault("organisation", "does_not_exist", _("没有这个机构。"))
        if person.organisation.status != Organisation.Status.VALID:
            raise field_fault("organisation", "disused", _("这个机构已停用。"))


def _told(person: User) -> dict[str, Any]:
    return {
        "name": person.name,
        "organisation": person.organisation.org_code if person.organisation else "",
        "division_code": person.division_code,
    }
