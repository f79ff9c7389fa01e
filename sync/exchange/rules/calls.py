"""What a child may say in a call, as types: what does not fit is malformed before anything looks at it."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

MOST_RESENT = 20_000
"""Requests to send a record again, in one call."""
LISTED = 500
"""Records of each kind of difference that are named one by one."""
Code = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{12}-[NPC]\Z")]
Word = Annotated[str, msgspec.Meta(max_length=8)]
Number = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
Digits = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,18}\Z")]
Hex = Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{2}){1,512}\Z")]
Hash = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Item = tuple[Code, Word, UUID]
"""A record that is to be sent again: owner, dataset, rid."""


class Hello(msgspec.Struct, frozen=True):
    """A child asks where its parent stands. It says nothing about itself: a recorded hello may come again."""


class Signed(msgspec.Struct, frozen=True):
    """A statement as it was signed; ``proof`` is by the key that is introduced, over the same text."""

    text: Annotated[str, msgspec.Meta(max_length=2000)]
    signature: Hex
    proof: Hex | None = None


class OfferedKey(msgspec.Struct, frozen=True):
    """A public key for which a peer vouches."""

    kid: Annotated[str, msgspec.Meta(max_length=32)]
    node_code: Code
    suite: Word
    public_key: Annotated[str, msgspec.Meta(max_length=200)]
    not_after: Moment | None = None
    state: Literal["pending", "active", "revoked"] = "active"
    introduction: Signed | None = None
    revocation: Signed | None = None


class SignedReceipt(msgspec.Struct, frozen=True):
    """A receipt as it was signed."""

    receipt: str
    signature: Hex


class Compared(msgspec.Struct, frozen=True):
    """What a child found when it compared one owner's records of one dataset."""

    owner_code: Code
    dataset: Word
    result: Literal["equal", "pending", "different"]
    differing: Number
    missing: Number
    orphans: Number
    in_flight: Number
    found: dict[Literal["missing", "differing", "orphans"], Annotated[list[UUID], msgspec.Meta(max_length=LISTED)]]
    statement: Annotated[str, msgspec.Meta(max_length=4000)]
    """The statement as the parent signed it."""
    parent_signature: Hex
    child_kid: Annotated[str, msgspec.Meta(max_length=32)]
    child_signature: Hex
    blobs_missing: Number = 0


class Statement(msgspec.Struct, frozen=True):
    """对账单: what both ends of a link held of one owner and dataset; the same text is signed by both."""

    protocol: Literal["CSP/1"]
    owner: Code
    dataset: Word
    flow: Word
    child: Code
    child_records: Digits
    child_deleted: Digits
    child_digest: Hash
    child_seq: Digits
    parent: Code
    parent_records: Digits
    parent_deleted: Digits
    parent_digest: Hash
    parent_seq: Digits
    parent_kid: Annotated[str, msgspec.Meta(max_length=32)]
    at: Moment
    blobs_missing: Number = 0


class Claimed(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a node stands in a stream, told to its producer: it may be a place that the producer does not know."""

    producer: Code
    flow: Word
    scope: Word
    lane: Word
    epoch_no: Number
    epoch_id: UUID
    seq: Digits
    chain: Hash
    audience: Annotated[str, msgspec.Meta(max_length=14)] = ""
    holder: Annotated[str, msgspec.Meta(max_length=14)] = ""
    """Who stands there; the caller where it is empty."""
    highest: Number = 0
    """The highest epoch of the producer's versions that are held there."""


class Notes(msgspec.Struct, frozen=True):
    """What a child has to tell."""

    keys: Annotated[list[OfferedKey], msgspec.Meta(max_length=20_000)] = []
    receipts: Annotated[list[SignedReceipt], msgspec.Meta(max_length=20_000)] = []
    resend: Annotated[list[Item], msgspec.Meta(max_length=MOST_RESENT)] = []
    compared: Annotated[list[Compared], msgspec.Meta(max_length=20_000)] = []
    has_compared_all: bool = False
    """The comparison that somebody asked for has come to its end."""
    claims: Annotated[list[Claimed], msgspec.Meta(max_length=1000)] = []
    """Places in streams from above that the parent cannot follow."""
    clock: Moment | None = None
    """The child's clock, for display."""
    backlog: Number | None = None
    """Records its parent still lacks, for display."""


class NotesAnswer(msgspec.Struct, frozen=True):
    """What a parent answers: records that the child, or who is under it, is to send again."""

    resend: Annotated[list[Item], msgspec.Meta(max_length=MOST_RESENT)] = []


class AnnouncedBlob(msgspec.Struct, frozen=True):
    """An attachment of a child's record."""

    dataset: Word
    block: Annotated[str, msgspec.Meta(max_length=20)]
    key: UUID
    sha256: Hash
    size: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]


class Announced(msgspec.Struct, frozen=True):
    """Attachments that a child has to send."""

    items: Annotated[list[AnnouncedBlob], msgspec.Meta(max_length=1000)]


class Position(msgspec.Struct, frozen=True):
    """Where a child stands in a stream that comes down."""

    producer: Code
    flow: Word
    scope: Word
    lane: Word
    epoch_id: UUID
    seq: Digits
    chain: Hash
    audience: str = ""


class Buckets(msgspec.Struct, frozen=True):
    """A child's digests of one owner's records of one dataset, by bucket, and how many there are."""

    owner: Code
    dataset: Word
    buckets: dict[Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,3}\Z")], Hash]
    records: Digits
    deleted: Digits
    seq: Digits


class Ranges(msgspec.Struct, frozen=True):
    """A child's digests of the ranges in some buckets; those up to ``after`` were compared by an earlier call."""

    owner: Code
    dataset: Word
    within: Annotated[list[Annotated[int, msgspec.Meta(ge=0, le=255)]], msgspec.Meta(max_length=256)]
    ranges: dict[Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,5}\Z")], Hash]
    after: Annotated[int, msgspec.Meta(ge=-1, le=65535)] = -1


class Fence(msgspec.Struct, frozen=True):
    """The announcement of a new epoch, as its producer signed it."""

    fence: Annotated[str, msgspec.Meta(max_length=2000)]
    signature: Hex


class Echo(msgspec.Struct, frozen=True):
    """A child asks which versions of an owner's records are held that its own digests do not show."""

    owner: Code
    dataset: Word
    buckets: dict[Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,3}\Z")], Hash]
    after: Annotated[int, msgspec.Meta(ge=-1, le=255)] = -1
    """The last bucket of the page before."""


Held = tuple[UUID, Number, Number, Annotated[str, msgspec.Meta(pattern=r"^[UDX]\Z")], Hash]
"""A version that is held: (rid, rec_epoch, rev, op, content)."""


class Evidence(msgspec.Struct, frozen=True):
    """A child asks for versions with the batches that prove them; without any, for those kept here on their way."""

    owner: Code
    dataset: Word = ""
    wanted: Annotated[list[Held], msgspec.Meta(max_length=MOST_RESENT)] = []
    taken: Annotated[list[Number], msgspec.Meta(max_length=MOST_RESENT)] = []
    """Numbers of what was kept here and is merged now."""


class Proven(msgspec.Struct, frozen=True):
    """A version with its place in a batch of its producer, and the versions that the holder had of the record."""

    dataset: Word
    rid: UUID
    rec_epoch: Number
    rev: Number
    op: Annotated[str, msgspec.Meta(pattern=r"^[UDX]\Z")]
    content: Hash
    seq: Digits
    holder: Annotated[str, msgspec.Meta(max_length=14)]
    history: Annotated[list[tuple[Number, Number, Hash]], msgspec.Meta(max_length=MOST_RESENT)]
    batch: Number = 0
    """Which of the batches that come with it."""
    number: Number = 0
    """Under which a relay keeps it."""


class Offer(msgspec.Struct, frozen=True):
    """Versions with the batches (base64 of the packed bytes) that prove them."""

    items: Annotated[list[Proven], msgspec.Meta(max_length=MOST_RESENT)]
    batches: Annotated[list[bytes], msgspec.Meta(max_length=MOST_RESENT)]
    gone: Number = 0
    """Versions that are held, but whose batch is not kept any more."""
