"""The hash chain of a stream: one step per record over its line, one per block of child rows.

``chain_0 = H("C1" ‖ producer ‖ flow ‖ scope ‖ lane ‖ epoch_no ‖ epoch_id)`` (the node it is for, where there is one,
stands at the end) and
``chain_n = H("C1" ‖ chain_{n-1} ‖ H(line_n))`` with length-prefixed fields. ``H`` is the hash of the suite in which the
batch is signed, so a stream may change its suite between two batches; ``chain_0``, which only names the stream, is by
SHA-256 always. A block of child rows is one step, over the hashes of its rows. Two ends that hold the same chain at the
same number hold the same history.

A line that was erased keeps its hash: in its place stands a stub, which begins with ``#`` and the hash in hex. No line
of COPY text begins so: records begin with their number, child rows with an identifier.
"""

import hashlib
from collections.abc import Callable, Iterable
from uuid import UUID

from sync.exchange.rules.gm import sm3

HASH_BYTES = 32
STUB = b"#"
"""What a line that was erased begins with; the hash of the line follows."""


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


def leaf(line: bytes, suite: str = "intl") -> bytes:
    """The hash of a line, or of the one that a stub stands for. Raises ValueError for a stub without a hash."""
    if line[:1] != STUB:
        return HASHES[suite](line)
    found = bytes.fromhex(line[1 : 1 + 2 * HASH_BYTES].decode("ascii"))
    if len(found) != HASH_BYTES:
        raise ValueError("A stub without the hash of its line.")
    return found


def stub(line: bytes, keep: int, suite: str = "intl") -> bytes:
    """What stays of a line that is erased: its hash by the suite of its batch, and its first ``keep`` columns.

    The columns say which record it was.
    """
    if line[:1] == STUB:
        return line
    kept = b"\t".join(line.rstrip(b"\n").split(b"\t", keep)[:keep])
    return STUB + leaf(line, suite).hex().encode() + b"\t" + kept + b"\n"


def over_lines(chain: bytes, lines: Iterable[bytes], suite: str = "intl") -> bytes:
    """The chain after one step per line (a line with its line feed), by the hash of a suite."""
    if suite == "intl":  # inlined: this is the hottest loop of the exchange
        sha256 = hashlib.sha256
        for line in lines:
            chain = sha256(b"C1" + chain + (leaf(line) if line[:1] == STUB else sha256(line).digest())).digest()
        return chain
    digest = HASHES[suite]
    for line in lines:
        chain = digest(b"C1" + chain + leaf(line, suite))
    return chain


def over_block(chain: bytes, block: bytes, suite: str = "intl") -> bytes:
    """The chain after a block of child rows, by the hash of a suite; takes no number."""
    digest = HASHES[suite]
    rows = b"".join(leaf(row, suite) for row in split_lines(block))
    return digest(b"K1" + chain + digest(rows))


def split_lines(block: bytes) -> list[bytes]:
    """The lines of a block of COPY text, each with its line feed; COPY escapes line feeds inside a value."""
    return [line + b"\n" for line in block.split(b"\n")[:-1]]
