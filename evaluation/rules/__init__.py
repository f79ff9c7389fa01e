"""Rules of the figures 指标: what is counted, over which period, and how a value is rounded. No framework."""

from evaluation.rules.indicators import INDICATORS, Indicator, Input, UnknownIndicator, find_indicator
from evaluation.rules.periods import KINDS, InvalidPeriod, Kind, Period, parse_period, period_of
from evaluation.rules.values import NO_DATA, value_of, value_text

__all__ = [
    "INDICATORS",
    "KINDS",
    "NO_DATA",
    "Indicator",
    "Input",
    "InvalidPeriod",
    "Kind",
    "Period",
    "UnknownIndicator",
    "find_indicator",
    "parse_period",
    "period_of",
    "value_of",
    "value_text",
]
