"""Records that are erased for privacy are wiped out of the batches that wait on a road as well."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sync.exchange.services.wiping import packed_without
from sync.roads.models import WaitingBatch


def forget(sender: Any, *, dataset: str, rids: Collection[UUID], owner: str, **_more: Any) -> None:
    """Listener of ``records_erased``: stubs take the place of the records in what waits."""
    for waiting in WaitingBatch.objects.filter(producer_code=owner):
        packed = packed_without(bytes(waiting.packed), dataset, rids)
        if packed is not None:
            waiting.packed = packed
            waiting.save(update_fields=["packed"])
