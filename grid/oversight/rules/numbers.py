"""The number of a supervision 督办任务号: six digits of the issuer's division, ``DB``, the day, four of the order."""

from datetime import date

LETTERS = "DB"
MOST_A_DAY = 9999


def beginning(division_code: str, day: date) -> str:
    """What the numbers of a node and day have in common."""
    return f"{division_code[:6]}{LETTERS}{day:%Y%m%d}"


def following(before: str, start: str) -> str:
    """The number after the last one given (``before``, empty for none). Raises ValueError where the day is used up."""
    order = int(before[len(start) :] or 0) + 1 if before else 1
    if order > MOST_A_DAY:
        raise ValueError(f"{start} has no number left.")
    return f"{start}{order:04d}"
