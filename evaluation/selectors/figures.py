"""Figures 指标值: counted from the records themselves at every tier, so that the digits agree.

``table`` counts many regions, indicators and periods in one statement; ``figure`` is one value with everything
behind it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from os.path import commonprefix
from typing import Any

from django.db import connection
from django.db.models import (
    BooleanField,
    CharField,
    ExpressionWrapper,
    IntegerField,
    Max,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Left
from django.utils import timezone

from evaluation.rules import Indicator, Period, value_of, value_text
from grid.models import Case
from grid.selectors.counting import CONDITIONS, Span, measure, reach
from grid.selectors.divisions import Place
from sync.exchange.models import RecordVersion


@dataclass(frozen=True)
class Figure:
    """One value: what was counted, where and when; ``value`` is None where the denominator is zero."""

    indicator: Indicator
    place: Place
    period: Period
    is_cohort: bool
    counts: dict[str, int]
    as_of: datetime = field(compare=False)

    @property
    def numerator(self) -> int:
        """What stands above the line; seconds for a mean time."""
        return self.counts[self.indicator.numerator.code]

    @property
    def denominator(self) -> int:
        """What stands below the line."""
        return self.counts[self.indicator.denominator.code]

    @property
    def value(self) -> Decimal | None:
        """The value in the unit of the indicator, two decimals."""
        return value_of(self.numerator, self.denominator, self.indicator.times, self.indicator.per)

    @property
    def text(self) -> str:
        """The value as it is shown everywhere."""
        return value_text(self.value)

    @property
    def is_running(self) -> bool:
        """Whether the period has not ended yet, so that its value still moves."""
        return not self.is_cohort and self.as_of < self.period.bounds(timezone.get_default_timezone())[1]


@dataclass(frozen=True)
class Lineage:
    """The record versions behind a figure: how many, and one digest over (record, version) of all of them.

    Two nodes with the same digest counted the same versions of the same records.
    """

    dataset: str
    records: int
    unnumbered: int
    """Records that were not numbered for the exchange yet (a change of the last moments)."""
    digest: str
    latest_change: datetime | None


def cases_of(user: Any, places: Sequence[Place]) -> QuerySet[Case]:
    """The cases that a person may see inside what the places have in common: of one place, exactly its own.

    ``user`` None is the instance itself, which sees all.
    """
    cases = Case.objects.all() if user is None else Case.objects.visible_to(user)
    shared = commonprefix([place.prefix for place in places])  # noqa: RUF071 — digits, not folders
    return (cases.filter(division_code__startswith=shared) if shared else cases).order_by()


def span_of(period: Period, is_cohort: bool) -> Span:
    """The moments of a period in the time zone of this instance."""
    return Span(*period.bounds(timezone.get_default_timezone()), is_cohort)


def table(
    places: Sequence[Place],
    indicators: Sequence[Indicator],
    periods: Sequence[Period],
    *,
    user: Any,
    is_cohort: bool = False,
) -> dict[tuple[str, str, str], Figure]:
    """Figures by (division code, indicator code, period key): every combination, counted in one statement.

    ``user`` is who looks; None is the instance itself. A place outside what the person may see counts nothing, so
    ask ``find_place`` first.
    """
    as_of = timezone.now()
    codes = list(dict.fromkeys(i.code for indicator in indicators for i in indicator.inputs))
    counted: dict[tuple[str, str], dict[str, int]] = {}
    if places and periods:
        counted = _count(places, codes, periods, user, is_cohort)
    nothing = dict.fromkeys(codes, 0)
    return {
        (place.code, indicator.code, period.key): Figure(
            indicator,
            place,
            period,
            is_cohort,
            {i.code: counted.get((place.code, period.key), nothing)[i.code] for i in indicator.inputs},
            as_of,
        )
        for place in places
        for indicator in indicators
        for period in periods
    }


def _count(
    places: Sequence[Place], codes: list[str], periods: Sequence[Period], user: Any, is_cohort: bool
) -> dict[tuple[str, str], dict[str, int]]:
    """Counts by (division code, period key), from one UNION ALL with a branch for each period."""
    holders: dict[str, list[str]] = {}
    for place in places:
        holders.setdefault(place.prefix, []).append(place.code)
    lengths = sorted({len(prefix) for prefix in holders})
    digits = lengths[-1]
    cases = cases_of(user, places)
    branches = [_branch(cases, codes, number, span_of(p, is_cohort), digits) for number, p in enumerate(periods)]
    rows = list(branches[0].union(*branches[1:], all=True) if len(branches) > 1 else branches[0])
    found: dict[tuple[str, str], dict[str, int]] = {}
    for row in rows:
        key = periods[row["period_number"]].key
        for place_code in (code for length in lengths for code in holders.get(row["place"][:length], ())):
            sums = found.setdefault((place_code, key), dict.fromkeys(codes, 0))
            for code in codes:
                sums[code] += row[f"n_{code}"]
    return found


def _branch(cases: QuerySet[Case], codes: list[str], number: int, span: Span, digits: int) -> QuerySet[Any, Any]:
    place = Left("division_code", digits) if digits else Value("", output_field=CharField())
    return (
        cases.filter(reach(codes, span))
        .annotate(period_number=Value(number, output_field=IntegerField()), place=place)
        .values("period_number", "place")
        .annotate(**{f"n_{code}": measure(code, span) for code in codes})
    )


def figure(indicator: Indicator, place: Place, period: Period, *, user: Any, is_cohort: bool = False) -> Figure:
    """One figure. A person who may not see the place gets a count of nothing: ask ``find_place`` first."""
    return table([place], [indicator], [period], user=user, is_cohort=is_cohort)[place.code, indicator.code, period.key]


def records(of: Figure, part: str = "", *, user: Any) -> QuerySet[Case]:
    """Exactly the cases that an input of the figure counts; the denominator's where ``part`` is empty.

    Raises KeyError for a part that is no input of the indicator.
    """
    wanted = part or of.indicator.denominator.code
    if wanted not in of.counts:
        raise KeyError(wanted)
    span = span_of(of.period, of.is_cohort)
    return cases_of(user, [of.place]).filter(CONDITIONS[wanted](span)).order_by("-reported_at", "-rid")


def missed(of: Figure, *, user: Any) -> QuerySet[Case]:
    """The cases of the denominator that the numerator does not count; none for a mean time."""
    span = span_of(of.period, of.is_cohort)
    counted = CONDITIONS[of.indicator.numerator.code](span)
    return records(of, user=user).exclude(rid__in=cases_of(user, [of.place]).filter(counted).values("rid"))


MISSED = "missed"
"""The part that lists what the denominator counts and the numerator does not."""


def parts_listed(of: Figure) -> tuple[str, ...]:
    """What may be listed of a figure: the records of its inputs, and those missed where it is a share."""
    return (*of.counts, *((MISSED,) if of.indicator.times == 100 else ()))


def listed(of: Figure, part: str, *, user: Any) -> QuerySet[Case]:
    """The cases of a part with their marks; MISSED is what the numerator does not count."""
    cases = missed(of, user=user) if part == MISSED else records(of, part, user=user)
    return with_marks(of, cases).defer("geom", "geom_3857", "description")


_LINEAGE = """
SELECT count(*), count(*) FILTER (WHERE r.rid IS NULL), max(c.updated_at),
       encode(sha256(convert_to(coalesce(string_agg(c.rid || ' ' || coalesce(r.rev, 0), E'\n' ORDER BY c.rid), ''),
                                'UTF8')), 'hex')
FROM ({cases}) AS c LEFT JOIN {versions} AS r ON r.rid = c.rid
"""


def lineage(of: Figure, *, user: Any) -> Lineage:
    """The record versions behind the denominator of a figure (the numerator's are among them)."""
    cases, params = records(of, user=user).order_by().values("rid", "updated_at").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_LINEAGE.format(cases=cases, versions=RecordVersion._meta.db_table), params)
        count, unnumbered, latest, digest = cursor.fetchone()
    return Lineage("GL01", count, unnumbered, digest, latest)


def latest_report(places: Sequence[Place], *, user: Any) -> datetime | None:
    """The latest moment at which a case in the places was reported; None without cases."""
    latest: datetime | None = cases_of(user, places).aggregate(latest=Max("reported_at"))["latest"]
    return latest


def with_marks(of: Figure, cases: QuerySet[Case]) -> QuerySet[Case]:
    """Annotate ``rev`` (the version last numbered, or None) and ``in_<input>``: whether the input counts the case."""
    span = span_of(of.period, of.is_cohort)
    version = RecordVersion.objects.filter(rid=OuterRef("rid")).values("rev")[:1]
    marks = {f"in_{code}": ExpressionWrapper(CONDITIONS[code](span), output_field=BooleanField()) for code in of.counts}
    return cases.annotate(rev=Subquery(version), **marks)


def parts_of(of: Figure, case: Case) -> list[str]:
    """The inputs that count a case of ``with_marks``."""
    return [code for code in of.counts if getattr(case, f"in_{code}")]
