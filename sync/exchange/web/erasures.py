"""Erasures for privacy: who ordered which, and which receivers confirmed it."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from cityops.accounts.guards import person_of
from cityops.foundation.errors import CityOpsError
from sync.exchange.models import Erasure
from sync.exchange.services.erasing import erase_record
from sync.exchange.web.forms import ErasureForm

PAGE_SIZE = 50


@require_safe
def erasure_list(request: HttpRequest) -> HttpResponse:
    """All erasures that the person may see, the newest first."""
    return _page(request, ErasureForm())


def _page(request: HttpRequest, form: ErasureForm, status: int = 200) -> HttpResponse:
    found = Erasure.objects.visible_to(request.user)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "exchange/erasures.html", {"form": form, "page": page}, status=status)


@require_POST
def erase(request: HttpRequest) -> HttpResponse:
    """Erase one record of this node."""
    form = ErasureForm(request.POST)
    if not form.is_valid():
        return _page(request, form, 422)
    try:
        found = erase_record(person_of(request), **form.cleaned_data)
        messages.success(request, _("记录已擦除,涉及 %s 个批次;各接收节点将以回执确认。") % found.wiped_batches)
    except CityOpsError as error:
        messages.error(request, error.detail)
    return redirect("exchange-erasures")
