"""Cards that other parts of the grid put on the page of a case; they enter themselves when they start.

A panel is a function of request and case that answers with HTML that is safe, or with nothing where the reader has no
business with it. The page itself knows none of them.
"""

from collections.abc import Callable

from django.http import HttpRequest
from django.utils.safestring import SafeString

from grid.models import Case

Panel = Callable[[HttpRequest, Case], SafeString | None]
PANELS: list[Panel] = []
"""In the order in which they are shown."""


def panels_of(request: HttpRequest, case: Case) -> list[SafeString]:
    """What the reader sees of them."""
    return [shown for panel in PANELS if (shown := panel(request, case))]
