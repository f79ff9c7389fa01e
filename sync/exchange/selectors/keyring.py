"""The keys that a page lists."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from sync.exchange.models import Key, Link

ENDING = timedelta(days=30)
"""A key that ends within this is to be rotated."""


@dataclass(frozen=True)
class KeySeen:
    """One key, how it stands, and what the person may decide about it."""

    key: Key
    light: str
    words: str
    may_approve: bool
    may_revoke: bool

    @property
    def fingerprint(self) -> str:
        """The key id in groups, to be compared by telephone."""
        return " ".join(self.key.kid[at : at + 4] for at in range(0, len(self.key.kid), 4))


def standing(key: Key) -> tuple[str, str]:
    """Light and words of a key: good, ending soon, ended, waiting, revoked."""
    if key.state == Key.State.REVOKED:
        return "red", _("已吊销")
    if key.state == Key.State.PENDING:
        return "paused", _("待复核") if key.approved_by else _("待批准")
    left = key.not_after - timezone.now()
    if left <= timedelta(0):
        return "red", _("已过期")
    return ("yellow", _("即将到期")) if left < ENDING else ("green", _("有效"))


def keys_seen(user: Any) -> list[KeySeen]:
    """The keys that a person may see, by node, the newest first."""
    mine = set(Key.objects.workable_by(user).values_list("pk", flat=True))
    has_parent = Link.objects.to_parent().exclude(state=Link.State.RETIRED).exists()
    found = []
    for key in Key.objects.visible_to(user):
        light, words = standing(key)
        decides = key.pk in mine
        elsewhere = key.node_code == settings.CITYOPS_NODE and has_parent
        waits = key.state == Key.State.PENDING and not elsewhere and key.approved_by != user.get_username()
        found.append(KeySeen(key, light, words, decides and waits, decides and key.state != Key.State.REVOKED))
    return found
