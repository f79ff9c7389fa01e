"""What a child may say in a call, as types: what does not fit is malformed before anything looks at it."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

MOST_RESENT = 20_000
"""Requests to send a record again, in one call."""
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


class OfferedKey(msgspec.Struct, frozen=True):
    """A public key for which a peer vouches."""

    kid: Annotated[str, msgspec.Meta(max_length=32)]
    node_code: Code
    suite: Word
    public_key: Annotated[str, msgspec.Meta(max_length=200)]


class SignedReceipt(msgspec.Struct, frozen=True):
    """A receipt as it was signed."""

    receipt: str
    signature: Hex


class Compared(msgspec.Struct, frozen=True):
    """What a child found when it compared one owner's records of one dataset."""

    owner_code: Code
    dataset: Word
    result: Literal["equal", "pending", "different"]
    records: Number
    differing: Number
    missing: Number
    orphans: Number
    in_flight: Number
    examples: Annotated[list[UUID], msgspec.Meta(max_length=100)]
    digest: Annotated[str, msgspec.Meta(max_length=64)]
    seq: Number
    at: Moment
    blobs_missing: Number = 0


class Notes(msgspec.Struct, frozen=True):
    """What a child has to tell."""

    keys: Annotated[list[OfferedKey], msgspec.Meta(max_length=20_000)] = []
    receipts: Annotated[list[SignedReceipt], msgspec.Meta(max_length=20_000)] = []
    resend: Annotated[list[Item], msgspec.Meta(max_length=MOST_RESENT)] = []
    compared: Annotated[list[Compared], msgspec.Meta(max_length=20_000)] = []
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
    """A child's digests of one owner's records of one dataset."""

    owner: Code
    dataset: Word
    buckets: dict[Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,3}\Z")], Hash]
