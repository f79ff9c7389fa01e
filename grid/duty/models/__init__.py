"""Models of duty, one module per concept: areas, shifts with the roster, visits with patrol plans, team statistics."""

from grid.duty.models.areas import DutyGrid, DutyGridUnit, EvaluationGrid
from grid.duty.models.roster import Assignment, Shift
from grid.duty.models.teams import TeamStatistic
from grid.duty.models.visits import PatrolPlan, Visit

__all__ = [
    "Assignment",
    "DutyGrid",
    "DutyGridUnit",
    "EvaluationGrid",
    "PatrolPlan",
    "Shift",
    "TeamStatistic",
    "Visit",
]
