"""The first people of an instance in production: one of each of the three administrators, and nobody else."""

import secrets
import string
from collections.abc import Mapping

from django.conf import settings
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cityops.accounts.models import Role, User
from cityops.accounts.roles import ADMINISTRATORS, ROLES
from cityops.accounts.services import own
from cityops.foundation import audit
from cityops.foundation.errors import InvalidInput, Refused
from cityops.foundation.locks import hold

ALPHABET = string.ascii_letters + string.digits
FIRST = tuple(role for role in ROLES if role.code in ADMINISTRATORS)
"""The roles of the three administrators, in the order in which they are asked for."""


class AlreadyBegun(Refused):
    """There are administrators: the next ones are their work, with an audit entry that names who did it."""

    code = "administrators_exist"
    title = gettext_lazy("已经有管理员")


def one_time_password() -> str:
    """Twenty random characters with all the kinds that the rules ask for; must be changed at the first sign-in."""
    return "".join(secrets.choice(ALPHABET) for _n in range(16)) + "aZ7-"


def begin(usernames: Mapping[str, str], passwords: Mapping[str, str]) -> list[User]:
    """Make the three administrators of this instance; role code → login name, and → password.

    Everybody must choose another password at the first sign-in. Raises AlreadyBegun where somebody holds one of the
    roles, InvalidInput for names or passwords that cannot be.
    """
    _check(usernames)
    with transaction.atomic():
        hold("first administrators")  # two at once would both find nobody
        if User.objects.filter(groups__role__code__in=ADMINISTRATORS).exists():
            raise AlreadyBegun(_("已经有管理员;其他人员由安全管理员和系统管理员在应用维护中建立。"))
        return [_make(role.code, usernames[role.code], passwords[role.code]) for role in FIRST]


def _check(usernames: Mapping[str, str]) -> None:
    names = [usernames[role.code] for role in FIRST]
    if len({name.lower() for name in names}) < len(names):
        raise InvalidInput(_("三员必须是三个人。"))
    for name in names:
        try:
            UnicodeUsernameValidator()(name)
        except ValidationError as error:
            raise InvalidInput(f"{name}: {' '.join(error.messages)}") from error
        if User.objects.filter(username__iexact=name).exists():
            raise InvalidInput(_("登录名 %s 已经有人用了。") % name)


def _make(role_code: str, username: str, password: str) -> User:
    person = User(username=username, division_code=settings.CITYOPS_REGION)
    person.set_unusable_password()
    person.save()
    person.groups.set(Role.objects.filter(code=role_code))
    audit.record(
        "person.create",
        kind="person",
        key=username,
        division_code=person.division_code,
        after={"roles": [role_code], "division_code": person.division_code},
        reason=_("建立首批管理员"),
    )
    own.set_password(person, password, by_owner=False, reason=_("建立首批管理员"))
    return person
