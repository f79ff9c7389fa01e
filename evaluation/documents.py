"""A figure as a document: the same members in the answer of the API and in what the command prints."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from evaluation.rules import INDICATORS, Indicator, Input, InvalidPeriod, Period, UnknownIndicator
from evaluation.selectors import Figure, Lineage, Place, parts_of
from grid.models import Case


def is_english() -> bool:
    """Whether the reader's language is English; everything else reads Chinese."""
    return (get_language() or "").startswith("en")


def name_of(thing: Indicator | Input) -> str:
    """The name in the reader's language."""
    return thing.name_en if is_english() else thing.name_zh


def meaning_of(counted: Input, *, is_cohort: bool) -> str:
    """What an input counts, in the reader's language."""
    if is_cohort:
        return counted.cohort_en if is_english() else counted.cohort_zh
    return counted.meaning_en if is_english() else counted.meaning_zh


def formula_of(indicator: Indicator) -> str:
    """The formula in the reader's language."""
    return indicator.formula_en if is_english() else indicator.formula_zh


def unit_of(indicator: Indicator) -> str:
    """The unit in the reader's language."""
    return indicator.unit_en if is_english() else indicator.unit_zh


def no_period(error: InvalidPeriod) -> str:
    """What to tell a person who wrote something that is no period."""
    return _("“%(text)s”不是统计期：请写成 2026、2011Q3、2026-10 或 2026-10-05。") % {"text": error.text}


def no_indicator(error: UnknownIndicator) -> str:
    """What to tell a person who asked for an indicator that there is none of."""
    return _("没有指标“%(text)s”：请用 %(known)s 之一。") % {"text": error.text, "known": _("、").join(INDICATORS)}


def _moment(at: datetime | None) -> str | None:
    return None if at is None else timezone.localtime(at, timezone.get_default_timezone()).isoformat(timespec="seconds")


def place_document(place: Place) -> dict[str, Any]:
    """A division."""
    return {"code": place.code, "name": place.name, "level": place.level}


def period_document(period: Period) -> dict[str, Any]:
    """A period with its first moment and the first one after it."""
    start, end = period.bounds(timezone.get_default_timezone())
    return {"key": period.key, "kind": period.kind.value, "start": _moment(start), "end": _moment(end)}


def indicator_document(indicator: Indicator) -> dict[str, Any]:
    """An indicator: names, formula with its version, unit, inputs."""
    return {
        "code": indicator.code,
        "name": indicator.name_zh,
        "name_en": indicator.name_en,
        "unit": indicator.unit_en,
        "formula": indicator.formula_zh,
        "formula_en": indicator.formula_en,
        "formula_version": indicator.version,
        "numerator": indicator.numerator.code,
        "denominator": indicator.denominator.code,
        "inputs": [
            {
                "code": one.code,
                "name": one.name_zh,
                "name_en": one.name_en,
                "meaning": one.meaning_zh,
                "meaning_en": one.meaning_en,
                "cohort_meaning": one.cohort_zh,
                "cohort_meaning_en": one.cohort_en,
            }
            for one in indicator.inputs
        ],
        "source": indicator.source,
    }


def value_document(figure: Figure) -> dict[str, Any]:
    """The value with its counts. ``value`` is a decimal as text, so that no digit is lost; null for no data."""
    return {
        "indicator": figure.indicator.code,
        "region": figure.place.code,
        "period": figure.period.key,
        "cohort": figure.is_cohort,
        "numerator": figure.numerator,
        "denominator": figure.denominator,
        "value": None if figure.value is None else figure.text,
        "inputs": figure.counts,
    }


def figure_document(figure: Figure, lineage: Lineage) -> dict[str, Any]:
    """One figure with everything behind it: definition, place, period, counts, as-of, lineage."""
    return {
        **value_document(figure),
        "unit": figure.indicator.unit_en,
        "is_running": figure.is_running,
        "definition": indicator_document(figure.indicator),
        "place": place_document(figure.place),
        "span": period_document(figure.period),
        "as_of": _moment(figure.as_of),
        "lineage": {
            "dataset": lineage.dataset,
            "records": lineage.records,
            "unnumbered": lineage.unnumbered,
            "digest": lineage.digest,
            "latest_change": _moment(lineage.latest_change),
        },
    }


def record_document(figure: Figure, case: Case) -> dict[str, Any]:
    """One record behind a figure (from ``with_marks``): which version of which case, and which inputs count it."""
    return {
        "rid": str(case.rid),
        "rev": case.rev,  # type: ignore[attr-defined]
        "origin": case.origin_code,
        "case_no": case.case_no,
        "division_code": case.division_code,
        "state": case.state,
        "reported_at": _moment(case.reported_at),
        "filed_at": _moment(case.filed_at),
        "rejected_at": _moment(case.rejected_at),
        "dispatched_at": _moment(case.dispatched_at),
        "disposed_at": _moment(case.disposed_at),
        "close_deadline": _moment(case.close_deadline),
        "closed_at": _moment(case.closed_at),
        "rework_count": case.rework_count,
        "counted_as": parts_of(figure, case),
    }
