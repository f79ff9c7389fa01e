"""Which entries of the tier's menu a person sees."""

from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise

from sync.exchange.models import Alarm
from tiers import menu, systems, tier


@dataclass(frozen=True)
class Item:
    """An entry as it is drawn."""

    title: str | Promise
    icon: str
    url: str
    is_current: bool
    badge: int = 0
    """How many things wait there for somebody; 0 shows none."""


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
        badge = _open_alarms(user) if entry.url_name == EXCHANGE else 0
        found.append(Item(entry.title, entry.icon, url, entry.holds(url_name), badge))
    return found


EXCHANGE = "exchange-overview"


def _open_alarms(user: Any) -> int:
    """Alarms of the exchange that nobody has acknowledged yet."""
    return Alarm.objects.visible_to(user).filter(state=Alarm.State.OPEN).count()
