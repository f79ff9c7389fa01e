"""Who reported, closed; who opened it; and what others asked to have conveyed."""

from grid.reporters.models.contacts import ContactRequest
from grid.reporters.models.reporters import OpeningAlarm, Reporter, ReporterOpening

__all__ = ["ContactRequest", "OpeningAlarm", "Reporter", "ReporterOpening"]
