"""Questions about divisions."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from cityops.regions.models import Division, DivisionQuerySet
from cityops.regions.rules import DIGITS


def division_with_history(user: Any, code: str, on: dt.date | None = None) -> list[Division]:
    """The division that a code means today, or meant ``on`` a day, and then its other periods, newest first.

    For today a retired code answers with its last period. Empty for an unknown code, and where the code meant nothing
    on that day.
    """
    rows = Division.objects.visible_to(user).filter(code=code)
    today = rows.current().first() or rows.order_by("-valid_from").first()
    wanted = rows.valid_on(on).first() if on else today
    return [wanted, *rows.exclude(pk=wanted.pk).order_by("-valid_from")] if wanted else []


def ancestors(division: Division) -> list[Division]:
    """The divisions that contain one, from the nation down; one query.

    For a retired division those of its last day, so that what was there together stands together.
    """
    codes = {division.code[:digits].ljust(12, "0") for level, digits in DIGITS.items() if level < division.level}
    rows = Division.objects.filter(code__in=codes, level__lt=division.level)
    rows = rows.valid_on(division.valid_to) if division.is_retired and division.valid_to else rows.current()
    return list(_light(rows).order_by("level"))


def _light(rows: DivisionQuerySet) -> DivisionQuerySet:
    return rows.defer("boundary", "boundary_3857", "center")


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
        retired = Division.objects.retired().filter(code=code).exclude(successor_code="")
        if Division.objects.current().filter(code=code).exists():
            return code
        successor = retired.order_by("-valid_to").values_list("successor_code", flat=True).first()
        if not successor or successor in seen:
            return code
        seen.add(successor)
        code = successor


@dataclass(frozen=True)
class Retired:
    """A division that is over, and the one that took it in, where that is known."""

    division: Division
    successor: Division | None

    def __str__(self) -> str:
        facts = {"old": self.division.shown_code, "name": self.division.name}
        if self.successor is None:
            return _("%(old)s %(name)s 已停用") % facts
        facts |= {"new": self.successor.shown_code, "new_name": self.successor.name}
        return _("%(old)s %(name)s 已停用，现为 %(new)s %(new_name)s") % facts


def retired_by_code(code: str) -> Retired | None:
    """What became of a code that is not current: of itself, or of the smallest division known to have contained it.

    None where the code is current, or nothing retired is known about it.
    """
    codes = [code[:digits].ljust(12, "0") for digits in sorted(DIGITS.values(), reverse=True)]
    for one in dict.fromkeys(codes):
        if Division.objects.current().filter(code=one).exists():
            return None
        last = _light(Division.objects.retired().filter(code=one)).order_by("-valid_to").first()
        if last is not None:
            return _with_successor(last)
    return None


def retired_like(rows: DivisionQuerySet, most: int = 5) -> list[Retired]:
    """The retired divisions among some, each with what it became; ``most`` of them, the last to end first."""
    return [_with_successor(row) for row in _light(rows.retired()).order_by("-valid_to", "code")[:most]]


def _with_successor(division: Division) -> Retired:
    code = current_code(division.successor_code or division.code)
    found = _light(Division.objects.current().filter(code=code)).first()
    return Retired(division, found)


def retired_hint(code: str) -> str:
    """What to add where a code is refused because it is not current; empty where there is nothing to say."""
    found = retired_by_code(code)
    return _("（%(hint)s）") % {"hint": found} if found else ""
