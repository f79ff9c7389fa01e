"""Planters of the simulated city: what looks for fraud plants some first, so that it can be told how much it finds.

An app above registers in its ``ready()``; ``simulate --fraud`` calls every planter once, after the past was played and
before it is written. A planter tampers with the past and keeps what it did by itself, in the same transaction.
"""

from collections.abc import Callable

from grid.services.simulator.past import Past

Planter = Callable[[Past], dict[str, int]]
"""From a past that was played to what was planted in it, by kind."""
PLANTERS: list[Planter] = []


def plant_all(past: Past) -> dict[str, int]:
    """Run every planter; returns how much was planted, by kind."""
    planted: dict[str, int] = {}
    for planter in PLANTERS:
        planted.update(planter(past))
    return planted
