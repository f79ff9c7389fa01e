"""Pages of signals 疑点: the list, one with its answers and its review, the terms of each kind."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cityops.accounts.guards import person_of
from cityops.accounts.models import User
from cityops.accounts.services import limits
from cityops.foundation.errors import CityOpsError, NotThere
from cityops.foundation.exports import Column, download
from cityops.foundation.ordering import order_of
from grid.signals.models import KIND_NAMES, Signal
from grid.signals.rules.kinds import Kind
from grid.signals.selectors import signals as reads
from grid.signals.selectors import words
from grid.signals.selectors.terms import all_terms, terms_of
from grid.signals.services import reviewing
from grid.signals.web.forms import AnswerForm, ReviewForm, SignalFilter, TermsForm

PAGE_SIZE = 40
ORDERS = {
    "found": ("found_at", "pk"),
    "kind": ("kind", "-score", "pk"),
    "score": ("score", "pk"),
    "state": ("state", "-found_at", "pk"),
}
COLUMNS = (
    Column(_("编号"), "pk"),
    Column(_("类别"), lambda one: one.get_kind_display()),
    Column(_("看到的"), words.sentence_of),
    Column(_("对象"), words.subject_words),
    Column(_("单位代码"), "org_code"),
    Column(_("区划"), "division_code"),
    Column(_("显著度"), "score"),
    Column(_("状态"), lambda one: one.get_state_display()),
    Column(_("发现时间"), "found_at"),
    Column(_("复核时间"), "reviewed_at"),
    Column(_("复核意见"), "review_note"),
)
"""No column names a person: an export leaves the house."""


def _shows_person(person: User, signal: Signal) -> bool:
    return person.has_perm(reviewing.REVIEW) or reviewing.is_about(person, signal)


@require_safe
def signal_list(request: HttpRequest) -> HttpResponseBase:
    """Signals that the person may see; ``?format=`` gives them as a file to those who may export."""
    person = person_of(request)
    form = SignalFilter(request.GET)
    asked = {name: value for name, value in form.cleaned_data.items() if value} if form.is_valid() else {}
    order = order_of(request.GET.get("order"), ORDERS, "-found")
    rows = reads.visible_signals(person).filter(**asked).order_by(*order.fields)
    if request.GET.get("format"):
        if not person.has_perm("signals.export_signal"):
            raise PermissionDenied
        return download(request, "signals", COLUMNS, rows, action="signal.export", kind="signal")
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    lines = [
        {
            "signal": one,
            "seen": words.sentence_of(one),
            "subject": words.subject_words(one, with_person=_shows_person(person, one)),
        }
        for one in page
    ]
    facts = {
        "form": form,
        "page": page,
        "lines": lines,
        "order": order,
        "is_filtered": bool(asked),
        "names": reads.names_of({one.org_code for one in page}),
        "numbers": [(state, Signal.State(state).label, number) for state, number in reads.numbers(person).items()],
        "is_reviewer": person.has_perm(reviewing.REVIEW),
    }
    return render(request, "signals/signal_list.html", facts)


def _detail(request: HttpRequest, pk: int, *, status: int = 200, **forms: Any) -> HttpResponse:
    person = person_of(request)
    signal = reads.get_signal(person, pk)
    may_answer = person.has_perm(reviewing.ANSWER) or person.has_perm(reviewing.REVIEW)
    facts = {
        "signal": signal,
        "seen": words.sentence_of(signal),
        "innocent": words.innocent(signal.kind),
        "counted": words.COUNTED[Kind(signal.kind)],
        "subject": words.subject_words(signal, with_person=_shows_person(person, signal)),
        "names": reads.names_of({signal.org_code}),
        "answers": signal.answers.select_related("answered_by"),
        "rate": reads.rates().get(Kind(signal.kind)),
        "photos": _photos(person, signal),
        "may_review": person.has_perm(reviewing.REVIEW) and not reviewing.is_about(person, signal),
        "may_answer": may_answer and signal.is_open,
        "answer_form": AnswerForm(),
        "review_form": ReviewForm(signal),
        **forms,
    }
    return render(request, "signals/signal_detail.html", facts, status=status)


def _photos(person: User, signal: Signal) -> list[tuple[str, str]]:
    """(case number, photo) of what a signal compares, for who may see the cases; where a picture is kept."""
    if not person.has_perm("grid.view_case") or signal.case is None:
        return []
    facts = signal.facts
    pairs = [(facts.get("case"), facts.get("photo")), (facts.get("other", facts.get("case")), facts.get("other_photo"))]
    kept = reads.kept_photos([photo for _case, photo in pairs if photo])
    return [(str(case), str(photo)) for case, photo in pairs if case and photo in kept]


@require_safe
def signal_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One signal: what was seen, what may explain it, how often such signals are false, what was answered."""
    return _detail(request, pk)


@require_POST
def signal_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Say something about it."""
    reads.get_signal(person_of(request), pk)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _detail(request, pk, status=422, answer_form=form)
    return _done(
        request, pk, lambda: reviewing.answer(person_of(request), pk, form.cleaned_data["text"]), _now("说明已记录。")
    )


@require_POST
def signal_review(request: HttpRequest, pk: int) -> HttpResponse:
    """Close it, or open it again."""
    signal = reads.get_signal(person_of(request), pk)
    form = ReviewForm(signal, request.POST)
    if not form.is_valid():
        return _detail(request, pk, status=422, review_form=form)
    return _done(
        request, pk, lambda: reviewing.review(person_of(request), pk, **form.cleaned_data), _now("复核结果已记录。")
    )


def _done(request: HttpRequest, pk: int, do: Callable[[], Any], told: str) -> HttpResponse:
    try:
        do()
    except NotThere:
        raise
    except CityOpsError as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, told)
    return redirect(reverse("signal-detail", args=[pk]))


@require_safe
def setting_list(request: HttpRequest) -> HttpResponse:
    """The kinds: what each looks for, its numbers, its false alarms on simulated cities."""
    person = person_of(request)
    rates = reads.rates()
    lines = [
        {
            "kind": kind.value,
            "name": KIND_NAMES[kind],
            "terms": terms,
            "counted": words.COUNTED[kind],
            "values": [(words.PARAMETER_NAMES[name], value) for name, value in terms.values.items()],
            "rate": rates.get(kind),
        }
        for kind, terms in all_terms().items()
    ]
    may_change = person.has_perm(reviewing.SET) and limits.has_whole_instance(person)
    return render(request, "signals/setting_list.html", {"lines": lines, "may_change": may_change})


@require_http_methods(["GET", "HEAD", "POST"])
def setting_edit(request: HttpRequest, kind: str) -> HttpResponse:
    """The terms of one kind, and their former versions."""
    if kind not in set(Kind):
        raise NotThere
    terms = terms_of(Kind(kind))
    form = TermsForm(terms, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            reviewing.change_terms(person_of(request), kind, **form.given())
        except CityOpsError as refusal:
            messages.error(request, refusal.detail)
        else:
            messages.success(request, _now("参数已保存，下一次查找起生效。"))
            return redirect("signal-settings")
    facts = {"form": form, "name": KIND_NAMES[Kind(kind)], "terms": terms, "history": reads.history(Kind(kind))[:20]}
    return render(request, "signals/setting_edit.html", facts, status=422 if form.errors else 200)
