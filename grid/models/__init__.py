"""Models of the city's grid, one module per concept: ground, components, cases, calendar, imports, inventory."""

from grid.models.calendar import CalendarDay, WorkingPeriod
from grid.models.cases import Case, CaseDailyStatistic, CaseNumber, CaseStep, StageLimit
from grid.models.components import Component
from grid.models.ground import UnitGrid
from grid.models.imports import ImportIssue, ImportRun
from grid.models.inventory import CodeAlias, CodeConversion, ComponentChange, ComponentCheck

__all__ = [
    "CalendarDay",
    "Case",
    "CaseDailyStatistic",
    "CaseNumber",
    "CaseStep",
    "CodeAlias",
    "CodeConversion",
    "Component",
    "ComponentChange",
    "ComponentCheck",
    "ImportIssue",
    "ImportRun",
    "StageLimit",
    "UnitGrid",
    "WorkingPeriod",
]
