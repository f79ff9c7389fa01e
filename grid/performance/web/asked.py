"""What an address asks for: object, region, period, formula set; what is wrong in it is a 404, as it names nothing."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone

from cityops.accounts.guards import person_of
from cityops.foundation.errors import CityOpsError
from grid.performance.rules.counts import SLUGS, Target
from grid.performance.rules.formulas import FormulaSet
from grid.performance.selectors.sets import find_set
from grid.rules.periods import InvalidPeriod, Kind, Period, parse_period, period_of
from grid.selectors.divisions import Place, find_place, is_ours, places_of

TARGETS = {slug: target for target, slug in SLUGS.items()}


@dataclass(frozen=True)
class Wanted:
    """One statement that is asked for."""

    target: Target
    place: Place
    period: Period
    formulas: FormulaSet

    def query(self, **more: str) -> str:
        """The query string."""
        values = {
            "object": SLUGS[self.target],
            "region": self.place.code,
            "period": self.period.key,
            "set": self.formulas.key,
        }
        return urlencode({**values, **more})

    def url(self, page: str = "performance-statement", **more: str) -> str:
        """The address of a page about it."""
        return f"{reverse(page)}?{self.query(**more)}"

    def object_url(self, code: str) -> str:
        """The page of one object."""
        return f"{reverse('performance-object', args=[SLUGS[self.target], code])}?{self.query()}"

    def cases_url(self, code: str, count: str) -> str:
        """The list of what a number counts."""
        return self.url("performance-cases", code=code, count=count)

    def at(self, **changes: Any) -> "Wanted":
        """The same with something else."""
        return replace(self, **changes)


def read(request: HttpRequest, *, target: str = "") -> Wanted:
    """Read the address. Raises Http404 for what does not exist or lies outside the person's region.

    Who is bound to a department asks for departments; other objects do not exist for such a person.
    """
    person = person_of(request)
    first = "department" if person.is_bound_to_organisation else "area"
    asked = request.GET
    try:
        kind = TARGETS[target or asked.get("object") or first]
        if person.is_bound_to_organisation and kind is not Target.DEPARTMENT:
            raise Http404
        return Wanted(
            kind,
            find_place(asked.get("region") or default_region(person), user=person),
            parse_period(asked.get("period") or default_period().key),
            find_set(asked.get("set", "")),
        )
    except (CityOpsError, InvalidPeriod, KeyError) as error:
        raise Http404(str(error)) from error


def default_region(user: Any) -> str:
    """Where a statement begins: the person's own division, or this instance's for who comes from above."""
    ours = str(settings.CITYOPS_REGION)
    own = next(iter(places_of([user.division_code or ours])), None)
    return own.code if own and is_ours(own) else ours


def default_period() -> Period:
    """The month in which today lies."""
    return period_of(timezone.localdate(), Kind.MONTH)
