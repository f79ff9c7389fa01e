"""The kinds of signals 疑点类别, and what a city may set about each; the numbers are a local sample, no standard."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What looks odd."""

    SAME_PHOTO = "same_photo"
    UNCHANGED = "unchanged"
    FAR_PHOTO = "far_photo"
    BUNCHED = "bunched"
    TRAVEL = "travel"
    QUIET_GRID = "quiet_grid"
    PAIR = "pair"


@dataclass(frozen=True)
class Parameter:
    """One number that a city may set: its default and its bounds, both ends included."""

    name: str
    default: int
    least: int
    most: int


BITS = Parameter("bits", 3, 0, 7)
"""Bits of 64 in which two perceptual hashes may differ and still be one picture."""
PARAMETERS: dict[Kind, tuple[Parameter, ...]] = {
    Kind.SAME_PHOTO: (
        BITS,
        Parameter("apart_metres", 50, 0, 5_000),
        Parameter("history_days", 180, 1, 730),
    ),
    Kind.UNCHANGED: (BITS,),
    Kind.FAR_PHOTO: (Parameter("metres", 500, 50, 50_000),),
    Kind.BUNCHED: (
        Parameter("least", 20, 5, 1_000),
        Parameter("last_percent", 5, 1, 30),
        Parameter("share_percent", 30, 5, 100),
    ),
    Kind.TRAVEL: (Parameter("speed_kmh", 150, 20, 1_000), Parameter("apart_metres", 2_000, 200, 50_000)),
    Kind.QUIET_GRID: (
        Parameter("neighbour_mean", 12, 2, 1_000),
        Parameter("share_percent", 5, 0, 50),
    ),
    Kind.PAIR: (Parameter("least", 25, 5, 1_000), Parameter("chance_per_10000", 10, 1, 1_000)),
}
WINDOW_DAYS: dict[Kind, int] = {
    Kind.SAME_PHOTO: 3,
    Kind.UNCHANGED: 3,
    Kind.FAR_PHOTO: 3,
    Kind.TRAVEL: 3,
    Kind.BUNCHED: 30,
    Kind.QUIET_GRID: 30,
    Kind.PAIR: 60,
}
"""Days back that a nightly run looks at; photos of some days, so that late uploads are seen."""
LONGEST_WINDOW = 366
STRUCTURE_BITS = 6
"""A hash with fewer bits set, or fewer unset, is of a picture without structure (black, fog): it resembles anything."""


@dataclass(frozen=True)
class Terms:
    """What holds for one kind: whether it is looked for, over how many days, with which numbers, and since when."""

    kind: Kind
    version: int = 0
    """0: the sample."""
    is_on: bool = True
    window_days: int = 30
    values: Mapping[str, int] = field(default_factory=dict)


def sample_terms(kind: Kind) -> Terms:
    """The terms that hold where the city has set none."""
    return Terms(kind, window_days=WINDOW_DAYS[kind], values={one.name: one.default for one in PARAMETERS[kind]})


def faults_of(kind: Kind, window_days: int, values: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """Names of numbers that are outside their bounds → the bounds; a missing one counts as outside."""
    found = {
        one.name: (one.least, one.most)
        for one in PARAMETERS[kind]
        if not one.least <= values.get(one.name, one.least - 1) <= one.most
    }
    if not 1 <= window_days <= LONGEST_WINDOW:
        found["window_days"] = (1, LONGEST_WINDOW)
    return found
