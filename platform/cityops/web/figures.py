"""Figures as pages show them: a value with the address of what is behind it, and how it moved."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.urls import NoReverseMatch, reverse

from evaluation.selectors import Figure


@dataclass(frozen=True)
class Shown:
    """A value beside an earlier one."""

    value: Decimal | int | None
    url: str
    before: Decimal | int | None = None
    is_higher_better: bool | None = None
    """None where neither direction is good or bad."""

    @property
    def change(self) -> Decimal | int | None:
        """How much higher than before; None where either is missing."""
        return None if self.value is None or self.before is None else self.value - self.before

    @property
    def percent(self) -> Decimal | None:
        """The change in percent of the earlier value; None where that was zero or missing."""
        return Decimal(self.change) / Decimal(self.before) * 100 if self.change is not None and self.before else None

    @property
    def css(self) -> str:
        """Good, bad or neutral, as a class of the design system."""
        if not self.change or self.is_higher_better is None:
            return "eq"
        return "up-ok" if (self.change > 0) == self.is_higher_better else "up-bad"

    @property
    def arrow(self) -> str:
        """▲, ▼ or nothing."""
        return "" if not self.change else "▲" if self.change > 0 else "▼"


def shown(figure: Figure, before: Figure | None = None) -> Shown:
    """A figure with its page."""
    better = figure.indicator.is_higher_better
    return Shown(figure.value, figure_url(figure), before.value if before else None, better)


def figure_url(figure: Figure) -> str:
    """The page of a figure: formula, inputs, records; empty where figures are switched off."""
    return address("figure-detail", figure.indicator.code, figure.place.code, figure.period.key)


def address(name: str, *arguments: Any, query: str = "") -> str:
    """The address of a page; empty where it is switched off."""
    try:
        return reverse(name, args=arguments) + (f"?{query}" if query else "")
    except NoReverseMatch:
        return ""
