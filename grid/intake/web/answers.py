"""Pages of answers 答复: what waits to be told, calling back, return visits."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_POST, require_safe

from cityops.accounts.guards import person_of
from cityops.foundation.errors import InvalidInput, Refused
from cityops.foundation.exports import Column, download
from cityops.foundation.ordering import order_of
from grid.intake.models import Answer
from grid.intake.selectors.answers import get_answer, visible_answers
from grid.intake.services import answers
from grid.intake.web.forms import AnswerFilter, TellForm, VisitForm

PAGE_SIZE = 40
ORDERS = {
    "made": ("made_at", "pk"),
    "case": ("case__case_no", "pk"),
    "state": ("state", "-made_at", "pk"),
}
COLUMNS = (
    Column(_lazy("案件号"), "case.case_no"),
    Column(_lazy("主案件号"), "main.case_no"),
    Column(_lazy("结果"), lambda one: one.get_outcome_display()),
    Column(_lazy("方式"), lambda one: one.get_channel_display()),
    Column(_lazy("答复内容"), "text"),
    Column(_lazy("状态"), lambda one: one.get_state_display()),
    Column(_lazy("生成时间"), "made_at"),
    Column(_lazy("答复时间"), "told_at"),
    Column(_lazy("满意度"), lambda one: one.get_satisfaction_display()),
    Column(_lazy("回访时间"), "visited_at"),
    Column(_lazy("回访记录"), "visit_note"),
)


@require_safe
def answer_list(request: HttpRequest) -> HttpResponseBase:
    """The answers, those that wait first; ``?format=`` gives them as a file."""
    form = AnswerFilter(request.GET)
    asked = {name: value for name, value in form.cleaned_data.items() if value} if form.is_valid() else {}
    order = order_of(request.GET.get("order"), ORDERS, "-made")
    rows = visible_answers(person_of(request)).filter(**asked).order_by(*order.fields)
    if request.GET.get("format"):
        return download(request, "answers", COLUMNS, rows, action="answer.export", kind="answer")
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    facts = {"form": form, "page": page, "order": order, "is_filtered": bool(asked), "states": Answer.State}
    return render(request, "intake/answer_list.html", facts)


@require_safe
def answer_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One answer, with what can be written down about it."""
    answer = get_answer(person_of(request), pk)
    facts = {
        "answer": answer,
        "tell": TellForm(initial={"text": answer.text}),
        "visit": VisitForm(),
        "may_tell": request.user.has_perm(answers.PERMISSION),
        "states": Answer.State,
    }
    return render(request, "intake/answer_detail.html", facts)


@require_POST
def answer_tell(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down that the reporter was told, or not reached."""
    given = request.POST
    reached = given.get("reached") == "1"

    def do() -> None:
        answers.tell_answer(
            person_of(request), pk, reached=reached, note=given.get("note", ""), text=given.get("text", "")
        )

    return _done(request, pk, do, _("已记为答复。") if reached else _("已记为未能送达，可再次联系。"))


@require_POST
def answer_visit(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down a return visit."""
    given = request.POST

    def do() -> None:
        answers.record_visit(
            person_of(request), pk, satisfaction=given.get("satisfaction", ""), note=given.get("note", "")
        )

    return _done(request, pk, do, _("回访已记录。"))


def _done(request: HttpRequest, pk: int, do: Callable[[], Any], told: str) -> HttpResponse:
    get_answer(person_of(request), pk)
    try:
        do()
    except (InvalidInput, Refused) as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, told)
    return redirect(reverse("intake-answer", args=[pk]))
