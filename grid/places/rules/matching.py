"""How well a place answers an address 匹配评分, from 0 to 1, with the reasons; and what that makes of the address.

The figures are designed: GB/T 30428.3 asks for matching and its rate, and leaves the measure open.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from grid.places.rules.addresses import Parts, door_key
from grid.places.rules.bearings import distance_m
from grid.places.rules.names import initials, is_initials

FOUND_FROM = 0.8
"""From this score on a place is taken for what was meant."""
POSSIBLE_FROM = 0.55
"""Below this score a place is not shown at all."""
CLEAR_LEAD = 0.03
"""By how much the best must lead another that lies elsewhere."""
SAME_SPOT_M = 100.0
"""Places closer than this answer an address alike."""
NEAR_NUMBERS = 12
"""Door numbers so far apart are still the same spot on a street, on the same side."""
FAR_NUMBERS = 40
_WHOLE = re.compile(r"\d+")


class Reason(StrEnum):
    """Why a place was found, or why its score is lower."""

    NAME = "name"
    ALIAS = "alias"
    INITIALS = "initials"
    DOOR = "door"
    NEAR_DOOR = "near_door"
    STREET = "street"
    PART_OF_NAME = "part_of_name"
    SIMILAR = "similar"
    OTHER_REGION = "other_region"
    HISTORICAL = "historical"


class Verdict(StrEnum):
    """What became of an address."""

    FOUND = "found"
    AMBIGUOUS = "ambiguous"
    MISSING = "missing"


@dataclass(frozen=True)
class Known:
    """A place as the rules see it."""

    names: tuple[str, ...]
    address: Parts
    division_code: str
    is_historical: bool = False


@dataclass(frozen=True)
class Scored:
    """How well a place answers, and why."""

    score: float
    reasons: tuple[Reason, ...]


def score(asked: Parts, known: Known) -> Scored:
    """How well a place answers an address, between 0 and 1."""
    by_name, by_door = _name_score(asked, known), _door_score(asked, known.address)
    best = max(by_name, by_door, key=lambda found: found.score)
    reasons = best.reasons
    value = best.score
    if min(by_name.score, by_door.score) >= 0.75:
        value, reasons = min(1.0, value + 0.03), (*by_door.reasons, *by_name.reasons)
    elif by_name is best and _doors_differ(asked, known.address):
        value -= 0.1
    if _is_elsewhere(asked, known):
        value, reasons = value - 0.3, (*reasons, Reason.OTHER_REGION)
    if known.is_historical:
        value, reasons = value - 0.01, (*reasons, Reason.HISTORICAL)
    return Scored(round(max(value, 0.0), 3), tuple(dict.fromkeys(reasons)))


def _is_elsewhere(asked: Parts, known: Known) -> bool:
    """Whether the address names a division that the place does not lie in, and not as a part of the place's name."""
    if asked.whole in known.names:
        return False
    return asked.is_foreign or bool(asked.regions and not known.division_code.startswith(asked.regions))


def _name_score(asked: Parts, known: Known) -> Scored:
    wanted = [text for text in dict.fromkeys((asked.whole, asked.text, asked.name)) if len(text) > 1]
    for at, name in enumerate(known.names):
        if name in wanted:
            value = 1.0 if name in (asked.whole, asked.text) else 0.95
            return Scored(value - (0.02 if at else 0.0), (Reason.ALIAS if at else Reason.NAME,))
    if is_initials(asked.text):
        return _initials_score(asked.text, known)
    pairs = [_alike(text, name) for text in wanted for name in known.names]
    return max(pairs, key=lambda found: found.score, default=Scored(0.0, ()))


def _initials_score(text: str, known: Known) -> Scored:
    letters = [initials(name) for name in known.names]
    if text in letters:
        return Scored(0.9, (Reason.INITIALS,))
    return Scored(0.7, (Reason.INITIALS,)) if any(text in found for found in letters) else Scored(0.0, ())


def _alike(text: str, name: str) -> Scored:
    """Two names that are not the same."""
    if len(name) > 1 and (text in name or name in text):
        return Scored(0.6 + 0.3 * min(len(text), len(name)) / max(len(text), len(name)), (Reason.PART_OF_NAME,))
    ratio = SequenceMatcher(None, text, name, autojunk=False).ratio()
    return Scored(0.25 + 0.5 * ratio, (Reason.SIMILAR,)) if ratio >= 0.5 else Scored(0.0, ())


def _door_score(asked: Parts, address: Parts) -> Scored:
    if not asked.street or not _same_street(asked.street, address.street):
        return Scored(0.0, ())
    if not asked.number and not asked.lane:
        return Scored(0.62 if address.number else 0.75, (Reason.STREET,))
    if asked.lane != address.lane and (asked.lane or address.lane):
        return Scored(0.58, (Reason.STREET,))
    if asked.number == address.number:
        other = asked.building and address.building and asked.building != address.building
        return Scored(0.87 if other else 0.97, (Reason.DOOR,))
    return _other_number(asked, address)


def _other_number(asked: Parts, address: Parts) -> Scored:
    """The same street and lane, another number or none."""
    if not address.number or not asked.number:
        return Scored(0.84 if asked.lane else 0.6, (Reason.STREET,))
    apart = numbers_apart(asked.number, address.number)
    if apart is None or apart > FAR_NUMBERS:
        return Scored(0.55, (Reason.STREET,))
    return Scored(0.87 - 0.005 * apart if apart <= NEAR_NUMBERS else 0.7, (Reason.NEAR_DOOR,))


def _same_street(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return bool(shorter) and (one == other or (len(shorter) >= 3 and longer.endswith(shorter)))


def _doors_differ(asked: Parts, address: Parts) -> bool:
    return bool(asked.street and address.street and not _same_street(asked.street, address.street))


def numbers_apart(one: str, other: str) -> int | None:
    """How far two door numbers are apart; None on different sides of the street (odd and even)."""
    first, second = _WHOLE.search(one), _WHOLE.search(other)
    if first is None or second is None:
        return None
    apart = abs(int(first[0]) - int(second[0]))
    return None if apart % 2 else apart


def doors_around(asked: Parts) -> list[str]:
    """The keys by which the door asked for, its neighbours on the same side, its lane and its street are looked up."""
    if not asked.street:
        return []
    keys = [asked.door, door_key(asked.street, asked.lane), asked.street]
    match = _WHOLE.search(asked.number)
    if match and len(match[0]) <= 6:
        middle = int(match[0])
        numbers = range(middle % 2 or 2, middle + FAR_NUMBERS + 1, 2)
        keys += [door_key(asked.street, asked.lane, str(n)) for n in numbers if abs(n - middle) <= FAR_NUMBERS]
    return list(dict.fromkeys(keys))


def verdict(answers: Sequence[tuple[float, tuple[float, float]]]) -> Verdict:
    """What became of an address, from (score, point) of its candidates, the best first."""
    if not answers or answers[0][0] < POSSIBLE_FROM:
        return Verdict.MISSING
    best, spot = answers[0]
    if best < FOUND_FROM:
        return Verdict.AMBIGUOUS
    rivals = (at for value, at in answers[1:] if value > best - CLEAR_LEAD)
    return Verdict.AMBIGUOUS if any(distance_m(spot, at) > SAME_SPOT_M for at in rivals) else Verdict.FOUND
