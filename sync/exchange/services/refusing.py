"""Refusals in the audit trail: each one that a known peer met; of calls that prove nothing, only so many a minute."""

import logging

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from cityops.foundation import audit
from sync.exchange.rules.refusals import PeerRefused

logger = logging.getLogger(__name__)
EACH_UP_TO = 20
"""Refusals in one minute that get an entry each; beyond, one entry at 100, 1 000, 10 000 … tells how many there were.

Anybody who reaches the address can be refused, so without a limit anybody could fill the trail, which is never cut.
"""
PROVEN = frozenset({"SUSPENDED", "INCARNATION", "NONCE"})
"""Refusals that follow a signature that held."""


def note_refusal(refusal: PeerRefused, sender: str, *, is_proven: bool) -> None:
    """Log a refused call, and write its entry; ``is_proven`` where the sender's signature held."""
    logger.warning("peer call refused: %.64s %s %.300s", sender, refusal.code, refusal.detail)
    bucket = sender if is_proven or refusal.code in PROVEN else ""
    number = _number_in_minute(bucket)
    if number > EACH_UP_TO and not _is_power_of_ten(number):
        return
    facts = {"code": refusal.code} if number <= EACH_UP_TO else {"code": refusal.code, "refused_this_minute": number}
    with transaction.atomic():
        audit.record(
            "exchange.refuse", kind="Link", key=sender[:64], after=facts, reason=refusal.detail[:300], succeeded=False
        )


def _number_in_minute(bucket: str) -> int:
    """Which refusal of this minute it is, from 1."""
    key = f"exchange:refused:{timezone.now():%Y%m%d%H%M}:{bucket}"
    cache.add(key, 0, 120)
    try:
        return cache.incr(key)
    except ValueError:  # it ran out between the two lines
        return 1


def _is_power_of_ten(number: int) -> bool:
    return number >= 100 and str(number).rstrip("0") == "1"
