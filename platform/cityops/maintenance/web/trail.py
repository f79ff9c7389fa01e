"""The audit trail."""

import json
from collections.abc import Iterable
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cityops.accounts.guards import person_of
from cityops.foundation.errors import NotThere
from cityops.foundation.exports import Column
from cityops.foundation.models import AuditEvent
from cityops.maintenance.selectors.audit import audit_events_for
from cityops.maintenance.web.lists import Cell, ListPage, when
from cityops.maintenance.web.parts import detail_page


class AuditFilter(django_filters.FilterSet):
    """By who, what, object, day, success."""

    user_name = django_filters.CharFilter(label=_("操作人"), lookup_expr="istartswith")
    action = django_filters.CharFilter(label=_("动作"), lookup_expr="startswith")
    object_key = django_filters.CharFilter(label=_("对象"))
    request_id = django_filters.CharFilter(label=_("请求编号"))
    since = django_filters.DateFilter(label=_("自"), field_name="at", lookup_expr="date__gte")
    until = django_filters.DateFilter(label=_("至"), field_name="at", lookup_expr="date__lte")
    succeeded = django_filters.ChoiceFilter(label=_("结果"), choices=(("true", _("成功")), ("false", _("失败"))))

    class Meta:
        model = AuditEvent
        fields = ("succeeded",)


class AuditList(ListPage):
    """审计记录."""

    title = pgettext_lazy("菜单", "审计记录")
    heads = (_("时间"), _("操作人"), _("来源"), _("地址"), _("动作"), _("类型"), _("对象"), _("原因"), _("结果"))
    filterset = AuditFilter
    empty = _("还没有审计记录。")
    export = (
        Column(_("编号"), "pk"),
        Column(_("时间"), "at"),
        Column(_("操作人"), "user_name"),
        Column(_("来源"), "channel"),
        Column(_("地址"), "address"),
        Column(_("会话"), "session"),
        Column(_("请求编号"), "request_id"),
        Column(_("节点"), "node_code"),
        Column(_("动作"), "action"),
        Column(_("成功"), "succeeded"),
        Column(_("类型"), "object_kind"),
        Column(_("对象"), "object_key"),
        Column(_("所在区划"), "division_code"),
        Column(_("变更前"), lambda event: _json(event.before)),
        Column(_("变更后"), lambda event: _json(event.after)),
        Column(_("原因"), "reason"),
    )
    export_action = "audit.export"
    export_permission = "maintenance.export_audit"

    def queryset(self, request: HttpRequest) -> QuerySet[AuditEvent]:
        """Newest first."""
        return audit_events_for(person_of(request))

    def cells(self, thing: AuditEvent) -> Iterable[Cell]:
        """One entry."""
        return (
            Cell(when(thing.at), reverse("audit-detail", args=[thing.pk])),
            Cell(thing.user_name),
            Cell(thing.channel),
            Cell(thing.address, css="mono"),
            Cell(thing.action, css="mono"),
            Cell(thing.object_kind),
            Cell(thing.object_key, css="mono"),
            Cell(thing.reason),
            Cell(_now("成功") if thing.succeeded else _now("失败"), light="green" if thing.succeeded else "red"),
        )


def _json(value: Any) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)


def audit_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One entry with everything it holds."""
    event = audit_events_for(person_of(request)).filter(pk=pk).first()
    if event is None:
        raise NotThere
    facts = [
        (field.verbose_name, _shown(field.name, getattr(event, field.name)))
        for field in AuditEvent._meta.fields
        if field.name != "id"
    ]
    return detail_page(
        request,
        title=f"{event.action} {event.object_key}",
        back=reverse("audit-list"),
        back_title=pgettext_lazy("菜单", "审计记录"),
        facts=facts,
    )


def _shown(name: str, value: Any) -> Any:
    if name == "at":
        return when(value)
    if name in ("before", "after"):
        return _json(value)
    return (_now("是") if value else _now("否")) if name == "succeeded" else value
