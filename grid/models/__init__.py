"""Models of the city's grid, one module per concept: ground, components, cases, calendar, imports."""

from grid.models.calendar import CalendarDay, WorkingPeriod
from grid.models.cases import Case, CaseDailyStatistic, CaseNumber, CaseStep, StageLimit
from grid.models.components import Component
from grid.models.ground import UnitGrid
from grid.models.imports import ImportIssue, ImportRun

__all__ = [
    "CalendarDay",
    "Case",
    "CaseDailyStatistic",
    "CaseNumber",
    "CaseStep",
    "Component",
    "ImportIssue",
    "ImportRun",
    "StageLimit",
    "UnitGrid",
    "WorkingPeriod",
]
