"""Words of the loop: what may be done with a case (actions), what may wait for a decision, and what a row holds."""

from dataclasses import dataclass
from enum import StrEnum

from grid.rules.stages import Stage


class Action(StrEnum):
    """What a person may do with a case; the value is the word in addresses and in the API."""

    REPORT = "report"
    CORRECT = "correct"
    SEND_VERIFY = "send_verify"
    VERIFY_TRUE = "verify_true"
    VERIFY_FALSE = "verify_false"
    ACCEPT = "accept"
    REJECT = "reject"
    MERGE = "merge"
    SEND_BACK = "send_back"
    FILE = "file"
    SELF_HANDLE = "self_handle"
    DISPATCH = "dispatch"
    ASSIGN_DISTRICT = "assign_district"
    RETURN_TO_FILING = "return_to_filing"
    DISPATCH_AGAIN = "dispatch_again"
    SIGN = "sign"
    FEED_BACK = "feed_back"
    APPLY_RETURN = "apply_return"
    APPROVE_RETURN = "approve_return"
    REFUSE_RETURN = "refuse_return"
    APPLY_DELAY = "apply_delay"
    APPROVE_DELAY = "approve_delay"
    REFUSE_DELAY = "refuse_delay"
    APPLY_SUSPENSION = "apply_suspension"
    APPROVE_SUSPENSION = "approve_suspension"
    REFUSE_SUSPENSION = "refuse_suspension"
    RESUME = "resume"
    APPLY_VOID = "apply_void"
    APPROVE_VOID = "approve_void"
    REFUSE_VOID = "refuse_void"
    WITHDRAW = "withdraw"
    SEND_CHECK = "send_check"
    REWORK = "rework"
    PASS_CHECK = "pass_check"  # noqa: S105 — a check that is passed
    FAIL_CHECK = "fail_check"
    CLOSE = "close"
    RETURN_TO_CHECK = "return_to_check"
    FORCE_CLOSE = "force_close"
    URGE = "urge"
    SUPERVISE = "supervise"
    ANSWER_SUPERVISION = "answer_supervision"
    APPEAL = "appeal"
    APPROVE_APPEAL = "approve_appeal"
    REFUSE_APPEAL = "refuse_appeal"
    REOPEN = "reopen"
    RETURN_VISIT = "return_visit"


class Pending(StrEnum):
    """An application that waits for a decision: the sub-state of a case."""

    NONE = ""
    RETURN = "return"
    DELAY = "delay"
    SUSPENSION = "suspension"
    VOID = "void"
    APPEAL = "appeal"


UNDECIDED = frozenset(Pending) - {Pending.NONE}
ANY_PENDING = frozenset(Pending)
IDLE = frozenset({Pending.NONE})


@dataclass(frozen=True)
class Move:
    """One row of the table."""

    action: Action
    step_code: str
    """Code of the step that is written down (CL_ACTION)."""
    from_stages: frozenset[Stage]
    to_stage: Stage | None
    """None: the case stays where it is."""
    permission: str
    roles: tuple[str, ...]
    """Codes of the roles that do this; the first one that a person has signs the step (CL_ROLE)."""
    step_role: str
    """CL_ROLE code written where the person has none of the roles (an integration, an administrator)."""
    inputs: tuple[str, ...] = ()
    """What must be given."""
    optional: tuple[str, ...] = ("opinion",)
    limit: str = ""
    """Name of the stage limit that starts to run with this move; empty where the case's own deadline runs."""
    by_other_than_handler: bool = False
    """True where a person may not judge the own work."""
    by_department: bool = False
    """True where it belongs to the department which has the case."""
    in_pending: frozenset[Pending] = IDLE
    """The sub-states in which it may be done."""
    applies: Pending = Pending.NONE
    """The application that it makes."""
    decides: Pending = Pending.NONE
    """The application that it decides; never by the person that made it."""
    is_agreed: bool = False
    """True where it grants what was applied for, perhaps as one of several levels."""
    rows: tuple[int, ...] = ()
    """Rows of domain notes §4.2."""

    def target(self, stage: Stage) -> Stage:
        """The stage a case stands at after this move from ``stage``."""
        return stage if self.to_stage is None else self.to_stage
