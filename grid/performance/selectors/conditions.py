"""What each base count counts, as conditions of the database.

Closing, filing and rework are those of the figures (``grid.selectors.counting``, decisions 0080 and 0081): one
definition for the pages of figures and for performance. The list behind a number uses the very condition.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db.models import (
    Case as Choose,
)
from django.db.models import (
    CharField,
    Count,
    DateTimeField,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    FloatField,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Now

from grid.models import Case, CaseStep
from grid.performance.rules.counts import (
    ACT_COUNTS,
    PATROL_SOURCES,
    PUBLIC_SOURCES,
    REPEAT_DAYS,
    REPEAT_METRES,
    TASK_COUNTS,
    TASKS,
)
from grid.selectors.counting import CAN_CLOSE, CONDITIONS, Span, measure

GRANTED_APPEAL = "41"
"""The step that exempts a late handling 同意超时申诉; it travels with the case."""
WIDER = 1.2
"""Metres of the map's projection per metre on the ground, at least, between 20° and 55° north."""


def _exempt() -> Exists:
    return Exists(CaseStep.objects.filter(case=OuterRef("pk"), action=GRANTED_APPEAL))


def _repeats() -> Exists:
    """Another case of the class was reported shortly before, near by."""
    earlier = Case.objects.filter(
        class_code=OuterRef("class_code"),
        grid_code=OuterRef("grid_code"),
        reported_at__lt=OuterRef("reported_at"),
        reported_at__gte=ExpressionWrapper(
            OuterRef("reported_at") - timedelta(days=REPEAT_DAYS), output_field=DateTimeField()
        ),
        geom_3857__dwithin=(OuterRef("geom_3857"), REPEAT_METRES * WIDER),
    ).exclude(state="91")
    return Exists(earlier)


_NOT_VOID = ~Q(is_void="1") & ~Q(state__in=["31", "90", "91"])
_PAUSED = Q(is_hung="1") | Q(state="52")
CAN_DISPOSE = Q(dispatched_at__isnull=False) & _NOT_VOID & (Q(disposed_at__isnull=False) | ~_PAUSED)
"""Cases a department is to dispose of: dispatched, not void or merged, and not paused now."""


def _need_dispose(span: Span) -> Q:
    return CAN_DISPOSE & (span.holds("dispose_deadline") | span.holds("disposed_at"))


def _disposed(span: Span) -> Q:
    return _need_dispose(span) & span.is_over("disposed_at")


def _overdue(span: Span) -> Q:
    open_ = Q(disposed_at__isnull=True) | ~span.is_over("disposed_at")
    return _need_dispose(span) & open_ & Q(dispose_deadline__lt=span.end) & Q(dispose_deadline__lt=Now())


def _closed_in(span: Span) -> Q:
    return CAN_CLOSE & span.holds("closed_at")


CASE_CONDITIONS: dict[str, Callable[[Span], Q]] = {
    "report_num": lambda span: span.holds("reported_at"),
    "patrol_report_num": lambda span: span.holds("reported_at") & Q(source__in=PATROL_SOURCES),
    "public_report_num": lambda span: span.holds("reported_at") & Q(source__in=PUBLIC_SOURCES),
    "valid_report_num": lambda span: span.holds("reported_at") & Q(filed_at__isnull=False),
    "reject_num": CONDITIONS["rejected"],
    "register_num": CONDITIONS["filed"],
    "public_verified_num": lambda span: CONDITIONS["filed"](span) & Q(source__in=PUBLIC_SOURCES),
    "void_num": lambda span: CONDITIONS["filed"](span) & Q(is_void="1"),
    "need_dispose_num": _need_dispose,
    "dispose_num": _disposed,
    "intime_dispose_num": lambda span: _disposed(span) & (Q(disposed_at__lte=F("dispose_deadline")) | Q(_exempt())),
    "overtime_to_dispose_num": _overdue,
    "disposed_num": CONDITIONS["disposed"],
    "rework_num": CONDITIONS["reworked"],
    "postpone_num": lambda span: _need_dispose(span) & Q(postpone_count__gt=0),
    "need_close_num": CONDITIONS["needed"],
    "need_close_timed_num": CONDITIONS["needed_with_deadline"],
    "close_num": CONDITIONS["closed"],
    "intime_close_num": CONDITIONS["on_time"],
    "hang_num": lambda span: span.holds("close_deadline") & Q(closed_at__isnull=True) & _NOT_VOID & _PAUSED,
    "closed_in_num": _closed_in,
    "force_close_num": lambda span: _closed_in(span) & Q(close_type="3"),
    "self_num": lambda span: _closed_in(span) & Q(state="81"),
    "repeat_num": lambda span: CONDITIONS["filed"](span) & Q(_repeats()),
    "rated_num": lambda span: _closed_in(span) & ~Q(satisfaction=""),
    "satisfied_num": lambda span: _closed_in(span) & Q(satisfaction__in=["4", "5"]),
    "handled_num": CONDITIONS["handled"],
    "handling_seconds": CONDITIONS["handling_seconds"],
}
"""Count → the cases it counts."""
MOMENTS = ("reported_at", "filed_at", "rejected_at", "dispose_deadline", "disposed_at", "close_deadline", "closed_at")
"""Every case that counts for anything in a period has one of these in it."""


def reach(span: Span) -> Q:
    """All cases that any count of the period may count."""
    found = Q()
    for moment in MOMENTS:
        found |= span.holds(moment)
    return found


def case_measure(code: str, span: Span) -> Any:
    """The aggregate of a count of cases."""
    if code == "handling_seconds":
        return measure("handling_seconds", span)
    return Count("rid", filter=CASE_CONDITIONS[code](span))


ACTIONS = tuple(
    sorted(
        {action for act in ACT_COUNTS.values() for action in act.actions}
        | {action for task in TASKS.values() for action in task.given}
    )
)
TIMED = tuple(
    sorted({action for act in ACT_COUNTS.values() if act.timed or act.in_time for action in act.actions} | {"13"})
)
"""Acts that are held against the limit of the stage they left, and the approval of a delay against the old deadline."""


def steps_of(cases: QuerySet[Case], span: Span) -> QuerySet[CaseStep]:
    """The steps of a period that any count looks at, with the limit an act had and the answer a task got.

    A step is never later than its case's last change, so only cases that changed since the period began are read.
    """
    inside = cases.filter(updated_at__gte=span.start, reported_at__lt=span.end).order_by()
    return _marked(
        CaseStep.objects.filter(
            case__in=inside, operated_at__gte=span.start, operated_at__lt=span.end, action__in=ACTIONS
        ).order_by()
    )


def _marked(steps: QuerySet[CaseStep]) -> QuerySet[CaseStep]:
    before = CaseStep.objects.filter(case=OuterRef("case"), seq__lt=OuterRef("seq"), deadline__isnull=False)
    limit = Subquery(before.order_by("-seq").values("deadline")[:1])
    answered, answer_org = [], []
    for task in TASKS.values():
        later = CaseStep.objects.filter(case=OuterRef("case"), seq__gt=OuterRef("seq"), action__in=task.answered)
        first = later.order_by("seq")
        answered.append(When(action__in=task.given, then=Subquery(first.values("operated_at")[:1])))
        answer_org.append(When(action__in=task.given, then=Subquery(first.values("operator_org")[:1])))
    return steps.annotate(
        limit_at=Choose(When(action__in=TIMED, then=limit), output_field=DateTimeField()),
        answered_at=Choose(*answered, output_field=DateTimeField()),
        answer_org=Coalesce(Choose(*answer_org, output_field=CharField()), Value("")),
    )


def act_condition(code: str) -> Q:
    """The steps of ``steps_of`` that an act count counts."""
    act = ACT_COUNTS[code]
    found = Q(action__in=act.actions)
    if act.timed:
        found &= Q(limit_at__isnull=False)
    if act.in_time:
        found &= Q(operated_at__lte=F("limit_at"))
    if act.filed:
        found &= Q(case__filed_at__isnull=False)
    if act.void:
        found &= Q(case__is_void="1")
    return found


def task_condition(code: str) -> Q:
    """The steps of ``steps_of`` that a task count counts."""
    task, state = TASK_COUNTS[code]
    found = Q(action__in=TASKS[task].given, deadline__isnull=False)
    if state != "given":
        found &= Q(answered_at__isnull=False)
    if state == "in_time":
        found &= Q(answered_at__lte=F("deadline"))
    return found


def step_condition(code: str) -> Q:
    """The steps of ``steps_of`` that a count counts."""
    return act_condition(code) if code in ACT_COUNTS else task_condition(code)


def step_measure(code: str) -> Any:
    """The aggregate of a count of steps; ``delay_hours`` sums what the approvals added."""
    condition = step_condition(code)
    if code != "delay_hours":
        return Count("pk", filter=condition)
    added = ExpressionWrapper(F("deadline") - F("limit_at"), output_field=DurationField())
    hours = Func(added, template="EXTRACT(EPOCH FROM %(expressions)s) / 3600", output_field=FloatField())
    return Coalesce(Sum(hours, filter=condition), Value(0.0))
