"""What duty does when something happened to a case: who was there on the spot has visited its grid."""

import uuid
from typing import Any

from grid.duty.services.visits import visits_from_steps


def case_stepped(case_pk: uuid.UUID, **_kwargs: Any) -> None:
    """Make the visits that follow from the steps of the case."""
    visits_from_steps(case=case_pk)
