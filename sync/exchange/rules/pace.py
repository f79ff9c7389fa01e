"""How fast a link may go: batch sizes that fit the road, and the share of a receiver that one child may take."""

from dataclasses import dataclass
from datetime import timedelta

from sync.exchange.rules.refusals import PeerRefused

LANES_SLOWED = frozenset({"normal", "bulk"})
"""Lanes that wait where a receiver is busy; the urgent lane never does."""
GROWTH = 1.25
PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 300.0, 3600.0


def pause_asked(refusal: PeerRefused) -> timedelta:
    """How long the peer asks to wait; nobody can hold a link up for longer than an hour."""
    asked = refusal.facts.get("retry_after")
    seconds = float(asked) if isinstance(asked, int | float) else PAUSE_SECONDS
    return timedelta(seconds=min(max(seconds, 1.0), LONGEST_PAUSE_SECONDS))


def smaller(records: int) -> int:
    """The batch size after a call that was cut: half, and at least one."""
    return max(1, records // 2)


def larger(records: int, most: int) -> int:
    """The batch size after a call that went well: a quarter more, up to the receiver's limit."""
    return min(most, max(records + 1, int(records * GROWTH)))


@dataclass(frozen=True)
class Bucket:
    """A bucket of tokens, one per record: it fills at ``rate`` a second up to ``size``; a batch may overdraw it."""

    rate: float
    size: float

    def take(self, level: float, seconds: float, count: int) -> tuple[float, float]:
        """(level after, seconds to wait); nothing is taken where one has to wait, until the level is above zero."""
        level = min(self.size, level + seconds * self.rate)
        if level <= 0:
            return level, max(1.0, -level / self.rate)
        return level - count, 0.0
