"""What a place is known by: its name, its aliases, its initials, and the keys that searches go by."""

import re
from dataclasses import dataclass

from grid.places.rules.addresses import Parts, words_of
from grid.places.rules.writing import aliases, normalise
from grid.rules.pinyin import readings

_LETTERS = re.compile(r"^[a-z]{2,12}$")
LONGEST_KEY = 900
"""Characters of a search key."""


@dataclass(frozen=True)
class Keys:
    """What a place is looked up by."""

    names: tuple[str, ...]
    """Its names in the one way of writing, the standard name first."""
    door: str
    search: str
    """Every word it may be asked by, apart by spaces: names, their words, their initials, street and number."""


def initials(name: str) -> str:
    """The first letters of a name's syllables: 西湖文化广场 → xhwhgc; letters and digits stay."""
    pinyin = readings()
    return "".join(pinyin.lazy_pinyin(name, style=pinyin.Style.FIRST_LETTER)).lower()


def is_initials(text: str) -> bool:
    """Whether a text may be initials: two to twelve Latin letters."""
    return bool(_LETTERS.match(text))


def keys_of(name: str, alias: str, address: Parts) -> Keys:
    """The keys of a place; ``address`` is its standard address, taken apart."""
    names = tuple(dict.fromkeys(filter(None, map(normalise, (name, *aliases(alias))))))
    words = [word for known in names if len(known) > 2 for word in words_of(known) if len(word) > 1]
    letters = [found for known in names if (found := initials(known)) != known and is_initials(found[:12])]
    door = [
        address.street,
        f"{address.lane}弄" if address.lane else "",
        f"{address.number}号" if address.number else "",
    ]
    parts = (*names, *words, *letters, *door, address.name)
    search = " ".join(dict.fromkeys(part for part in parts if part))
    return Keys(names, address.door, search[:LONGEST_KEY])
