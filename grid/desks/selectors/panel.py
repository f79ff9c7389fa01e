"""What a desk shows of one case: the steps that are open, those that are not and why, and what each would bring."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import Organisation, User
from grid.desks.rules.desks import KEYS, Desk
from grid.desks.selectors.words import why_in_words
from grid.models import Case, CaseApplication, CaseStep
from grid.rules.clock import CalendarWithoutHours, add_limit
from grid.rules.moving import DEFAULT_RULE
from grid.rules.stages import Stage
from grid.rules.transitions import MOVES, Action
from grid.selectors.calendar import current_desk
from grid.selectors.moves import OpenMove, label_of, rules_of
from grid.selectors.workflows import workflow_of
from sync.standard.models import DisposalRule


@dataclass(frozen=True)
class Closed:
    """A step that is not open now, and why."""

    action: str
    label: str
    why: str


@dataclass(frozen=True)
class Condition:
    """A filing condition with its limit and when it would be due."""

    rule_id: str
    text: str
    limit: str
    is_short: bool
    """True where it is due on the day of the dispatch."""
    due: datetime | None
    dispatch: datetime
    """When the case is dispatched at the latest, if nobody is late."""


def in_order(desk: Desk, moves: Iterable[OpenMove]) -> list[OpenMove]:
    """The open moves in the order of the desk; decisions first, what is not the desk's last."""
    place = {action: number for number, action in enumerate(desk.actions)}
    return sorted(moves, key=lambda move: (MOVES[move.action].decides == "", place.get(move.action, len(place))))


def keys_of(moves: Iterable[OpenMove]) -> dict[str, str]:
    """Action → key; a letter that is taken by an earlier move is not given twice."""
    given: dict[str, str] = {}
    for move in moves:
        key = KEYS.get(move.action, "")
        if key and key not in given.values():
            given[move.action.value] = key
    return given


def closed_moves(user: User, desk: Desk, case: Case, moves: Iterable[OpenMove]) -> list[Closed]:
    """The steps of the desk that are not open with a case, each with the reason."""
    is_open = {move.action for move in moves}
    on = workflow_of(case).moves
    return [
        Closed(
            action.value,
            label_of(action),
            why_in_words(MOVES[action], case, is_on=action in on, is_permitted=user.has_perm(MOVES[action].permission)),
        )
        for action in desk.actions
        if action not in is_open and action is not Action.CORRECT
    ]


def conditions_of(case: Case, at: datetime) -> list[Condition]:
    """The filing conditions of a case's class: limit, and when each would be due if filing and dispatch take all the
    time they have. Without any the default limit is the only one.
    """
    desk = current_desk().for_area(case.deadline_class)
    try:
        filed = desk.stage_end("file", at) if case.state != Stage.ACCEPTED else at
        dispatch = desk.stage_end("dispatch", filed)
    except CalendarWithoutHours:
        return []
    found = []
    for rule in rules_of(case):
        value, unit = rule.limit_for(case.deadline_class)
        found.append(_condition(str(rule.pk), rule.filing_condition, value, unit, dispatch))
    if not found:
        found = [
            _condition("", _("无专门条件，按默认时限"), DEFAULT_RULE.limit_value, DEFAULT_RULE.limit_unit, dispatch)
        ]
    return found


def _condition(rule_id: str, text: str, value: Any, unit: str, dispatch: datetime) -> Condition:
    due = due_after(dispatch, value, unit)
    is_short = due is not None and timezone.localdate(due) == timezone.localdate(dispatch)
    limit = f"{float(value):g} {DisposalRule.Unit(unit).label}" if value is not None and unit else ""
    return Condition(rule_id, text, limit, is_short, due, dispatch)


def due_after(start: datetime, value: Any, unit: str) -> datetime | None:
    """When a limit that starts then is used up; None where none is known or the calendar has no hours."""
    if value is None or not unit:
        return None
    try:
        return add_limit(start, value, unit, current_desk().calendar)
    except CalendarWithoutHours:
        return None


@dataclass(frozen=True)
class Since:
    """What others did with a case since somebody opened it."""

    step: CaseStep
    who: str


def steps_since(case: Case, seq: int) -> list[Since]:
    """The steps after number ``seq``, oldest first, with who made them; two queries."""
    steps = list(case.steps.filter(seq__gt=seq).order_by("seq"))
    people = User.objects.in_bulk([step.operator_id for step in steps if step.operator_id])
    return [Since(step, str(people.get(step.operator_id) or _("系统"))) for step in steps]


def waiting_application(case: Case) -> CaseApplication | None:
    """The application that waits for a decision."""
    return case.applications.waiting().select_related("applied_by").first() if case.pending else None


def facts_of(case: Case) -> dict[str, str]:
    """The fields whose change matters to who works on a case, in words; field name → as it stands now."""
    names = dict(Organisation.objects.filter(org_code=case.duty_org).values_list("org_code", "name"))
    deadline = timezone.localtime(case.dispose_deadline).strftime("%Y-%m-%d %H:%M") if case.dispose_deadline else "—"
    return {
        "state": str(case.get_state_display()),
        "pending": str(CaseApplication.Kind(case.pending).label) if case.pending else "—",
        "class_code": f"{case.matter_name} {case.class_code}",
        "description": case.description,
        "address": case.address,
        "rule": case.filing_condition or "—",
        "duty_org": names.get(case.duty_org, case.duty_org) or "—",
        "dispose_deadline": deadline,
    }
