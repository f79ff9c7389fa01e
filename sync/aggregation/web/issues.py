"""Pages of quality issues: the list, one of them, answering it, closing it, sending it back."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_POST, require_safe

from cityops.accounts.guards import person_of
from cityops.accounts.services import limits
from cityops.foundation.errors import CityOpsError
from cityops.foundation.exports import Column, download
from cityops.foundation.ordering import order_of
from cityops.foundation.records import local_node
from sync.aggregation.models import IssueAnswer
from sync.aggregation.selectors import overview as selectors
from sync.aggregation.services import answering
from sync.aggregation.web.forms import AnswerForm, ConclusionForm

PAGE_SIZE = 50
ORDERS = {
    "found": ("found_at", "issue_no"),
    "node": ("node_code", "-found_at", "issue_no"),
    "severity": ("severity", "-found_at", "issue_no"),
    "records": ("records", "issue_no"),
    "due": ("fix_deadline", "issue_no"),
    "state": ("state", "-found_at", "issue_no"),
}
COLUMNS = (
    Column(_lazy("问题号"), "issue_no"),
    Column(_lazy("责任节点"), lambda issue: issue.target),
    Column(_lazy("数据集"), "dataset"),
    Column(_lazy("质量规则"), "rule_code"),
    Column(_lazy("规则代码"), "item_code"),
    Column(_lazy("问题"), "title"),
    Column(_lazy("改法"), "remedy"),
    Column(_lazy("涉及记录"), "records"),
    Column(_lazy("严重度"), lambda issue: issue.get_severity_display()),
    Column(_lazy("发现时间"), "found_at"),
    Column(_lazy("整改期限"), "fix_deadline"),
    Column(_lazy("状态"), lambda issue: issue.get_state_display()),
    Column(_lazy("整改时间"), "fixed_at"),
    Column(_lazy("关闭时间"), "closed_at"),
    Column(_lazy("结论"), "conclusion"),
)


def _asked(request: HttpRequest) -> tuple[Any, Any]:
    order = order_of(request.GET.get("order"), ORDERS, "-found")
    rows = selectors.issues_of(person_of(request), request.GET.get("view", ""))
    dataset, node = request.GET.get("dataset", "")[:6], request.GET.get("node", "")[:14]
    rows = rows.filter(dataset=dataset) if dataset else rows
    return (rows.filter(targets__0=node) if node else rows).order_by(*order.fields), order


@require_safe
def issue_list(request: HttpRequest) -> HttpResponse:
    """数据质量问题单: those this node raised, and those it has to answer."""
    rows, order = _asked(request)
    user = person_of(request)
    facts = {
        "page": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")),
        "order": order,
        "view": request.GET.get("view", ""),
        "views": (
            ("", _("全部")),
            ("open", _("未关闭")),
            ("overdue", _("超期")),
            ("answered", _("待审")),
            ("closed", _("已关闭")),
        ),
        "names": selectors.names_seen(user),
        "is_filtered": any(request.GET.get(name) for name in ("view", "dataset", "node")),
    }
    return render(request, "aggregation/issues.html", facts)


@require_safe
def issue_export(request: HttpRequest) -> HttpResponseBase:
    """The list as a file."""
    rows, _order = _asked(request)
    return download(request, "quality-issues", COLUMNS, rows, action="issue.export", kind="QualityIssue")


@require_safe
def issue_detail(request: HttpRequest, issue_no: str) -> HttpResponse:
    """One issue with its records and answers."""
    return _detail(request, issue_no)


def _detail(request: HttpRequest, issue_no: str, form: forms.Form | None = None) -> HttpResponse:
    user = person_of(request)
    issue = selectors.get_issue(user, issue_no)
    is_mine = issue.origin_code == local_node()
    may_answer = not is_mine and user.has_perm(answering.ANSWER) and limits.has_whole_instance(user)
    waits = not is_mine and answering.waits_for_superior(issue)
    facts = {
        "issue": issue,
        "name": selectors.names_seen(user).get(issue.target, issue.target),
        "title": selectors.title_finder()(issue.dataset),
        "answers": IssueAnswer.objects.filter(
            issue_no=issue.issue_no, issuer_node=issue.origin_code, origin_code=issue.target
        ),
        "is_mine": is_mine,
        "waits": waits,
        "answer_form": _given(form, AnswerForm) if may_answer and issue.is_open and not waits else None,
        "close_form": _given(form, ConclusionForm)
        if is_mine and issue.is_open and user.has_perm(answering.CLOSE)
        else None,
    }
    return render(request, "aggregation/issue.html", facts, status=400 if form is not None else 200)


def _given(form: forms.Form | None, kind: type[forms.Form]) -> forms.Form:
    """The form that was filled in, where it is of the kind; otherwise an empty one."""
    return form if isinstance(form, kind) else kind()


def _act(
    request: HttpRequest, issue_no: str, form: forms.Form, act: Callable[..., Any], said: str | Promise
) -> HttpResponse:
    selectors.get_issue(person_of(request), issue_no)
    if form.is_valid():
        try:
            act(person_of(request), issue_no, **form.cleaned_data)
        except CityOpsError as refused:
            form.add_error(None, refused.detail)
        else:
            messages.success(request, str(said))
            return redirect("aggregation-issue", issue_no)
    return _detail(request, issue_no, form)


@require_POST
def issue_answer(request: HttpRequest, issue_no: str) -> HttpResponse:
    """Answer an issue of a superior."""
    return _act(request, issue_no, AnswerForm(request.POST), answering.answer, _lazy("答复已保存，随交换送达上级。"))


@require_POST
def issue_close(request: HttpRequest, issue_no: str) -> HttpResponse:
    """Close an issue of this node."""
    return _act(request, issue_no, ConclusionForm(request.POST), answering.close, _lazy("问题单已关闭。"))


@require_POST
def issue_send_back(request: HttpRequest, issue_no: str) -> HttpResponse:
    """Ask again."""
    form = ConclusionForm(request.POST)
    return _act(request, issue_no, form, answering.send_back, _lazy("已退回，节点须重新答复。"))
