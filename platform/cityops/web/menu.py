"""Which entries of the tier's menu a person sees."""

from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise

from tiers import menu, systems, tier


@dataclass(frozen=True)
class Item:
    """An entry as it is drawn."""

    title: str | Promise
    icon: str
    url: str
    is_current: bool


def items_for(user: Any, url_name: str) -> list[Item]:
    """The entries that run here, have a page and are permitted to the person, the one of ``url_name`` marked."""
    if not getattr(user, "is_authenticated", False):
        return []
    found = []
    for entry in menu.running(tier.this_instance().tier, systems.active_systems()):
        if entry.permission and not user.has_perm(entry.permission):
            continue
        try:
            url = reverse(entry.url_name)
        except NoReverseMatch:
            continue
        found.append(Item(entry.title, entry.icon, url, entry.holds(url_name)))
    return found
