"""The classes as a phone carries them: short, with their spellings, to be searched without a network."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count
from django.utils import timezone

from cityops.accounts.models import User
from grid.models import Case
from grid.rules.pinyin import spelt
from grid.selectors.classes import classes_in_force, key_of
from grid.selectors.workflows import active_workflow

OFTEN = 6
"""Classes that are offered first: as many as fit the screen."""
LOOKED_BACK = timedelta(days=30)


@dataclass(frozen=True)
class PhoneClass:
    """One class."""

    key: str
    code: str
    kind: str
    name: str
    spelling: str
    initials: str
    may_self_handle: bool
    """Whether it is a small matter that may be settled on the spot."""
    rank: int | None
    """Its place among those reported most where the person works; None for the rest."""


def phone_classes(user: User) -> list[PhoneClass]:
    """All classes in force, matters first, with those that were reported most in the person's region marked."""
    ranks, workflow = {key: place for place, key in enumerate(_often(user))}, active_workflow()
    return [
        PhoneClass(
            key=key_of(entry),
            code=entry.class_code,
            kind=entry.kind,
            name=entry.class_name,
            spelling=spelt(entry.class_name)[0],
            initials=spelt(entry.class_name)[1],
            may_self_handle=workflow.may_self_handle(entry.class_code),
            rank=ranks.get(key_of(entry)),
        )
        for entry in classes_in_force().order_by("-kind", "class_code")
    ]


def _often(user: User) -> list[str]:
    since = timezone.now() - LOOKED_BACK
    rows = Case.objects.visible_to(user).filter(reported_at__gte=since).order_by()
    counted = rows.values("kind", "class_code").annotate(n=Count("pk")).order_by("-n", "class_code")[:OFTEN]
    return [f"{row['kind']}-{row['class_code']}" for row in counted]
