"""Divisions as places need them: the names at the head of addresses, and what a community is called."""

from collections.abc import Iterable

from cityops.regions.models import Division
from cityops.regions.rules import DIGITS, Level
from grid.places.rules.regions import Gazetteer
from grid.selectors.places import city_prefix


def city_gazetteer() -> Gazetteer:
    """The names of this city's divisions and of those that contain it; one query."""
    prefix = city_prefix()
    above = [prefix[:digits].ljust(12, "0") for digits in (2, 4) if digits <= len(prefix)]
    rows = Division.objects.current().filter(level__gt=Level.NATION)
    rows = rows.filter(code__in=above) | rows.filter(code__startswith=prefix)
    return Gazetteer(rows.values_list("code", "name", "level"))


def area_names(codes: Iterable[str]) -> dict[str, str]:
    """Code of a community → county, street and community in words; one query."""
    codes = set(codes)
    levels = (Level.COUNTY, Level.STREET, Level.COMMUNITY)
    wanted = {code[: DIGITS[level]].ljust(12, "0") for code in codes for level in levels}
    rows = Division.objects.current().filter(code__in=wanted)
    names = dict(rows.values_list("code", "name"))
    steps = [DIGITS[level] for level in levels]
    return {
        code: "".join(names.get(part, "") for part in dict.fromkeys(code[:n].ljust(12, "0") for n in steps))
        for code in codes
    }
