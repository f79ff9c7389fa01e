"""Lines of NDJSON: cut from a stream of any length without holding more than a chunk of them."""

from collections.abc import Callable, Iterator

MOST_LINES = 100_000
"""Lines of one request."""
LONGEST_LINE = 1 << 20
"""Bytes of one line."""
READ_AT_ONCE = 1 << 20


class TooMuch(ValueError):
    """More lines, or a longer one, than a request may have."""


def chunks_of(read: Callable[[int], bytes], size: int) -> Iterator[list[bytes]]:
    """The lines that ``read`` gives, ``size`` at a time, without their line feeds. Raises TooMuch."""
    waiting: list[bytes] = []
    rest, seen = b"", 0
    while piece := read(READ_AT_ONCE):
        *whole, rest = (rest + piece).split(b"\n")
        waiting += whole
        if len(rest) > LONGEST_LINE:
            raise TooMuch("LINE")
        while len(waiting) >= size:
            seen += size
            yield _checked(waiting[:size], seen)
            waiting = waiting[size:]
    if rest:
        waiting.append(rest)
    if waiting:
        yield _checked(waiting, seen + len(waiting))


def _checked(lines: list[bytes], seen: int) -> list[bytes]:
    if seen > MOST_LINES:
        raise TooMuch("LINES")
    if max(map(len, lines)) > LONGEST_LINE:
        raise TooMuch("LINE")
    return lines
