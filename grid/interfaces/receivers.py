"""What interfaces do when something happened to a case: tell its partners, and let it be sent; its card on the page."""

import uuid
from typing import Any

from django.dispatch import receiver

from grid import events
from grid.interfaces.selectors.partners import has_partner
from grid.interfaces.services.secrets import close_anew
from grid.interfaces.services.telling import tell
from grid.interfaces.tasks import wake_deliveries
from grid.interfaces.web.panel import panel
from grid.models import Case
from grid.reporters.services.keys import OTHERS
from grid.web.case_panels import PANELS

if panel not in PANELS:
    PANELS.append(panel)
if close_anew not in OTHERS:
    OTHERS.append(close_anew)


@receiver(events.case_registered, sender=Case, dispatch_uid="grid.interfaces.registered")
@receiver(events.case_moved, sender=Case, dispatch_uid="grid.interfaces.moved")
def case_stepped(case_pk: uuid.UUID, **_kwargs: Any) -> None:
    """Tell what happened; costs one short query where there is no partner at all."""
    if has_partner() and tell(case_pk):
        wake_deliveries()
