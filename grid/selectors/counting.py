"""What counts for what, as conditions of the database; ``grid.rules.counting`` says the same in words and Python.

Cases of one family are reached through the same moments, so that one pass over them gives all of its counts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Aggregate, BigIntegerField, Count, ExpressionWrapper, F, Func, Q, Sum, Value
from django.db.models.functions import Coalesce, Greatest

from grid.rules.counting import REJECTED_STATE, SUSPENDED_STATE, VOID_STATES


@dataclass(frozen=True)
class Span:
    """Moments of a period, and whether the cohort opened in it is meant."""

    start: datetime
    end: datetime
    cohort: bool = False

    def holds(self, column: str) -> Q:
        """The moment in ``column`` lies in the period; for a cohort, it exists and the case was opened then."""
        placed = "reported_at" if self.cohort else column
        inside = Q(**{f"{placed}__gte": self.start, f"{placed}__lt": self.end})
        return inside & Q(**{f"{column}__isnull": False}) if self.cohort else inside

    def is_over(self, column: str) -> Q:
        """The moment came before the end of the period; for a cohort, it came."""
        return Q(**{f"{column}__isnull": False}) if self.cohort else Q(**{f"{column}__lt": self.end})


def _filed(span: Span) -> Q:
    return span.holds("filed_at")


def _rejected(span: Span) -> Q:
    return Q(filed_at__isnull=True) & span.holds("rejected_at")


def _decided(span: Span) -> Q:
    return _filed(span) | _rejected(span)


CAN_CLOSE = (
    (Q(filed_at__isnull=False) | Q(closed_at__isnull=False))
    & ~Q(is_void="1")
    & ~Q(state__in=sorted(VOID_STATES | {REJECTED_STATE}))
    & (Q(closed_at__isnull=False) | ~(Q(is_hung="1") | Q(state=SUSPENDED_STATE)))
)
"""Cases to be closed: filed or closed, not void, merged or rejected, and not paused now."""


def _needed(span: Span) -> Q:
    if span.cohort:
        return CAN_CLOSE & Q(reported_at__gte=span.start, reported_at__lt=span.end)
    return CAN_CLOSE & (span.holds("close_deadline") | span.holds("closed_at"))


_HAS_DEADLINE = Q(close_deadline__isnull=False)


def _closed(span: Span) -> Q:
    return _needed(span) & span.is_over("closed_at")


def _disposed(span: Span) -> Q:
    return span.holds("disposed_at")


def _handled(span: Span) -> Q:
    return span.holds("closed_at") & Q(dispatched_at__isnull=False, disposed_at__isnull=False)


def _seconds(condition: Q) -> Coalesce:
    """Whole seconds from dispatch to disposal, summed over the cases of ``condition``; never less than none."""
    length = Func(F("disposed_at") - F("dispatched_at"), template="EXTRACT(EPOCH FROM %(expressions)s)")
    whole = Func(length, function="FLOOR", template="FLOOR(%(expressions)s)::bigint")
    seconds = ExpressionWrapper(Greatest(whole, Value(0)), output_field=BigIntegerField())
    return Coalesce(Sum(seconds, filter=condition), Value(0), output_field=BigIntegerField())


CONDITIONS: dict[str, Callable[[Span], Q]] = {
    "filed": _filed,
    "rejected": _rejected,
    "decided": _decided,
    "needed": _needed,
    "closed": _closed,
    "needed_with_deadline": lambda span: _needed(span) & _HAS_DEADLINE,
    "closed_with_deadline": lambda span: _closed(span) & _HAS_DEADLINE,
    "on_time": lambda span: _closed(span) & Q(closed_at__lte=F("close_deadline")),
    "in_no_grid": lambda span: _needed(span) & Q(grid_code=""),
    "disposed": _disposed,
    "reworked": lambda span: _disposed(span) & Q(rework_count__gt=0),
    "handled": _handled,
    "handling_seconds": _handled,
}
"""Input → the cases it counts."""
REACHED_BY: dict[str, Callable[[Span], Q]] = {
    "filed": _decided,
    "rejected": _decided,
    "decided": _decided,
    "disposed": _disposed,
    "reworked": _disposed,
    "handled": _handled,
    "handling_seconds": _handled,
}
"""Input → the widest condition of its family; ``_needed`` for the family of closing."""


def reach(inputs: list[str], span: Span) -> Q:
    """All cases that any of the inputs may count."""
    found = Q()
    for wide in dict.fromkeys(REACHED_BY.get(code, _needed) for code in inputs):
        found |= wide(span)
    return found


def measure(code: str, span: Span) -> Aggregate | Coalesce:
    """The aggregate of an input: a count of cases, or their summed seconds."""
    condition = CONDITIONS[code](span)
    return _seconds(condition) if code == "handling_seconds" else Count("rid", filter=condition)
