"""The ledgers of a simulated past: applications, supervisions and tasks, as the moves would have written them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from grid.models import CaseApplication, CaseSupervision, CaseTask
from grid.rules.moving import Desk
from grid.rules.stages import Stage
from grid.rules.transitions import Action, Move
from grid.services.case_tasks import ANSWERS, DROPPED, SENT_BY
from grid.services.consequences import UNTIL_DECIDED
from grid.services.simulator.world import Worker

Row = dict[str, Any]


@dataclass(frozen=True)
class Done:
    """A move that was made."""

    move: Move
    at: datetime
    worker: Worker
    inputs: Mapping[str, Any]
    opinion: str


@dataclass
class Ledgers:
    """Rows in the making; what is still open is kept at its case."""

    applications: list[Row] = field(default_factory=list)
    supervisions: list[Row] = field(default_factory=list)
    tasks: list[Row] = field(default_factory=list)
    _waiting: dict[Any, Row] = field(default_factory=dict)
    _hung: dict[Any, Row] = field(default_factory=dict)
    _asked: dict[Any, Row] = field(default_factory=dict)
    _sent: dict[Any, Row] = field(default_factory=dict)

    def follow(self, case: SimpleNamespace, before: Mapping[str, Any], done: Done, desk: Desk) -> None:
        """Write what follows from a move; ``before`` is the case as it stood. Sets what behaviour looks at."""
        action = done.move.action
        if done.move.applies:
            self._apply(case, before, done, desk)
        elif done.move.decides:
            self._settle(case, done)
        if action is Action.RESUME and case.rid in self._hung:
            self._hung.pop(case.rid)["ended_at"] = done.at
        if action is Action.SUPERVISE:
            self._supervise(case, done)
        elif action is Action.ANSWER_SUPERVISION and case.rid in self._asked:
            answer = {"answer": done.opinion, "answered_by_id": done.worker.pk, "answered_at": done.at}
            self._asked.pop(case.rid).update(answer)
        case.awaits_answer = case.rid in self._asked
        self._task(case, done)

    def _apply(self, case: SimpleNamespace, before: Mapping[str, Any], done: Done, desk: Desk) -> None:
        row: Row = {
            "case_id": case.rid,
            "kind": done.move.applies.value,
            "reason_code": done.inputs.get("why", ""),
            "reason": done.opinion,
            "applied_by_id": done.worker.pk,
            "applied_org": done.worker.org_code,
            "applied_at": done.at,
            "from_state": before["state"],
            "until": done.inputs.get("until"),
            "due_at": desk.stage_end(UNTIL_DECIDED, done.at),
            "level": 0,
            "state": CaseApplication.State.PENDING.value,
            "old_deadline": before["dispose_deadline"],
            **dict.fromkeys(("decided_by_id", "decided_at", "new_deadline", "ended_at")),
            "decided_org": "",
            "opinion": "",
        }
        self.applications.append(row)
        self._waiting[case.rid] = row

    def _settle(self, case: SimpleNamespace, done: Done) -> None:
        row = self._waiting[case.rid]
        row.update(decided_by_id=done.worker.pk, decided_org=done.worker.org_code, opinion=done.opinion)
        if done.move.is_agreed:
            row["level"] += 1
        if case.pending:
            return
        states = CaseApplication.State
        row["state"] = (states.APPROVED if done.move.is_agreed else states.REFUSED).value
        row.update(decided_at=done.at, new_deadline=case.dispose_deadline)
        if done.move.action is Action.APPROVE_SUSPENSION:
            self._hung[case.rid] = row
            case.was_hung = True
        del self._waiting[case.rid]

    def _supervise(self, case: SimpleNamespace, done: Done) -> None:
        row: Row = {
            "case_id": case.rid,
            "source": CaseSupervision.Source.LOCAL.value,
            "task_no": "",
            "opinion": done.opinion,
            "issued_by_id": done.worker.pk,
            "issued_node": "",
            "issued_at": done.at,
            "due_at": done.inputs["due_at"],
            "answer": "",
            "answered_by_id": None,
            "answered_at": None,
            "withdrawn_at": None,
        }
        self.supervisions.append(row)
        self._asked[case.rid] = row

    def _task(self, case: SimpleNamespace, done: Done) -> None:
        action = done.move.action
        if action in SENT_BY:
            row: Row = {
                "case_id": case.rid,
                "kind": CaseTask.Kind(SENT_BY[action]).value,
                "assignee_id": None,
                "sent_at": done.at,
                "due_at": case.stage_due_at,
                "done_at": None,
                "result": "",
            }
            self.tasks.append(row)
            self._sent[case.rid] = row
        elif case.rid in self._sent and (action in ANSWERS or case.state not in (Stage.VERIFYING, Stage.CHECKING)):
            result = action.value if action in ANSWERS else DROPPED
            who = done.worker.pk if action in ANSWERS else None
            self._sent.pop(case.rid).update(done_at=done.at, result=result, assignee_id=who)
