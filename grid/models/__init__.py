"""Models of the city's grid, one module per concept: ground, components, cases, calendar, imports."""

from grid.models.calendar import AreaClass, CalendarChange, CalendarDay, ClockSetting, WorkingPeriod
from grid.models.cases import Case, CaseDailyStatistic, CaseNumber, CaseStep, StageLimit
from grid.models.components import Component
from grid.models.ground import UnitGrid
from grid.models.imports import ImportIssue, ImportRun
from grid.models.recounts import DeadlineRecount

__all__ = [
    "AreaClass",
    "CalendarChange",
    "CalendarDay",
    "Case",
    "CaseDailyStatistic",
    "CaseNumber",
    "CaseStep",
    "ClockSetting",
    "Component",
    "DeadlineRecount",
    "ImportIssue",
    "ImportRun",
    "StageLimit",
    "UnitGrid",
    "WorkingPeriod",
]
