"""Base counts of many objects and periods, set-based: one statement for the cases and one for the steps of a period."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Case as Choose
from django.db.models import CharField, Count, F, QuerySet, Value, When
from django.db.models.functions import Concat, Left
from django.utils import timezone

from grid.models import Case, UnitGrid
from grid.performance.rules.counts import (
    ACT_COUNTS,
    CASE_COUNTS,
    POSTS,
    SUMS,
    TASK_COUNTS,
    TASKS,
    Target,
)
from grid.performance.selectors.conditions import (
    CASE_CONDITIONS,
    act_condition,
    case_measure,
    reach,
    step_condition,
    step_measure,
    steps_of,
)
from grid.rules.periods import Period
from grid.selectors.counting import Span

Counts = dict[str, int | Decimal]
STEP_COUNTS = (*ACT_COUNTS, *TASK_COUNTS)
WHOLE_POST_CASES = ("register_num", "public_verified_num")
"""Counts of cases that a post is held against as a whole; a team has none of them."""


@dataclass(frozen=True)
class Asked:
    """Whose counts are asked for: a kind of object inside a division, as one person sees it.

    ``user`` None is the instance itself. ``digits`` is the length of the division codes that areas are counted by.
    """

    target: Target
    prefix: str
    user: Any
    digits: int = 0

    def cases(self) -> QuerySet[Case]:
        """The cases inside."""
        cases = Case.objects.all() if self.user is None else Case.objects.visible_to(self.user)
        return (cases.filter(division_code__startswith=self.prefix) if self.prefix else cases).order_by()


def span_of(period: Period) -> Span:
    """The moments of a period in the time zone of this instance."""
    return Span(*period.bounds(timezone.get_default_timezone()))


def count(asked: Asked, period: Period) -> dict[str, Counts]:
    """Counts by the code of the object. Areas by ``digits`` of the division code, departments by their code, posts by
    CL_ROLE alone (the whole post) and followed by a department's code (the team).
    """
    if asked.target is Target.POST:
        return _posts(asked, span_of(period))
    span = span_of(period)
    found: dict[str, Counts] = {}
    for row in _case_rows(asked.cases(), span, _key(asked, "")):
        _put(found, row, CASE_COUNTS)
    keyed = steps_of(asked.cases(), span).annotate(key=_key(asked, "case__"))
    for row in keyed.values("key").annotate(**{f"n_{code}": step_measure(code) for code in STEP_COUNTS}):
        _put(found, row, STEP_COUNTS)
    found.pop("", None)
    if asked.target is Target.AREA:
        for key, grids in _grids(asked).items():
            found.setdefault(key, dict.fromkeys((*CASE_COUNTS, *STEP_COUNTS), 0))["unit_grid_num"] = grids
    nothing = dict.fromkeys((*CASE_COUNTS, *STEP_COUNTS), 0)
    return {key: {**nothing, **counts} for key, counts in found.items()}


def _key(asked: Asked, through: str) -> Any:
    if asked.target is Target.DEPARTMENT:
        return F(f"{through}duty_org")
    if not asked.digits:
        return Value("0", output_field=CharField())
    return Left(f"{through}division_code", asked.digits)


def _case_rows(cases: QuerySet[Case], span: Span, key: Any) -> QuerySet[Any, Any]:
    keyed = cases.filter(reach(span)).annotate(key=key).values("key")
    return keyed.annotate(**{f"n_{code}": case_measure(code, span) for code in CASE_COUNTS})


def _put(found: dict[str, Counts], row: Mapping[str, Any], codes: Sequence[str]) -> None:
    """Add a row's counts to those of its object."""
    counts = found.setdefault(row["key"], {})
    for code in codes:
        number = row[f"n_{code}"]
        counts[code] = counts.get(code, 0) + (round(Decimal(number), 1) if code == "delay_hours" else number)


def _grids(asked: Asked) -> dict[str, int]:
    """Unit grids in force, by the same length of code."""
    grids = UnitGrid.objects.in_force().filter(division_code__startswith=asked.prefix).order_by()
    key = Left("division_code", asked.digits) if asked.digits else Value("0", output_field=CharField())
    rows = grids.annotate(key=key).values("key").annotate(number=Count("pk"))
    return {row["key"]: row["number"] for row in rows}


def _post_key() -> Concat:
    return Concat("operator_role", "operator_org")


def _task_key() -> Concat:
    """Post of a task, and the team that answered it; without an answer it counts for the post alone."""
    roles = [When(action__in=task.given, then=Value(task.role)) for task in TASKS.values()]
    return Concat(Choose(*roles, default=Value(""), output_field=CharField()), F("answer_org"))


def _posts(asked: Asked, span: Span) -> dict[str, Counts]:
    """Posts as a whole and their teams. A step may be an act of one post and a task of another."""
    found: dict[str, Counts] = {}
    steps = steps_of(asked.cases(), span)
    acts = steps.filter(operator_role__in=POSTS).annotate(key=_post_key()).values("key")
    for row in acts.annotate(**{f"n_{code}": step_measure(code) for code in ACT_COUNTS}):
        _with_whole(found, row, tuple(ACT_COUNTS))
    for task, codes in _codes_of_tasks().items():
        given = steps.filter(action__in=TASKS[task].given).annotate(key=_task_key()).values("key")
        for row in given.annotate(**{f"n_{code}": step_measure(code) for code in codes}):
            _with_whole(found, {**row, "key": TASKS[task].role + row["key"][2:]}, codes)
    whole = {code: case_measure(code, span) for code in WHOLE_POST_CASES}
    totals = asked.cases().filter(reach(span)).aggregate(**whole)
    nothing: Counts = dict.fromkeys(STEP_COUNTS, 0)
    return {key: {**nothing, **(totals if key in POSTS else {}), **counts} for key, counts in found.items()}


def _codes_of_tasks() -> dict[str, tuple[str, ...]]:
    return {task: tuple(code for code, (of, _state) in TASK_COUNTS.items() if of == task) for task in TASKS}


def _with_whole(found: dict[str, Counts], row: Mapping[str, Any], codes: Sequence[str]) -> None:
    _put(found, {**row, "key": row["key"][:2]}, codes)
    if len(row["key"]) > 2:
        _put(found, row, codes)


def listed(asked: Asked, key: str, period: Period, code: str) -> QuerySet[Any]:
    """Exactly what a number counts: cases, or steps (with their case) where it counts acts or tasks.

    ``key`` is the object's code as ``count`` gives it; empty for all objects together. Raises KeyError for a code that
    is not counted in cases.
    """
    span = span_of(period)
    cases = asked.cases()
    if key and asked.target is not Target.POST:
        field = "duty_org" if asked.target is Target.DEPARTMENT else "division_code"
        by = field if asked.target is Target.DEPARTMENT else f"{field}__startswith"
        cases = cases.filter(**{by: key if key != "0" else ""})
    if code in CASE_CONDITIONS:
        return cases.filter(CASE_CONDITIONS[code](span)).order_by("-reported_at", "-rid")
    condition = step_condition(code)
    steps = steps_of(cases, span).filter(condition).select_related("case").order_by("-operated_at", "-pk")
    if asked.target is Target.POST and key:
        steps = _of_post(steps, key, code)
    return steps


def _of_post(steps: QuerySet[Any], key: str, code: str) -> QuerySet[Any]:
    role, team = key[:2], key[2:]
    if code in ACT_COUNTS:
        steps = steps.filter(act_condition(code), operator_role=role)
        return steps.filter(operator_org=team) if team else steps
    if TASKS[TASK_COUNTS[code][0]].role != role:
        return steps.none()
    return steps.filter(answer_org=team) if team else steps


def length_of(code: str, counts: Counts) -> int | None:
    """How many rows the list behind a number has; None for a sum, whose list is what it was summed over."""
    return None if code in SUMS or code not in counts else int(counts[code])
