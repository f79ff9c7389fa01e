"""Pages of intake: the rules of sources, and the parts of the register and case pages that suggest."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cityops.accounts.guards import person_of
from cityops.accounts.models import Role
from cityops.accounts.services.limits import has_whole_instance
from cityops.foundation.errors import InvalidInput
from grid.intake.models import SimilaritySetting, SourceRule
from grid.intake.selectors import sources
from grid.intake.selectors.classes import suggest_classes
from grid.intake.selectors.confusable import confusable_groups
from grid.intake.selectors.similar import similar_cases, similar_to
from grid.intake.services import settings
from grid.intake.web.forms import SimilarityForm, SourceForm
from grid.rules.transitions import MOVES, Action
from grid.selectors.cases import get_case
from grid.selectors.classes import class_of
from grid.web.forms import add_faults


def may_change(request: HttpRequest, permission: str) -> bool:
    """Whether the person may change what holds for the whole city."""
    return request.user.has_perm(permission) and has_whole_instance(person_of(request))


@require_safe
def source_list(request: HttpRequest) -> HttpResponse:
    """来源规则: all sources with what holds, and the reach of similar cases."""
    names = {role.code: role.title for role in Role.objects.all()}
    lines = [(line, "、".join(names.get(code, code) for code in line.terms.roles)) for line in sources.source_lines()]
    setting = SimilaritySetting.objects.filter(pk=1).first() or SimilaritySetting(pk=1)
    facts = {
        "lines": lines,
        "reach": sources.reach(),
        "form": SimilarityForm(instance=setting),
        "groups": confusable_groups(),
        "may_change": may_change(request, settings.PERMISSION),
    }
    return render(request, "intake/source_list.html", facts)


@require_POST
def similarity(request: HttpRequest) -> HttpResponse:
    """Set how near similar cases are."""
    form = SimilarityForm(request.POST)
    if form.is_valid():
        settings.change_reach(person_of(request), **form.cleaned_data)
        messages.success(request, _("已保存。"))
    else:
        messages.error(request, _("距离为 1 到 2000 米，时间为 1 到 2160 小时。"))
    return redirect("intake-sources")


@require_http_methods(["GET", "HEAD", "POST"])
def source_edit(request: HttpRequest, source: str) -> HttpResponse:
    """The rule of one source: change it, or take the city's own back."""
    if not may_change(request, settings.PERMISSION):
        raise PermissionDenied
    line = sources.get_line(source)
    if request.method == "POST" and request.POST.get("what") == "reset":
        settings.reset_source(person_of(request), source)
        messages.success(request, _("已恢复本地样例。"))
        return redirect("intake-sources")
    form = SourceForm(request.POST or None, initial=_initial(line))
    if request.method == "POST" and form.is_valid():
        try:
            settings.change_source(person_of(request), source, form.cleaned_data)
        except InvalidInput as fault:
            add_faults(form, fault)
        else:
            messages.success(request, _("已保存，此后的上报按新规则办理。"))
            return redirect("intake-sources")
    facts = {"form": form, "line": line}
    return render(request, "intake/source_edit.html", facts, status=422 if form.errors else 200)


def _initial(line: sources.SourceLine) -> dict[str, Any]:
    names = [field.name for field in SourceRule._meta.fields if field.name not in ("source", "updated_at")]
    return {name: getattr(line.terms, name) for name in names}


@require_safe
def class_options(request: HttpRequest) -> HttpResponse:
    """The classes that fit some words, with the reasons, as the options of the register form (htmx)."""
    words = request.GET.get("class_words", "").strip()
    return render(request, "intake/parts/class_options.html", {"found": suggest_classes(words), "words": words})


@require_safe
def similar(request: HttpRequest) -> HttpResponse:
    """Cases similar to the report that is being written (htmx)."""
    try:
        longitude, latitude = float(request.GET["longitude"]), float(request.GET["latitude"])
    except (KeyError, ValueError):
        return render(request, "intake/parts/similar.html", {})
    if not (-180 <= longitude <= 180 and -89 < latitude < 89):
        return render(request, "intake/parts/similar.html", {})
    entry = class_of(request.GET.get("class_key", ""))
    code = entry.class_code if entry else ""
    found = similar_cases(person_of(request), longitude, latitude, class_code=code)
    return render(request, "intake/parts/similar.html", {"found": found, "reach": sources.reach(), "is_asked": True})


@require_safe
def similar_of(request: HttpRequest, case_no: str) -> HttpResponse:
    """Cases similar to one, each with the button that joins it (htmx)."""
    user = person_of(request)
    case = get_case(user, case_no)
    move = MOVES[Action.MERGE]
    may_join = case.state in move.from_stages and user.has_perm(move.permission) and not case.is_replica
    facts = {
        "case": case,
        "found": similar_to(user, case),
        "reach": sources.reach(),
        "may_join": may_join,
        "is_asked": True,
    }
    return render(request, "intake/parts/similar.html", facts)
