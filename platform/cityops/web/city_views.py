"""城市一览: the cities side by side in time with the state of their links, and one city."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cityops.foundation.errors import InvalidInput
from cityops.web import cities


@require_safe
def city_list(request: HttpRequest) -> HttpResponse:
    """Links and data, or one indicator over twelve months (``?by=figures&indicator=…``)."""
    facts = cities.board(request.user, request.GET.get("indicator", cities.ON_TIME))
    by = "figures" if request.GET.get("by") == "figures" else "links"
    return render(request, "web/city_list.html", {**facts, "by": by})


@require_safe
def city_detail(request: HttpRequest, code: str) -> HttpResponse:
    """One city over the months; another province's city does not exist here."""
    try:
        facts = cities.detail(request.user, code)
    except InvalidInput as error:
        raise Http404 from error
    return render(request, "web/city_detail.html", facts)
