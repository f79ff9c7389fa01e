"""The hash chain of a stream: one step per record over its line, one per block of child rows.

``chain_0 = H("C1" ‖ producer ‖ flow ‖ scope ‖ lane ‖ epoch_no ‖ epoch_id)`` (the node it is for, where there is one,
stands at the end) and
``chain_n = H("C1" ‖ chain_{n-1} ‖ H(line_n))`` with SHA-256 and length-prefixed fields. Two ends that hold the same
chain at the same number hold the same history. A block of child rows is one step, over the hashes of its rows.

A line that was erased keeps its hash: in its place stands a stub, which begins with ``#`` and the hash in hex. No line
of COPY text begins so: records begin with their number, child rows with an identifier.
"""

import hashlib
from collections.abc import Iterable
from uuid import UUID

HASH_BYTES = 32
STUB = b"#"
"""What a line that was erased begins with; the hash of the line follows."""


def genesis(
    *, producer: str, flow: str, scope: str, lane: str, epoch_no: int, epoch_id: UUID, audience: str = ""
) -> bytes:
    """The chain before the first record of an epoch."""
    fields = (producer, flow, scope, lane, str(epoch_no), epoch_id.hex, *([audience] if audience else []))
    text = b"".join(len(field).to_bytes(2) + field.encode() for field in fields)
    return hashlib.sha256(b"C1" + text).digest()


def leaf(line: bytes) -> bytes:
    """The hash of a line, or of the one that a stub stands for. Raises ValueError for a stub without a hash."""
    if line[:1] != STUB:
        return hashlib.sha256(line).digest()
    found = bytes.fromhex(line[1 : 1 + 2 * HASH_BYTES].decode("ascii"))
    if len(found) != HASH_BYTES:
        raise ValueError("A stub without the hash of its line.")
    return found


def stub(line: bytes, keep: int) -> bytes:
    """What stays of a line that is erased: its hash and its first ``keep`` columns, which say which record it was."""
    if line[:1] == STUB:
        return line
    kept = b"\t".join(line.rstrip(b"\n").split(b"\t", keep)[:keep])
    return STUB + leaf(line).hex().encode() + b"\t" + kept + b"\n"


def over_lines(chain: bytes, lines: Iterable[bytes]) -> bytes:
    """The chain after one step per line (a line with its line feed)."""
    sha256 = hashlib.sha256
    for line in lines:
        chain = sha256(b"C1" + chain + (leaf(line) if line[:1] == STUB else sha256(line).digest())).digest()
    return chain


def over_block(chain: bytes, block: bytes) -> bytes:
    """The chain after a block of child rows; takes no number."""
    rows = b"".join(map(leaf, split_lines(block)))
    return hashlib.sha256(b"K1" + chain + hashlib.sha256(rows).digest()).digest()


def split_lines(block: bytes) -> list[bytes]:
    """The lines of a block of COPY text, each with its line feed; COPY escapes line feeds inside a value."""
    return [line + b"\n" for line in block.split(b"\n")[:-1]]
