"""Cities side by side, for a province or the nation: figures in time, state of the links, age of the data.

The order is that of the division codes; nothing here ranks cities.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Q, QuerySet
from django.db.models.functions import Left
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.foundation.errors import NotThere
from cityops.regions.models import Division
from cityops.regions.rules import Level
from cityops.web import links
from cityops.web.figures import Shown, address, allowed, figure_url, shown
from cityops.web.overview import short_name
from evaluation.documents import name_of, unit_of
from evaluation.rules import INDICATORS, Indicator, Kind, Period, period_of
from evaluation.selectors import Figure, Place, find_place, table
from grid.models import Case
from grid.rules import OPEN_STAGES
from grid.rules.clock import Light
from grid.selectors.boards import day_start
from tiers.models import Node

MONTHS = 12
ON_TIME = "on_time_closing_rate"
STALE = timedelta(hours=1)
OLD = timedelta(days=1)
"""Cases of a city travel within minutes: data older than this are yellow, than that red."""


@dataclass(frozen=True)
class CityRow:
    """One city as a province or the nation sees it."""

    place: Place
    node: Node | None
    url: str
    link: links.LinkState
    counts: dict[str, int] = field(default_factory=dict)
    latest_at: datetime | None = None
    """When the newest change of a case that arrived here was made."""
    figures: dict[str, Figure] = field(default_factory=dict)
    """Indicator → its figure of the current month."""
    series: list[Figure] = field(default_factory=list)
    """The chosen indicator in the last twelve months, oldest first."""

    @property
    def timeliness(self) -> str:
        """The light of the age of the data."""
        if self.latest_at is None:
            return "none"
        age = timezone.now() - self.latest_at
        return "green" if age <= STALE else "yellow" if age <= OLD else "red"

    @property
    def values(self) -> list[Any]:
        """The values of the series, for a small chart."""
        return [figure.value for figure in self.series]

    @property
    def cells(self) -> list[tuple[Figure, str]]:
        """The series with the address of each figure."""
        return [(figure, figure_url(figure)) for figure in self.series]


def city_divisions(user: Any) -> QuerySet[Division]:
    """The cities within the person's region that report to this platform: those with a node."""
    codes = links.child_divisions(user)
    return Division.objects.current().filter(code__in=codes).order_by("code").defer("boundary", "boundary_3857")


def months(at: datetime, count: int = MONTHS) -> list[Period]:
    """The last months up to the current one, oldest first."""
    return period_of(timezone.localdate(at), Kind.MONTH).series(count)


def rows(user: Any, indicator: Indicator, at: datetime, divisions: Iterable[Division] | None = None) -> list[CityRow]:
    """All cities that the person may see, or some of ``city_divisions``, with everything the pages show of them."""
    chosen = city_divisions(user) if divisions is None else divisions
    places = [Place(division.code, division.name, division.level) for division in chosen]
    if not places:
        return []
    periods = months(at)
    series = table(places, [indicator], periods, user=user)
    present = table(places, list(INDICATORS.values()), periods[-1:], user=user)
    states = links.states(user)
    counts = _counts(user, at, [place.prefix for place in places])
    nodes = {node.division_code: node for node in Node.objects.visible_to(user).filter(tier=Node.Tier.MUNICIPAL)}
    return [
        CityRow(
            place=place,
            node=nodes.get(place.code),
            url=address("city-detail", place.code),
            link=states.get(place.code, links.LinkState()),
            counts={name: value for name, value in counts[place.prefix].items() if name != "latest"},
            latest_at=counts[place.prefix]["latest"],
            figures={code: present[place.code, code, periods[-1].key] for code in INDICATORS},
            series=[series[place.code, indicator.code, period.key] for period in periods],
        )
        for place in places
    ]


def _counts(user: Any, at: datetime, prefixes: Collection[str]) -> dict[str, dict[str, Any]]:
    """Prefix of a city → records, reported today, open, overdue, and the newest change.

    Counted by county and summed up: a county-level city that reports to its province by itself has six digits.
    """
    start = day_start(at)
    cases = Case.objects.visible_to(user).with_light(at).order_by()
    found = (
        cases.annotate(county=Left("division_code", 6))
        .values("county")
        .annotate(
            total=Count("pk"),
            today=Count("pk", filter=Q(reported_at__gte=start)),
            open=Count("pk", filter=Q(state__in=OPEN_STAGES)),
            red=Count("pk", filter=Q(light_now=Light.RED.value)),
            latest=Max("updated_at"),
        )
    )
    counts: dict[str, dict[str, Any]] = {
        prefix: {"total": 0, "today": 0, "open": 0, "red": 0, "latest": None} for prefix in prefixes
    }
    for row in found:
        for length in {len(prefix) for prefix in prefixes}:
            if city := counts.get(row["county"][:length]):
                city |= {name: city[name] + row[name] for name in ("total", "today", "open", "red")}
                city["latest"] = max(filter(None, (city["latest"], row["latest"])), default=None)
    return counts


def indicator_choices(chosen: str) -> list[dict[str, Any]]:
    """The indicators as tabs."""
    return [{"code": one.code, "title": name_of(one), "is_on": one.code == chosen} for one in INDICATORS.values()]


def board(user: Any, chosen: str = ON_TIME) -> dict[str, Any]:
    """The first page of an upper tier, and the list of its cities."""
    at = timezone.now()
    indicator = INDICATORS.get(chosen, INDICATORS[ON_TIME])
    place = find_place(user.division_code, user=user)
    cities = rows(user, indicator, at)
    periods = months(at)
    whole = table([place], list(INDICATORS.values()), periods[-2:], user=user)
    return {
        "as_of": at,
        "place": place,
        "cities": cities,
        "months": periods,
        "indicator": indicator,
        "indicator_name": name_of(indicator),
        "unit": unit_of(indicator),
        "indicators": indicator_choices(indicator.code),
        "kpis": _totals(user, cities, place, whole, periods),
        "values": map_values(cities),
        "datasets": links.datasets(cities),
        **_daily(user, cities, indicator, at),
    }


DAYS = 14
LINES = 4
"""More lines in one chart cannot be told apart; the table has all cities."""


def _daily(user: Any, cities: list[CityRow], indicator: Indicator, at: datetime) -> dict[str, Any]:
    """The indicator of the first cities, day by day up to yesterday; nothing for what is no percentage."""
    if not cities or unit_of(indicator) != "%":
        return {"daily": [], "days": []}
    days = period_of(timezone.localdate(at) - timedelta(days=1), Kind.DAY).series(DAYS)
    places = [city.place for city in cities[:LINES]]
    figures = table(places, [indicator], days, user=user)
    lines = [
        {"name": place.name, "values": [figures[place.code, indicator.code, day.key].value for day in days]}
        for place in places
    ]
    return {"daily": lines, "days": [day.key[5:] for day in days]}


def _totals(
    user: Any, cities: list[CityRow], place: Place, whole: dict[tuple[str, str, str], Figure], periods: list[Period]
) -> dict[str, Any]:
    this, last = periods[-1].key, periods[-2].key

    def sum_of(count: str, view: str) -> Shown:
        return Shown(sum(city.counts.get(count, 0) for city in cities), _cases(user, f"view={view}"))

    def exchanged(value: int, url: str) -> Shown:
        return Shown(value, allowed(user, "exchange.view_link", url))

    return {
        "cities": Shown(len(cities), address("city-list")),
        "live": Shown(sum(city.link.light == "green" for city in cities), address("city-list", query="link=green")),
        "bad": [city.place.name for city in cities if city.link.worst == "red"],
        "today": sum_of("today", "today"),
        "open": sum_of("open", "open"),
        "red": sum_of("red", "red"),
        "backlog": exchanged(sum(city.link.backlog for city in cities), address("exchange-overview")),
        "parked": exchanged(links.parked_count(user), address("exchange-parked", query="state=P")),
        **{code: shown(whole[place.code, code, this], whole[place.code, code, last]) for code in INDICATORS},
    }


TONES = {"green": "good", "yellow": "warn", "red": "bad"}


def map_values(cities: list[CityRow]) -> dict[str, dict[str, Any]]:
    """How the map shows the cities: tint and mark by the state of the link."""
    centres = Division.objects.current().filter(code__in=[city.place.code for city in cities])
    at = {code: [round(c.x, 5), round(c.y, 5)] for code, c in centres.values_list("code", "center") if c}
    return {
        city.place.code: {
            "tone": TONES.get(city.link.worst, "own"),
            "light": city.link.worst,
            "name": short_name(city.place.name),
            "at": at.get(city.place.code),
            "url": city.url,
        }
        for city in cities
    }


def detail(user: Any, code: str) -> dict[str, Any]:
    """One city: its figures over months, its link, its newest cases. Raises NotThere outside the person's region."""
    at = timezone.now()
    place = find_place(code, user=user)
    if place.level != Level.CITY and place.code not in links.child_divisions(user):
        raise NotThere(_("没有代码为 %(code)s 的城市，或不在您的可见范围内。") % {"code": code})
    periods = months(at)
    figures = table([place], list(INDICATORS.values()), periods, user=user)
    inside = Case.objects.visible_to(user).filter(division_code__startswith=place.prefix).with_light(at)
    counts = _counts(user, at, [place.prefix])[place.prefix]
    lines = [
        _line(one, [figures[place.code, one.code, period.key] for period in periods]) for one in INDICATORS.values()
    ]
    return {
        "as_of": at,
        "place": place,
        "months": periods,
        "lines": lines,
        "counts": counts,
        "link": links.states(user).get(place.code, links.LinkState()),
        "node": Node.objects.visible_to(user).filter(division_code=place.code).first(),
        "newest": list(inside.order_by("-reported_at", "-rid")[:8]),
        "records_url": _cases(user, f"division={place.prefix}"),
        "open_url": _cases(user, f"view=open&division={place.prefix}"),
    }


def _cases(user: Any, query: str) -> str:
    return allowed(user, "grid.view_case", address("case-list", query=query))


def _line(indicator: Indicator, series: list[Figure]) -> dict[str, Any]:
    """One indicator over the months."""
    return {
        "code": indicator.code,
        "name": name_of(indicator),
        "unit": unit_of(indicator),
        "now": shown(series[-1], series[-2]),
        "cells": [(figure, figure_url(figure)) for figure in series],
        "values": [figure.value for figure in series],
    }
