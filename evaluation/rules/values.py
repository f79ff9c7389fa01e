"""From counts to a value, and from a value to what is shown."""

from decimal import ROUND_HALF_UP, Decimal

NO_DATA = "—"
"""What stands where there is no value: a denominator of zero is no data, neither 0 nor 100 (domain notes §6.2)."""
_CENT = Decimal("0.01")


def value_of(numerator: int, denominator: int, times: int = 1, per: int = 1) -> Decimal | None:
    """``times`` × numerator ÷ (``per`` × denominator) with two decimals, half rounded up; None for no denominator.

    A percentage is 100 times the quotient; a mean in hours of a sum in seconds is the quotient per 3600.
    Raises ValueError for a negative denominator.
    """
    if denominator < 0:
        raise ValueError(f"A count is never negative: {denominator}.")
    if denominator == 0:
        return None
    return (Decimal(numerator * times) / Decimal(denominator * per)).quantize(_CENT, ROUND_HALF_UP)


def value_text(value: Decimal | None) -> str:
    """The value with its two decimals, or the sign for no data. The same text on page, API and command."""
    return NO_DATA if value is None else f"{value:.2f}"
