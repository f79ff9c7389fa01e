"""Pages of figures: each reads the address, asks the selectors, and answers."""

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from cityops.foundation.exports import Column, download
from cityops.foundation.snapshot import snapshot
from evaluation import selectors
from evaluation.documents import formula_of, meaning_of, name_of, unit_of
from evaluation.rules import INDICATORS, KINDS, Kind, Period, period_of
from evaluation.selectors import MISSED, Figure
from evaluation.web import shown
from evaluation.web.asked import Asked, address, default_period, default_region, list_address, read

PAGE_SIZE = 50
SHOWN_RECORDS = 8
SERIES = 12


def figure_list(request: HttpRequest) -> HttpResponseBase:
    """Overview: all indicators of a region and its parts, and one indicator over time; ``?format=`` gives a file."""
    asked = read(
        request,
        request.GET.get("indicator") or "on_time_closing_rate",
        request.GET.get("region") or default_region(request.user),
        request.GET.get("period") or default_period().key,
    )
    with snapshot():
        found = selectors.overview(
            asked.place, asked.period, asked.indicator, user=request.user, is_cohort=asked.is_cohort
        )
    if request.GET.get("format"):
        return _overview_file(request, asked, found)
    rows = [found.own, *found.rows]
    context = {
        **_frame(request, asked, "figure-list"),
        "asked": asked,
        "indicators": _indicators(asked),
        "kpis": [
            {
                "name": name_of(figure.indicator),
                "cell": shown.cell(figure),
                "difference": shown.difference(figure, before),
            }
            for figure, before in zip(found.own.now, found.before, strict=True)
        ],
        "rows": [_row(asked, row, is_own=row is found.own) for row in rows],
        "silent": found.silent,
        "periods": [{"key": p.key, "words": shown.period_words(p)} for p in found.periods],
        "has_data": any(row.has_data for row in rows),
        "indicator_name": name_of(asked.indicator),
        "before_words": shown.period_words(asked.period.shift(-1)),
        "as_of": found.own.now[0].as_of,
        "is_running": found.own.now[0].is_running,
    }
    return render(request, "evaluation/figure_list.html", context)


def _indicators(asked: Asked) -> list[dict[str, Any]]:
    """The indicators as tabs and heads."""
    return [
        {
            "code": one.code,
            "name": name_of(one),
            "unit": unit_of(one),
            "is_on": one is asked.indicator,
            "url": list_address(replace(asked, indicator=one)),
        }
        for one in INDICATORS.values()
    ]


def _row(asked: Asked, row: selectors.Row, *, is_own: bool) -> dict[str, Any]:
    """One region of the overview."""
    return {
        "place": row.place,
        "depth": row.depth,
        "is_own": is_own,
        "url": list_address(replace(asked, place=row.place)),
        "now": [shown.cell(figure) for figure in row.now],
        "series": [shown.cell(figure) for figure in row.series],
    }


def _reader(number: int, name: str) -> Callable[[Any], Any]:
    """What reads a part of a row's figure of the present period."""
    return lambda row: getattr(row.now[number], name)


def _overview_file(request: HttpRequest, asked: Asked, found: selectors.Overview) -> HttpResponseBase:
    """The regions of the overview with value, numerator and denominator of every indicator."""
    if not request.user.has_perm("evaluation.export_figure"):
        raise PermissionDenied
    columns = [Column(_("区域"), "place.name"), Column(_("区划"), "place.code")]
    above, below = _("分子"), _("分母")
    for number, one in enumerate(INDICATORS.values()):
        columns += [
            Column(f"{name_of(one)} {unit_of(one)}".strip(), _reader(number, "value")),
            Column(f"{name_of(one)} {above}", _reader(number, "numerator")),
            Column(f"{name_of(one)} {below}", _reader(number, "denominator")),
        ]
    return download(
        request,
        f"figures-{asked.place.shown}-{asked.period.key}",
        columns,
        [found.own, *found.rows],
        action="figure.export",
        kind="evaluation.figure",
        division_code=asked.place.code,
    )


@snapshot()
def figure_detail(request: HttpRequest, indicator: str, region: str, period: str) -> HttpResponse:
    """One figure: number, formula and inputs, trend, parts, records."""
    asked = read(request, indicator, region, period)
    user = request.user
    series_periods = asked.period.series(SERIES)
    year_before = asked.period.year_before()
    asked_periods = list(dict.fromkeys([*series_periods, year_before]))
    own = selectors.table([asked.place], [asked.indicator], asked_periods, user=user, is_cohort=asked.is_cohort)
    series = [own[asked.place.code, asked.indicator.code, p.key] for p in series_periods]
    figure = series[-1]
    parts = [place for place, _ in selectors.overview_parts(asked.place, user)]
    of_parts = selectors.table(parts, [asked.indicator], [asked.period], user=user, is_cohort=asked.is_cohort)
    with_data = [part for part in of_parts.values() if part.denominator]
    context = {
        **_frame(request, asked, "figure-detail"),
        **_behind(figure, request),
        "figure": figure,
        "cell": shown.cell(figure),
        "name": name_of(asked.indicator),
        "formula": formula_of(asked.indicator),
        "indicator": asked.indicator,
        "inputs": shown.inputs_of(figure),
        "lineage": selectors.lineage(figure, user=user),
        "series": [{"words": shown.period_words(one.period), "cell": shown.cell(one)} for one in reversed(series)],
        "chart": shown.chart(series),
        "parts": [{"place": part.place, "cell": shown.cell(part)} for part in with_data],
        "silent": len(of_parts) - len(with_data),
        "against": [
            (shown.period_words(other.period), shown.cell(other), shown.difference(figure, other))
            for other in {
                one.period: one for one in (series[-2], own[asked.place.code, asked.indicator.code, year_before.key])
            }.values()  # for a year, the period before is the year before
        ],
        "list_url": list_address(asked),
    }
    return render(request, "evaluation/figure_detail.html", context)


def _behind(figure: Figure, request: HttpRequest) -> dict[str, Any]:
    """The first records: those that the numerator misses where it is a share, else those that were counted."""
    is_share = figure.indicator.times == 100 and figure.indicator.is_higher_better
    is_missed = is_share and figure.numerator < figure.denominator
    code = MISSED if is_missed else figure.indicator.numerator.code
    if not request.user.has_perm("grid.view_case"):
        return {"records": None}
    cases = (
        selectors.missed(figure, user=request.user)
        if is_missed
        else selectors.records(figure, figure.indicator.numerator.code, user=request.user)
    )
    count = figure.denominator - figure.numerator if is_missed else len_of(figure, code)
    return {
        "records": shown.lines_of(cases.defer("geom", "geom_3857")[:SHOWN_RECORDS]),
        "records_name": _part_name(figure, code),
        "records_count": count,
        "records_url": address(figure, "figure-records", part=code),
        "all_url": address(figure, "figure-records"),
    }


def len_of(figure: Figure, part: str) -> int:
    """How many cases a part lists; a sum of seconds lists the cases it was summed over."""
    if part == MISSED:
        return figure.denominator - figure.numerator
    return figure.denominator if part == "handling_seconds" else figure.counts[part]


def _part_name(figure: Figure, part: str) -> str:
    named = {one.code: name_of(one) for one in figure.indicator.inputs}
    return shown.missed_name(figure) if part == MISSED else named[part]


class CountedPaginator(Paginator):
    """Pages of a list whose length the figure already says."""

    def __init__(self, cases: Any, length: int) -> None:
        super().__init__(cases, PAGE_SIZE)
        self._length = length

    @cached_property
    def count(self) -> int:
        """The count that the figure shows."""
        return self._length


def _part_of(request: HttpRequest, figure: Figure) -> str:
    part = request.GET.get("part") or figure.indicator.denominator.code
    if part not in selectors.parts_listed(figure):
        raise Http404(f"No part {part}")
    return part


@snapshot()
def figure_records(request: HttpRequest, indicator: str, region: str, period: str) -> HttpResponse:
    """The list of exactly the records that a part of the figure counts."""
    asked = read(request, indicator, region, period)
    figure = asked.figure(request.user)
    part = _part_of(request, figure)
    page = CountedPaginator(selectors.listed(figure, part, user=request.user), len_of(figure, part)).get_page(
        request.GET.get("page")
    )
    inputs = shown.inputs_of(figure)
    meanings = {one.code: meaning_of(one, is_cohort=asked.is_cohort) for one in asked.indicator.inputs}
    tabs = [
        {"code": one.code, "name": one.name, "count": len_of(figure, one.code), "url": one.url}
        for one in inputs
        if one.code != "handling_seconds"
    ]
    if asked.indicator.times == 100:
        url = address(figure, "figure-records", part=MISSED)
        tabs.append({"code": MISSED, "name": shown.missed_name(figure), "count": len_of(figure, MISSED), "url": url})
    context = {
        **_frame(request, asked, "figure-records"),
        "figure": figure,
        "cell": shown.cell(figure),
        "name": name_of(asked.indicator),
        "part": part,
        "part_name": _part_name(figure, part),
        "meaning": meanings.get(part, ""),
        "tabs": tabs,
        "page": page,
        "records": shown.lines_of(page.object_list),
        "detail_url": address(figure),
        "export_url": address(figure, "figure-export", part=part),
    }
    return render(request, "evaluation/figure_records.html", context)


COLUMNS = (
    Column(_("案件号"), "case_no"),
    Column(_("区划"), "division_code"),
    Column(_("问题"), "matter_name"),
    Column(_("地点"), "address"),
    Column(_("状态"), lambda case: case.get_state_display()),
    Column(_("上报"), "reported_at"),
    Column(_("立案"), "filed_at"),
    Column(_("不予立案"), "rejected_at"),
    Column(_("派遣"), "dispatched_at"),
    Column(_("处置完成"), "disposed_at"),
    Column(_("应结案"), "close_deadline"),
    Column(_("结案"), "closed_at"),
    Column(_("返工次数"), "rework_count"),
    Column(_("记录版本"), "rev"),
)


def figure_export(request: HttpRequest, indicator: str, region: str, period: str) -> HttpResponseBase:
    """The list of a part as a file: the same records, with the version that was counted."""
    asked = read(request, indicator, region, period)
    figure = asked.figure(request.user)
    part = _part_of(request, figure)
    cases = selectors.listed(figure, part, user=request.user)
    name = "-".join((asked.indicator.code, asked.place.shown, asked.period.key, part))
    return download(
        request,
        name,
        COLUMNS,
        cases,
        action="figure.export",
        kind="evaluation.figure",
        division_code=asked.place.code,
    )


def _frame(request: HttpRequest, asked: Asked, page: str) -> dict[str, Any]:
    """What every page of figures shows in its head: the regions above, the period with its neighbours and lengths."""

    def to(period: Period, *, is_cohort: bool) -> str:
        there = replace(asked, period=period, is_cohort=is_cohort)
        return list_address(there) if page == "figure-list" else address(there, page)

    def kept(period: Period) -> str:
        return to(period, is_cohort=asked.is_cohort)

    above = selectors.ancestors_of(asked.place, user=request.user)
    return {
        "place": asked.place,
        "ancestors": [{"place": one, "url": list_address(replace(asked, place=one))} for one in above],
        "period": asked.period,
        "period_words": shown.period_words(asked.period),
        "earlier_url": kept(asked.period.shift(-1)),
        "later_url": kept(asked.period.shift(1)),
        "period_url": to(asked.period, is_cohort=False),
        "cohort_url": to(asked.period, is_cohort=True),
        "is_cohort": asked.is_cohort,
        "kinds": [
            {
                "name": shown.kind_words(kind),
                "url": kept(_same_time(asked.period, kind)),
                "is_on": kind is asked.period.kind,
            }
            for kind in KINDS
        ],
    }


def _same_time(period: Period, kind: Kind) -> Period:
    today = default_period(Kind.DAY).first
    day = today if period.first <= today < period.after else period.first
    return period if kind is period.kind else period_of(day, kind)
