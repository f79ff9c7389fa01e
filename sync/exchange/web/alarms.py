"""告警: what stands and what stood, acknowledged by people, closed by itself."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_POST, require_safe

from cityops.accounts.guards import person_of
from cityops.foundation.errors import CityOpsError
from cityops.foundation.exports import Column, download
from cityops.foundation.ordering import Order, order_of
from sync.exchange.models import Alarm
from sync.exchange.selectors import gauges
from sync.exchange.services import alarms
from sync.exchange.web.forms import AlarmFilter
from sync.exchange.web.overview import names
from tiers.tier import this_instance

PAGE_SIZE = 50
ORDERS = {
    "raised": ("raised_at", "pk"),
    "level": ("level", "-raised_at", "pk"),
    "kind": ("kind", "-raised_at", "pk"),
    "node": ("node_code", "-raised_at", "pk"),
    "state": ("state", "-raised_at", "pk"),
}


def words(alarm: Alarm) -> str:
    """What is wrong, in a sentence."""
    facts: dict[str, Any] = {**alarm.facts, "subject": alarm.subject}
    since = parse_datetime(str(facts.get("since") or facts.get("ends") or "")) if alarm.facts else None
    facts["moment"] = f"{timezone.localtime(since):%Y-%m-%d %H:%M}" if since else "—"
    told = TOLD.get(alarm.kind)
    return str(told) % facts if told else ""


TOLD: dict[str, Any] = {
    "silent": _lazy("自 %(moment)s 起没有往来。"),
    "frozen": _lazy("链路已冻结：%(reason)s"),
    "skew": _lazy("两端时钟相差 %(seconds)s 秒；不影响交换，请校时。"),
    "parked": _lazy("%(subject)s 有 %(count)s 条记录收到而未能入库，最早自 %(moment)s。"),
    "waiting": _lazy("%(subject)s 有 %(count)s 条记录在等待其他记录，最早自 %(moment)s。"),
    "different": _lazy("%(subject)s 对账：缺少 %(missing)s、不同 %(differing)s、多余 %(orphans)s。"),
    "conflict": _lazy("%(subject)s 有 %(count)s 条记录同一版本两种内容，须由人决定。"),
    "trespass": _lazy("%(subject)s 有 %(count)s 条记录是对方无权报送的，未入库，请查明原因。"),
    "key": _lazy("签名密钥 %(kid)s 于 %(moment)s 到期，请轮换。"),
    "watchdog": _lazy("交换已超过一分钟没有运行，最近一次 %(moment)s。"),
}


def _found(request: HttpRequest) -> tuple[AlarmFilter, QuerySet[Alarm], Order]:
    asked = {key: value for key, value in request.GET.items() if key in AlarmFilter.base_fields}
    form = AlarmFilter(asked or {"state": "standing"})
    order = order_of(request.GET.get("order"), ORDERS, "-raised")
    found = form.narrowed(Alarm.objects.visible_to(request.user))
    return form, found.order_by(*order.fields), order


@require_safe
def alarm_list(request: HttpRequest) -> HttpResponse:
    """The alarms that stand, or others by filter, and the numbers of the exchange behind them."""
    form, found, order = _found(request)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    named = names()
    facts = {
        "form": form,
        "page": page,
        "order": order,
        "rows": [(one, named.get(one.node_code, one.node_code), words(one)) for one in page],
        "is_filtered": form.is_narrowed,
        "numbers": gauges.table(request.user),
        "can_have_children": not this_instance().node_code.endswith("-C"),
    }
    return render(request, "exchange/alarms.html", facts)


COLUMNS = (
    Column(_lazy("发生时间"), "raised_at"),
    Column(_lazy("级别"), lambda one: one.get_level_display()),
    Column(_lazy("类型"), lambda one: one.get_kind_display()),
    Column(_lazy("节点"), "node_code"),
    Column(_lazy("对象"), "subject"),
    Column(_lazy("说明"), words),
    Column(_lazy("状态"), lambda one: one.get_state_display()),
    Column(_lazy("确认人"), "acked_by"),
    Column(_lazy("处理说明"), "note"),
    Column(_lazy("解除时间"), "closed_at"),
)


@require_safe
def alarm_export(request: HttpRequest) -> StreamingHttpResponse | FileResponse:
    """The alarms that the list shows, as a file."""
    _form, found, _order = _found(request)
    return download(request, "exchange-alarms", COLUMNS, found, action="alarm.export")


@require_POST
def alarm_acknowledge(request: HttpRequest, number: int) -> HttpResponse:
    """Say that somebody deals with it."""
    alarm = get_object_or_404(Alarm.objects.visible_to(request.user), pk=number)
    try:
        alarms.acknowledge(person_of(request), alarm, note=request.POST.get("note", "")[:300])
        messages.success(request, _("告警已确认，原因消除后自动解除。"))
    except CityOpsError as error:
        messages.error(request, error.detail)
    return redirect("exchange-alarms")
