"""What an address asks for: indicator, region, period, cohort; what is wrong in it is a 404, as it names nothing."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone

from cityops.foundation.errors import CityOpsError
from evaluation import selectors
from evaluation.rules import INDICATORS, Indicator, InvalidPeriod, Kind, Period, parse_period, period_of
from evaluation.selectors import Figure, Place
from tiers import tier

NUMERATOR, DENOMINATOR = "numerator", "denominator"


@dataclass(frozen=True)
class Asked:
    """One figure that is asked for."""

    indicator: Indicator
    place: Place
    period: Period
    is_cohort: bool

    def figure(self, user: Any) -> Figure:
        """Its value, as the person sees it."""
        return selectors.figure(self.indicator, self.place, self.period, user=user, is_cohort=self.is_cohort)


def read(request: HttpRequest, indicator: str, region: str, period: str) -> Asked:
    """Read the address of a figure. Raises Http404 for what does not exist or lies outside the person's region."""
    try:
        place = selectors.find_place(region, user=request.user)
        return Asked(INDICATORS[indicator], place, parse_period(period), wants_cohort(request))
    except (CityOpsError, InvalidPeriod, KeyError) as error:
        raise Http404(str(error)) from error


def wants_cohort(request: HttpRequest) -> bool:
    """Whether the figures of the cohort are asked for (``?cohort=1``)."""
    return request.GET.get("cohort") == "1"


def default_region(user: Any) -> str:
    """Where the overview begins: the person's own division, or this instance's for who comes from above."""
    ours = tier.this_instance().region_code
    own = next(iter(selectors.places_of([user.division_code or ours])), None)
    return own.code if own and selectors.is_ours(own) else ours


def default_period(kind: Kind = Kind.MONTH) -> Period:
    """The period in which today lies."""
    return period_of(timezone.localdate(timezone=timezone.get_default_timezone()), kind)


def address(figure: Figure | Asked, page: str = "figure-detail", **query: str) -> str:
    """The address of a figure, of its records or their export."""
    path = reverse(page, args=[figure.indicator.code, figure.place.code, figure.period.key])
    asked = {**({"cohort": "1"} if figure.is_cohort else {}), **query}
    return f"{path}?{urlencode(asked)}" if asked else path


def list_address(asked: Asked) -> str:
    """The address of the overview of a region."""
    values = {"region": asked.place.code, "period": asked.period.key, "indicator": asked.indicator.code}
    return f"{reverse('figure-list')}?{urlencode({**values, **({'cohort': '1'} if asked.is_cohort else {})})}"
