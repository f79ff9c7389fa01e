"""What is done at a desk: one move with a case, a second save that is refused with the difference, signs of life."""

import json
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_POST

from cityops.accounts.guards import person_of
from cityops.accounts.models import Organisation
from cityops.foundation.errors import InvalidInput, Refused
from grid.desks.rules.conflicts import Difference, differences
from grid.desks.rules.desks import DESKS, Desk, desks_of
from grid.desks.selectors import panel
from grid.desks.selectors.queues import asked_of, queue
from grid.desks.services.presence import beat
from grid.desks.web.pages import panel_facts, queue_facts
from grid.models import Case
from grid.rules.transitions import Action
from grid.selectors.cases import CaseDetail, case_detail, get_case
from grid.selectors.classes import class_of
from grid.selectors.moves import OpenMove, label_of, rules_of
from grid.services.cases import act
from grid.web.desk import make_move, posted_number, version_of
from grid.web.forms import add_faults
from grid.web.moves import Bound, MoveForm, rule_label

FIELD_WORDS = {
    "state": _lazy("环节"),
    "pending": _lazy("待审批"),
    "class_code": _lazy("类别"),
    "description": _lazy("问题描述"),
    "address": _lazy("位置"),
    "rule": _lazy("立案条件"),
    "duty_org": _lazy("责任单位"),
    "dispose_deadline": _lazy("处置截止"),
}
"""The fields of the table of differences."""


@require_POST
def desk_act(request: HttpRequest, case_no: str, action: str) -> HttpResponse:
    """Make one move and go on with the next case; what is refused is shown with what was typed."""
    if action not in set(Action) - {Action.REPORT}:
        raise Http404
    user = person_of(request)
    detail = case_detail(user, case_no)
    data = posted(request)
    move = next((move for move in detail.moves if move.action == action), None)
    form = MoveForm(detail.case, move, data, request.FILES) if move else None
    version = version_of(request)
    is_stale = version is not None and version != detail.case.version
    if form is not None and not is_stale and not form.is_valid():
        return _again(request, detail, Bound(Action(action), form))
    try:
        if form is not None and form.is_valid():
            moved = make_move(request, case_no, action, form)
        else:
            moved = act(user, case_no, action, version=version)
    except InvalidInput as fault:
        if form is None or is_stale:
            return conflict(request, case_no, action, fault.detail)
        add_faults(form, fault)
        return _again(request, detail, Bound(Action(action), form))
    except Refused as refusal:
        return conflict(request, case_no, action, refusal.detail)
    text = _("%(no)s 已“%(what)s”，现为%(state)s。")
    words = {"no": moved.case_no, "what": label_of(Action(action)), "state": moved.get_state_display()}
    messages.success(request, text % words)
    is_over = (moved.state, moved.pending) != (detail.case.state, detail.case.pending)
    return redirect(_onward(request, request.POST.get("next", "") if is_over else case_no))


def posted(request: HttpRequest) -> QueryDict:
    """What was sent, with the chosen class as the two fields that it stands for."""
    data = request.POST.copy()
    kind, _dash, code = str(data.get("class_key") or "").partition("-")
    if code:
        data["kind"], data["class_code"] = kind, code
    return data


def desk_of(request: HttpRequest) -> Desk:
    """The desk that a form names, or the person's first one."""
    mine = desks_of(person_of(request).permission_codes)
    named = DESKS.get(request.POST.get("desk", ""))
    return named if named in mine else (mine or list(DESKS.values()))[0]


def _onward(request: HttpRequest, case_no: str) -> str:
    """Where to go on: a case at the same desk and tab, else the desk; the case's page for who has no desk."""
    desk = desk_of(request)
    if desk.permission not in person_of(request).permission_codes:
        return reverse("case-detail", args=[case_no]) if case_no else reverse("case-list")
    query = QueryDict(request.POST.get("query", "")[:1000]).urlencode()
    is_number = case_no.isascii() and case_no.isalnum()
    place = reverse(f"desk-{desk.key}-case", args=[case_no]) if is_number else reverse(f"desk-{desk.key}")
    return f"{place}?{query}" if query else place


def _again(request: HttpRequest, detail: CaseDetail, bound: Bound) -> HttpResponse:
    """The desk with the form that has faults."""
    asked = asked_of(person_of(request), desk_of(request), QueryDict(request.POST.get("query", "")[:1000]))
    page = queue(asked)
    facts = queue_facts(request, asked) | panel_facts(request, asked, detail.case.case_no, page, bound)
    return render(request, "desks/desk.html", facts | {"is_case": True, "is_bound": True}, status=422)


def conflict(request: HttpRequest, case_no: str, action: str, why: str) -> HttpResponse:
    """409: who did what meanwhile, the difference field by field, what was typed, and what is allowed now."""
    user = person_of(request)
    detail = case_detail(user, case_no)
    case, data = detail.case, posted(request)
    move = next((move for move in detail.moves if move.action == action), None)
    seq = posted_number(request, "seq") or 0
    facts = {
        "case": case,
        "why": why,
        "action": action,
        "label": label_of(Action(action)),
        "since": panel.steps_since(case, seq),
        "rows": [(FIELD_WORDS[row.name], row) for row in _rows(case, data)],
        "move": move,
        "form": _bound(case, move, request, data),
        "typed": _typed(data),
        "allowed": [one.label for one in detail.moves],
        "desk": desk_of(request),
        "back": _onward(request, case_no),
        "query": request.POST.get("query", "")[:1000],
        "next_no": request.POST.get("next", ""),
        "seen": panel.facts_of(case),
        "seq": detail.steps[-1].seq if detail.steps else 0,
    }
    return render(request, "desks/conflict.html", facts, status=409)


def _bound(case: Case, move: OpenMove | None, request: HttpRequest, data: QueryDict) -> MoveForm | None:
    """The form with what was typed, to be sent again; photos must be chosen again."""
    return MoveForm(case, move, data, request.FILES) if move else None


def _typed(data: Mapping[str, Any]) -> str:
    """The words that would be lost where the move is no longer open."""
    return "\n".join(str(data[name]) for name in ("opinion", "description", "address") if data.get(name))


def _rows(case: Case, data: QueryDict) -> list[Difference]:
    return differences(_seen(data.get("seen", "")), _yours(case, data), panel.facts_of(case))


def _seen(text: str) -> dict[str, str]:
    """What the page had shown when it was opened; nothing for what is no such text."""
    try:
        told = json.loads(text[:10_000] or "{}")
    except ValueError:
        return {}
    return {str(key): str(value) for key, value in told.items()} if isinstance(told, dict) else {}


def _yours(case: Case, data: QueryDict) -> dict[str, str]:
    """What the person wrote into fields of the case, in words."""
    found = {name: data.get(name, "").strip() for name in ("description", "address")}
    if data.get("class_code"):
        entry = class_of(f"{data.get('kind')}-{data['class_code']}")
        found["class_code"] = f"{entry.class_name} {entry.class_code}" if entry else str(data["class_code"])
    if data.get("rule"):
        chosen = next((rule for rule in rules_of(case) if str(rule.pk) == data["rule"]), None)
        found["rule"] = rule_label(chosen, case.deadline_class) if chosen else ""
    if code := data.get("duty_org"):
        name = Organisation.objects.filter(org_code=code).values_list("name", flat=True).first()
        found["duty_org"] = name or code
    return found


@require_POST
def presence(request: HttpRequest, case_no: str) -> HttpResponse:
    """A sign of life: who else has the case open, and what others did with it since it was opened."""
    user = person_of(request)
    case = get_case(user, case_no)
    seq = posted_number(request, "seq") or 0
    since = panel.steps_since(case, seq) if str(case.version) != request.POST.get("version", "") else []
    return render(request, "desks/parts/strip.html", {"others": beat(user, case), "since": since, "case": case})
