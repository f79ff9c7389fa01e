"""Exceptions: let a person see one object outside the own scope, and take that back (django-guardian)."""

from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils.translation import gettext as _
from guardian.models import UserObjectPermission
from guardian.shortcuts import assign_perm

from cityops.accounts.models import User
from cityops.accounts.services import limits
from cityops.foundation import audit
from cityops.foundation.errors import NotThere


def grant(actor: User, person: User, thing: Any, *, reason: str) -> None:
    """Let ``person`` see ``thing``, which must be the actor's. Raises OwnRights for oneself, NotThere otherwise."""
    limits.not_oneself(actor, person)
    reason = limits.reason_given(reason)
    model = type(thing)
    if not model.objects.workable_by(actor).filter(pk=thing.pk).exists():
        raise NotThere(_("没有这个对象,或者不在您的可见范围内。"))
    with transaction.atomic():
        assign_perm(f"{model._meta.app_label}.view_{model._meta.model_name}", person, thing)
        User.objects.filter(pk=person.pk).update(has_grants=True)
        audit.record(
            "grant.give",
            kind=model._meta.model_name or "",
            key=thing.pk,
            division_code=getattr(thing, "division_code", ""),
            after={"person": person.username},
            reason=reason,
        )
    person.has_grants = True


def withdraw(actor: User, person: User, pk: int, *, reason: str) -> None:
    """Take one exception back. Raises NotThere for one that is not the person's."""
    limits.not_oneself(actor, person)
    reason = limits.reason_given(reason)
    with transaction.atomic():
        row = UserObjectPermission.objects.filter(user=person, pk=pk).select_related("content_type").first()
        if row is None:
            raise NotThere(_("没有这项授权。"))
        kind: ContentType = row.content_type
        row.delete()
        has_grants = UserObjectPermission.objects.filter(user=person).exists()
        User.objects.filter(pk=person.pk).update(has_grants=has_grants)
        audit.record(
            "grant.withdraw",
            kind=kind.model,
            key=row.object_pk,
            division_code=person.division_code,
            before={"person": person.username},
            reason=reason,
        )
