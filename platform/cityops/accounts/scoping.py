"""Who may see what, written once: region by the prefix of its level, and the person's organisation.

Every list is ``Model.objects.visible_to(user)``; the check of one object is ``visible_to(user).filter(pk=…)``, so
list and detail cannot disagree. What is outside is answered with 404.
"""

from typing import TYPE_CHECKING, Any, Self

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

    def visible_to(self, user: "User | Any") -> Self:
        """The rows this person may see: inside the own division (for a bound role, of the own organisation), and
        single ones that were granted as an exception."""
        if not getattr(user, "is_authenticated", False) or not user.is_active:
            return self.none()
        seen = Q(**{f"{self.division_field}__startswith": user.scope_prefix}) if user.scope_prefix else Q()
        if self.organisation_field and user.is_bound_to_organisation:
            seen &= Q(**{f"{self.organisation_field}__in": user.organisation_codes})
        if user.has_grants and seen:  # without a limit there is nothing to add to
            seen |= Q(pk__in=self._granted_to(user))
        return self.filter(seen)

    def _granted_to(self, user: "User") -> "QuerySet[Any]":
        """Keys of single objects that were granted to the person (django-guardian), as the model's kind of key."""
        rows = UserObjectPermission.objects.filter(
            user=user,
            content_type=ContentType.objects.get_for_model(self.model),
            permission__codename=f"view_{self.model._meta.model_name}",
        )
        return rows.values_list(Cast("object_pk", self.model._meta.pk), flat=True)
