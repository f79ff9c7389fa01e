"""Puts roles and permissions into the database after every migrate; again changes nothing.

A role that people edited keeps their edits: a permission is given to a role once, when it first appears. The role
remembers what it was offered, so that what was taken away stays away.
"""

from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth.models import Permission as PermissionRow
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils import translation

from cityops.accounts.models import Role
from cityops.accounts.permissions import Permission, all_permissions
from cityops.accounts.roles import ROLES

PSEUDO_MODEL = "permission_table"
"""Model name of the content type that carries an app's permissions; Django wants one, the permissions are the app's."""


def seed_after_migrate(app_config: AppConfig, using: str, **_kwargs: Any) -> None:
    """Receiver of ``post_migrate``; acts once, after the last app, when every content type is there."""
    last = [config for config in apps.get_app_configs() if config.models_module is not None][-1]
    if app_config.label == last.label:
        with transaction.atomic(using=using), translation.override("zh-hans"):
            seed_roles(seed_permissions(list(all_permissions())))


def seed_permissions(wanted: list[Permission]) -> dict[str, PermissionRow]:
    """Make the rows of all permissions; returns them by codename. Rows of ours that no app names any more go."""
    rows = {f"{row.content_type.app_label}.{row.codename}": row for row in _rows()}
    found: dict[str, PermissionRow] = {}
    for permission in wanted:
        row = rows.get(permission.codename)
        if row is None:
            kind, _ = ContentType.objects.get_or_create(app_label=permission.app_label, model=PSEUDO_MODEL)
            row = PermissionRow.objects.create(content_type=kind, codename=permission.name, name=str(permission.label))
        elif row.name != str(permission.label):
            row.name = str(permission.label)
            row.save(update_fields=["name"])
        found[permission.codename] = row
    stale = [row.pk for name, row in rows.items() if name not in found and row.content_type.model == PSEUDO_MODEL]
    if stale:
        PermissionRow.objects.filter(pk__in=stale).delete()
    return found


def _rows() -> list[PermissionRow]:
    return list(PermissionRow.objects.select_related("content_type"))


def seed_roles(rows: dict[str, PermissionRow]) -> None:
    """Make the roles, and offer each the permissions it was not offered yet."""
    wanted = {role.code: {p.codename for p in all_permissions() if role.code in p.roles} for role in ROLES}
    existing = {role.code: role for role in Role.objects.all()}
    for spec in ROLES:
        role = existing.get(spec.code) or Role.objects.create(
            code=spec.code,
            name=str(spec.name),
            tiers=list(spec.tiers),
            step_code=spec.step_code,
            is_bound_to_organisation=spec.is_bound,
            is_seeded=True,
        )
        fresh = wanted[spec.code] - set(role.offered)
        if fresh:
            role.permissions.add(*(rows[codename] for codename in fresh))
            role.offered = sorted({*role.offered, *fresh})
            role.save(update_fields=["offered"])
