"""What waits for a person on the street 现场任务: all that is needed to do it without a network."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.db.models import F, Q

from cityops.accounts.models import User
from cityops.foundation.records import local_node
from grid.field.rules.envelopes import BY_THE_DEPARTMENT, ON_THE_STREET
from grid.models import Case, CaseMedia, CaseStep, CaseTask
from grid.rules.stages import Stage
from grid.selectors.media import AFTER, BEFORE
from grid.selectors.moves import OpenMove, open_moves

MOST = 200
"""Tasks that one phone carries; the most urgent first."""
MOST_PHOTOS = 4
PHONE_MOVES = frozenset((*ON_THE_STREET, *BY_THE_DEPARTMENT))
HANDLE = "handle"
WITH_DEPARTMENT = (Stage.DISPATCHED.value, Stage.HANDLING.value, Stage.SUSPENDED.value)
PERMISSION_OF = {CaseTask.Kind.VERIFY: "grid.verify_case", CaseTask.Kind.CHECK: "grid.check_case"}
Row = TypeVar("Row", CaseStep, CaseMedia)


@dataclass(frozen=True)
class PhoneTask:
    """One task with its case as it stands, and what the person may do with it."""

    kind: str
    """verify, check (a collector's) or handle (a department's)."""
    case: Case
    due_at: datetime | None
    seen_step: int
    is_own: bool
    """False where it is for whoever is near."""
    moves: tuple[OpenMove, ...]
    photos: tuple[CaseMedia, ...]
    """Before and after, each oldest first, a few of each."""


@dataclass(frozen=True)
class _Found:
    kind: str
    case: Case
    due_at: datetime | None
    is_own: bool


def tasks_for(user: User) -> list[PhoneTask]:
    """A person's tasks, the earliest due first; at most ``MOST``."""
    found = [*_street_tasks(user), *_department_cases(user)][:MOST]
    keys = [one.case.pk for one in found]
    steps = _by_case(CaseStep.objects.filter(case__in=keys).order_by("seq"))
    photos = _by_case(CaseMedia.objects.filter(case__in=keys).exclude(file="").order_by("taken_at", "media_id"))
    tasks = [_task(user, one, steps[one.case.pk], photos[one.case.pk]) for one in found]
    return [task for task in tasks if task.moves or task.case.state == Stage.SUSPENDED or task.case.pending]


def _by_case(rows: Iterable[Row]) -> dict[UUID | None, list[Row]]:
    found: dict[UUID | None, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.case_id].append(row)
    return found


def _street_tasks(user: User) -> list[_Found]:
    kinds = [kind for kind, permission in PERMISSION_OF.items() if user.has_perm(permission)]
    if not kinds:
        return []
    rows = CaseTask.objects.workable_by(user).open().filter(kind__in=kinds).select_related("case")
    rows = rows.filter(Q(assignee=user) | Q(assignee=None), case__origin_code=local_node())
    rows = rows.order_by(F("due_at").asc(nulls_last=True), "pk")[:MOST]
    return [_Found(row.kind, row.case, row.due_at, row.assignee_id == user.pk) for row in rows]


def _department_cases(user: User) -> list[_Found]:
    if not user.has_perm("grid.handle_case"):
        return []
    rows = Case.objects.workable_by(user).filter(
        state__in=WITH_DEPARTMENT, duty_org__in=user.organisation_codes, origin_code=local_node()
    )
    rows = rows.order_by(F("dispose_deadline").asc(nulls_last=True), "rid")[:MOST]
    return [_Found(HANDLE, case, case.due_at, is_own=True) for case in rows]


def _task(user: User, found: _Found, steps: list[CaseStep], photos: list[CaseMedia]) -> PhoneTask:
    moves = [move for move in open_moves(user, found.case, steps) if move.action in PHONE_MOVES]
    few = [one for one in photos if one.usage in BEFORE][:MOST_PHOTOS]
    few += [one for one in photos if one.usage in AFTER][-MOST_PHOTOS:]
    return PhoneTask(
        kind=found.kind,
        case=found.case,
        due_at=found.due_at,
        seen_step=steps[-1].seq if steps else 0,
        is_own=found.is_own,
        moves=tuple(moves),
        photos=tuple(few),
    )
