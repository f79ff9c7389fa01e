"""Questions about divisions."""

from typing import Any

from cityops.regions.models import Division
from cityops.regions.rules import DIGITS


def division_with_history(user: Any, code: str) -> list[Division]:
    """The current division of a code and its earlier periods, newest first; empty for an unknown code."""
    periods = list(Division.objects.visible_to(user).filter(code=code).order_by("-valid_from"))
    return sorted(periods, key=lambda row: row.valid_to is not None)


def ancestors(division: Division) -> list[Division]:
    """The current divisions that contain one, from the nation down; one query."""
    codes = {division.code[:digits].ljust(12, "0") for level, digits in DIGITS.items() if level < division.level}
    rows = Division.objects.current().filter(code__in=codes, level__lt=division.level)
    return list(rows.defer("boundary", "boundary_3857", "center").order_by("level"))


def division_named(code: str) -> str:
    """Full name of a division; the code itself where it is not known."""
    names = Division.objects.filter(code=code).order_by("-valid_from").values_list("full_name", "name")
    for full_name, name in names[:1]:
        return full_name or name
    return code


def current_code(code: str) -> str:
    """The code that a retired one became, followed to the last; the same code where it is current or unknown."""
    seen = {code}
    while True:
        retired = Division.objects.filter(code=code, valid_to__isnull=False).exclude(successor_code="")
        if Division.objects.current().filter(code=code).exists():
            return code
        successor = retired.order_by("-valid_to").values_list("successor_code", flat=True).first()
        if not successor or successor in seen:
            return code
        seen.add(successor)
        code = successor
