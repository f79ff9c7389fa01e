"""Pages of partners 对接系统: who they are, their secrets, the cases in common, what went wrong."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cityops.accounts.guards import person_of
from cityops.foundation.errors import CityOpsError, Refused
from cityops.foundation.exports import Column, download
from grid.interfaces.models import Partner
from grid.interfaces.rules.operations import APPLICATIONS
from grid.interfaces.selectors.partners import get_partner, visible_partners, visible_shares, workable_partner
from grid.interfaces.services import partners as services
from grid.interfaces.services import secrets
from grid.interfaces.services.operating import issue_notice
from grid.interfaces.tasks import wake_deliveries
from grid.interfaces.web.forms import MODES, NoticeForm, PartnerFilter, PartnerForm, SecretForm
from grid.models import CaseApplication

PAGE_SIZE = 40
SHOWN = 20
COLUMNS = (
    Column(gettext_lazy("代码"), "code"),
    Column(gettext_lazy("名称"), "name"),
    Column(gettext_lazy("类型"), lambda one: one.get_kind_display()),
    Column(gettext_lazy("负责区划"), "division_code"),
    Column(gettext_lazy("代表单位"), "org_code"),
    Column(gettext_lazy("对接账号"), "account.username"),
    Column(gettext_lazy("推送地址"), "webhook_url"),
    Column(gettext_lazy("状态"), lambda one: state_of(one)[0]),
    Column(gettext_lazy("登记时间"), "created_at"),
)
STATES: dict[str, dict[str, Any]] = {
    "on": {"is_active": True, "stopped_at__isnull": True},
    "stopped": {"is_active": True, "stopped_at__isnull": False},
    "off": {"is_active": False},
}


def state_of(one: Partner) -> tuple[str, str]:
    """How the exchange with a partner stands, as word and light."""
    if not one.is_active:
        return _("停用"), "paused"
    if one.stopped_at is not None:
        return _("停推"), "red"
    if one.failing_since is not None:
        return _("推送失败,正在重试"), "yellow"
    return (_("推送正常"), "green") if one.webhook_url else (_("由对方查询"), "green")


@require_safe
def partner_list(request: HttpRequest) -> HttpResponseBase:
    """The partners; ``?format=`` gives them as a file."""
    form = PartnerFilter(request.GET)
    asked = {name: value for name, value in form.cleaned_data.items() if value} if form.is_valid() else {}
    rows = visible_partners(person_of(request))
    if kind := asked.get("kind"):
        rows = rows.filter(kind=kind)
    if state := asked.get("state"):
        rows = rows.filter(**STATES[state])
    if request.GET.get("format"):
        return download(request, "partners", COLUMNS, rows, action="partner.export", kind="partner")
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    facts = {"form": form, "page": page, "is_filtered": bool(asked), "rows": [(one, state_of(one)) for one in page]}
    return render(request, "interfaces/partner_list.html", facts)


@require_safe
def partner_detail(request: HttpRequest, code: str) -> HttpResponse:
    """One partner."""
    return _detail(request, get_partner(person_of(request), code))


def _detail(
    request: HttpRequest, one: Partner, *, taking: SecretForm | None = None, notice: NoticeForm | None = None
) -> HttpResponse:
    base = str(settings.CITYOPS_BASE_URL).rstrip("/") or request.build_absolute_uri("/").rstrip("/")
    now = timezone.now()
    words = dict(MODES)
    shares = visible_shares(person_of(request)).filter(partner=one)
    if not request.user.has_perm("grid.view_case"):
        shares = shares.none()
    facts = {
        "partner": one,
        "state": state_of(one),
        "hook": base + reverse("api:partner-hook", args=[one.code]),
        "api": base + reverse("api:partner-case-list"),
        "modes": [(CaseApplication.Kind(kind).label, words[one.modes.get(kind, "reply")]) for kind in APPLICATIONS],
        "secrets": [(row, row.ends_at is None or row.ends_at > now) for row in one.secrets.all()[:10]],
        "taking": taking or SecretForm(),
        "notice": notice or NoticeForm(),
        "shares": shares[:SHOWN],
        "share_count": shares.count(),
        "attention": shares.exclude(attention="")[:SHOWN],
        "calls": one.calls.select_related("case")[:SHOWN],
        "notices": one.notices.select_related("issued_by")[:SHOWN],
        "deliveries": one.deliveries.select_related("case")[:SHOWN],
        "may_change": request.user.has_perm(services.PERMISSION)
        and Partner.objects.workable_by(person_of(request)).filter(pk=one.pk).exists(),
    }
    wrong = taking is not None or notice is not None
    return render(request, "interfaces/partner_detail.html", facts, status=400 if wrong else 200)


@require_http_methods(["GET", "POST"])
def partner_new(request: HttpRequest) -> HttpResponse:
    """Register a partner."""
    return _form(request, None)


@require_http_methods(["GET", "POST"])
def partner_edit(request: HttpRequest, code: str) -> HttpResponse:
    """Change a partner."""
    return _form(request, workable_partner(person_of(request), code))


def _form(request: HttpRequest, one: Partner | None) -> HttpResponse:
    user = person_of(request)
    initial = PartnerForm.values_of(one) if one else {}
    form = PartnerForm(user, request.POST or None, partner=one, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            saved = services.save_partner(user, _data(form.cleaned_data, one), one)
        except CityOpsError as refused:
            _told(form, refused)
        else:
            messages.success(request, _("已保存。"))
            return redirect("interface-partner", saved.code)
    status = 400 if form.is_bound else 200
    return render(request, "interfaces/partner_form.html", {"form": form, "partner": one}, status=status)


def _data(given: dict[str, Any], one: Partner | None) -> services.PartnerData:
    organisation = given["org_code"]
    return services.PartnerData(
        code=one.code if one else given["code"],
        name=given["name"],
        kind=given["kind"],
        division_code=given["division_code"],
        account=one.account.username if one else given["account"].username,
        org_code=organisation.org_code if organisation else "",
        webhook_url=given["webhook_url"],
        events=tuple(given["events"]),
        sends_photos=given["sends_photos"],
        modes={kind: given[f"mode_{kind}"] for kind in APPLICATIONS},
        is_active=given["is_active"],
    )


def _told(form: Any, refused: CityOpsError) -> None:
    """Say beside the field what a service refused, or above the form."""
    for error in refused.facts.get("errors") or [{"field": "", "detail": refused.detail}]:
        field = error.get("field") if error.get("field") in form.fields else None
        form.add_error(field, error.get("detail") or refused.detail)


@never_cache
@require_POST
def secret_make(request: HttpRequest, code: str) -> HttpResponse:
    """Make the secret with which we sign; the answer shows it, and nothing shows it again."""
    one = workable_partner(person_of(request), code)
    try:
        text = secrets.make_secret(person_of(request), one)
    except Refused as refused:
        messages.error(request, refused.detail)
        return redirect("interface-partner", one.code)
    return render(request, "interfaces/secret_made.html", {"partner": one, "secret": text})


@require_POST
def secret_take(request: HttpRequest, code: str) -> HttpResponse:
    """Keep the secret with which the partner signs."""
    one = workable_partner(person_of(request), code)
    form = SecretForm(request.POST)
    if form.is_valid():
        try:
            secrets.take_secret(person_of(request), one, form.cleaned_data["secret"])
        except CityOpsError as refused:
            _told(form, refused)
        else:
            messages.success(request, _("已保存对方的签名密钥。"))
            return redirect("interface-partner", one.code)
    return _detail(request, one, taking=form)


@require_POST
def secret_end(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """End a secret at once."""
    one = workable_partner(person_of(request), code)
    return _done(request, one, lambda: secrets.end_secret(person_of(request), one, pk), _("密钥已停用。"))


@require_POST
def partner_test(request: HttpRequest, code: str) -> HttpResponse:
    """Send a test event."""
    one = workable_partner(person_of(request), code)
    return _done(
        request, one, lambda: services.send_test(person_of(request), one), _("测试事件已排队,结果见推送记录。")
    )


@require_POST
def partner_resume(request: HttpRequest, code: str) -> HttpResponse:
    """Send webhooks again."""
    one = workable_partner(person_of(request), code)
    return _done(request, one, lambda: services.resume_sending(person_of(request), one), _("已恢复推送。"))


@require_POST
def share_settle(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """Say that somebody has seen to a case."""
    one = workable_partner(person_of(request), code)
    return _done(request, one, lambda: services.settle_attention(person_of(request), one, pk), _("已标记为处理。"))


@require_POST
def notice_new(request: HttpRequest, code: str) -> HttpResponse:
    """Write a notice to the partner."""
    one = workable_partner(person_of(request), code)
    form = NoticeForm(request.POST)
    if not form.is_valid():
        return _detail(request, one, notice=form)
    given = form.cleaned_data
    return _done(
        request, one, lambda: issue_notice(person_of(request), one, given["title"], given["text"]), _("通知已发布。")
    )


def _done(request: HttpRequest, one: Partner, do: Callable[[], Any], told: str) -> HttpResponse:
    """Do it, say so (or why not), and show the partner. Raises what is not there."""
    try:
        do()
    except Refused as refused:
        messages.error(request, refused.detail)
    else:
        messages.success(request, told)
        wake_deliveries()
    return redirect("interface-partner", one.code)
