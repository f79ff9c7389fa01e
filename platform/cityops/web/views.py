"""Home pages: what a person of each tier sees first, and the wall."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cityops.web import cities, overview
from tiers import tier


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """The first page of everybody: a city's day, or the cities of a province or the nation side by side.

    Who may see neither cases nor figures (an administrator) begins with what there is to do.
    """
    is_city = tier.this_instance().tier is tier.Tier.MUNICIPAL
    if not request.user.has_perm("grid.view_case" if is_city else "evaluation.view_figure"):
        return render(request, "web/home_other.html")
    if not is_city:
        return render(request, "web/home_upper.html", cities.board(request.user))
    shown = "today" if request.GET.get("map") == "today" else "open"
    part = request.headers.get("HX-Target") == "results"
    facts = {**overview.board(request.user, shown), "part": part}
    return render(request, "web/parts/overview.html" if part else "web/home_city.html", facts)


@require_safe
def wall(request: HttpRequest) -> HttpResponse:
    """The same data for a command centre's screen, read from five metres."""
    return render(request, "web/wall.html", overview.wall(request.user))
