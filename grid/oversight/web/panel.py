"""The card on the page of a case: at a superior what was asked and the way to ask, at the city what it must answer."""

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString

from cityops.accounts.guards import person_of
from grid.models import Case, CaseSupervision
from grid.oversight import selectors
from tiers.systems import is_active


def panel(request: HttpRequest, case: Case) -> SafeString | None:
    """At the superior supervisions of this node about a case of another; at the city those of superiors."""
    return _of_superior(request, case) if case.is_replica else _of_city(request, case)


def _of_city(request: HttpRequest, case: Case) -> SafeString | None:
    rows = list(case.supervisions.filter(source=CaseSupervision.Source.SUPERIOR)) if case.is_supervised == "1" else []
    facts = {"rows": rows, "now": timezone.now()}
    return render_to_string("oversight/parts/asked.html", facts, request=request) if rows else None


def _of_superior(request: HttpRequest, case: Case) -> SafeString | None:
    user = person_of(request)
    if not (is_active("analysis") and user.has_perm("oversight.view_supervisiontask")):
        return None
    rows = selectors.with_answers(list(selectors.tasks_of(user).filter(source_ref=case.case_no)))
    may_issue = case.is_open and user.has_perm("oversight.issue_supervision")
    facts = {"case": case, "rows": rows, "may_issue": may_issue and not any(task.is_open for task, _last in rows)}
    return render_to_string("oversight/parts/panel.html", facts, request=request)
