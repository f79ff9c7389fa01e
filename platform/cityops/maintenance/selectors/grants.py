"""Which objects were granted to a person as an exception."""

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import QuerySet
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
    """The exceptions of a person, in the order in which they were granted."""
    return [Granted(row.pk, *told_of(row)) for row in _rows().filter(user=person).order_by("pk")]


def all_grants(user: User) -> QuerySet[UserObjectPermission]:
    """The exceptions of everybody in the person's division, by user name, the latest first."""
    people = User.objects.workable_by(user)
    return _rows().filter(user__in=people.values("pk")).select_related("user").order_by("user__username", "-pk")


def told_of(row: UserObjectPermission) -> tuple[str | Promise, str]:
    """Kind of the thing and the code that people know it by; its key where the thing is gone."""
    by_model = {grantable.label.lower(): grantable for grantable in GRANTABLE.values()}
    grantable = by_model.get(f"{row.content_type.app_label}.{row.content_type.model}")
    if grantable is None:
        return row.content_type.name, row.object_pk
    return grantable.title, str(getattr(row.content_object, grantable.key_field, row.object_pk))


def _rows() -> QuerySet[UserObjectPermission]:
    rows: QuerySet[UserObjectPermission] = UserObjectPermission.objects.select_related("content_type")
    return rows.prefetch_related("content_object")
