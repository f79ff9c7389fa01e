"""Tables of the exchange: this node, its links and keys; marks, versions; streams, batches, cursors; evidence."""

from sync.exchange.models.evidence import Comparison, Receipt, ResendRequest
from sync.exchange.models.links import Enrolment, Key, Link, Nonce
from sync.exchange.models.marks import DirtyMark, RecordVersion, SyncSelf
from sync.exchange.models.recovery import Claim, Conflict, EchoEvidence, EchoItem, RecoveryReport, SeenVersion
from sync.exchange.models.streams import Batch, BatchBody, InboxEntry, Parked, Stream

__all__ = [
    "Batch",
    "BatchBody",
    "Claim",
    "Comparison",
    "Conflict",
    "DirtyMark",
    "EchoEvidence",
    "EchoItem",
    "Enrolment",
    "InboxEntry",
    "Key",
    "Link",
    "Nonce",
    "Parked",
    "Receipt",
    "RecordVersion",
    "RecoveryReport",
    "ResendRequest",
    "SeenVersion",
    "Stream",
    "SyncSelf",
]
