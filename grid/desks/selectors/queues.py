"""The queue of a desk: a few rows in their order, from indexes; counts that stop at a hundred."""

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.foundation.constants import Constant
from cityops.foundation.errors import field_fault
from grid.desks.rules.desks import Branch, Desk, Tab
from grid.models import Case
from grid.models.cases import CaseQuerySet
from grid.selectors.case_filters import CaseFilter

ROWS = 40
"""Rows of a queue that are shown at once."""
MOST_ROWS = 200
COUNTED = 99
"""Beyond this a count says 99+."""
FILTERS = ("q", "division", "class_code", "source", "urgency", "duty_org")
"""What narrows a queue; the same words as the filters of the case list."""
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Page:
    """Some rows of a queue."""

    rows: list[Case]
    cursor: str
    """Where the next page begins; empty at the end."""


@dataclass(frozen=True)
class TabCount:
    """A tab with the number of its cases."""

    key: str
    count: int
    query: str = ""

    @property
    def shown(self) -> str:
        """The number; 99+ for more."""
        return f"{COUNTED}+" if self.count > COUNTED else str(self.count)


@dataclass(frozen=True)
class Asked:
    """A queue as somebody asks for it: desk, tab, filters."""

    user: User
    desk: Desk
    tab: Tab
    filters: Mapping[str, str] = field(default_factory=dict)
    at: datetime = field(default_factory=timezone.now)


def asked_of(user: User, desk: Desk, data: Mapping[str, Any], at: datetime | None = None) -> Asked:
    """What the words of an address ask for; unknown words say nothing."""
    filters = {name: str(data[name]).strip() for name in FILTERS if str(data.get(name) or "").strip()}
    return Asked(user, desk, desk.tab(str(data.get("tab") or "")), filters, at or timezone.now())


def branch_cases(asked: Asked, branch: Branch) -> CaseQuerySet:
    """The cases of one branch that the person may work on, narrowed, in no order."""
    rows: CaseQuerySet = Case.objects.workable_by(asked.user).order_by()
    if branch.stage is not None:
        rows = rows.filter(state=Constant(branch.stage.value))
    if branch.pending is not None:
        rows = rows.filter(pending=Constant(branch.pending.value)).exclude(pending=Constant(""))
    if branch.is_supervised or branch.is_late:
        rows = rows.open()
    if branch.is_supervised:
        rows = rows.filter(is_supervised=Constant("1"))
    if branch.is_late:
        rows = rows.filter(stage_due_at__lt=asked.at)
    if not asked.filters:
        return rows
    narrowed: CaseQuerySet = CaseFilter(asked.filters, rows).qs
    return narrowed


def queue(asked: Asked, *, cursor: str = "", limit: int = ROWS) -> Page:
    """The next rows of a queue: least time left first, then the oldest report. One statement for each branch, a
    second one only for later pages. Raises InvalidInput for a cursor that is none.
    """
    limit = min(max(limit, 1), MOST_ROWS)
    after = _read(cursor) if cursor else None
    found = [_rows(branch_cases(asked, branch), after, limit + 1) for branch in asked.tab.branches]
    rows = list(dict.fromkeys(heapq.merge(*found, key=_place)))
    return Page(rows[:limit], _cursor(rows[limit - 1]) if len(rows) > limit else "")


def _place(case: Case) -> tuple[datetime, datetime, str]:
    return case.stage_due_at or _NEVER, case.reported_at, str(case.rid)


def _rows(cases: CaseQuerySet, after: tuple[datetime | None, datetime, UUID] | None, limit: int) -> list[Case]:
    ordered = cases.most_pressing_first()
    if after is None:
        return list(ordered[:limit])
    due, reported, rid = after
    behind = Q(reported_at__gt=reported) | Q(reported_at=reported, rid__gt=rid)
    if due is None:
        return list(ordered.filter(behind, stage_due_at__isnull=True, reported_at__gte=reported)[:limit])
    later = Q(stage_due_at__gt=due) | (Q(stage_due_at=due) & behind)
    rows = list(ordered.filter(later, stage_due_at__gte=due)[:limit])
    if len(rows) < limit:
        rows += list(ordered.filter(stage_due_at__isnull=True)[: limit - len(rows)])
    return rows


def _cursor(case: Case) -> str:
    due = case.stage_due_at.isoformat() if case.stage_due_at else ""
    return f"{due}~{case.reported_at.isoformat()}~{case.rid}"


def _read(cursor: str) -> tuple[datetime | None, datetime, UUID]:
    try:
        due, reported, rid = cursor.split("~")
        moments = datetime.fromisoformat(due) if due else None, datetime.fromisoformat(reported)
        if any(timezone.is_naive(one) for one in moments if one is not None):
            raise ValueError(cursor)
        return moments[0], moments[1], UUID(rid)
    except ValueError as error:
        told = _("游标无效,请从列表给出的 next 地址取得。")
        raise field_fault("cursor", "invalid_cursor", told) from error


def tab_counts(asked: Asked) -> list[TabCount]:
    """How many cases each tab of the desk has, with the same filters; counting stops at a hundred."""
    return [TabCount(tab.key, _count(asked, tab)) for tab in asked.desk.tabs]


def _count(asked: Asked, tab: Tab) -> int:
    total = 0
    for branch in tab.branches:
        if total <= COUNTED:
            # in order, or the plan walks an index that begins with another column
            total += branch_cases(asked, branch).most_pressing_first().values("pk")[: COUNTED + 1].count()
    return total
