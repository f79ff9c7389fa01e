"""退回记录: own records that a tier above parked, with reason, remedy and the way to mend and send them again."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from cityops.accounts.guards import person_of
from cityops.foundation.errors import CityOpsError
from sync.exchange.selectors.rejected import rejected
from sync.exchange.services import links
from sync.exchange.web.overview import names
from sync.standard.selectors import dictionaries
from tiers.tier import this_instance


def _titles() -> dict[str, str]:
    known = dictionaries.catalogue().by_code
    return {code: dictionaries.title(dataset) for code, dataset in known.items()}


@require_safe
def rejected_list(request: HttpRequest) -> HttpResponse:
    """Own records that came back: what is wrong, how it is mended, where."""
    dataset = request.GET.get("dataset", "")
    every = rejected(request.user, _titles())
    facts = {
        "rows": [one for one in every if dataset in ("", one.dataset)],
        "count": len(every),
        "datasets": sorted({(one.dataset, one.dataset_title) for one in every}),
        "dataset": dataset,
        "names": names(),
        "can_have_children": not this_instance().node_code.endswith("-C"),
    }
    return render(request, "exchange/rejected.html", facts)


@require_POST
def record_resend(request: HttpRequest, dataset: str, rid: uuid.UUID) -> HttpResponse:
    """Send an own record again as it is now."""
    if not any((one.dataset, one.rid) == (dataset, rid) for one in rejected(request.user, {})):
        raise Http404
    try:
        links.send_again(person_of(request), dataset, rid)
        messages.success(request, _("记录将在下一次交换时重发。"))
    except CityOpsError as error:
        messages.error(request, error.detail)
    return redirect("exchange-rejected")
