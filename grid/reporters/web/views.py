"""Pages about reporters: what is masked, the one answer that is not, and requests to have somebody contacted."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cityops.accounts.guards import person_of
from cityops.accounts.models import User
from cityops.foundation.errors import InvalidInput, NotThere, Refused
from grid.models import Case
from grid.reporters import selectors
from grid.reporters.services.contacts import answer_contact, ask_contact
from grid.reporters.services.keeping import set_dispute
from grid.reporters.services.keys import cipher
from grid.reporters.services.opening import find_by_phone, open_reporter
from grid.reporters.web.forms import AnswerForm, DisputeForm, OpenForm, PhoneForm

SHOWN = 50
"""Waiting requests on one page; the oldest come first."""


@sensitive_post_parameters("phone")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def reporter_list(request: HttpRequest) -> HttpResponse:
    """Requests that wait for a call, and the search by number."""
    user = person_of(request)
    form = PhoneForm(request.POST or None)
    found = None
    if request.method == "POST" and form.is_valid():
        try:
            found = find_by_phone(user, form.cleaned_data["phone"])
        except InvalidInput as fault:
            form.add_error("phone", fault.detail)
    said = PhoneForm() if found is not None else form  # a number that was found is not shown again
    waiting = selectors.waiting_requests(user)
    facts = {
        "form": said,
        "found": found,
        "number": waiting.count(),
        "waiting": [(asked, AnswerForm(auto_id=f"id_{asked.pk}_%s")) for asked in waiting[:SHOWN]],
        "alarms": selectors.recent_alarms(user),
        "as_of": timezone.now(),
    }
    return render(request, "reporters/reporter_list.html", facts, status=422 if form.errors else 200)


@never_cache
@require_safe
def reporter_detail(request: HttpRequest, case_no: str) -> HttpResponse:
    """Who reported a case, masked, with who opened the record."""
    return render(request, "reporters/reporter_detail.html", _facts(request, case_no))


def _facts(request: HttpRequest, case_no: str, **more: Any) -> dict[str, Any]:
    record = selectors.get_reporter(person_of(request), case_no)
    return {
        "case": record.case,
        "record": record,
        "shown": selectors.masked(record, cipher()),
        "openings": selectors.openings_of(record),
        "requests": selectors.requests_of(record.case),
        "open_form": OpenForm(),
        "dispute_form": DisputeForm(),
        "as_of": timezone.now(),
        **more,
    }


def _workable(user: User, case_no: str) -> None:
    """Raise NotThere where the case is not the person's to work on; one that was granted is there to be looked at."""
    if not Case.objects.workable_by(user).filter(case_no=case_no).exists():
        raise NotThere(_("没有这个案件。"))


@sensitive_post_parameters()
@never_cache
@require_POST
def reporter_open(request: HttpRequest, case_no: str) -> HttpResponse:
    """The one answer that shows a reporter in full; it is given once, and kept nowhere."""
    _workable(person_of(request), case_no)
    form = OpenForm(request.POST)
    person, status = None, 422
    if form.is_valid():
        try:
            person, status = open_reporter(person_of(request), case_no, reason=form.cleaned_data["reason"]), 200
        except InvalidInput as fault:
            form.add_error("reason", fault.detail)
    more = {"open_form": OpenForm() if person else form, "person": person}
    return render(request, "reporters/reporter_detail.html", _facts(request, case_no, **more), status=status)


@require_POST
def reporter_dispute(request: HttpRequest, case_no: str) -> HttpResponse:
    """Keep a record beyond its time, or no longer."""
    user = person_of(request)
    _workable(user, case_no)
    try:
        record = set_dispute(
            user, case_no, in_dispute=request.POST.get("in_dispute") == "1", reason=request.POST.get("reason", "")
        )
    except InvalidInput as fault:
        messages.error(request, fault.detail)
    else:
        said = _("已标记为有争议，到期也不抹除。") if record.in_dispute else _("已取消争议标记，到期将抹除。")
        messages.success(request, said)
    return redirect("reporter-detail", case_no=case_no)


@require_POST
def contact_ask(request: HttpRequest, case_no: str) -> HttpResponse:
    """Ask to have the reporter of a case contacted."""
    user, question = person_of(request), request.POST.get("question", "")
    _workable(user, case_no)
    _done(request, lambda: ask_contact(user, case_no, question=question), _("已提交联系请求。"))
    return redirect("case-detail", case_no=case_no)


@sensitive_post_parameters()
@require_POST
def contact_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Write what came of a call."""
    user, answer = person_of(request), request.POST.get("answer", "")
    selectors.get_request(user, pk)
    _done(request, lambda: answer_contact(user, pk, answer=answer), _("已写入联系结果。"))
    return redirect("reporter-list")


def _done(request: HttpRequest, act: Callable[[], object], said: str) -> None:
    """Do what a short form asks for; what is wrong with it is said on the next page."""
    try:
        act()
    except (InvalidInput, Refused) as fault:
        messages.error(request, fault.detail)
    else:
        messages.success(request, said)
