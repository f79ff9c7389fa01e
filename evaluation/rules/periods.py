"""Periods of the figures: a day, month, quarter or year. The rule of periods itself is the grid's."""

from grid.rules.periods import InvalidPeriod, Kind, Period, period_of
from grid.rules.periods import parse_period as parse_any

KINDS = (Kind.DAY, Kind.MONTH, Kind.QUARTER, Kind.YEAR)
"""The lengths that figures are offered for."""

__all__ = ["KINDS", "InvalidPeriod", "Kind", "Period", "parse_period", "period_of"]


def parse_period(text: str) -> Period:
    """Read ``2026``, ``2011Q3``, ``2026-10`` or ``2026-10-05``. Raises InvalidPeriod for anything else."""
    period = parse_any(text)
    if period.kind not in KINDS:
        raise InvalidPeriod(text)
    return period
