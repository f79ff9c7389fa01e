"""Models of the city's grid, one module per concept: ground, components, cases, the loop, photos, calendar, imports."""

from grid.models.calendar import AreaClass, CalendarChange, CalendarDay, ClockSetting, WorkingPeriod
from grid.models.cases import Case, CaseAssist, CaseDailyStatistic, CaseNumber, CaseStep, StageLimit
from grid.models.components import Component
from grid.models.ground import UnitGrid
from grid.models.imports import ImportIssue, ImportRun
from grid.models.inventory import CodeAlias, CodeConversion, ComponentChange, ComponentCheck
from grid.models.loop import CaseApplication, CaseSupervision, CaseTask, WorkflowVersion
from grid.models.media import CaseMedia
from grid.models.recounts import DeadlineRecount

__all__ = [
    "AreaClass",
    "CalendarChange",
    "CalendarDay",
    "Case",
    "CaseApplication",
    "CaseAssist",
    "CaseDailyStatistic",
    "CaseMedia",
    "CaseNumber",
    "CaseStep",
    "CaseSupervision",
    "CaseTask",
    "ClockSetting",
    "CodeAlias",
    "CodeConversion",
    "Component",
    "ComponentChange",
    "ComponentCheck",
    "DeadlineRecount",
    "ImportIssue",
    "ImportRun",
    "StageLimit",
    "UnitGrid",
    "WorkflowVersion",
    "WorkingPeriod",
]
