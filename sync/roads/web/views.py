"""Pages of the roads: what was made and taken, what is missing, export and import of bundles."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from cityops.accounts.guards import person_of
from cityops.foundation.errors import CityOpsError
from cityops.foundation.ordering import order_of
from sync.exchange.models import Link
from sync.exchange.services import links
from sync.roads.models import Bundle
from sync.roads.selectors import roads_seen
from sync.roads.services.exporting import export
from sync.roads.services.importing import take

PAGE_SIZE = 50
LARGEST_FILE = 128 * 1024 * 1024
"""Of an upload by the page; ``manage.py exchange_import`` takes larger ones."""
ORDERS = {
    "at": ("at", "pk"),
    "peer": ("peer_code", "pk"),
    "number": ("number", "pk"),
    "records": ("records", "pk"),
}


@require_safe
def road_list(request: HttpRequest) -> HttpResponse:
    """The roads to all peers, and the bundles that went either way."""
    order = order_of(request.GET.get("order"), ORDERS, "-at")
    found = Bundle.objects.visible_to(request.user).order_by(*order.fields)
    facts = {
        "roads": roads_seen(request.user),
        "order": order,
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
    }
    return render(request, "roads/list.html", facts)


@require_POST
def road_export(request: HttpRequest, peer: str) -> HttpResponse:
    """Make the next bundle for a peer and hand it over as a file."""
    link = get_object_or_404(Link.objects.visible_to(request.user), peer_code=peer)
    try:
        links.check_may_change(person_of(request), link)
        bundle, data = export(link.peer_code, again=bool(request.POST.get("again")))
    except CityOpsError as error:
        messages.error(request, error.detail)
        return redirect("road-list")
    response = HttpResponse(data, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{bundle.file_name}"'
    return response


@require_POST
def road_take(request: HttpRequest) -> HttpResponse:
    """Take a bundle that somebody carried here."""
    upload = request.FILES.get("file")
    if upload is None or not upload.size or upload.size > LARGEST_FILE:
        messages.error(request, _("请选择数据包文件(不超过 128 MiB)。"))
        return redirect("road-list")
    try:
        done = take(upload.read(), actor=person_of(request))
    except CityOpsError as error:
        said = _("数据包被拒绝,没有保存任何内容:%(code)s %(detail)s")
        messages.error(request, said % {"code": error.code, "detail": error.detail})
        return redirect("road-list")
    said = _("第 %(number)s 包:入库 %(applied)s 批,已有 %(known)s 批,等待 %(waiting)s 批,回执 %(receipts)s 份。")
    facts = {"number": done.bundle.number, "applied": done.applied, "known": done.known, "waiting": done.waiting}
    messages.success(request, said % {**facts, "receipts": done.receipts})
    return redirect("road-list")
