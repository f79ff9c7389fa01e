"""How figures look: words for periods, differences, and the small chart of a series, drawn as SVG on the server."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from evaluation.documents import meaning_of, name_of, unit_of
from evaluation.rules import Kind, Period
from evaluation.selectors import Figure
from evaluation.web.asked import address
from evaluation.web.changes import Change, change
from grid.models import Case
from grid.selectors.clocks import Left, left_of


def period_words(period: Period) -> str:
    """A period in words: 2011 年第 3 季度."""
    first = period.first
    values = {"year": first.year, "month": first.month, "day": first.day, "quarter": period.quarter}
    if period.kind is Kind.YEAR:
        return _("%(year)s 年") % values
    if period.kind is Kind.QUARTER:
        return _("%(year)s 年第 %(quarter)s 季度") % values
    return (_("%(year)s 年 %(month)s 月") if period.kind is Kind.MONTH else period.key) % values


@dataclass(frozen=True)
class Cell:
    """A figure in a table: text, unit, address, and whether the period still runs."""

    text: str
    value: Decimal | None
    unit: str
    url: str
    numerator: int
    denominator: int
    is_running: bool
    period: str
    numerator_url: str
    denominator_url: str


def cell(figure: Figure) -> Cell:
    """A figure as a cell."""
    return Cell(
        figure.text,
        figure.value,
        unit_of(figure.indicator),
        address(figure),
        figure.numerator,
        figure.denominator,
        figure.is_running,
        figure.period.key,
        address(figure, "figure-records", part=figure.indicator.numerator.code),
        address(figure, "figure-records", part=figure.indicator.denominator.code),
    )


def difference(now: Figure, before: Figure) -> Change | None:
    """The difference between two figures in points; None where one of them has no data."""
    return change(now.value, before.value, now.indicator.is_higher_better)


@dataclass(frozen=True)
class Counted:
    """One input of a figure with its count and the list behind it."""

    code: str
    name: str
    meaning: str
    count: int
    url: str
    role: str
    is_main: bool


def inputs_of(figure: Figure) -> list[Counted]:
    """The inputs in the order of the formula."""
    indicator = figure.indicator
    roles = {indicator.numerator.code: _("分子"), indicator.denominator.code: _("分母")}
    return [
        Counted(
            one.code,
            name_of(one),
            meaning_of(one, is_cohort=figure.is_cohort),
            figure.counts[one.code],
            address(figure, "figure-records", part=one.code),
            roles.get(one.code, _("参考")),
            one.code in roles,
        )
        for one in indicator.inputs
    ]


@dataclass(frozen=True)
class Line:
    """A case in a list; ``late`` tells how late it was closed, or is by now, None where it is not late."""

    case: Case
    late: Left | None


def lines_of(cases: Iterable[Case]) -> list[Line]:
    """Cases as lines of a list."""
    return [Line(case, _late(case)) for case in cases]


def _late(case: Case) -> Left | None:
    if case.close_deadline is None:
        return None
    left = left_of(case.close_deadline, case.closed_at or timezone.now(), case.limit_unit)
    return left if left.seconds < 0 else None


WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 190, 44, 28, 20, 26


@dataclass(frozen=True)
class Point:
    """One point of the chart."""

    x: float
    y: float
    label: str
    text: str
    is_last: bool
    label_y: float


@dataclass(frozen=True)
class Chart:
    """A line through the values of a series; gaps where there is no data."""

    points: list[Point]
    lines: list[str]
    ticks: list[tuple[float, str]]
    labels: list[tuple[float, str]]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT


def _range(values: list[float], is_rate: bool) -> tuple[float, float]:
    """A calm range around the values: tens for rates, at most 0 to 100."""
    low, high = min(values), max(values)
    step = 10.0 if is_rate else max(10.0 ** (len(str(int(high))) - 1), 1.0)
    bottom, top = step * int(low // step), step * (int(high // step) + 1)
    return (max(bottom, 0.0), min(top, 100.0) if is_rate else top) if bottom < min(top, 100.0) else (bottom - step, top)


def chart(series: list[Figure]) -> Chart | None:
    """The chart of a series, oldest first; None where no period has data."""
    values = [float(figure.value) for figure in series if figure.value is not None]
    if not values:
        return None
    low, high = _range(values, series[0].indicator.times == 100)
    stride = (WIDTH - LEFT - 12 - RIGHT) / max(len(series) - 1, 1)

    def height_of(value: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - low) / (high - low)), 1)

    points: list[Point] = []
    lines: list[str] = []
    run: list[str] = []
    labels: list[tuple[float, str]] = []
    for number, figure in enumerate(series):
        x = round(LEFT + 12 + stride * number, 1)
        if number % (len(series) // 12 + 1) == (len(series) - 1) % (len(series) // 12 + 1):
            labels.append((x, _axis_label(figure.period)))
        if figure.value is None:
            lines, run = _ended(lines, run)
            continue
        y = height_of(float(figure.value))
        run.append(f"{x},{y}")
        last = number == len(series) - 1
        points.append(Point(x, y, figure.period.key, figure.text, last, y - 10 if y > TOP + 8 else y + 18))
    lines, run = _ended(lines, run)
    ticks = [(height_of(low + (high - low) * part / 2), f"{low + (high - low) * part / 2:g}") for part in range(3)]
    return Chart(points, lines, ticks, labels)


def _ended(lines: list[str], run: list[str]) -> tuple[list[str], list[str]]:
    return ([*lines, " ".join(run)] if len(run) > 1 else lines), []


def _axis_label(period: Period) -> str:
    if period.kind is Kind.MONTH:
        return f"{period.first:%y-%m}"
    return f"{period.first:%m-%d}" if period.kind is Kind.DAY else period.key


def kind_words(kind: Kind) -> str:
    """Length of a period in a word."""
    return {Kind.DAY: _("日"), Kind.MONTH: _("月"), Kind.QUARTER: _("季"), Kind.YEAR: _("年")}[kind]


def missed_name(figure: Figure) -> str:
    """What the cases are called that the denominator counts and the numerator does not."""
    return {
        "filing_rate": _("不予立案"),
        "closing_rate": _("未结案"),
        "on_time_closing_rate": _("未按期结案"),
        "rework_rate": _("未返工"),
    }[figure.indicator.code]
