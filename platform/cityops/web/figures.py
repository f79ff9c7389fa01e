"""Figures as pages show them: a value with the address of what is behind it, and how it moved."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.urls import NoReverseMatch, reverse

from evaluation.selectors import Figure
from evaluation.web.changes import Change, change


@dataclass(frozen=True)
class Shown:
    """A value beside an earlier one."""

    value: Decimal | int | None
    url: str
    before: Decimal | int | None = None
    is_higher_better: bool | None = None
    """None where neither direction is good or bad."""

    @property
    def change(self) -> Change | None:
        """How it moved; None where either value is missing."""
        return change(self.value, self.before, self.is_higher_better)

    @property
    def percent(self) -> Decimal | None:
        """The change in percent of the earlier value; None where that was zero or missing."""
        return Decimal(self.change.by) / Decimal(self.before) * 100 if self.change and self.before else None


def shown(figure: Figure, before: Figure | None = None) -> Shown:
    """A figure with its page."""
    better = figure.indicator.is_higher_better
    return Shown(figure.value, figure_url(figure), before.value if before else None, better)


def figure_url(figure: Figure) -> str:
    """The page of a figure: formula, inputs, records; empty where figures are switched off."""
    return address("figure-detail", figure.indicator.code, figure.place.code, figure.period.key)


def allowed(user: Any, permission: str, url: str) -> str:
    """The address, for who may open it; nothing for others, so that no link leads to a refusal."""
    return url if user.has_perm(permission) else ""


def address(name: str, *arguments: Any, query: str = "") -> str:
    """The address of a page; empty where it is switched off."""
    try:
        return reverse(name, args=arguments) + (f"?{query}" if query else "")
    except NoReverseMatch:
        return ""
