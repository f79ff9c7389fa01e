"""Builders of the simulated city: what stands on the grid adds its own things, without the grid knowing them.

An app registers in its ``ready()``; ``simulate`` calls every builder once, after the ground and before the past, in
its transaction.
"""

from collections.abc import Callable

Builder = Callable[[int], int]
"""From the seed to how many things were made; on an unchanged city the same seed makes the same things."""
BUILDERS: dict[str, Builder] = {}


def register(name: str, builder: Builder) -> None:
    """Add a builder under the name by which its count is told."""
    BUILDERS[name] = builder


def build_all(seed: int) -> dict[str, int]:
    """Run every builder; returns how many things each made."""
    return {name: builder(seed) for name, builder in BUILDERS.items()}
