"""From facts to signals: what is odd enough under the terms of its kind, how odd, and by which key it is known.

Nothing here says that somebody did wrong. Scores run from 0 to 100 and order signals of one kind; they are no
probabilities.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from grid.signals.rules.kinds import STRUCTURE_BITS, Kind, Terms

HASH_BITS = 64


@dataclass(frozen=True)
class Found:
    """One signal as it was found; ``key`` names it over all runs, so that it is written once."""

    kind: Kind
    key: str
    score: int
    division_code: str
    facts: Mapping[str, Any]
    cases: tuple[str, ...] = ()
    """Keys (rid) of at most two cases."""
    grid_code: str = ""
    org_code: str = ""
    person: int | None = None

    @property
    def subject(self) -> str:
        """The key without the period: the same subject of another month."""
        return self.key.partition("@")[0]


def month_of(day: date) -> str:
    """The period that what is counted over weeks is known by."""
    return f"{day:%Y-%m}"


def differing_bits(one: str, other: str) -> int:
    """Hamming distance of two hashes of 16 hex digits."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def has_structure(phash: str) -> bool:
    """Whether a hash is of a picture that can be told from others."""
    return STRUCTURE_BITS <= int(phash, 16).bit_count() <= HASH_BITS - STRUCTURE_BITS


def likeness(bits: int) -> int:
    """Score of two pictures that differ in so many bits: 100 for none."""
    return max(0, 100 - 100 * bits // 16)


def beyond(value: float, threshold: float) -> int:
    """Score of a value over its threshold: 50 at it, 75 at twice, towards 100."""
    return 0 if value < threshold else round(100 - 50 * threshold / value) if value else 0


def share_of(part: int, whole: int) -> float:
    """A share in percent, one decimal."""
    return round(100 * part / whole, 1) if whole else 0.0


@dataclass(frozen=True)
class Closings:
    """How a department handled in time: all of it, and what came at the very end of the limit."""

    org_code: str
    in_time: int
    at_the_end: int
    total: int


def bunched(rows: Iterable[Closings], terms: Terms, day: date, division_code: str) -> list[Found]:
    """Departments whose disposals in time come remarkably often at the end of the limit."""
    found = []
    for row in rows:
        share = share_of(row.at_the_end, row.in_time)
        if row.in_time < terms.values["least"] or share < terms.values["share_percent"]:
            continue
        facts = {
            "in_time": row.in_time,
            "at_the_end": row.at_the_end,
            "total": row.total,
            "share": share,
            "last_percent": terms.values["last_percent"],
            "threshold": terms.values["share_percent"],
            "org": row.org_code,
        }
        score = beyond(share, terms.values["share_percent"])
        key = f"{row.org_code}@{month_of(day)}"
        found.append(Found(Kind.BUNCHED, key, score, division_code, facts, org_code=row.org_code))
    return found


@dataclass(frozen=True)
class Quiet:
    """A unit grid: own reports of collectors, and those of its neighbours on average."""

    grid_code: str
    division_code: str
    reports: int
    neighbours: int
    neighbour_mean: float


LEAST_NEIGHBOURS = 3


def quiet_grids(rows: Iterable[Quiet], terms: Terms, day: date) -> list[Found]:
    """Grids without reports beside busy ones."""
    found = []
    for row in rows:
        mean = row.neighbour_mean
        if row.neighbours < LEAST_NEIGHBOURS or mean < terms.values["neighbour_mean"]:
            continue
        if 100 * row.reports > terms.values["share_percent"] * mean:
            continue
        facts = {
            "reports": row.reports,
            "neighbours": row.neighbours,
            "neighbour_mean": round(mean, 1),
            "threshold": terms.values["neighbour_mean"],
            "grid": row.grid_code,
        }
        key = f"{row.grid_code}@{month_of(day)}"
        score = beyond(mean, terms.values["neighbour_mean"])
        found.append(Found(Kind.QUIET_GRID, key, score, row.division_code, facts, grid_code=row.grid_code))
    return found


@dataclass(frozen=True)
class Checks:
    """What one person checked of one department: how many, and how many failed."""

    person: int
    org_code: str
    number: int
    failed: int
    division_code: str = ""


def agreeing_pairs(rows: Iterable[Checks], terms: Terms, day: date) -> list[Found]:
    """Pairs of checker and department where nothing ever fails, though it does for either of them with others.

    The share expected is that of the department with other checkers, made smaller where the checker is milder with
    other departments than all checkers are. Where one of them has no others to compare with, nothing is said.
    """
    rows = list(rows)
    by_org = _totals(rows, "org_code")
    by_person = _totals(rows, "person")
    least, found = terms.values["least"], []
    usual = share_of(sum(row.failed for row in rows), sum(row.number for row in rows)) / 100
    for row in rows:
        if row.failed or row.number < least:
            continue
        by_others, of_others = by_org[row.org_code], by_person[row.person]
        if min(by_others[0], of_others[0]) - row.number < least:
            continue
        strictness = of_others[1] / (of_others[0] - row.number) / usual if usual else 0.0
        expected = by_others[1] / (by_others[0] - row.number) * min(1.0, strictness)
        chance = (1 - expected) ** row.number
        if chance * 10_000 > terms.values["chance_per_10000"]:
            continue
        facts = {
            "checks": row.number,
            "expected_percent": round(100 * expected, 1),
            "expected_failures": round(expected * row.number, 1),
            "chance_per_10000": round(chance * 10_000, 2),
            "threshold": terms.values["chance_per_10000"],
            "org": row.org_code,
        }
        score = min(100, round(-20 * math.log10(max(chance, 1e-5))))
        key = f"{row.person}:{row.org_code}@{month_of(day)}"
        found.append(Found(Kind.PAIR, key, score, row.division_code, facts, org_code=row.org_code, person=row.person))
    return found


def _totals(rows: list[Checks], name: str) -> dict[Any, tuple[int, int]]:
    found: dict[Any, tuple[int, int]] = {}
    for row in rows:
        number, failed = found.get(getattr(row, name), (0, 0))
        found[getattr(row, name)] = (number + row.number, failed + row.failed)
    return found
