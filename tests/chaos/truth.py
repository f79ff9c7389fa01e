"""What really happened, kept apart from the product: which word was committed over which, and what still exists.

A word is *contained* in a final state when it stands there, was replaced by what stands there, or lies in a conflict
that waits for a person. After a restore, every word that still existed on any disk must be contained in the end.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.chaos.nodes import Node

Key = tuple[str, str, str]
"""(kind, owner, key) of a record."""
WORD = re.compile(r"\b[wx][0-9]+\b")
"""``w`` and the number of the act that wrote it; ``x`` for a deletion, which has no word that anybody sees."""


@dataclass
class Memory:
    """What an owner itself would know: the word of each of its records now; a deletion stands as ``x…``."""

    now: dict[Key, str] = field(default_factory=dict)

    def copy(self) -> "Memory":
        """A copy, as a backup keeps it."""
        return Memory(dict(self.now))


@dataclass
class Truth:
    """All words ever committed, their ancestors, and those that must be contained in the end."""

    words: dict[Key, list[str]] = field(default_factory=dict)
    ancestors: dict[str, frozenset[str]] = field(default_factory=dict)
    poison: set[str] = field(default_factory=set)
    """Words of versions that break a rule, so that others park them."""
    expected: set[str] = field(default_factory=set)

    def commit(self, memory: Memory, key: Key, word: str, over: str, *, poison: bool = False) -> None:
        """A user was told that ``word`` is saved over ``over`` ('' over nothing)."""
        before = {over, *self.ancestors.get(over, ())} - {""}
        self.ancestors[word] = frozenset(before)
        self.words.setdefault(key, []).append(word)
        memory.now[key] = word
        self.expected.add(word)
        if poison:
            self.poison.add(word)

    def contained(self, words: Iterable[str]) -> set[str]:
        """The words and everything they replaced."""
        found = set(words)
        return found.union(*(self.ancestors.get(word, frozenset()) for word in found)) if found else found

    def survive(self, alive: Iterable[str]) -> None:
        """A node was restored: what exists nowhere any more cannot be asked for."""
        self.expected &= self.contained(alive)

    def deletions(self, key: Key) -> set[str]:
        """Every deletion of a record that was ever committed."""
        return {word for word in self.words.get(key, ()) if word.startswith("x")}


def in_conflicts(node: Node) -> set[str]:
    """The words of versions that wait for a person's decision here, on either side."""
    rows = node.rows("SELECT kept::text, other::text, line FROM sync_conflict")
    return {word for row in rows for text in row for word in WORD.findall(_text(text))}


def in_parked(node: Node) -> set[str]:
    """The words of versions that wait here, parked or for another record."""
    rows = node.rows("SELECT line FROM sync_parked WHERE state IN ('P', 'W')")
    return {word for (line,) in rows for word in WORD.findall(_text(line))}


def _text(value: str | bytes | memoryview) -> str:
    return value if isinstance(value, str) else bytes(value).decode(errors="backslashreplace")
