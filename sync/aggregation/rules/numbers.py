"""The number of a quality issue 问题号: six digits of the issuer's division, ``ZL``, the day, six of the order."""

from datetime import date

LETTERS = "ZL"
DIGITS = 6


def beginning(division_code: str, day: date) -> str:
    """What the numbers of a node and day have in common."""
    return f"{division_code[:6]}{LETTERS}{day:%Y%m%d}"


def following(last: str, start: str, count: int) -> list[str]:
    """The next ``count`` numbers after the last given (empty for none). Raises ValueError when a day is used up."""
    order = int(last[len(start) :]) if last else 0
    if order + count >= 10**DIGITS:
        raise ValueError(f"{start} has no number left.")
    return [f"{start}{order + n:0{DIGITS}d}" for n in range(1, count + 1)]
