"""Who gets a verification or check task 核实·核查任务: near, on shift, least burdened, and by lot among equals.

The lot is what keeps a collector from knowing which task will come (standards.md §6, trap 2): who reports is not who
verifies, and of those who could, nobody can count on it. The lot is drawn from a seed, so that a choice can be redone.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class Candidate:
    """Somebody on shift."""

    person: int
    is_substitute: bool = False
    """Stands in for somebody in this shift: is asked before those who are there as planned."""
    open_tasks: int = 0
    distance_m: float = 0.0
    """From the middle of the task's unit grid to the responsibility grid; 0 where it lies inside."""


def choose(candidates: Iterable[Candidate], seed: str, *, excluded: Collection[int] = ()) -> int | None:
    """The person for a task: the nearest responsibility grid, substitutes first, fewest open tasks, then by lot.

    None where nobody is on shift, or only those who are ``excluded``: whose own report or work it is.
    """
    able = [candidate for candidate in candidates if candidate.person not in excluded]
    if not able:
        return None

    def rank(candidate: Candidate) -> tuple[float, bool, int]:
        return (candidate.distance_m, not candidate.is_substitute, candidate.open_tasks)

    best = min(rank(candidate) for candidate in able)
    equal = sorted({candidate.person for candidate in able if rank(candidate) == best})
    return Random(seed).choice(equal)  # noqa: S311 (a lot that can be redone, no secret)
