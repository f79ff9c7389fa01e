"""What is applied: some records of a section, whose they are, and what became of them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from uuid import UUID

from sync.exchange.rules.chain import split_lines
from sync.exchange.rules.envelope import Section
from sync.exchange.services.shapes import Shape

MOST_SINGLE = 32
"""Records of a batch that are isolated one by one after the database refused them."""


@dataclass(frozen=True)
class Reason:
    """Why a record was parked, and how to mend it."""

    code: str
    detail: str
    remedy: str = ""

    def as_json(self) -> dict[str, str]:
        """For the table of parked records and the receipt."""
        return {"code": self.code, "detail": self.detail, "remedy": self.remedy}


@dataclass(frozen=True)
class ParkedLine:
    """A record that could not be applied, as it came."""

    seq: int
    dataset: str
    rid: UUID
    line: bytes
    children: dict[str, bytes]
    reasons: list[dict[str, str]]
    state: str = "P"
    needs: tuple[str, str] = ("", "")
    """Dataset and key that a waiting record (state W) waits for."""
    section: Section | None = None
    """The section it came in, where its columns are not those that this version knows."""

    @property
    def code(self) -> str:
        """The code of the first reason."""
        return self.reasons[0]["code"]


@dataclass
class Outcome:
    """What became of the records of a section."""

    applied: int = 0
    superseded: int = 0
    settled: int = 0
    """Records parked earlier that a later version replaced now."""
    ended_waits: int = 0
    """Records that waited and were replaced now."""
    erased: list[UUID] = field(default_factory=list)
    """Records that were wiped for privacy."""
    parked: list[ParkedLine] = field(default_factory=list)

    def add(self, other: "Outcome") -> None:
        """Count another part of the same batch in."""
        self.applied += other.applied
        self.superseded += other.superseded
        self.settled += other.settled
        self.ended_waits += other.ended_waits
        self.erased += other.erased
        self.parked += other.parked


@dataclass
class Patience:
    """How many more records of a batch are isolated one by one; what fails after that is parked together."""

    left: int = MOST_SINGLE


@dataclass(frozen=True)
class Target:
    """What is applied, and whose it is."""

    shape: Shape
    producer: str
    stream_id: int
    epoch_no: int
    batch_id: int
    is_retry: bool = False
    standard: str = ""
    """Code of the datasets' dictionary that the producer works with; empty where it did not say."""
    patience: Patience = field(default_factory=Patience)


@dataclass(frozen=True)
class Chunk:
    """Some consecutive records of a section with their child rows."""

    first_seq: int
    lines: Sequence[bytes]
    blocks: Sequence[bytes]

    def halves(self) -> tuple["Chunk", "Chunk"]:
        """The chunk cut in the middle."""
        middle = len(self.lines) // 2
        left, right = self.lines[:middle], self.lines[middle:]
        return (
            Chunk(self.first_seq, left, self.blocks_of(left)),
            Chunk(self.first_seq + middle, right, self.blocks_of(right)),
        )

    def blocks_of(self, lines: Sequence[bytes]) -> list[bytes]:
        """The child rows that belong to some of the lines."""
        rids = [line.split(b"\t", 2)[1] for line in lines]
        return [b"".join(row for rid in rids for row in rows.get(rid, ())) for rows in self._rows]

    @cached_property
    def _rows(self) -> list[dict[bytes, list[bytes]]]:
        """The child rows of each block by the record they belong to."""
        found = []
        for block in self.blocks:
            rows: defaultdict[bytes, list[bytes]] = defaultdict(list)
            for row in split_lines(block):
                rows[row.split(b"\t", 1)[0]].append(row)
            found.append(dict(rows))
        return found
