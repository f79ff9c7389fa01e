"""What oversight does when records arrive and when a case is answered for."""

from typing import Any

from django.dispatch import receiver

from grid import events
from grid.models import Case
from grid.oversight.services.hearing import hear
from grid.oversight.services.taking import take_up, tell_answers
from grid.oversight.web.panel import panel
from grid.rules.transitions import Action
from grid.web.case_panels import PANELS
from sync.exchange.events import records_arrived

if panel not in PANELS:
    PANELS.append(panel)


@receiver(records_arrived, dispatch_uid="grid.oversight.arrived")
def arrived(datasets: frozenset[str], **_kwargs: Any) -> None:
    """Take up supervisions, hear answers."""
    if "JD01" in datasets:
        take_up()
    if "JD02" in datasets:
        hear()


@receiver(events.case_moved, sender=Case, dispatch_uid="grid.oversight.answered")
def answered(action: str, **_kwargs: Any) -> None:
    """Tell the superior what was answered."""
    if action == Action.ANSWER_SUPERVISION:
        tell_answers()
