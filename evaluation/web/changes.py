"""How a value moved against an earlier one: the same words and marks for figures and counts."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Change:
    """How much higher a value is than an earlier one, and whether that is good."""

    by: Decimal | int
    is_higher_better: bool | None = None
    """None where neither direction is good or bad."""

    @property
    def text(self) -> str:
        """The size of the change, without its sign."""
        return f"{abs(self.by):.2f}"

    @property
    def sign(self) -> str:
        """▲, ▼ or ＝."""
        return "＝" if not self.by else "▲" if self.by > 0 else "▼"

    @property
    def css(self) -> str:
        """Up or down, good, bad or neutral, as a class of the design system."""
        if not self.by or self.is_higher_better is None:
            return "eq"
        return f"{'up' if self.by > 0 else 'dn'}-{'ok' if (self.by > 0) == self.is_higher_better else 'bad'}"


def change(
    value: Decimal | int | None, before: Decimal | int | None, is_higher_better: bool | None = None
) -> Change | None:
    """The change between two values; None where one of them has no data."""
    return None if value is None or before is None else Change(value - before, is_higher_better)
