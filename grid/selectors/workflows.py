"""Which version of the loop holds: for new cases the active one, for a filed case the one it was filed under."""

import time
from dataclasses import dataclass, field

from grid.models import Case, WorkflowVersion
from grid.rules.workflow import DEFAULT_WORKFLOW, SHIPPED, Workflow, parse_workflow

KEPT_SECONDS = 30
"""How long a process goes on with the active version it has read; a change made elsewhere holds after that time."""


@dataclass
class _Kept:
    active: Workflow | None = None
    until: float = 0.0
    by_code: dict[str, Workflow] = field(default_factory=dict)
    """Versions that were filed under once never change."""


_kept = _Kept()


def active_workflow() -> Workflow:
    """The version that new cases follow; the shipped one where the city has activated none."""
    if _kept.active is None or time.monotonic() > _kept.until:
        row = WorkflowVersion.objects.filter(state=WorkflowVersion.State.ACTIVE).first()
        _kept.active = DEFAULT_WORKFLOW if row is None else parse_workflow(row.code, row.definition)
        _kept.until = time.monotonic() + KEPT_SECONDS
    return _kept.active


def workflow_called(code: str) -> Workflow:
    """A version by its code; the active one for the empty code, the shipped one for a code nobody knows any more."""
    if not code:
        return active_workflow()
    if code not in _kept.by_code:
        row = None if code == SHIPPED else WorkflowVersion.objects.filter(code=code).first()
        _kept.by_code[code] = DEFAULT_WORKFLOW if row is None else parse_workflow(row.code, row.definition)
    return _kept.by_code[code]


def workflow_of(case: Case) -> Workflow:
    """The version a case follows; nobody took photos of a simulated one."""
    found = workflow_called(case.workflow)
    return found.without_photos() if case.is_simulated else found


def forget_workflows() -> None:
    """Read the versions anew at the next question; called when one was changed here."""
    _kept.active = None
    _kept.by_code.clear()
