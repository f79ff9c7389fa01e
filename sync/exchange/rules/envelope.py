"""The frame of a batch: ``CSP1``, signed header, signature, compressed body; the same bytes on every hop.

The header is JSON, and is kept and relayed as the bytes that were signed. The body is zstd over COPY text: per
section the lines of the records in stream order, then the blocks of their child rows.
"""

from typing import Annotated
from uuid import UUID

import msgspec
import zstandard

from sync.exchange.rules.chain import split_lines
from sync.exchange.rules.refusals import PeerRefused

MAGIC = b"CSP1"
PROTOCOL = "CSP/1"
MAX_RAW_BYTES = 64 * 1024 * 1024
"""Upper bound of a decompressed body: eight times what a sender puts into a batch, so one huge record still fits."""
MAX_RECORDS = 100_000
"""Upper bound of the records of a batch."""
SIGNED_BATCH = b"CSP1-BATCH\n"

Hash = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**62)]


class Block(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Child rows of a section."""

    name: str
    columns: tuple[str, ...]
    count: Count
    size: Count


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The records of one dataset inside a batch; ``size`` in bytes of the raw body."""

    dataset: str
    version: int
    columns: tuple[str, ...]
    count: Count
    size: Count
    children: tuple[Block, ...] = ()


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the producer signs; sequence numbers travel as strings, because browsers lose integers above 2^53."""

    protocol: str
    producer: str
    flow: str
    scope: str
    lane: str
    epoch_no: int
    epoch_id: UUID
    base_seq: Annotated[str, msgspec.Meta(pattern="^[0-9]{1,19}$")]
    base_chain: Hash
    count: Annotated[int, msgspec.Meta(ge=1, le=MAX_RECORDS)]
    to_chain: Hash
    body_sha: Hash
    raw_size: Count
    suite: str
    kid: str
    sections: tuple[Section, ...]
    made_at: str
    standard: str = ""
    """Code of the datasets' dictionary that the producer works with."""
    audience: str = ""
    """The one node below that the batch is for; left out where it is for all."""

    @property
    def from_seq(self) -> int:
        """Number of the first record."""
        return int(self.base_seq) + 1

    @property
    def to_seq(self) -> int:
        """Number of the last record."""
        return int(self.base_seq) + self.count


class Envelope(msgspec.Struct, frozen=True):
    """A batch as it travels: the signed header bytes, their signature, the compressed body."""

    header: bytes
    signature: bytes
    body: bytes

    def pack(self) -> bytes:
        """One string of bytes for the wire, a file or a queue."""
        sizes = len(self.header).to_bytes(4) + len(self.signature).to_bytes(2)
        return b"".join((MAGIC, sizes, self.header, self.signature, self.body))

    def read(self) -> Header:
        """The header's fields. Raises PeerRefused MALFORMED or PROTOCOL."""
        try:
            header = msgspec.json.decode(self.header, type=Header)
        except msgspec.MsgspecError as error:
            raise PeerRefused("MALFORMED", f"Header of the batch: {error}") from error
        if header.protocol != PROTOCOL:
            raise PeerRefused("PROTOCOL", f"{header.protocol} is not {PROTOCOL}.")
        if sum(section.count for section in header.sections) != header.count:
            raise PeerRefused("MALFORMED", "The counts of the sections do not add up to the count of the batch.")
        return header


def unpack(data: bytes) -> Envelope:
    """Take a packed batch apart. Raises PeerRefused MALFORMED."""
    if data[:4] != MAGIC or len(data) < 10:
        raise PeerRefused("MALFORMED", "Not a CSP/1 batch.")
    header_size, signature_size = int.from_bytes(data[4:8]), int.from_bytes(data[8:10])
    if 10 + header_size + signature_size > len(data):
        raise PeerRefused("MALFORMED", "The batch is cut off inside its header.")
    start = 10 + header_size
    return Envelope(data[10:start], data[start : start + signature_size], data[start + signature_size :])


def compress(raw: bytes) -> bytes:
    """Compress a body; level 1 compresses these lines as well as the slower levels of other codecs."""
    return zstandard.ZstdCompressor(level=1).compress(raw)


def decompress(body: bytes, raw_size: int | None = None) -> bytes:
    """The raw body, which must have exactly ``raw_size`` bytes; without it, those that it says itself.

    Raises PeerRefused TOO_LARGE or MALFORMED.
    """
    try:
        said = zstandard.get_frame_parameters(body).content_size
        raw_size = said if raw_size is None else raw_size
        if raw_size > MAX_RAW_BYTES:
            raise PeerRefused("TOO_LARGE", f"{raw_size} bytes after decompression are more than {MAX_RAW_BYTES}.")
        if said != raw_size:
            raise PeerRefused("MALFORMED", "The body has another size than the header says.")
        raw = zstandard.ZstdDecompressor().decompress(body, max_output_size=raw_size)
    except zstandard.ZstdError as error:
        raise PeerRefused("MALFORMED", f"Body of the batch: {error}") from error
    if len(raw) != raw_size:
        raise PeerRefused("MALFORMED", "The body has another size than the header says.")
    return raw


def sections_of(raw: bytes, header: Header) -> list[tuple[Section, bytes, list[bytes]]]:
    """The raw body by section, also where stubs stand for lines that were erased: then the counts say where to cut.

    Raises PeerRefused MALFORMED.
    """
    if len(raw) == header.raw_size and b"\n#" not in raw and raw[:1] != b"#":
        return cut(raw, header)
    rows = split_lines(raw)
    sizes = [count for section in header.sections for count in (section.count, *(b.count for b in section.children))]
    if sum(sizes) != len(rows):
        raise PeerRefused("MALFORMED", "The sections do not add up to the body.")
    found, at = [], 0
    for section in header.sections:
        parts = []
        for count in (section.count, *(block.count for block in section.children)):
            parts.append(b"".join(rows[at : at + count]))
            at += count
        found.append((section, parts[0], parts[1:]))
    return found


def cut(raw: bytes, header: Header) -> list[tuple[Section, bytes, list[bytes]]]:
    """The raw body by section: (section, record lines, blocks of child rows). Raises PeerRefused MALFORMED."""
    found: list[tuple[Section, bytes, list[bytes]]] = []
    at = 0
    for section in header.sections:
        lines, at = raw[at : at + section.size], at + section.size
        blocks = []
        for block in section.children:
            blocks.append(raw[at : at + block.size])
            at += block.size
        found.append((section, lines, blocks))
    if at != len(raw):
        raise PeerRefused("MALFORMED", "The sections do not add up to the body.")
    return found
