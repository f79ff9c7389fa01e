"""Actions of a phone: a person's own, those of a case, and the photos that they keep."""

from typing import Any

from django.db.models import QuerySet

from cityops.accounts.models import User
from grid.field.models import FieldAction
from grid.models import Case


def own_actions(user: User) -> QuerySet[FieldAction]:
    """What a person did on the phone, the latest first; nobody else's."""
    return FieldAction.objects.of(user).order_by("-received_at", "-pk")


def actions_of(case: Case) -> list[FieldAction]:
    """What was done with a case from phones, in the order of its steps; the caller has looked the case up."""
    return list(FieldAction.objects.done().filter(case=case).order_by("step_seq", "pk"))


def held_photos() -> QuerySet[Any]:
    """Keys of the photos that actions keep though no case has them."""
    return FieldAction.photos.through.objects.exclude(fieldaction__payload={}).values("casemedia_id")
