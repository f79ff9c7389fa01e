"""Refusals in the audit trail: each one that a known peer met; of calls that prove nothing, only so many a minute."""

import logging

from django.db import transaction
from prometheus_client import Counter

from cityops.foundation import audit, numbers
from cityops.foundation.denials import EACH_UP_TO, deserves_entry, number_in_minute
from sync.exchange.rules.refusals import PeerRefused

logger = logging.getLogger(__name__)
refused_total = Counter("sync_refused_total", "Calls of peers refused", ["reason"], registry=numbers.registry)
PROVEN = frozenset({"SUSPENDED", "INCARNATION", "NONCE"})
"""Refusals that follow a signature that held."""


def note_refusal(refusal: PeerRefused, sender: str, *, is_proven: bool) -> None:
    """Log a refused call, and write its entry; ``is_proven`` where the sender's signature held."""
    logger.warning("peer call refused: %.64s %s %.300s", sender, refusal.code, refusal.detail)
    refused_total.labels(refusal.code).inc()
    bucket = sender if is_proven or refusal.code in PROVEN else ""
    number = number_in_minute(f"peer:{bucket[:64]}")
    if not deserves_entry(number):
        return
    facts = {"code": refusal.code} if number <= EACH_UP_TO else {"code": refusal.code, "refused_this_minute": number}
    with transaction.atomic():
        audit.record(
            "exchange.refuse", kind="Link", key=sender[:64], after=facts, reason=refusal.detail[:300], succeeded=False
        )
