"""The card on the page of a case that another system shares with the city."""

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from grid.interfaces.models import PartnerCase
from grid.models import Case


def panel(request: HttpRequest, case: Case) -> SafeString | None:
    """With which system the case is shared, whether it has it to handle, and what it said last; for all who see it."""
    shares = list(PartnerCase.objects.filter(case=case).select_related("partner").order_by("pk"))
    return render_to_string("interfaces/parts/panel.html", {"shares": shares}, request=request) if shares else None
