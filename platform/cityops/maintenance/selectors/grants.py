"""Which objects were granted to a person as an exception."""

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.utils.functional import Promise
from guardian.models import UserObjectPermission

from cityops.accounts.models import User


@dataclass(frozen=True)
class Grantable:
    """A kind of thing that may be granted singly: its model, and the field people know it by."""

    label: str
    key_field: str

    @property
    def model(self) -> Any:
        """The model."""
        return apps.get_model(self.label)

    @property
    def title(self) -> str | Promise:
        """What it is called."""
        title: str | Promise = self.model._meta.verbose_name
        return title


GRANTABLE: dict[str, Grantable] = {
    "case": Grantable("grid.Case", "case_no"),
    "component": Grantable("grid.Component", "obj_id"),
    "grid": Grantable("grid.UnitGrid", "grid_code"),
    "organisation": Grantable("accounts.Organisation", "org_code"),
}


@dataclass(frozen=True)
class Granted:
    """One exception."""

    pk: int
    kind: str | Promise
    key: str


def grants_of(person: User) -> list[Granted]:
    """The exceptions of a person, by kind."""
    rows = UserObjectPermission.objects.filter(user=person).select_related("content_type").order_by("pk")
    by_model = {grantable.label.lower(): grantable for grantable in GRANTABLE.values()}
    found = []
    for row in rows:
        grantable = by_model.get(f"{row.content_type.app_label}.{row.content_type.model}")
        if grantable is not None:
            keys = grantable.model.objects.filter(pk=row.object_pk).values_list(grantable.key_field, flat=True)
            found.append(Granted(row.pk, grantable.title, next(iter(keys), row.object_pk)))
    return found
