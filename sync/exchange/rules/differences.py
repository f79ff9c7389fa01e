"""What the difference between two ends means, record by record."""

from collections.abc import Mapping
from dataclasses import dataclass, field

Leaf = tuple[int, int, str, str, int, bool]
"""(rec_epoch, rev, op, content, seq, changed since it was numbered)"""


@dataclass
class Differences:
    """The records that differ, by what it means."""

    differing: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    newer: list[str] = field(default_factory=list)
    """Of those that differ, the ones of which the holder has a later version than the source: a restore shows."""
    in_flight: int = 0
    parked: frozenset[str] = frozenset()
    """Records that the holder has parked: sent again as they are, they would only be parked again."""

    @property
    def is_equal(self) -> bool:
        """Nothing differs but what is still on its way."""
        return not (self.differing or self.missing or self.orphans)

    @property
    def to_send_again(self) -> list[str]:
        """Records that the owner should send again; an orphan is never deleted by itself, people look at it."""
        return [rid for rid in (*self.missing, *self.differing) if rid not in self.parked]


def compare(
    source: Mapping[str, Leaf],
    holder: Mapping[str, Leaf],
    *,
    cursor: int,
    head: int,
    parked: frozenset[str] = frozenset(),
) -> Differences:
    """Compare the end nearer to the owner, at ``head`` in the owner's stream, with the other, at ``cursor``.

    A record whose last version has a higher number, or that changed since it was numbered, is still on its way. So is
    one that the holder has from beyond the head: it came between the two looks.
    """
    found = Differences(parked=parked)
    for rid, leaf in source.items():
        held = holder.get(rid)
        if held is not None and held[:4] == leaf[:4]:
            continue
        if leaf[5] or leaf[4] > cursor or (held is not None and held[4] > head):
            found.in_flight += 1
        elif held is None or held[:2] < leaf[:2]:
            found.missing.append(rid)
        else:
            found.differing.append(rid)
            found.newer += [rid] if held[:2] > leaf[:2] else []
    alone = [rid for rid in holder if rid not in source]
    found.orphans = [rid for rid in alone if holder[rid][4] <= head]
    found.in_flight += len(alone) - len(found.orphans)
    return found
