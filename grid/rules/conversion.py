"""Codes of one class standard in another 编码换版: which class becomes which, and what has no counterpart.

Every class of an older or local standard names the class of the current one that it means (``std_code``); a class of
the current standard means itself. Two classes of two standards are the same thing where they mean the same one. That
is one to one as a rule; where several classes of the target mean the same one somebody has to choose (``choices``),
and a class without a counterpart is a loss: what has it keeps its code.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from grid.rules.codes import CURRENT

NO_TARGET, AMBIGUOUS, UNKNOWN, MALFORMED, NO_SEQUENCE = "no_target", "ambiguous", "unknown", "malformed", "no_sequence"
"""Why a code stays: its class means nothing there; several things there; is not in the dictionary; the code is not
what its standard says; no sequence is free."""
Key = tuple[str, str]
"""Kind (``1`` component, ``2`` matter) and class code."""


@dataclass(frozen=True)
class Entry:
    """A class of a dictionary, as far as a conversion needs it."""

    kind: str
    code: str
    name: str
    std_code: str = ""

    def means(self, standard: str) -> str:
        """The class of the current standard that it stands for; empty for none."""
        return self.code if standard == CURRENT else self.std_code


@dataclass(frozen=True)
class Target:
    """What a class becomes: ``code`` and ``name`` in the target, or empty with the ``loss``."""

    kind: str
    source: str
    source_name: str
    code: str = ""
    name: str = ""
    loss: str = ""
    offered: tuple[str, ...] = ()
    """Codes to choose from, where the loss is ``ambiguous``."""


class ChoiceFault(ValueError):
    """A choice names a class that is not there; the message says which."""


def map_classes(
    source: Iterable[Entry], target: Iterable[Entry], standards: tuple[str, str], choices: Mapping[Key, str]
) -> dict[Key, Target]:
    """Kind and class code → what it becomes. ``standards`` are those of source and target.

    A choice wins over the dictionary. Raises ChoiceFault where it names an unknown class on either side.
    """
    before, after = standards
    there = {(entry.kind, entry.code): entry for entry in target}
    meant: dict[Key, list[Entry]] = {}
    for entry in there.values():
        if national := entry.means(after):
            meant.setdefault((entry.kind, national), []).append(entry)
    found = {(entry.kind, entry.code): _map_one(entry, before, meant) for entry in source}
    for key, code in choices.items():
        if key not in found:
            raise ChoiceFault(f"{key[1]}: {before}")
        if (key[0], code) not in there:
            raise ChoiceFault(f"{code}: {after}")
        found[key] = Target(key[0], key[1], found[key].source_name, code, there[key[0], code].name)
    return found


def _map_one(entry: Entry, standard: str, meant: Mapping[Key, list[Entry]]) -> Target:
    national = entry.means(standard)
    offered = meant.get((entry.kind, national), []) if national else []
    if len(offered) == 1:
        return Target(entry.kind, entry.code, entry.name, offered[0].code, offered[0].name)
    loss = AMBIGUOUS if offered else NO_TARGET
    return Target(entry.kind, entry.code, entry.name, loss=loss, offered=tuple(sorted(o.code for o in offered)))


def merged(targets: Iterable[Target]) -> dict[Key, list[str]]:
    """Kind and target code → the source codes that fall into it, where they are several: their difference is lost in
    the code and lives on in the former code only."""
    into: dict[Key, list[str]] = {}
    for target in targets:
        if target.code:
            into.setdefault((target.kind, target.code), []).append(target.source)
    return {key: sorted(codes) for key, codes in into.items() if len(codes) > 1}
