"""Rules of the grid as plain Python: stages and moves, the clock, codes. Imports only the standard library."""

from grid.rules.stages import FINAL_STAGES, OPEN_STAGES, Stage
from grid.rules.transitions import MOVES, Action, Move

__all__ = ["FINAL_STAGES", "MOVES", "OPEN_STAGES", "Action", "Move", "Stage"]
