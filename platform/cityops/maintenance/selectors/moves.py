"""People and organisations that stand at divisions which are over."""

from collections import Counter

from cityops.accounts.models import Organisation, User
from cityops.regions.models import Division
from cityops.regions.selectors import retired_by_code


def left_behind() -> list[str]:
    """One line per division that is over and still has active people or organisations: how many, and where to."""
    people = Counter(User.objects.filter(is_active=True).values_list("division_code", flat=True))
    organisations = Counter(
        Organisation.objects.exclude(status=Organisation.Status.DISUSED).values_list("division_code", flat=True)
    )
    codes = {*people, *organisations}
    current = set(Division.objects.current().filter(code__in=codes).values_list("code", flat=True))
    return [
        f"{code}: {people[code]} people, {organisations[code]} organisations at a division that is over; {_now(code)}"
        for code in sorted(codes - current)
    ]


def _now(code: str) -> str:
    found = retired_by_code(code)
    if found is None or found.successor is None:
        return "its successor is not known"
    return f"now {found.successor.shown_code} {found.successor.name}"
