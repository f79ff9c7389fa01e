"""Who may see and work on what, written once: region by the prefix of its level, and the person's organisation.

Every list is ``Model.objects.visible_to(user)``; the check of one object is ``visible_to(user).filter(pk=…)``, so
list and detail cannot disagree. What is outside is answered with 404. What somebody writes to, or chooses as a part
of what is written, comes from ``workable_by(user)``: a thing that was granted singly is there to be looked at.
"""

from functools import cache
from typing import TYPE_CHECKING, Any, Self

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.contrib.gis.db import models
from django.db.models import Q, QuerySet
from django.db.models.functions import Cast
from guardian.models import UserObjectPermission

if TYPE_CHECKING:
    from cityops.accounts.models import User


class ScopedQuerySet(models.QuerySet[Any]):
    """A queryset of things that belong to a division, and perhaps to an organisation."""

    division_field = "division_code"
    organisation_field = ""
    """Column with the code of the responsible organisation; a person whose role is bound to the own organisation
    sees only rows of it and of those under it."""

    def workable_by(self, user: "User | Any") -> Self:
        """The rows this person may change: inside the own division, for a bound role of the own organisation."""
        return self.filter(self._scope_of(user)) if _is_there(user) else self.none()

    def visible_to(self, user: "User | Any") -> Self:
        """The rows this person may see: those it may change, and single ones that were granted as an exception."""
        if not _is_there(user):
            return self.none()
        seen = self._scope_of(user)
        if user.has_grants and seen:  # without a limit there is nothing to add to
            seen |= Q(pk__in=self._granted_to(user))
        return self.filter(seen)

    def _scope_of(self, user: "User") -> Q:
        """The person's scope; empty for who is responsible for everything."""
        scope = Q(**{f"{self.division_field}__startswith": user.scope_prefix}) if user.scope_prefix else Q()
        if self.organisation_field and user.is_bound_to_organisation:
            scope &= Q(**{f"{self.organisation_field}__in": user.organisation_codes})
        return scope

    def _granted_to(self, user: "User") -> "QuerySet[Any]":
        """Keys of single objects that were granted to the person (django-guardian), as the model's kind of key."""
        rows = UserObjectPermission.objects.filter(
            user=user,
            content_type=ContentType.objects.get_for_model(self.model),
            permission__codename=f"view_{self.model._meta.model_name}",
        )
        return rows.values_list(Cast("object_pk", self.model._meta.pk), flat=True)


def _is_there(user: Any) -> bool:
    return bool(getattr(user, "is_authenticated", False) and user.is_active)


def may_work_on(user: "User | Any", thing: models.Model) -> bool:
    """Whether a thing that the person sees is also the person's to change, and not merely granted to be looked at.

    Costs nothing for who has no grants.
    """
    return not user.has_grants or type(thing)._default_manager.workable_by(user).filter(pk=thing.pk).exists()  # type: ignore[attr-defined]


@cache
def organisation_scoped_apps() -> frozenset[str]:
    """Labels of the apps that keep something which is scoped by organisation."""
    return frozenset(
        model._meta.app_label
        for model in apps.get_models()
        if getattr(model._default_manager.all(), "organisation_field", "")
    )
