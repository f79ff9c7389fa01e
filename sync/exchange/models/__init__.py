"""Tables of the exchange: this node, its links and keys; marks, versions; streams, batches, cursors; evidence."""

from sync.exchange.models.evidence import Comparison, Receipt, ResendRequest
from sync.exchange.models.links import Enrolment, Key, Link, Nonce
from sync.exchange.models.marks import DirtyMark, RecordVersion, SyncSelf
from sync.exchange.models.streams import Batch, BatchBody, InboxEntry, Parked, Stream

__all__ = [
    "Batch",
    "BatchBody",
    "Comparison",
    "DirtyMark",
    "Enrolment",
    "InboxEntry",
    "Key",
    "Link",
    "Nonce",
    "Parked",
    "Receipt",
    "RecordVersion",
    "ResendRequest",
    "Stream",
    "SyncSelf",
]
