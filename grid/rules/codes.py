"""Codes of the ground: unit grids, components, matters. What the digits mean, and which standard they follow.

Unit grid 单元网格: 15 digits = 6 county (GB/T 2260) + 3 street (GB/T 10114) + 3 community + 3 sequence
(GB/T 47678.3-2026, GB/T 30428.1-2013); 14 digits with a 2-digit sequence are the legacy of CJ/T 213-2005 and are
kept as they are on import. Component 管理部件: 17 digits = 6 county + 2 major + 3 minor + 6 sequence
(GB/T 47678.5-2026) or 16 = 6 + 2 + 2 + 6 (GB/T 30428.2-2013, CJ/T 214-2007). Matter 管理事项: 11 = 6 + 2 + 3 or
10 = 6 + 2 + 2. The length alone does not tell the standard; ``std_ref`` does, and both must agree.
"""

from dataclasses import dataclass

CURRENT = "GB/T 47678.5-2026"
"""The class standard of a new installation."""
GBT_30428 = "GB/T 30428.2-2013"
CJT_214 = "CJ/T 214-2007"
MINOR_DIGITS = {CURRENT: 3, GBT_30428: 2, CJT_214: 2}
"""Digits of the minor class 小类 by standard; any other (local) standard is taken by the length of the code."""


class CodeFault(ValueError):
    """A code is not what its standard says; ``rule`` is stable, ``remedy`` says how to mend it."""

    def __init__(self, rule: str, message: str, remedy: str) -> None:
        super().__init__(f"{message} {remedy}")
        self.rule = rule
        self.message = message
        self.remedy = remedy


@dataclass(frozen=True)
class GridCode:
    """A unit grid code, taken apart; ``community`` are the 12 digits of the division it lies in."""

    community: str
    sequence: str

    @property
    def text(self) -> str:
        """The code as it is stored."""
        return self.community + self.sequence

    @property
    def is_legacy(self) -> bool:
        """True for the 14 digits of CJ/T 213-2005."""
        return len(self.sequence) == 2


@dataclass(frozen=True)
class ClassedCode:
    """A component id or a matter code, taken apart; a matter has no ``sequence``."""

    county: str
    major: str
    minor: str
    sequence: str = ""

    @property
    def class_code(self) -> str:
        """Major and minor class: 5 digits by GB/T 47678.5, 4 by the older standards."""
        return self.major + self.minor

    @property
    def text(self) -> str:
        """The code as it is stored."""
        return self.county + self.class_code + self.sequence


def _digits(text: str, what: str) -> str:
    if not (text.isascii() and text.isdigit()):
        raise CodeFault("code_form", f"{what} {text!r} is not made of digits only.", "Use the digits 0-9.")
    return text


def parse_grid_code(text: str) -> GridCode:
    """Take a unit grid code apart. Raises CodeFault for anything but 15 (or legacy 14) digits or a sequence of zero."""
    _digits(text, "Grid code")
    if len(text) not in (14, 15):
        raise CodeFault(
            "code_length",
            f"Grid code {text} has {len(text)} digits.",
            "15 are expected: 12 of the community and 3 of the sequence (14 only for old grids of CJ/T 213).",
        )
    code = GridCode(text[:12], text[12:])
    if not int(code.sequence):
        raise CodeFault("code_sequence", f"Grid code {text} has the sequence zero.", "Sequences begin with 001.")
    return code


def build_grid_code(community: str, sequence: int) -> str:
    """The 15 digits of the grid ``sequence`` (1 to 999) in a community of 12 digits."""
    if len(_digits(community, "Community code")) != 12:
        raise CodeFault("code_length", f"Community code {community} has {len(community)} digits.", "12 are expected.")
    if not 1 <= sequence <= 999:
        raise CodeFault(
            "code_sequence",
            f"Sequence {sequence} does not fit in community {community}.",
            "A community has room for grids 001 to 999, and retired codes are never used again.",
        )
    return f"{community}{sequence:03d}"


def _minor_digits(std_ref: str, length: int, *, base: int) -> int:
    """Digits of the minor class: by the standard, or by the length where the standard is a local one."""
    return MINOR_DIGITS.get(std_ref, length - base)


def _wrong_length(what: str, text: str, std_ref: str, wanted: int, other: int) -> CodeFault:
    """Why a code of this length cannot be read by this standard; says so plainly where the neighbour's length fits."""
    if len(text) == other:
        kin = CURRENT if other > wanted else f"{GBT_30428} or {CJT_214}"
        remedy = (
            f"{other} digits belong to {kin}: set std_ref to the standard of the file, "
            f"or give the code with {wanted} digits; it is not guessed."
        )
    else:
        remedy = f"{wanted} digits are expected."
    return CodeFault("code_length", f"{what} {text} has {len(text)} digits, but {std_ref} has {wanted}.", remedy)


def parse_component_id(text: str, std_ref: str) -> ClassedCode:
    """Take a component id apart by its standard: 17 digits, or 16 by the older ones.

    Raises CodeFault where the length is not that of ``std_ref``: an old id read as a new one would shift the class
    and name a wrong thing.
    """
    _digits(text, "Component id")
    minor = _minor_digits(std_ref, len(text), base=14)
    if minor not in (2, 3) or len(text) != 14 + minor:
        wanted = 14 + MINOR_DIGITS.get(std_ref, 3)
        raise _wrong_length("Component id", text, std_ref, wanted, 33 - wanted)
    return _sequenced(ClassedCode(text[:6], text[6:8], text[8 : 8 + minor], text[8 + minor :]))


def _sequenced(code: ClassedCode) -> ClassedCode:
    if not int(code.sequence):
        raise CodeFault("code_sequence", f"Component id {code.text} has the sequence zero.", "Begin with 000001.")
    return code


def build_component_id(county: str, class_code: str, sequence: int, std_ref: str) -> str:
    """A component id of its standard; ``sequence`` runs from 1 to 999999 within county and class."""
    if not 1 <= sequence <= 999_999:
        raise CodeFault("code_sequence", f"Sequence {sequence} is out of range.", "It runs from 1 to 999999.")
    return parse_component_id(f"{county}{class_code}{sequence:06d}", std_ref).text


def parse_matter_code(text: str, std_ref: str) -> ClassedCode:
    """Take a matter code apart by its standard: 11 digits, or 10 by the older ones. Raises CodeFault."""
    _digits(text, "Matter code")
    minor = _minor_digits(std_ref, len(text), base=8)
    if minor not in (2, 3) or len(text) != 8 + minor:
        wanted = 8 + MINOR_DIGITS.get(std_ref, 3)
        raise _wrong_length("Matter code", text, std_ref, wanted, 21 - wanted)
    return ClassedCode(text[:6], text[6:8], text[8:])


def build_matter_code(county: str, class_code: str, std_ref: str) -> str:
    """A matter code of its standard: county and class."""
    return parse_matter_code(f"{county}{class_code}", std_ref).text
