"""What is done with a case: ``register`` makes one of a report, ``act`` moves it along the table of moves."""

from grid.services.acting import act
from grid.services.registering import Registered, Report, register

__all__ = ["Registered", "Report", "act", "register"]
