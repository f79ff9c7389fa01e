"""Pages of statements: all objects of a kind, one object over twelve periods, the cases behind a number."""

from functools import cached_property
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from cityops.accounts.guards import person_of
from cityops.foundation.exports import Column, download
from cityops.foundation.snapshot import snapshot
from grid.models import Case
from grid.performance.rules.counts import COUNTS, GROUND_COUNTS, POSTS, SLUGS, SUMS, Target
from grid.performance.selectors.counting import listed
from grid.performance.selectors.sets import all_sets, name_of
from grid.performance.selectors.statement import asked_for, names_of, parts_level, series, statement
from grid.performance.selectors.words import KIND_NAMES, TARGET_NAMES, count_name, period_words
from grid.performance.web import shown
from grid.performance.web.asked import Wanted, default_period, read
from grid.rules.periods import Kind, period_of
from grid.selectors.divisions import ancestors_of

PAGE_SIZE = 50
LENGTH = 12


@require_safe
def statement_page(request: HttpRequest) -> HttpResponseBase:
    """绩效评价: a table of areas, departments or posts with score, grade and honesty; ``?format=`` gives the file."""
    wanted = read(request)
    person = person_of(request)
    with snapshot():
        now, before, year_ago = (
            statement(wanted.target, wanted.place, period, wanted.formulas, user=person)
            for period in (wanted.period, wanted.period.shift(-1), wanted.period.year_before())
        )
    if request.GET.get("format"):
        return _file(request, wanted, now)
    scored = shown.scored_codes(wanted.formulas, wanted.target)
    honesty = [] if wanted.target is Target.POST else list(wanted.formulas.honesty)
    is_area = wanted.target is Target.AREA
    context = {
        **frame(request, wanted),
        "statement": now,
        "heads": shown.heads(wanted.formulas, scored),
        "lines": shown.row_lines(wanted, now, before, year_ago, scored),
        "honesty_heads": shown.heads(wanted.formulas, honesty),
        "honesty_lines": shown.row_lines(wanted, now, before, year_ago, honesty) if honesty else [],
        "values": shown.map_values(wanted, now) if is_area else {},
        "bounds": shown.map_bounds(now) if is_area else None,
        "map_level": int(parts_level(wanted.place)),
        "grades": wanted.formulas.grades,
        "before_words": "" if before.period == year_ago.period else period_words(before.period),
        "year_words": period_words(year_ago.period),
    }
    return render(request, "performance/statement.html", context)


def _file(request: HttpRequest, wanted: Wanted, now: Any) -> HttpResponseBase:
    """What the page shows, and the counts behind it."""
    person = person_of(request)
    if not person.has_perm("performance.export_statement"):
        raise PermissionDenied
    indicators = now.indicators
    counts = [code for code in COUNTS if any(row.counts.get(code) for row in now.rows)]
    columns = [
        Column(_("对象"), "name"),
        Column(_("代码"), "code"),
        Column(_("综合分"), "score"),
        Column(_("等级"), "grade"),
        *(Column(f"{name_of(one)} {one.unit}".strip(), _value_reader(one.code)) for one in indicators),
        *(Column(count_name(code), _count_reader(code)) for code in counts),
        Column(_("公式集"), lambda _row: wanted.formulas.key),
        Column(_("统计期"), lambda _row: wanted.period.key),
    ]
    name = f"performance-{SLUGS[wanted.target]}-{wanted.place.shown}-{wanted.period.key}"
    return download(
        request, name, columns, list(now.rows), action="performance.export", division_code=wanted.place.code
    )


def _value_reader(code: str) -> Any:
    return lambda row: row.values[code].shown


def _count_reader(code: str) -> Any:
    return lambda row: row.counts.get(code)


def frame(request: HttpRequest, wanted: Wanted, page: str = "performance-statement") -> dict[str, Any]:
    """What the pages show in their head: objects, regions above, the period with its neighbours and lengths, sets."""
    person = person_of(request)
    targets = [Target.DEPARTMENT] if person.is_bound_to_organisation else list(Target)
    today = default_period().first if wanted.period.first > default_period().first else wanted.period.first
    return {
        "wanted": wanted,
        "place": wanted.place,
        "period": wanted.period,
        "period_words": period_words(wanted.period),
        "target_name": TARGET_NAMES[wanted.target],
        "ancestors": [
            {"place": one, "url": wanted.at(place=one).url()} for one in ancestors_of(wanted.place, user=person)
        ],
        "targets": [
            {"name": TARGET_NAMES[one], "url": wanted.at(target=one).url(), "is_on": one is wanted.target}
            for one in targets
        ],
        "kinds": [
            {
                "name": KIND_NAMES[kind],
                "url": wanted.at(period=period_of(today, kind)).url(),
                "is_on": kind is wanted.period.kind,
            }
            for kind in Kind
        ],
        "sets": [{"set": one, "is_on": one.key == wanted.formulas.key} for one in all_sets().values()],
        "earlier_url": wanted.at(period=wanted.period.shift(-1)).url(),
        "later_url": wanted.at(period=wanted.period.shift(1)).url(),
        "list_url": wanted.url(),
    }


def _seen_code(request: HttpRequest, wanted: Wanted, code: str) -> str:
    """An object that the person may see. Raises Http404 for another."""
    person = person_of(request)
    if wanted.target is Target.AREA:
        fits = code == (wanted.place.prefix or "0") or (code.isdigit() and code.startswith(wanted.place.prefix))
    elif wanted.target is Target.DEPARTMENT:
        fits = not person.is_bound_to_organisation or code in person.organisation_codes
    else:
        fits = code[:2] in POSTS
    if not fits:
        raise Http404(code)
    return code


@require_safe
@snapshot()
def object_page(request: HttpRequest, target: str, code: str) -> HttpResponse:
    """One object: how its score came about, its honesty, all of its counts, and twelve periods."""
    wanted = read(request, target=target)
    person = person_of(request)
    _seen_code(request, wanted, code)
    found = series(wanted.target, code, wanted.place, wanted.period, wanted.formulas, user=person, length=LENGTH)
    row = found[-1][1]
    charted = [one for one in shown.scored_codes(wanted.formulas, wanted.target, code)
               if wanted.formulas.indicators[one].is_percent][:4]  # fmt: skip
    honesty = () if wanted.target is Target.POST else wanted.formulas.honesty
    context = {
        **frame(request, wanted),
        "row": row,
        "code": code,
        "name": row.name if row else names_of(wanted.target, [code], wanted.place).get(code, code),
        "parts": shown.part_lines(wanted, row) if row else [],
        "honesty": [shown.value_line(wanted, row, wanted.formulas.indicators[one]) for one in honesty] if row else [],
        "others": _others(wanted, row, honesty) if row else [],
        "counts": [shown.count_line(wanted, row, one) for one in COUNTS if one in row.counts] if row else [],
        "series": [
            {"words": period_words(period), "row": one, "values": [one.values[c].text if one else "—" for c in charted]}
            for period, one in reversed(found)
        ],
        "chart_heads": shown.heads(wanted.formulas, charted),
        "chart_lines": [
            {
                "name": name_of(wanted.formulas.indicators[one]),
                "values": [r.values[one].value if r else None for _p, r in found],
            }
            for one in charted
        ],
        "chart_labels": [f"{p.first:%y-%m}" if p.kind is Kind.MONTH else p.key for p, _r in found],
    }
    return render(request, "performance/object.html", context)


def _others(wanted: Wanted, row: Any, honesty: Any) -> list[dict[str, Any]]:
    """The other indicators of the set that have a value for the object."""
    scored = {part.part.indicator for part in row.result.parts} if row.result else set()
    return [
        shown.value_line(wanted, row, one)
        for code, one in wanted.formulas.indicators.items()
        if code not in scored and code not in honesty and row.values[code].value is not None
    ]


class LightPaginator(Paginator):
    """Pages of a list, counted without what its rows show."""

    def __init__(self, found: QuerySet[Any]) -> None:
        super().__init__(found, PAGE_SIZE)
        self._found = found

    @cached_property
    def count(self) -> int:
        """The rows of the list."""
        return self._found.order_by().count()


def _wanted_list(request: HttpRequest) -> tuple[Wanted, str, str, QuerySet[Any]]:
    wanted = read(request)
    count, code = request.GET.get("count", ""), request.GET.get("code", "")
    if count not in COUNTS or count in GROUND_COUNTS:
        raise Http404(count)
    if code:
        _seen_code(request, wanted, code)
    asked = asked_for(wanted.target, wanted.place, person_of(request))
    return wanted, count, code, listed(asked, code, wanted.period, count)


@require_safe
@snapshot()
def cases_page(request: HttpRequest) -> HttpResponse:
    """The list of exactly what a number counts: as many rows as the number says."""
    wanted, count, code, found = _wanted_list(request)
    page = LightPaginator(found).get_page(request.GET.get("page"))
    context = {
        **frame(request, wanted),
        "page": page,
        "lines": shown.case_lines(page.object_list),
        "count_name": count_name(count),
        "is_sum": count in SUMS,
        "code": code,
        "name": names_of(wanted.target, [code], wanted.place).get(code, code) if code else wanted.place.name,
        "object_url": wanted.object_url(code) if code else wanted.url(),
    }
    return render(request, "performance/cases.html", context)


def _of_case(name: str) -> Any:
    return lambda one: getattr(one if isinstance(one, Case) else one.case, name)


COLUMNS = (
    Column(_("案件号"), _of_case("case_no")),
    Column(_("区划"), _of_case("division_code")),
    Column(_("问题"), _of_case("matter_name")),
    Column(_("地点"), _of_case("address")),
    Column(_("处置责任单位"), _of_case("duty_org")),
    Column(_("上报"), _of_case("reported_at")),
    Column(_("立案"), _of_case("filed_at")),
    Column(_("处置截止"), _of_case("dispose_deadline")),
    Column(_("处置完成"), _of_case("disposed_at")),
    Column(_("应结案"), _of_case("close_deadline")),
    Column(_("结案"), _of_case("closed_at")),
    Column(_("动作"), lambda one: "" if isinstance(one, Case) else one.get_action_display()),
    Column(_("动作时间"), lambda one: "" if isinstance(one, Case) else one.operated_at),
)


@require_safe
def cases_file(request: HttpRequest) -> HttpResponseBase:
    """The list behind a number as a file."""
    wanted, count, code, found = _wanted_list(request)
    return download(
        request,
        "-".join(("performance", count, code or wanted.place.shown, wanted.period.key)),
        COLUMNS,
        found,
        action="performance.export",
        kind="grid.case",
        division_code=wanted.place.code,
    )
