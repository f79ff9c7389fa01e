"""Pages of oversight: the list of supervisions, one of them, a new one."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cityops.accounts.guards import person_of
from cityops.foundation.errors import CityOpsError
from cityops.foundation.exports import Column, download
from cityops.foundation.ordering import order_of
from grid.oversight import selectors
from grid.oversight.services import issuing
from grid.oversight.web.forms import IssueForm, WithdrawForm
from grid.selectors.ground import division_names

PAGE_SIZE = 50
ORDERS = {
    "issued": ("-issued_at", "-task_no"),
    "due": ("deadline", "task_no"),
    "state": ("state", "-issued_at"),
    "target": ("division_code", "-issued_at"),
}
COLUMNS = (
    Column(gettext_lazy("督办任务号"), "task_no"),
    Column(gettext_lazy("案件号"), "source_ref"),
    Column(gettext_lazy("承办节点"), lambda task: task.target),
    Column(gettext_lazy("督办类型"), lambda task: task.get_task_type_display()),
    Column(gettext_lazy("督办意见"), "content"),
    Column(gettext_lazy("督办时间"), "issued_at"),
    Column(gettext_lazy("要求答复时间"), "deadline"),
    Column(gettext_lazy("状态"), lambda task: task.get_state_display()),
    Column(gettext_lazy("办结时间"), "closed_at"),
)


@require_safe
def task_list(request: HttpRequest) -> HttpResponse:
    """督办: what this node asked of cities, and how they answered."""
    order = order_of(request.GET.get("order"), ORDERS, "issued")
    view = request.GET.get("view", "")
    rows = selectors.tasks_of(person_of(request), view)
    page = Paginator(rows.order_by(*order.fields), PAGE_SIZE).get_page(request.GET.get("page"))
    facts = {
        "page": page,
        "rows": selectors.with_answers(list(page)),
        "order": order,
        "view": view,
        "views": (("", _("全部")), ("open", _("待答复")), ("overdue", _("超时")), ("done", _("已办结"))),
        "names": division_names({task.division_code for task in page}),
    }
    return render(request, "oversight/task_list.html", facts)


@require_safe
def task_export(request: HttpRequest) -> HttpResponseBase:
    """The list as a file."""
    order = order_of(request.GET.get("order"), ORDERS, "issued")
    rows = selectors.tasks_of(person_of(request), request.GET.get("view", "")).order_by(*order.fields)
    return download(request, "supervisions", COLUMNS, rows, action="supervision.export", kind="SupervisionTask")


@require_http_methods(["GET", "POST"])
def task_new(request: HttpRequest) -> HttpResponse:
    """Supervise a city's case."""
    form = IssueForm(request.POST or None, initial={"case_no": request.GET.get("case", "")})
    if request.method == "POST" and form.is_valid():
        given: dict[str, Any] = dict(form.cleaned_data)
        try:
            task = issuing.issue(person_of(request), given.pop("case_no"), **given)
        except CityOpsError as refused:
            form.add_error(None, refused.detail)
        else:
            return redirect("oversight-detail", task.task_no)
    return render(request, "oversight/task_new.html", {"form": form}, status=400 if form.errors else 200)


@require_safe
def task_detail(request: HttpRequest, task_no: str) -> HttpResponse:
    """One supervision with what the city did about it."""
    return _detail(request, task_no, WithdrawForm())


def _detail(request: HttpRequest, task_no: str, form: WithdrawForm) -> HttpResponse:
    user = person_of(request)
    task = selectors.get_task(user, task_no)
    facts = {
        "task": task,
        "case": selectors.case_of(user, task),
        "actions": selectors.actions_of(task),
        "form": form,
        "place": division_names({task.division_code}).get(task.division_code, ""),
    }
    return render(request, "oversight/task_detail.html", facts, status=400 if form.errors else 200)


@require_POST
def task_withdraw(request: HttpRequest, task_no: str) -> HttpResponse:
    """Take a supervision back."""
    selectors.get_task(person_of(request), task_no)
    form = WithdrawForm(request.POST)
    if form.is_valid():
        try:
            issuing.withdraw(person_of(request), task_no, reason=form.cleaned_data["reason"])
        except CityOpsError as refused:
            form.add_error(None, refused.detail)
        else:
            return redirect("oversight-detail", task_no)
    return _detail(request, task_no, form)
