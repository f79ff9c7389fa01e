"""The hash chain of a stream: one step per record over its line, one per block of child rows.

``chain_0 = H("C1" ‖ producer ‖ flow ‖ scope ‖ lane ‖ epoch_no ‖ epoch_id)`` (the node it is for, where there is one,
stands at the end) and
``chain_n = H("C1" ‖ chain_{n-1} ‖ line_n)`` with SHA-256 and length-prefixed fields. Two ends that hold the same
chain at the same number hold the same history.
"""

import hashlib
from collections.abc import Iterable
from uuid import UUID

HASH_BYTES = 32


def genesis(
    *, producer: str, flow: str, scope: str, lane: str, epoch_no: int, epoch_id: UUID, audience: str = ""
) -> bytes:
    """The chain before the first record of an epoch."""
    fields = (producer, flow, scope, lane, str(epoch_no), epoch_id.hex, *([audience] if audience else []))
    text = b"".join(len(field).to_bytes(2) + field.encode() for field in fields)
    return hashlib.sha256(b"C1" + text).digest()


def over_lines(chain: bytes, lines: Iterable[bytes]) -> bytes:
    """The chain after one step per line (a line with its line feed)."""
    sha256 = hashlib.sha256
    for line in lines:
        chain = sha256(b"C1" + chain + line).digest()
    return chain


def over_block(chain: bytes, block: bytes) -> bytes:
    """The chain after a block of child rows; takes no number."""
    return hashlib.sha256(b"K1" + chain + hashlib.sha256(block).digest()).digest()


def split_lines(block: bytes) -> list[bytes]:
    """The lines of a block of COPY text, each with its line feed; COPY escapes line feeds inside a value."""
    return [line + b"\n" for line in block.split(b"\n")[:-1]]
