"""Division codes 行政区划代码: 12 digits, read by level.

2 digits name a province, 4 a city, 6 a county (GB/T 2260), 9 a street or town (GB/T 10114), 12 a community or
village. The nation is ``000000000000``. A division contains another when the prefix of its *level* fits: stripping
zeros instead would let 130530 match 13053x.
"""

from enum import IntEnum

NATION = "000000000000"


class Level(IntEnum):
    """Level of a division 行政级别 (code list CL_DIVLEVEL)."""

    NATION = 1
    PROVINCE = 2
    CITY = 3
    COUNTY = 4
    STREET = 5
    COMMUNITY = 6


DIGITS = {
    Level.NATION: 0,
    Level.PROVINCE: 2,
    Level.CITY: 4,
    Level.COUNTY: 6,
    Level.STREET: 9,
    Level.COMMUNITY: 12,
}
"""Significant digits of a code at each level."""


def scope_prefix(code: str, level: int) -> str:
    """The prefix that every code inside the division begins with; empty for the nation."""
    return code[: DIGITS[Level(level)]]


def shown_code(code: str, level: int) -> str:
    """The code as it is shown: 2, 4, 6, 9 or 12 digits by level, the nation as ``0``."""
    return scope_prefix(code, level) or "0"


def contains(code: str, level: int, other: str) -> bool:
    """Whether ``other`` is the division itself or lies inside it."""
    return other.startswith(scope_prefix(code, level))


def is_code(text: str) -> bool:
    """Whether ``text`` has the form of a stored division code: 12 ASCII digits."""
    return len(text) == 12 and text.isascii() and text.isdigit()


class NotACode(ValueError):
    """A text that cannot be a division code; pages and API word it, commands print it as it is."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} is no division code: 2, 4, 6, 9 or 12 digits are expected.")
        self.text = text


def pad_code(text: str) -> str:
    """A code of 2, 4, 6, 9 or 12 digits as the stored 12 digits. Raises NotACode for anything else."""
    if len(text) not in (2, 4, 6, 9, 12) or not (text.isascii() and text.isdigit()):
        raise NotACode(text)
    return text.ljust(12, "0")
