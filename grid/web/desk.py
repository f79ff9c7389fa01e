"""Desks: register a case with a place picked on the map and a class found by words, and make its moves."""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cityops.accounts.guards import person_of
from cityops.foundation.errors import InvalidInput, NotAllowed, Refused
from grid.models import Case, CaseMedia
from grid.rules.transitions import Action
from grid.selectors.cases import case_detail, nearby_cases
from grid.selectors.classes import find_classes
from grid.selectors.extents import grid_at
from grid.services.cases import act
from grid.services.door import Entered, enter
from grid.web import cases
from grid.web.forms import RegisterForm, add_faults
from grid.web.moves import PHOTO_FIELDS, Bound, MoveForm
from grid.web.photo_fields import take_in

MOST_DIGITS = 9
"""Of a number in a hidden field: versions and steps are far smaller."""


@require_http_methods(["GET", "HEAD", "POST"])
def case_register(request: HttpRequest) -> HttpResponse:
    """The form of a new report; what the service refuses is shown beside its field."""
    form = RegisterForm(request.POST or None, request.FILES or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            entered = _entered(request, form)
        except InvalidInput as fault:
            add_faults(form, fault)
        except NotAllowed as refusal:
            form.add_error(None, refusal.detail)
        else:
            done = entered.registered
            text = _("已登记 %s。") if done.is_new else _("这份上报先前已登记为 %s，没有重复登记。")
            messages.success(request, f"{text % done.case_no}{entered.what_next}")
            return redirect("case-detail", case_no=done.case_no)
    status = 422 if form.errors else 200
    chosen = form.chosen_class()
    return render(request, "grid/case_register.html", {"form": form, "chosen": chosen}, status=status)


def _entered(request: HttpRequest, form: RegisterForm) -> Entered:
    """Take the report in with its photos and the person behind it."""
    user, report = person_of(request), form.report()
    files = form.cleaned_data["photos"]
    taken = take_in(user, files, usage=CaseMedia.Usage.REPORT, occasion=f"report:{report.rid}")
    return enter(user, replace(report, media=tuple(taken)), form.reporter())


@require_safe
def class_options(request: HttpRequest) -> HttpResponse:
    """The classes that fit some words, as the options of the form (htmx)."""
    words = request.GET.get("class_words", "").strip()
    return render(request, "grid/parts/class_options.html", {"found": find_classes(words), "words": words})


@require_safe
def place_note(request: HttpRequest) -> HttpResponse:
    """What lies at a point: its unit grid and street, and cases nearby that may be the same matter (htmx)."""
    try:
        longitude, latitude = float(request.GET["longitude"]), float(request.GET["latitude"])
    except (KeyError, ValueError):
        return render(request, "grid/parts/place_note.html", {})
    if not (-180 <= longitude <= 180 and -89 < latitude < 89):
        return render(request, "grid/parts/place_note.html", {"is_outside": True})
    user: Any = request.user
    place = grid_at(user, longitude, latitude)
    near = nearby_cases(user, longitude, latitude, limit=4)
    facts = {"place": place, "is_outside": place is None, "near": near}
    return render(request, "grid/parts/place_note.html", facts)


@require_POST
def case_act(request: HttpRequest, case_no: str, action: str) -> HttpResponse:
    """Make one move with a case; a refusal shows the case again with the reason."""
    if action not in set(Action) - {Action.REPORT}:
        raise Http404
    user: Any = request.user
    detail = case_detail(user, case_no)
    move = next((move for move in detail.moves if move.action == action), None)
    if move is None:
        return _make_without_form(request, case_no, action)
    form = MoveForm(detail.case, move, request.POST, request.FILES)
    if form.is_valid():
        try:
            moved = make_move(request, case_no, action, form)
        except InvalidInput as fault:
            add_faults(form, fault)
        except Refused as refusal:
            messages.error(request, refusal.detail)
            return redirect("case-detail", case_no=case_no)
        else:
            messages.success(request, _("%(no)s 已“%(what)s”，现为%(state)s。") % _words(moved, move.label))
            return redirect("case-detail", case_no=case_no)
    facts = cases.detail_facts(request, case_no, Bound(move.action, form))
    return render(request, "grid/case_detail.html", facts, status=422)


def _make_without_form(request: HttpRequest, case_no: str, action: str) -> HttpResponse:
    """A move that is not open to the person: the service knows why (done before, moved on, not permitted)."""
    user: Any = request.user
    try:
        act(user, case_no, action, version=version_of(request))
    except (Refused, InvalidInput) as refusal:
        messages.error(request, refusal.detail)
    return redirect("case-detail", case_no=case_no)


def make_move(request: HttpRequest, case_no: str, action: str, form: MoveForm) -> Case:
    """Make the move with its photos, which are taken in first: they stay with their uploader where it is refused."""
    user, version = person_of(request), version_of(request)
    taken = [
        media_id
        for name, usage in form.usages.items()
        for media_id in take_in(
            user, form.cleaned_data[name], usage=usage, occasion=f"{case_no}:{action}:{version}:{usage}", field=name
        )
    ]
    return act(user, case_no, action, version=version, media=taken, **_given(form))


def _given(form: MoveForm) -> dict[str, Any]:
    given = {name: value for name, value in form.cleaned_data.items() if value not in ("", None, [])}
    return {name: value for name, value in given.items() if name not in PHOTO_FIELDS}


def version_of(request: HttpRequest) -> int | None:
    """The version of the case that the page had shown; a click on an old page is refused."""
    return posted_number(request, "version")


def posted_number(request: HttpRequest, name: str) -> int | None:
    """A whole number of a form's hidden field; None for what is none."""
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None


def _words(case: Any, title: str) -> dict[str, str]:
    return {"no": case.case_no, "what": title, "state": case.get_state_display()}
