"""What duty does when something happened to a case: who was there on the spot has visited its grid."""

import uuid
from typing import Any

from grid.duty.services.visits import ON_FOOT, visits_from_steps
from grid.rules.transitions import Action

ON_THE_SPOT = frozenset(
    {Action.REPORT, Action.VERIFY_TRUE, Action.VERIFY_FALSE, Action.PASS_CHECK, Action.FAIL_CHECK, Action.SELF_HANDLE}
)


def case_stepped(case_pk: uuid.UUID, action: str = Action.REPORT, role: str = "", **_kwargs: Any) -> None:
    """Make the visits that follow from the steps of the case, where the step was made on the spot."""
    if action in ON_THE_SPOT and (not role or role in ON_FOOT):
        visits_from_steps(case=case_pk)
