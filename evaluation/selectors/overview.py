"""What the overview page asks: a region, its parts, all indicators of a period, and one indicator over time."""

from dataclasses import dataclass
from typing import Any

from cityops.regions.rules import Level
from evaluation.rules import INDICATORS, Indicator, Period
from evaluation.selectors.figures import Figure, table
from grid.selectors.divisions import Place, children_of, may_see, places_under


@dataclass(frozen=True)
class Row:
    """One region of the overview."""

    place: Place
    depth: int
    now: list[Figure]
    """One figure per indicator, of the period asked for."""
    series: list[Figure]
    """One figure per period, of the indicator asked for, oldest first."""

    @property
    def has_data(self) -> bool:
        """Whether anything was counted."""
        return any(figure.denominator for figure in (*self.now, *self.series))


@dataclass(frozen=True)
class Overview:
    """A region with its parts."""

    own: Row
    before: list[Figure]
    """The region's figures of the period before, in the order of the indicators."""
    rows: list[Row]
    """Parts with data, in the order of their codes; cities under their province."""
    silent: int
    """How many parts have no data in any of the periods."""
    periods: list[Period]


def overview_parts(place: Place, user: Any) -> list[tuple[Place, int]]:
    """The parts of a region with their depth: of the nation provinces and cities, else what lies directly under."""
    if place.level == Level.NATION:
        found = places_under(place, levels=(Level.PROVINCE, Level.CITY))
        return [(part, part.level - Level.PROVINCE) for part in found if may_see(user, part)]
    return [(part, 0) for part in children_of(place)]


def overview(
    place: Place, period: Period, indicator: Indicator, *, user: Any, is_cohort: bool = False, length: int = 6
) -> Overview:
    """The overview of a region; two statements for the figures, whatever the number of parts."""
    parts = overview_parts(place, user)
    places = [place, *(part for part, _ in parts)]
    indicators = list(INDICATORS.values())
    periods = period.series(length)
    asked: dict[str, Any] = {"user": user, "is_cohort": is_cohort}
    now = table(places, indicators, [period.shift(-1), period], **asked)
    over_time = table(places, [indicator], periods, **asked)

    def row(part: Place, depth: int) -> Row:
        return Row(
            part,
            depth,
            [now[part.code, i.code, period.key] for i in indicators],
            [over_time[part.code, indicator.code, p.key] for p in periods],
        )

    rows = [row(part, depth) for part, depth in parts]
    shown = [one for one in rows if one.has_data]
    before = [now[place.code, i.code, period.shift(-1).key] for i in indicators]
    return Overview(row(place, 0), before, shown, len(rows) - len(shown), periods)
