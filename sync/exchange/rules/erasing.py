"""Wiping records out of a sealed body: stubs with their hashes stay, so that chain and signature still verify."""

from collections.abc import Collection
from uuid import UUID

from sync.exchange.rules import chain as chains
from sync.exchange.rules import envelope
from sync.exchange.rules.envelope import Header, Section

KEPT_COLUMNS = 5
"""Columns of a record's line that its stub keeps: seq, rid, rec_epoch, rev, op."""


def without(raw: bytes, header: Header, dataset: str, rids: Collection[UUID]) -> bytes | None:
    """The raw body with every version of some records of a dataset replaced by stubs; None where it has none of them.

    A line without content (deleted, erased) stays: it says nothing but that.
    """
    keys = {str(rid).encode() for rid in rids}
    parts, is_changed = [], False
    for section, lines, blocks in envelope.sections_of(raw, header):
        if section.dataset == dataset:
            wiped = [
                _without(lines, keys, header.suite),
                *(_rows_without(block, keys, header.suite) for block in blocks),
            ]
            is_changed = is_changed or wiped != [lines, *blocks]
            parts += wiped
        else:
            parts += [lines, *blocks]
    return b"".join(parts) if is_changed else None


def unread(raw: bytes, header: Header, sections: Collection[Section]) -> bytes:
    """The raw body without what stands in some sections: all of their lines become stubs."""
    parts: list[bytes] = []
    for section, lines, blocks in envelope.sections_of(raw, header):
        if section in sections:
            parts.append(b"".join(chains.stub(line, KEPT_COLUMNS, header.suite) for line in chains.split_lines(lines)))
            parts += [
                b"".join(chains.stub(row, 1, header.suite) for row in chains.split_lines(block)) for block in blocks
            ]
        else:
            parts += [lines, *blocks]
    return b"".join(parts)


def _without(lines: bytes, keys: set[bytes], suite: str) -> bytes:
    return b"".join(
        chains.stub(line, KEPT_COLUMNS, suite) if _is_of(line, keys) else line for line in chains.split_lines(lines)
    )


def _is_of(line: bytes, keys: set[bytes]) -> bool:
    cells = line.split(b"\t", KEPT_COLUMNS)
    return line[:1] != chains.STUB and len(cells) > KEPT_COLUMNS and cells[1] in keys and cells[4] == b"U"


def _rows_without(block: bytes, keys: set[bytes], suite: str) -> bytes:
    if not block:
        return block
    return b"".join(
        chains.stub(row, 1, suite) if row.split(b"\t", 1)[0] in keys else row for row in chains.split_lines(block)
    )
