"""Ledgers 台账: applications for return, delay, suspension, void and appeal, and supervision; with their share."""

from datetime import timedelta
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from cityops.accounts.models import Organisation
from cityops.foundation.exports import Column, download
from cityops.foundation.ordering import order_of
from grid.models import CaseApplication, CaseSupervision
from grid.selectors.ledgers import shares
from grid.selectors.moves import SUSPENSION_WORDS

PAGE_SIZE = 50
DAYS = 31
ORDERS = {
    "applied": ("-applied_at", "-pk"),
    "kind": ("kind", "-applied_at", "-pk"),
    "state": ("state", "-applied_at", "-pk"),
    "organisation": ("applied_org", "-applied_at", "-pk"),
}
SUPERVISION_ORDERS = {"issued": ("-issued_at", "-pk"), "due": ("due_at", "pk")}


class LedgerFilter(forms.Form):
    """What narrows the ledger."""

    kind = forms.ChoiceField(label=_("类型"), required=False, choices=[("", _("全部")), *CaseApplication.Kind.choices])
    state = forms.ChoiceField(
        label=_("结果"), required=False, choices=[("", _("全部")), *CaseApplication.State.choices]
    )
    org = forms.CharField(label=_("申请单位代码"), required=False, max_length=18)
    first = forms.DateField(label=_("自"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(label=_("至"), required=False, widget=forms.DateInput(attrs={"type": "date"}))


def _span(form: LedgerFilter) -> tuple[Any, Any]:
    given = form.cleaned_data if form.is_valid() else {}
    last = given.get("last") or timezone.localdate()
    return given.get("first") or last - timedelta(days=DAYS), last


def _filtered(request: HttpRequest) -> tuple[LedgerFilter, QuerySet[CaseApplication]]:
    form = LedgerFilter(request.GET)
    first, last = _span(form)
    rows = CaseApplication.objects.visible_to(request.user).select_related("case", "applied_by", "decided_by")
    rows = rows.filter(applied_at__date__gte=first, applied_at__date__lte=last)
    given = form.cleaned_data if form.is_valid() else {}
    for name, column in (("kind", "kind"), ("state", "state"), ("org", "applied_org")):
        if given.get(name):
            rows = rows.filter(**{column: given[name]})
    return form, rows


@require_safe
def ledger(request: HttpRequest) -> HttpResponse:
    """申请台账: every application with who applied, why, who decided and what came of it; the shares above."""
    form, rows = _filtered(request)
    order = order_of(request.GET.get("order"), ORDERS, "applied")
    page = Paginator(rows.order_by(*order.fields), PAGE_SIZE).get_page(request.GET.get("page"))
    codes = {row.applied_org for row in page} | {row.decided_org for row in page}
    facts = {
        "form": form,
        "page": page,
        "order": order,
        "names": _names(codes),
        "whys": SUSPENSION_WORDS,
        "shares": shares(request.user, *_span(form)),  # type: ignore[arg-type]
        "is_filtered": bool({key for key in request.GET if key not in ("page", "order")}),
        "now": timezone.now(),
    }
    return render(request, "grid/ledger_list.html", facts, status=400 if form.errors else 200)


def _names(codes: set[str]) -> dict[str, str]:
    return dict(Organisation.objects.filter(org_code__in=codes - {""}).values_list("org_code", "name"))


LEDGER_COLUMNS = (
    Column(_("案件号"), lambda row: row.case.case_no),
    Column(_("申请类型"), lambda row: row.get_kind_display()),
    Column(_("申请单位"), "applied_org"),
    Column(_("申请时间"), "applied_at"),
    Column(_("理由"), "reason"),
    Column(_("缓办至"), "until"),
    Column(_("结果"), lambda row: row.get_state_display()),
    Column(_("审批单位"), "decided_org"),
    Column(_("审批时间"), "decided_at"),
    Column(_("审批意见"), "opinion"),
    Column(_("原处置截止"), "old_deadline"),
    Column(_("新处置截止"), "new_deadline"),
)


@require_safe
def ledger_export(request: HttpRequest) -> HttpResponseBase:
    """The ledger as a file: exactly what the filters leave."""
    _form, rows = _filtered(request)
    order = order_of(request.GET.get("order"), ORDERS, "applied")
    rows = rows.order_by(*order.fields)
    return download(request, "ledger", LEDGER_COLUMNS, rows, action="case.export_ledger", kind="CaseApplication")


def _supervisions(request: HttpRequest) -> QuerySet[CaseSupervision]:
    rows = CaseSupervision.objects.visible_to(request.user).select_related("case", "issued_by", "answered_by")
    chosen = request.GET.get("view", "")
    if chosen == "open":
        rows = rows.open()
    elif chosen == "overdue":
        now = timezone.now()
        late = Q(answered_at__isnull=True, withdrawn_at__isnull=True, due_at__lt=now)
        rows = rows.filter(late | Q(answered_at__gt=F("due_at")))
    return rows


@require_safe
def supervision_list(request: HttpRequest) -> HttpResponse:
    """督办: what leaders and superior tiers asked, and what was answered when."""
    order = order_of(request.GET.get("order"), SUPERVISION_ORDERS, "issued")
    page = Paginator(_supervisions(request).order_by(*order.fields), PAGE_SIZE).get_page(request.GET.get("page"))
    views = (("", _("全部")), ("open", _("待答复")), ("overdue", _("超时")))
    facts = {
        "page": page,
        "order": order,
        "views": views,
        "view": request.GET.get("view", ""),
        "now": timezone.now(),
    }
    return render(request, "grid/supervision_list.html", facts)


SUPERVISION_COLUMNS = (
    Column(_("案件号"), lambda row: row.case.case_no),
    Column(_("来源"), lambda row: row.get_source_display()),
    Column(_("督办任务号"), "task_no"),
    Column(_("督办意见"), "opinion"),
    Column(_("督办时间"), "issued_at"),
    Column(_("要求答复时间"), "due_at"),
    Column(_("答复"), "answer"),
    Column(_("答复时间"), "answered_at"),
    Column(_("撤销时间"), "withdrawn_at"),
)


@require_safe
def supervision_export(request: HttpRequest) -> HttpResponseBase:
    """The supervision ledger as a file."""
    order = order_of(request.GET.get("order"), SUPERVISION_ORDERS, "issued")
    rows = _supervisions(request).order_by(*order.fields)
    return download(
        request, "supervision", SUPERVISION_COLUMNS, rows, action="case.export_supervision", kind="CaseSupervision"
    )
