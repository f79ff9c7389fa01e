"""Sections whose records are not applied now: set aside one by one, each with its number, and the stream goes on."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.backends.utils import CursorWrapper

from sync.exchange.rules import chain as chains
from sync.exchange.rules.envelope import Section
from sync.exchange.rules.refusals import PeerRefused
from sync.exchange.services.chunks import Chunk, ParkedLine, Reason

VERSION = Reason(
    "VERSION",
    "The dataset or its columns are not known to this version.",
    "Nothing is to be done at the owner: the record is applied by itself after an upgrade of this node.",
)
SCOPE = Reason(
    "SCOPE",
    "The record must not come this far. It was not read, and nothing of it was kept but its number.",
    "Find out why it was sent: its owner's version or configuration is at fault.",
)
CRASH = Reason(
    "CRASH",
    "The process that applied these records ended twice over one of them; each is tried alone.",
    "Good records are applied by the retry. For the one that stays, look into the log of this node.",
)


Entry = tuple[int, UUID, bytes]
"""Number, identifier and line of a record; the line is empty where it must not be read, or was erased."""


@dataclass(frozen=True)
class Incoming:
    """A section of a verified batch: what came, and the reason not to apply it, if there is one."""

    section: Section
    first_seq: int
    lines: Sequence[bytes]
    blocks: Sequence[bytes]
    reason: Reason | None = None

    def runs(self) -> list[Chunk]:
        """The records that are still readable, in runs of consecutive numbers; stubs lie between them."""
        if not any(line[:1] == chains.STUB for line in self.lines):
            return [Chunk(self.first_seq, self.lines, self.blocks)]
        whole = Chunk(self.first_seq, self.lines, self.blocks)
        found: list[Chunk] = []
        begun = 0
        for at in range(len(self.lines) + 1):
            if at == len(self.lines) or self.lines[at][:1] == chains.STUB:
                if run := self.lines[begun:at]:
                    found.append(Chunk(self.first_seq + begun, run, whole.blocks_of(run)))
                begun = at + 1
        return found

    def stubs(self) -> list[Entry]:
        """The records that were erased before they came here; what stood in them is not known."""
        return [
            (seq, identifier(seq, line, 2), b"")
            for seq, line in enumerate(self.lines, self.first_seq)
            if line[:1] == chains.STUB
        ]


def identifier(seq: int, line: bytes, column: int = 1) -> UUID:
    """The rid in a line. Raises PeerRefused MALFORMED."""
    try:
        return UUID(line.rstrip(b"\n").split(b"\t", column + 1)[column].decode())
    except (IndexError, ValueError) as error:
        raise PeerRefused("MALFORMED", f"Record {seq} has no identifier.") from error


def version_of(line: bytes) -> tuple[int | None, int | None, str | None]:
    """(rec_epoch, rev, content) of a line; of one that is no line, nothing."""
    parts = line.split(b"\t", 6)
    try:
        return int(parts[2]), int(parts[3]), bytes.fromhex(parts[5].decode()).hex()
    except (IndexError, ValueError):
        return None, None, None


def set_aside(coming: Incoming, reason: Reason) -> list[ParkedLine]:
    """The records of a section, parked as they came; of what must not be read here only number and identifier."""
    section, is_read = coming.section, reason is not SCOPE
    chunk = Chunk(coming.first_seq, coming.lines, coming.blocks)
    found = []
    for seq, line in enumerate(coming.lines, coming.first_seq):
        if line[:1] == chains.STUB:
            continue
        blocks = dict(zip((b.name for b in section.children), chunk.blocks_of([line]), strict=True)) if is_read else {}
        found.append(
            ParkedLine(
                seq,
                section.dataset,
                identifier(seq, line),
                line=line if is_read else b"",
                children=blocks,
                reasons=[reason.as_json()],
                section=section if reason is VERSION else None,
            )
        )
    return found


def write_inbox(cursor: CursorWrapper, stream: tuple[int, int], batch_id: int, state: str, known: list[Entry]) -> None:
    """Note what became of records that went through no staging table; ``stream`` is (id, epoch_no)."""
    if not known:
        return
    cursor.execute(
        "INSERT INTO sync_inbox (stream_id, epoch_no, seq, rid, state, batch_id, rec_epoch, rev, content_sha) "
        "SELECT %s, %s, seq, rid, %s, %s, rec_epoch, rev, decode(sha, 'hex') "
        "FROM unnest(%s::bigint[], %s::uuid[], %s::int[], %s::bigint[], %s::text[]) "
        "AS u (seq, rid, rec_epoch, rev, sha)",
        [
            *(*stream, state, batch_id, [seq for seq, _rid, _line in known], [rid for _seq, rid, _line in known]),
            *map(list, zip(*(version_of(line) for _seq, _rid, line in known), strict=True)),
        ],
    )
