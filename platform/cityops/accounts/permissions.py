"""Permissions 权限: what code asks for. Each app says in its ``permissions.py`` which roles begin with which.

An app's table is ``PERMISSIONS: tuple[Permission, ...]``; it is found by itself, and put into the database after
every migrate (``seeding``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cityops.accounts.roles import ROLE_CODES

EVERYONE: tuple[str, ...] = ROLE_CODES
"""For a permission that every role begins with."""


@dataclass(frozen=True)
class Permission:
    """One power: ``codename`` is ``app_label.verb_noun``; ``roles`` are the codes of the roles that begin with it."""

    codename: str
    label: str | Promise
    roles: tuple[str, ...]

    def __post_init__(self) -> None:
        unknown = set(self.roles) - set(ROLE_CODES)
        if unknown:
            raise ImproperlyConfigured(f"{self.codename}: no such role {', '.join(sorted(unknown))}.")
        if self.codename.count(".") != 1:
            raise ImproperlyConfigured(f"{self.codename!r} is not app_label.verb_noun.")

    @property
    def app_label(self) -> str:
        """The app whose thing the permission is about."""
        return self.codename.split(".")[0]

    @property
    def name(self) -> str:
        """The part after the dot."""
        return self.codename.split(".")[1]


PERMISSIONS: tuple[Permission, ...] = (
    Permission("regions.view_division", _("查看行政区划"), EVERYONE),  # here: regions lies below accounts
    Permission("accounts.view_organisation", _("查看机构"), EVERYONE),
    Permission("accounts.change_organisation", _("维护机构"), ("system_admin",)),
    Permission("accounts.view_person", _("查看人员"), ("system_admin", "security_admin")),
    Permission("accounts.change_person", _("维护人员"), ("system_admin",)),
    Permission("accounts.view_role", _("查看角色"), ("system_admin", "security_admin", "audit_admin")),
    Permission("accounts.change_role", _("维护角色权限"), ("security_admin",)),
    Permission("accounts.assign_role", _("授予角色"), ("security_admin",)),
    Permission("accounts.unlock_person", _("解除登录锁定"), ("security_admin",)),
    Permission("accounts.grant_object", _("授予单个对象的查看权"), ("security_admin",)),
    Permission("accounts.view_token", _("查看接口令牌"), ("system_admin", "security_admin")),
    Permission("accounts.manage_token", _("签发与撤销接口令牌"), ("system_admin",)),
)


def all_permissions() -> Iterator[Permission]:
    """The permissions of every installed app, in the order of the apps. Raises where two apps name the same one."""
    seen: set[str] = set()
    for config in apps.get_app_configs():
        module = f"{config.name}.permissions"
        if find_spec(module) is None:
            continue
        for permission in getattr(import_module(module), "PERMISSIONS", ()):
            if not isinstance(permission, Permission):
                raise ImproperlyConfigured(f"{module}: {permission!r} is not a Permission.")
            if permission.codename in seen:
                raise ImproperlyConfigured(f"{module}: {permission.codename} is named twice.")
            apps.get_app_config(permission.app_label)
            seen.add(permission.codename)
            yield permission
