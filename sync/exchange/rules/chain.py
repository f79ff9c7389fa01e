"""The hash chain of a stream: one step per record over its line, one per block of child rows.

``chain_0 = H("C1" ‖ producer ‖ flow ‖ scope ‖ lane ‖ epoch_no ‖ epoch_id)`` (the node it is for, where there is one,
stands at the end) and
``chain_n = H("C1" ‖ chain_{n-1} ‖ line_n)`` with length-prefixed fields. ``H`` is the hash of the suite in which the
batch is signed, so a stream may change its suite between two batches; ``chain_0``, which only names the stream, is by
SHA-256 always. Two ends that hold the same chain at the same number hold the same history.
"""

import hashlib
from collections.abc import Callable, Iterable
from uuid import UUID

from sync.exchange.rules.gm import sm3

HASH_BYTES = 32


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


HASHES: dict[str, Callable[[bytes], bytes]] = {"intl": _sha256, "gm": sm3}
"""The hash of each suite."""


def genesis(
    *, producer: str, flow: str, scope: str, lane: str, epoch_no: int, epoch_id: UUID, audience: str = ""
) -> bytes:
    """The chain before the first record of an epoch."""
    fields = (producer, flow, scope, lane, str(epoch_no), epoch_id.hex, *([audience] if audience else []))
    text = b"".join(len(field).to_bytes(2) + field.encode() for field in fields)
    return hashlib.sha256(b"C1" + text).digest()


def over_lines(chain: bytes, lines: Iterable[bytes], suite: str = "intl") -> bytes:
    """The chain after one step per line (a line with its line feed), by the hash of a suite."""
    if suite == "intl":  # inlined: this is the hottest loop of the exchange
        sha256 = hashlib.sha256
        for line in lines:
            chain = sha256(b"C1" + chain + line).digest()
        return chain
    digest = HASHES[suite]
    for line in lines:
        chain = digest(b"C1" + chain + line)
    return chain


def over_block(chain: bytes, block: bytes, suite: str = "intl") -> bytes:
    """The chain after a block of child rows, by the hash of a suite; takes no number."""
    digest = HASHES[suite]
    return digest(b"K1" + chain + digest(block))


def split_lines(block: bytes) -> list[bytes]:
    """The lines of a block of COPY text, each with its line feed; COPY escapes line feeds inside a value."""
    return [line + b"\n" for line in block.split(b"\n")[:-1]]
