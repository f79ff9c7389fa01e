"""Rehearse a workflow: play recorded cases again under another version, and say what would have gone otherwise."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from grid.rules.moving import Desk, changes_of
from grid.rules.stages import Stage
from grid.rules.transitions import BY_STEP, Action, Move, Pending
from grid.rules.workflow import Workflow

MOST_EXAMPLES = 20
"""How many cases are named for each kind of finding."""


@dataclass(frozen=True)
class PastStep:
    """One recorded step: what was done, from which stage, when, by whom, with how many photos."""

    action: str
    from_state: str
    at: datetime
    org_code: str = ""
    role_codes: frozenset[str] = frozenset()
    """Roles of the person, where it is still known."""
    photos: int = 0


@dataclass(frozen=True)
class PastCase:
    """One recorded case with its steps in order."""

    case_no: str
    class_code: str
    division_code: str
    limit_value: Decimal | None
    limit_unit: str
    steps: tuple[PastStep, ...]
    asks_photos: bool = True
    """False where nobody took photos (a simulated case)."""


@dataclass
class Findings:
    """What a rehearsal found."""

    cases: int = 0
    steps: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    """Kind of difference → cases with it."""
    examples: dict[str, list[str]] = field(default_factory=dict)

    def note(self, kind: str, case: PastCase) -> None:
        """One case shows a difference of a kind."""
        self.counts[kind] += 1
        named = self.examples.setdefault(kind, [])
        if len(named) < MOST_EXAMPLES:
            named.append(case.case_no)

    def as_json(self) -> dict[str, Any]:
        """Plain values, for keeping and printing."""
        return {
            "cases": self.cases,
            "steps": self.steps,
            "differences": dict(sorted(self.counts.items())),
            "examples": self.examples,
        }


def rehearse(cases: Iterable[PastCase], *, now: Workflow, then: Workflow, desk: Desk) -> Findings:
    """Play cases again: ``now`` is the version they ran under, ``then`` the one that is to be activated."""
    found = Findings()
    for case in cases:
        found.cases += 1
        found.steps += len(case.steps)
        for kind in sorted(set(_differences(case, now, then, desk))):
            found.note(kind, case)
    return found


def _differences(case: PastCase, now: Workflow, then: Workflow, desk: Desk) -> Iterable[str]:
    pending, agreed = Pending.NONE.value, 0
    seen: Counter[Action] = Counter()
    for step in case.steps:
        move = BY_STEP.get(step.action)
        if move is None:
            continue
        yield from _of_step(case, step, move, then, seen)
        seen[move.action] += 1
        agreed = agreed + 1 if move.is_agreed else 0 if move.applies else agreed
        if move.is_agreed:
            levels = then.levels(move.decides, earlier=seen[Action.APPROVE_DELAY] - 1)
            had = now.levels(move.decides, earlier=seen[Action.APPROVE_DELAY] - 1)
            if len(levels) != len(had):
                yield f"approvals_of_{move.decides.value}"
            if step.role_codes and not step.role_codes & frozenset().union(*levels):
                yield f"approver_of_{move.decides.value}"
        pending = move.applies.value if move.applies else "" if move.decides else pending
    before, after = _deadline(case, now, desk), _deadline(case, then, desk)
    if before is not None and after is not None and before[0] != after[0]:
        yield "disposal_deadline"
        if before[1] != after[1]:
            yield "disposed_in_time"


def _of_step(case: PastCase, step: PastStep, move: Move, then: Workflow, seen: Mapping[Action, int]) -> Iterable[str]:
    if move.action not in then.moves and move.action is not Action.REPORT:
        yield f"no_{move.action.value}"
    if case.asks_photos and step.photos < then.photos_with(move.action):
        yield f"photos_of_{move.action.value}"
    if move.action is Action.SELF_HANDLE and not then.may_self_handle(case.class_code):
        yield "self_handled_class"
    if move.action is Action.APPROVE_DELAY and seen[move.action] >= then.given["most_delays"]:
        yield "too_many_delays"
    if move.action is Action.DISPATCH and then.is_two_level and not seen[Action.ASSIGN_DISTRICT]:
        yield "no_district"
    if move.action is Action.CLOSE and seen[Action.PASS_CHECK] < then.checks_needed:
        yield "too_few_checks"


def _deadline(case: PastCase, workflow: Workflow, desk: Desk) -> tuple[datetime, bool] | None:
    """The disposal deadline that the steps lead to, and whether the last feedback met it; None without a dispatch."""
    if case.limit_value is None:
        return None
    state = SimpleNamespace(
        state=Stage.FILED.value,
        case_no=case.case_no,
        division_code=case.division_code,
        pending="",
        duty_org="",
        limit_value=case.limit_value,
        limit_unit=case.limit_unit,
        updated_at=case.steps[0].at,
        **dict.fromkeys(("version", "rework_count", "return_count", "postpone_count", "checks_passed"), 0),
        **dict.fromkeys(("run_seconds", "dispatched_at", "dispose_deadline", "paused_at", "disposed_at")),
    )
    disposed: datetime | None = None
    for number, step in enumerate(case.steps):
        move = BY_STEP.get(step.action)
        if move is None or move.action not in _TIMED:
            continue
        if state.dispose_deadline is None and move.action is not Action.DISPATCH:
            continue
        vars(state).update(state=step.from_state)
        inputs = {"duty_org": _department(case.steps[number + 1 :], state.duty_org)}
        vars(state).update(changes_of(state, move.action, step.at, desk, inputs, workflow=workflow))
        disposed = step.at if move.action is Action.FEED_BACK else disposed
    if state.dispose_deadline is None:
        return None
    return state.dispose_deadline, disposed is not None and disposed <= state.dispose_deadline


_TIMED = frozenset(
    {
        Action.DISPATCH,
        Action.DISPATCH_AGAIN,
        Action.APPLY_RETURN,
        Action.APPROVE_RETURN,
        Action.REFUSE_RETURN,
        Action.APPROVE_DELAY,
        Action.APPROVE_SUSPENSION,
        Action.RESUME,
        Action.FEED_BACK,
        Action.FAIL_CHECK,
        Action.REWORK,
    }
)
"""Moves that touch the disposal clock."""


def _department(later: Iterable[PastStep], otherwise: str) -> str:
    """Who signed after a dispatch: the department it went to."""
    return next((step.org_code for step in later if step.action == "09" and step.org_code), otherwise)
