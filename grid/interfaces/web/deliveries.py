"""Pages of deliveries 推送记录: what went out, what came back, and sending it once more."""

import json

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from cityops.accounts.guards import person_of
from cityops.foundation.errors import Refused
from cityops.foundation.exports import Column, download
from grid.interfaces.models import WebhookDelivery
from grid.interfaces.selectors.partners import get_delivery, may_read, visible_deliveries, workable_partner
from grid.interfaces.services.partners import PERMISSION, send_again
from grid.interfaces.tasks import wake_deliveries
from grid.interfaces.web.forms import DeliveryFilter

PAGE_SIZE = 50
COLUMNS = (
    Column(gettext_lazy("消息标识"), "msg_id"),
    Column(gettext_lazy("对接系统"), "partner.code"),
    Column(gettext_lazy("事件"), "type"),
    Column(gettext_lazy("案件号"), lambda one: one.case.case_no if one.case else ""),
    Column(gettext_lazy("案件内序号"), "seq"),
    Column(gettext_lazy("状态"), lambda one: one.get_state_display()),
    Column(gettext_lazy("产生时间"), "created_at"),
    Column(gettext_lazy("次数"), "attempts"),
    Column(gettext_lazy("应答码"), "status"),
    Column(gettext_lazy("应答"), "answer"),
    Column(gettext_lazy("送达时间"), "delivered_at"),
)


@require_safe
def delivery_list(request: HttpRequest) -> HttpResponseBase:
    """What went out, the newest first; ``?format=`` gives it as a file."""
    form = DeliveryFilter(person_of(request), request.GET)
    asked = {name: value for name, value in form.cleaned_data.items() if value} if form.is_valid() else {}
    rows = visible_deliveries(person_of(request), **asked)
    if request.GET.get("format"):
        return download(request, "deliveries", COLUMNS, rows, action="partner.deliveries_export", kind="partner")
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    facts = {"form": form, "page": page, "is_filtered": bool(asked), "states": WebhookDelivery.State}
    return render(request, "interfaces/delivery_list.html", facts)


@require_safe
def delivery_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One of them with its content."""
    row = get_delivery(person_of(request), pk)
    is_readable = may_read(person_of(request), row)
    facts = {
        "row": row,
        "payload": json.dumps(row.payload, ensure_ascii=False, indent=2) if is_readable else "",
        "is_readable": is_readable,
        "may_send": request.user.has_perm(PERMISSION) and row.partner.is_sent_to,
    }
    return render(request, "interfaces/delivery_detail.html", facts)


@require_POST
def delivery_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Send it once more."""
    row = get_delivery(person_of(request), pk)
    workable_partner(person_of(request), row.partner.code)
    try:
        send_again(person_of(request), row)
    except Refused as refused:
        messages.error(request, refused.detail)
    else:
        messages.success(request, _("已重新排队。"))
        wake_deliveries()
    return redirect("interface-delivery", row.pk)
