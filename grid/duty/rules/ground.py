"""Responsibility grids 责任网格 and evaluation grids 评价网格: their codes, and whether unit grids hang together."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

SEQUENCE_DIGITS = 3
"""A responsibility grid's code is the division's code and so many digits (JC05: 区划码+3位顺序)."""
LAST_SEQUENCE = 10**SEQUENCE_DIGITS - 1
DIVISION_DIGITS = (12, 9, 6, 4, 2)
"""Lengths of division codes, the smallest division first."""

Pair = tuple[str, str]


def pieces_of(codes: Iterable[str], pairs: Iterable[Pair]) -> list[frozenset[str]]:
    """The pieces that unit grids fall into, the largest first; ``pairs`` are neighbours that share an edge.

    Pairs with a grid that is not among ``codes`` say nothing. One piece: the grids are connected. None: no grids.
    """
    left = set(codes)
    beside: dict[str, set[str]] = {code: set() for code in left}
    for one, other in pairs:
        if one in left and other in left:
            beside[one].add(other)
            beside[other].add(one)
    found = []
    while left:
        piece, frontier = set(), {min(left)}
        while frontier:
            piece |= frontier
            frontier = {near for code in frontier for near in beside[code]} - piece
        left -= piece
        found.append(frozenset(piece))
    return sorted(found, key=lambda piece: (-len(piece), min(piece)))


def is_connected(codes: Iterable[str], pairs: Iterable[Pair]) -> bool:
    """Whether unit grids make one area (JC05: 须连通); nothing is no area."""
    return len(pieces_of(codes, pairs)) == 1


def smallest_division(codes: Iterable[str]) -> str:
    """The smallest division, as 12 digits, that holds all unit grids; empty where they share no province."""
    known = sorted(codes)
    if not known:
        return ""
    first, last = known[0], known[-1]
    for digits in DIVISION_DIGITS:
        if first[:digits] == last[:digits]:
            return first[:digits].ljust(12, "0")
    return ""


def duty_grid_code(division_code: str, number: int) -> str:
    """The code of the ``number``-th responsibility grid of a division. Raises ValueError beyond 999."""
    if not 1 <= number <= LAST_SEQUENCE:
        raise ValueError(f"{number} is no sequence number of {SEQUENCE_DIGITS} digits.")
    return f"{division_code}{number:0{SEQUENCE_DIGITS}d}"


@dataclass(frozen=True)
class EvaluationCode:
    """How the code of an evaluation grid is put together: by default 6 county + 3 street + 2 sequence + 1 type.

    Known at second hand only (standards.md §2.2), so it is a setting: another split is another text ("6+3+3+1").
    """

    county: int = 6
    street: int = 3
    sequence: int = 2
    kind: int = 1
    kinds: str = "ABC"

    @classmethod
    def from_text(cls, text: str) -> "EvaluationCode":
        """The rule that a setting like ``6+3+2+1`` describes. Raises ValueError for anything else."""
        found = re.fullmatch(r"([46])\+([0-3])\+([1-6])\+1", text)
        if found is None:
            raise ValueError(f"{text!r}: write county+street+sequence+1, as in 6+3+2+1.")
        county, street, sequence = map(int, found.groups())
        return cls(county, street, sequence)

    @property
    def length(self) -> int:
        """Characters of a code."""
        return self.county + self.street + self.sequence + self.kind

    @property
    def last(self) -> int:
        """The highest sequence number."""
        return int(10**self.sequence) - 1

    def build(self, street_code: str, number: int, kind: str) -> str:
        """A code; ``street_code`` are the nine digits of the street. Raises ValueError for parts that do not fit."""
        if kind not in self.kinds or len(kind) != self.kind:
            raise ValueError(f"{kind!r} is no type of evaluation grid; there are {', '.join(self.kinds)}.")
        if not re.fullmatch(r"\d{9}", street_code):
            raise ValueError(f"{street_code!r} is no street: nine digits.")
        if not 1 <= number <= self.last:
            raise ValueError(f"{number} does not fit into {self.sequence} digits.")
        return f"{street_code[: self.county + self.street]}{number:0{self.sequence}d}{kind}"

    def fits(self, code: str) -> bool:
        """Whether a text is a code by this rule."""
        digits = self.county + self.street + self.sequence
        return bool(re.fullmatch(rf"\d{{{digits}}}[{self.kinds}]", code))
