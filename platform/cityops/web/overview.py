"""A city's day: what home and wall show. A constant number of queries, whatever the number of cases."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.gis.db.models import Extent
from django.contrib.gis.db.models.functions import Area
from django.db.models import Count, Q
from django.utils import timezone

from cityops.regions.models import Division
from cityops.regions.rules import Level, scope_prefix
from cityops.web.figures import Shown, address, shown
from evaluation.rules import INDICATORS, Kind, period_of
from evaluation.selectors import Figure, Place, find_place, table
from grid.models import Case
from grid.models.cases import CaseQuerySet
from grid.selectors import boards, lights
from grid.selectors.boards import day_start
from grid.selectors.cases import department_names
from grid.selectors.extents import Bounds

WEEK = timedelta(days=7)
ROWS = 10


def board(user: Any, shown_on_map: str = "open") -> dict[str, Any]:
    """Everything on the city's first page, as of now; the map shows the ``open`` cases or those of ``today``."""
    at = timezone.now()
    cases = Case.objects.visible_to(user).with_light(at)
    place = find_place(user.division_code, user=user)
    counts = boards.light_counts(cases)
    overdue = list(boards.most_overdue(cases, ROWS))
    newest = list(cases.filter(reported_at__gte=day_start(at)).order_by("-reported_at", "-rid")[:ROWS])
    stages = boards.stage_board(cases)
    on_map = boards.light_counts(cases.filter(reported_at__gte=day_start(at))) if shown_on_map == "today" else counts
    return {
        "shown": shown_on_map,
        "as_of": at,
        "week_ago": at - WEEK,
        "place": place,
        "kpis": _kpis(user, cases, place, at, counts),
        "lights": counts,
        "legend": legend(on_map),
        "stages": stages,
        "stage_most": max((row.total for row in stages), default=0),
        "overdue": overdue,
        "newest": newest,
        "departments": department_names([*overdue, *newest]),
        "chart": hours(cases, at),
    }


def legend(counts: dict[str, int]) -> list[dict[str, Any]]:
    """The rows of the map's legend, worst first."""
    return [
        {
            "light": light.value,
            "text": meaning,
            "count": counts[light.value],
            "url": address("case-list", query=f"light={light.value}"),
        }
        for light, (_word, meaning) in lights.WORDS.items()
    ]


def _kpis(user: Any, cases: CaseQuerySet, place: Place, at: datetime, lit: dict[str, int]) -> dict[str, Any]:
    counts = _same_hours(cases, at)
    return {
        "reported": Shown(counts["reported"], address("case-list", query="view=today"), counts["reported_before"]),
        "filed": Shown(
            counts["filed"],
            address("case-list", query=f"filed_from={timezone.localdate(at):%F}"),
            counts["filed_before"],
        ),
        "open": Shown(lit["total"], address("case-list", query="view=open")),
        "red": Shown(lit["red"], address("case-list", query="view=red&order=due")),
        **(_rates(user, place, at) if user.has_perm("evaluation.view_figure") else {}),
    }


def _rates(user: Any, place: Place, at: datetime) -> dict[str, Any]:
    """Figures of the day beside those of the same day last week, for who may read figures of the region."""
    today = period_of(timezone.localdate(at), Kind.DAY)
    before = today.shift(-7)
    asked = [INDICATORS[code] for code in ("on_time_closing_rate", "closing_rate", "rework_rate")]
    figures = table([place], asked, [today, before], user=user)
    rates = {
        i.code: shown(figures[place.code, i.code, today.key], figures[place.code, i.code, before.key]) for i in asked
    }
    closing = figures[place.code, "closing_rate", today.key]
    return {
        "needed": Shown(closing.denominator, _records(closing, closing.indicator.denominator.code)),
        "closed": Shown(closing.numerator, _records(closing, closing.indicator.numerator.code)),
        **rates,
    }


def _records(figure: Figure, part: str) -> str:
    """The list of the cases that an input of a figure counts."""
    url = address("figure-records", figure.indicator.code, figure.place.code, figure.period.key)
    return f"{url}?part={part}" if url else ""


def _same_hours(cases: CaseQuerySet, at: datetime) -> dict[str, int]:
    """Reports and filings of today, and of the same hours a week ago."""
    spans = {"": (day_start(at), at), "_before": (day_start(at - WEEK), at - WEEK)}
    counts = {
        f"{name}{suffix}": Count("pk", filter=Q(**{f"{field}__gte": start, f"{field}__lte": end}))
        for name, field in (("reported", "reported_at"), ("filed", "filed_at"))
        for suffix, (start, end) in spans.items()
    }
    earliest = spans["_before"][0]
    recent = cases.filter(Q(reported_at__gte=earliest) | Q(filed_at__gte=earliest)).order_by()
    found: dict[str, int] = recent.aggregate(**counts)
    return found


def hours(cases: CaseQuerySet, at: datetime) -> dict[str, Any]:
    """Reports and closings by hour of today beside the reports a week ago, for the chart and its table."""
    today = boards.by_hour(cases, day_start(at))
    before = boards.by_hour(cases, day_start(at - WEEK))
    local = timezone.localtime(at)
    return {
        "reported": today.reported,
        "closed": today.closed,
        "before": before.reported,
        "now": local.hour + local.minute / 60,
    }


def wall(user: Any) -> dict[str, Any]:
    """What the wall shows: today's figures, counties by open and overdue cases, the hours."""
    at = timezone.now()
    cases = Case.objects.visible_to(user).with_light(at)
    place = find_place(user.division_code, user=user)
    counts = boards.light_counts(cases)
    areas = _areas(user, cases, place, at)
    core, core_bounds = _core(place)
    return {
        "as_of": at,
        "place": place,
        "kpis": _kpis(user, cases, place, at, counts),
        "lights": counts,
        "areas": areas,
        "values": {area["code"]: _unmarked(area["value"]) if area["code"] in core else area["value"] for area in areas},
        "inset": {"bounds": core_bounds, "values": {area["code"]: area["value"] for area in areas}} if core else None,
        "steps": _steps(areas),
        "legend": legend(counts),
        "light_parts": {light.value: counts[light.value] for light in lights.WORDS},
        "bounds": _whole(place),
        "area_level": place.level + 1,
        "overdue": list(boards.most_overdue(cases, 3)),
        "chart": hours(cases, at),
    }


CORE_SHARE = 0.02
"""A county smaller than this share of its city is drawn in the inset, where its mark has room."""


def _core(place: Place) -> tuple[set[str], Bounds | None]:
    """The small counties in the middle of a city, and their extent; none where fewer than two are that small."""
    inside = Division.objects.current().filter(level=place.level + 1, code__startswith=place.prefix)
    sizes = dict(inside.filter(boundary__isnull=False).annotate(size=Area("boundary_3857")).values_list("code", "size"))
    whole = sum(size.sq_m for size in sizes.values())
    core = {code for code, size in sizes.items() if size.sq_m < whole * CORE_SHARE}
    if len(core) < 2:
        return set(), None
    return core, inside.filter(code__in=core).aggregate(extent=Extent("boundary"))["extent"]


def _unmarked(value: dict[str, Any]) -> dict[str, Any]:
    """A tint without name and mark, for what the inset shows."""
    return {key: value[key] for key in value if key != "at"}


def _whole(place: Place) -> Bounds | None:
    """The extent of the division's boundary, wherever its cases lie."""
    own = Division.objects.current().filter(code=place.code)
    found: Bounds | None = own.aggregate(extent=Extent("boundary"))["extent"]
    return found


def _areas(user: Any, cases: CaseQuerySet, place: Place, at: datetime) -> list[dict[str, Any]]:
    """The divisions right below, in the order of their codes: open, overdue, on-time rate of the month."""
    level = Level(min(place.level + 1, Level.STREET))
    below = list(
        Division.objects.current()
        .filter(level=level.value, code__startswith=place.prefix)
        .defer("boundary", "boundary_3857")
    )
    digits = len(scope_prefix(below[0].code, level)) if below else 6
    counts = boards.by_division(cases, digits)
    month = period_of(timezone.localdate(at), Kind.MONTH)
    rate = INDICATORS["on_time_closing_rate"]
    places = [Place(division.code, division.name, division.level) for division in below]
    figures = table(places, [rate], [month], user=user) if places else {}
    ceilings = _ceilings([row["total"] for row in counts.values()])
    rows = []
    for division, spot in zip(below, places, strict=True):
        row = counts.get(spot.prefix, {"total": 0, "red": 0})
        step = sum(row["total"] >= ceiling for ceiling in ceilings) if row["total"] else 0
        rows.append(
            {
                "code": division.code,
                "name": division.name,
                **row,
                "rate": figures[division.code, rate.code, month.key],
                "url": address("case-list", query=f"view=open&division={spot.prefix}"),
                "red_url": address("case-list", query=f"light=red&division={spot.prefix}"),
                "value": _value(division, row, step),
            }
        )
    return rows


def _value(division: Division, row: dict[str, int], step: int) -> dict[str, Any]:
    """How the map shows a division: a tint by open cases, a mark with the overdue ones."""
    value: dict[str, Any] = {"step": step, "name": short_name(division.name)}
    if division.center:
        value["at"] = [round(division.center.x, 5), round(division.center.y, 5)]
    if row["total"]:
        value |= {"light": "red" if row["red"] else "green", "label": str(row["red"]) if row["red"] else ""}
    return value


def short_name(name: str) -> str:
    """A division's name without its rank, where at least two characters stay."""
    return name[:-1] if len(name) > 2 and name[-1] in "市区县" else name


def _ceilings(totals: list[int]) -> list[int]:
    """Where the four tints of the map begin, in round numbers of open cases."""
    most = max(totals, default=0)
    unit = max(1, round(most / 4 / 5) * 5)
    return [1, unit, unit * 2, unit * 3]


def _steps(areas: list[dict[str, Any]]) -> list[dict[str, Any]]:
    ceilings = _ceilings([area["total"] for area in areas])
    return [
        {"step": number + 1, "from": start, "to": ceilings[number + 1] - 1 if number < 3 else None}
        for number, start in enumerate(ceilings)
        if number == 3 or ceilings[number + 1] > start
    ]
