"""What apps above the core add to a simulated city: each is called in its transaction, after ground and past."""

from collections.abc import Callable
from datetime import datetime

from grid.services.simulator.world import World

Extra = Callable[[World, int, datetime], None]
"""(the city, the seed, now): makes its own part of the city."""
EXTRAS: list[Extra] = []
"""Filled by apps in ``ready()``."""
