"""The card on the page of a case: what was done from phones, by the phone's clock and by the server's."""

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from grid.field.selectors.actions import actions_of
from grid.models import Case


def claims_panel(request: HttpRequest, case: Case) -> SafeString | None:
    """The actions of a case that came from phones; nothing where there are none. Names nobody: the steps do."""
    actions = actions_of(case)
    if not actions:
        return None
    return render_to_string("field/parts/claims.html", {"actions": actions}, request)
