"""Reading proofs: versions of own records out of the batches that this node once signed."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from django.conf import settings

from cityops.foundation.records import registry
from sync.exchange.rules import chain as chains
from sync.exchange.rules import envelope
from sync.exchange.rules.calls import Offer, Proven
from sync.exchange.rules.crypto import SUITES
from sync.exchange.rules.recovering import Mark, Version
from sync.exchange.rules.refusals import PeerRefused
from sync.exchange.rules.wholeness import raw_of
from sync.exchange.services import keys
from sync.exchange.services.chunks import Chunk
from sync.exchange.services.shapes import Shape


@dataclass(frozen=True)
class Evident:
    """A version of an own record that a peer holds, as it stands in a batch of this node."""

    said: Proven
    line: bytes
    blocks: tuple[bytes, ...]

    @property
    def version(self) -> Version:
        """The version."""
        return Version(self.said.rec_epoch, self.said.rev, self.said.op, self.said.content)

    @cached_property
    def history(self) -> frozenset[Mark]:
        """The versions that the holder had of the record."""
        return frozenset((one[0], one[1], one[2]) for one in self.said.history)


@dataclass(frozen=True)
class _Section:
    first_seq: int
    dataset: str
    lines: list[bytes]
    chunk: Chunk


def read(offer: Offer) -> list[Evident]:
    """The offered versions, each found in its batch under this node's own signature.

    Raises PeerRefused where one is not there: SIGNATURE, KEY or MALFORMED. Versions in columns of another schema
    version are left out, and those that were erased.
    """
    opened = [_open(data) for data in offer.batches]
    found = []
    for said in offer.items:
        if said.batch >= len(opened):
            raise PeerRefused("MALFORMED", "An offered version names a batch that is not there.")
        evident = _find(said, opened[said.batch])
        if evident is not None:
            found.append(evident)
    return found


def _open(data: bytes) -> list[_Section]:
    """The sections of a batch of this node that this version can read."""
    sealed = envelope.unpack(data)
    header = sealed.read()
    if header.producer != settings.CITYOPS_NODE:
        raise PeerRefused("OWNER", f"A batch of {header.producer} proves nothing about records of this node.")
    if header.suite not in SUITES:
        raise PeerRefused("PROTOCOL", f"The cipher suite {header.suite} is not known here.")
    keys.recall_own(header.kid)
    keys.verify(
        kid=header.kid,
        node_code=header.producer,
        message=envelope.SIGNED_BATCH + sealed.header,
        signature=sealed.signature,
        signed_at=header.made_at,
        may_be_retired=True,
    )
    sections, seq = [], header.from_seq
    for section, raw, blocks in envelope.sections_of(raw_of(sealed, header), header):
        lines = chains.split_lines(raw)
        if _is_readable(section):
            sections.append(_Section(seq, section.dataset, lines, Chunk(seq, lines, blocks)))
        seq += section.count
    return sections


def _is_readable(section: envelope.Section) -> bool:
    if section.dataset not in registry:
        return False
    shape = Shape(registry.get(section.dataset))
    children = tuple((child.name, shape.child_columns(child)) for child in shape.kind.children)
    theirs = tuple((block.name, block.columns) for block in section.children)
    return section.columns == shape.wire_columns and theirs == children


def _find(said: Proven, sections: Iterable[_Section]) -> Evident | None:
    seq = int(said.seq)
    for section in sections:
        place = seq - section.first_seq
        if section.dataset == said.dataset and 0 <= place < len(section.lines):
            line = section.lines[place]
            if line[:1] == chains.STUB:
                return None  # erased: it proves nothing any more
            frame = line.rstrip(b"\n").split(b"\t", 6)[:6]
            told = (said.seq, str(said.rid), str(said.rec_epoch), str(said.rev), said.op, said.content)
            if [part.decode(errors="replace") for part in frame] != list(told):
                raise PeerRefused("MALFORMED", f"{said.dataset} {said.rid}: the batch holds another version there.")
            return Evident(said, line, tuple(section.chunk.blocks_of([line])))
    return None
