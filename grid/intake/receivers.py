"""What intake does when something happened, and where it stands in the core."""

import uuid
from typing import Any

from django.dispatch import receiver

from grid import events
from grid.intake.rules.answers import OUTCOME_OF
from grid.intake.services.answers import prepare_answers
from grid.intake.services.entering import advise, through_the_door
from grid.models import Case
from grid.selectors.advice import ADVISERS
from grid.services.door import TAKER

if through_the_door not in TAKER:
    TAKER.append(through_the_door)
if advise not in ADVISERS:
    ADVISERS.append(advise)


@receiver(events.case_moved, sender=Case, dispatch_uid="grid.intake.answers")
def case_ended(case_pk: uuid.UUID, to_stage: str, **_kwargs: Any) -> None:
    """Prepare the answers where a case has ended."""
    if to_stage in OUTCOME_OF:
        prepare_answers(case_pk)
