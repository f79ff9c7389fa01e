"""Bulk acts, saved views, exports in the background, and the switch of the keys."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cityops.accounts.guards import person_of
from cityops.foundation.errors import CityOpsError, InvalidInput
from grid.desks.models import CaseExport, SavedView
from grid.desks.rules.desks import DESKS
from grid.desks.selectors.words import DESK_WORDS
from grid.desks.services import bulk, exports, habits, views
from grid.desks.tasks import wake_exports
from grid.desks.web.acts import desk_of
from grid.rules.transitions import MOVES, Action
from grid.selectors.moves import disposal_organisations, label_of, rules_of
from grid.web.desk import posted_number
from grid.web.moves import MOMENTS, rule_label

OWN_FIELDS = ("duty_org", "rule")
"""Inputs that each case has by itself."""
LISTS = {SavedView.LIST: _lazy("案件列表"), **DESK_WORDS}
"""What can be saved as a view and exported: the case list and the desks, with their names."""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class CommonForm(forms.Form):
    """What is given with all cases of a bulk act alike."""

    opinion = forms.CharField(
        label=_lazy("意见"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    due_at = forms.DateTimeField(
        label=_lazy("要求答复时间"), required=False, input_formats=MOMENTS,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )  # fmt: skip

    def __init__(self, action: Action, data: Any = None) -> None:
        super().__init__(data)
        if "due_at" not in MOVES[action].inputs:
            del self.fields["due_at"]


def _wishes(request: HttpRequest) -> list[bulk.Wish]:
    found = []
    for number in request.POST.getlist("case"):
        own = {name: value for name in OWN_FIELDS if (value := request.POST.get(f"{name}_{number}", ""))}
        found.append(bulk.Wish(number, posted_number(request, f"version_{number}"), own))
    return found


@require_POST
def bulk_act(request: HttpRequest) -> HttpResponse:
    """First what would become of each case, then, confirmed, what became of it."""
    user, action = person_of(request), request.POST.get("action", "")
    desk = desk_of(request)
    back = f"{reverse(f'desk-{desk.key}')}?{request.POST.get('query', '')[:1000]}"
    try:
        move, wishes = bulk.check_wishes(action, _wishes(request))
    except InvalidInput as fault:
        messages.error(request, fault.detail)
        return redirect(back if desk.permission in user.permission_codes else reverse("case-list"))
    if not user.has_perm(MOVES[move].permission):
        raise PermissionDenied
    form = CommonForm(move, request.POST)
    common = {name: value for name, value in form.cleaned_data.items() if value} if form.is_valid() else {}
    is_final = request.POST.get("confirm") == "1" and form.is_valid()
    outcomes = (bulk.carry_out if is_final else bulk.preview)(user, action, wishes, common)
    facts = {
        "action": action,
        "label": label_of(move),
        "form": form,
        "outcomes": [(one, _choices(move, one)) for one in outcomes],
        "versions": {wish.case_no: wish.version for wish in wishes},
        "done": sum(one.is_done for one in outcomes),
        "failed": sum(not one.is_done for one in outcomes),
        "is_final": is_final,
        "desk": desk,
        "back": back,
        "query": request.POST.get("query", "")[:1000],
        "own_field": _own_field(move),
    }
    return render(request, "desks/bulk.html", facts)


def _own_field(move: Action) -> str:
    return next((name for name in OWN_FIELDS if name in MOVES[move].inputs), "")


def _choices(move: Action, outcome: bulk.Outcome) -> list[tuple[str, str]]:
    """What a case's own field may be."""
    if outcome.case is None:
        return []
    if move is Action.DISPATCH:
        return [(org.org_code, org.name) for org in disposal_organisations()]
    if move is Action.FILE:
        return [(str(rule.pk), rule_label(rule, outcome.case.deadline_class)) for rule in rules_of(outcome.case)]
    return []


@require_POST
def turn_keys(request: HttpRequest) -> HttpResponse:
    """Turn single keys off or on."""
    habits.turn_keys(person_of(request), off=request.POST.get("off") == "1")
    return redirect(_back(request, "desk-home"))


def _back(request: HttpRequest, otherwise: str) -> str:
    """The page that a form came from, where it is one of ours."""
    back = request.POST.get("back", "")
    return back if url_has_allowed_host_and_scheme(back, None) and back.startswith("/") else reverse(otherwise)


@require_http_methods(["GET", "HEAD", "POST"])
def view_list(request: HttpRequest) -> HttpResponse:
    """The saved views of a desk or of the case list (a part that htmx fetches); keep another one."""
    user = person_of(request)
    if request.method == "POST":
        try:
            views.save_view(
                user,
                desk=request.POST.get("desk", ""),
                name=request.POST.get("name", ""),
                query=request.POST.get("query", ""),
                is_shared=bool(request.POST.get("is_shared")),
                is_default=bool(request.POST.get("is_default")),
            )
        except CityOpsError as refusal:
            messages.error(request, refusal.detail)
        else:
            messages.success(request, _("视图已保存。"))
        return redirect(_back(request, "desk-views"))
    desk = request.GET.get("desk", SavedView.LIST)
    desk = desk if desk in views.view_desks() else SavedView.LIST
    facts = {
        "desk_key": desk,
        "url": reverse(f"desk-{desk}" if desk in DESKS else "case-list"),
        "views": views.views_for(user, desk),
        "query": views.clean_query(request.GET.get("query", "")),
        "back": request.GET.get("back", ""),
        "words": LISTS[desk],
        "may_export": user.has_perm(exports.PERMISSION),
    }
    part = request.headers.get("HX-Request") == "true"
    return render(request, "desks/parts/views.html" if part else "desks/views.html", facts)


@require_POST
def view_drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove an own view."""
    views.drop_view(person_of(request), pk)
    messages.success(request, _("视图已删除。"))
    return redirect(_back(request, "desk-views"))


@require_http_methods(["GET", "HEAD", "POST"])
def export_list(request: HttpRequest) -> HttpResponse:
    """后台导出: order what a list shows; the own exports with their progress, newest first."""
    user = person_of(request)
    if request.method == "POST":
        try:
            made = exports.order_export(user, request.POST.get("desk", ""), request.POST.get("query", ""))
        except CityOpsError as refusal:
            messages.error(request, refusal.detail)
            return redirect("desk-exports")
        transaction.on_commit(wake_exports)
        return redirect("desk-export", made.pk)
    words = request.GET.copy()
    desk = words.pop("desk", [""])[-1]
    rows = CaseExport.objects.visible_to(user)[:30]
    facts = {
        "order_desk": desk if desk in LISTS else "",
        "order_query": views.clean_query(words.urlencode()),
        "order_name": LISTS.get(desk, ""),
        "rows": [(row, LISTS.get(row.desk, row.desk)) for row in rows],
        "is_busy": any(row.is_under_way for row in rows),
        "kept_days": exports.KEPT.days,
    }
    part = request.headers.get("HX-Target") == "exports"
    return render(request, "desks/parts/exports.html" if part else "desks/exports.html", facts)


@require_safe
def export_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One export: how far it is, and the file when it is done."""
    export = exports.get_export(person_of(request), pk)
    part = request.headers.get("HX-Target") == "export"
    facts = {"export": export, "name": LISTS.get(export.desk, export.desk), "kept_days": exports.KEPT.days}
    return render(request, "desks/parts/export.html" if part else "desks/export.html", facts)


@require_safe
def export_file(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The finished file, for who ordered it."""
    export, path = exports.file_of(person_of(request), pk)
    answer = FileResponse(path.open("rb"), as_attachment=True, filename=export.file_name, content_type=XLSX)
    answer.headers["Cache-Control"] = "no-store"
    return answer
