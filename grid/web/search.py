"""The search of the top bar: a number goes straight to its case, grid or component; words go to the list."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_safe

from grid.models import Case, Component, UnitGrid
from grid.selectors.aliases import component_by_code


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Find by number or by words, within what the person may see."""
    words = request.GET.get("q", "").strip()[:60]
    target = _exact(request, words.replace(" ", "")) if words else ""
    if target:
        return HttpResponseRedirect(target)
    if request.user.has_perm("grid.view_case"):
        return HttpResponseRedirect(f"{reverse('case-list')}?{urlencode({'q': words} if words else {})}")
    return render(request, "grid/search.html", {"words": words})


def _exact(request: HttpRequest, code: str) -> str:
    """The address of the one thing with this code; empty where there is none that the person may see."""
    for model, field, permission, name in (
        (Case, "case_no", "grid.view_case", "case-detail"),
        (UnitGrid, "grid_code", "grid.view_unitgrid", "grid-detail"),
        (Component, "obj_id", "grid.view_component", "component-detail"),
    ):
        if not request.user.has_perm(permission):
            continue
        if model is Component:
            rows = Component.objects.visible_to(request.user).filter(component_by_code(code))
            if found := rows.values_list("obj_id", flat=True).first():
                return reverse(name, args=[found])
            continue
        if model.objects.visible_to(request.user).filter(**{field: code}).exists():
            try:
                return reverse(name, args=[code])
            except NoReverseMatch:
                continue
    return ""
