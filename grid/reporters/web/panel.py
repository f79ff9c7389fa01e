"""What the page of a case says about who reported it."""

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from cityops.accounts.guards import person_of
from cityops.accounts.scoping import may_work_on
from grid.models import Case
from grid.reporters import selectors
from grid.reporters.services.keys import cipher
from grid.reporters.web.forms import QuestionForm
from tiers.systems import active_systems

SYSTEM = "command"
"""The system that holds personal records; elsewhere a case has no reporter."""


def reporter_panel(request: HttpRequest, case: Case) -> SafeString | None:
    """The masked record for who talks with the public; the form to have somebody contacted for who handles the case."""
    user = person_of(request)
    may_see, may_ask = user.has_perm("reporters.view_reporter"), user.has_perm("reporters.ask_contact")
    if not (may_see or may_ask) or case.is_replica or SYSTEM not in active_systems() or not may_work_on(user, case):
        return None
    record = selectors.reporter_of(case)
    known = record is not None and record.erased_at is None
    facts = {
        "case": case,
        "record": record,
        "is_known": known,
        "may_see": may_see,
        "may_ask": may_ask and known and case.is_open,
        "shown": selectors.masked(record, cipher()) if record is not None and known and may_see else None,
        "requests": selectors.requests_of(case),
        "form": QuestionForm(),
    }
    return render_to_string("reporters/parts/panel.html", facts, request=request)
