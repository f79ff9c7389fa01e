"""Tables of the exchange: this node, its links and keys; marks, versions; streams, batches, cursors; evidence."""

from sync.exchange.models.alarms import Alarm, Pulse
from sync.exchange.models.attempts import Attempt
from sync.exchange.models.blobs import Blob
from sync.exchange.models.erasures import Erasure
from sync.exchange.models.evidence import Comparison, Receipt, ResendRequest
from sync.exchange.models.links import Enrolment, Key, Link, Nonce
from sync.exchange.models.marks import DirtyMark, RecordVersion, SyncSelf
from sync.exchange.models.pushed import PushedRecord
from sync.exchange.models.recovery import Claim, Conflict, EchoEvidence, EchoItem, RecoveryReport, SeenVersion
from sync.exchange.models.streams import Batch, BatchBody, InboxEntry, Parked, Stream

__all__ = [
    "Alarm",
    "Attempt",
    "Batch",
    "BatchBody",
    "Blob",
    "Claim",
    "Comparison",
    "Conflict",
    "DirtyMark",
    "EchoEvidence",
    "EchoItem",
    "Enrolment",
    "Erasure",
    "InboxEntry",
    "Key",
    "Link",
    "Nonce",
    "Parked",
    "Pulse",
    "PushedRecord",
    "Receipt",
    "RecordVersion",
    "RecoveryReport",
    "ResendRequest",
    "SeenVersion",
    "Stream",
    "SyncSelf",
]
