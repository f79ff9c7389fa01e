"""Advice from the apps above: which organisation a case should go to. They fill the list when they are ready."""

from collections.abc import Callable
from dataclasses import dataclass

from grid.models import Case


@dataclass(frozen=True)
class Advice:
    """An organisation that a case may be dispatched to, and why."""

    org_code: str
    name: str
    reason: str


Adviser = Callable[[Case], list[Advice]]
ADVISERS: list[Adviser] = []
"""The first adviser that has something to say is heard."""


def advised_departments(case: Case) -> list[Advice]:
    """The organisations advised for a case, the best first; none where nobody knows."""
    for adviser in ADVISERS:
        if found := adviser(case):
            return found
    return []
