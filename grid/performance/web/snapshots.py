"""Pages of what is frozen: snapshots, corrections, objections, and the results that travel."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_POST, require_safe

from cityops.accounts.guards import person_of
from cityops.accounts.services.limits import has_whole_instance
from cityops.foundation.errors import CityOpsError
from cityops.foundation.exports import Column, download
from cityops.regions.models import Division
from grid.performance.models import PerformanceResult, PerformanceSnapshot, TargetKind
from grid.performance.rules.counts import SLUGS, Target
from grid.performance.selectors import snapshots
from grid.performance.selectors.sets import all_sets, name_of
from grid.performance.selectors.words import POST_NAMES, count_name, period_words
from grid.performance.services import objections
from grid.performance.services import snapshots as services
from grid.performance.web.asked import Wanted, default_period
from grid.rules.periods import parse_period
from grid.selectors.divisions import find_place

PAGE_SIZE = 50
MOST_CHANGES = 200


@require_safe
def snapshot_list(request: HttpRequest) -> HttpResponse:
    """绩效快照: what is frozen, newest first."""
    person = person_of(request)
    page = Paginator(PerformanceSnapshot.objects.visible_to(person), PAGE_SIZE).get_page(request.GET.get("page"))
    facts = {
        "page": page,
        "sets": list(all_sets().values()),
        "last_month": default_period().shift(-1).key,
        "may_freeze": person.has_perm("performance.freeze_snapshot") and has_whole_instance(person),
    }
    return render(request, "performance/snapshot_list.html", facts)


@require_POST
def freeze(request: HttpRequest) -> HttpResponse:
    """Freeze a period."""
    try:
        period = services.read_period(request.POST.get("period", ""))
        made = services.freeze(person_of(request), period, key=request.POST.get("set", ""))
    except CityOpsError as refused:
        messages.error(request, refused.detail)
    else:
        if made:
            messages.success(request, _("已冻结 %(period)s，共 %(count)s 份快照。")
                             % {"period": period.key, "count": len(made)})  # fmt: skip
        else:
            messages.info(request, _("%s 已经冻结过，没有改动。") % period.key)
    return redirect("performance-snapshots")


@require_safe
def snapshot_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One snapshot: its rows as they hold now, corrections, objections, and what changed since."""
    person = person_of(request)
    found = snapshots.find_snapshot(pk, user=person)
    formulas = snapshots.formulas_of(found)
    target = Target(found.target)
    wanted = Wanted(target, find_place(found.division_code), parse_period(found.period), formulas)
    rows = snapshots.rows_of(found, user=person)
    changes = snapshots.changes_since(found, user=person) if request.GET.get("changes") else None
    may_object = person.has_perm("performance.raise_objection")
    facts = {
        "snapshot": found,
        "period_words": period_words(wanted.period),
        "wanted": wanted,
        "slug": SLUGS[target],
        "formulas": formulas,
        "lines": [_line(held, formulas) for held in rows],
        "corrections": [(held.row, one) for held in rows for one in held.corrections],
        "objections": snapshots.objections_of(found, user=person),
        "changes": None if changes is None else _told(changes),
        "changes_count": None if changes is None else len(changes),
        "objectable": [_objectable(held) for held in rows if held.row.org_code in person.organisation_codes]
        if may_object and target is Target.DEPARTMENT
        else [],
        "may_correct": person.has_perm("performance.freeze_snapshot") and has_whole_instance(person),
        "may_answer": person.has_perm("performance.answer_objection"),
    }
    return render(request, "performance/snapshot.html", facts)


def _told(changes: list[snapshots.Change]) -> list[dict[str, Any]]:
    return [{"change": one, "name": count_name(one.count)} for one in changes[:MOST_CHANGES]]


def _line(held: snapshots.Held, formulas: Any) -> dict[str, Any]:
    return {
        "held": held,
        "colour": next((grade.colour for grade in formulas.grades if grade.letter == held.grade), ""),
        "counts": [(count_name(code), number) for code, number in held.counts.items() if number],
        "values": [
            (name_of(formulas.indicators[code]), value, formulas.indicators[code].unit)
            for code, value in held.values.items()
            if value is not None and code in formulas.indicators
        ],
    }


def _objectable(held: snapshots.Held) -> dict[str, Any]:
    return {
        "held": held,
        "until": snapshots.may_object_until(held.row),
        "is_open": snapshots.is_open_for_objection(held.row),
        "counts": [(code, count_name(code), number) for code, number in held.counts.items()],
    }


@require_POST
def correct(request: HttpRequest, pk: int) -> HttpResponse:
    """Compute a snapshot again, with the reason."""
    person = person_of(request)
    found = snapshots.find_snapshot(pk, user=person)
    try:
        made = services.correct(person, found, request.POST.get("reason", "")[:500])
    except CityOpsError as refused:
        messages.error(request, refused.detail)
    else:
        messages.success(request, _("重新计算完成，%s 个对象有更正记录。") % len(made))
    return redirect("performance-snapshot", pk)


@require_POST
def object_to(request: HttpRequest, pk: int) -> HttpResponse:
    """Object to a number of the own department (``pk`` is the row)."""
    person = person_of(request)
    try:
        made = objections.raise_objection(
            person, pk, request.POST.get("count", ""), request.POST.get("reason", "")[:500]
        )
    except CityOpsError as refused:
        if refused.status == 404:
            raise
        messages.error(request, refused.detail)
        return redirect(request.META.get("HTTP_REFERER") or "performance-snapshots")
    messages.success(request, _("异议已提出，等待答复。"))
    return redirect("performance-snapshot", made.row.snapshot_id)


@require_POST
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer an objection."""
    person = person_of(request)
    try:
        found = objections.answer_objection(
            person,
            pk,
            is_accepted=request.POST.get("accepted") == "1",
            answer=request.POST.get("answer", "")[:500],
        )
    except CityOpsError as refused:
        if refused.status == 404:
            raise
        messages.error(request, refused.detail)
        return redirect("performance-snapshots")
    messages.success(request, _("已答复。异议成立的，请写明原因重新计算快照。"))
    return redirect("performance-snapshot", found.row.snapshot_id)


RESULT_COLUMNS = (
    Column(_lazy("统计期"), "period_code"),
    Column(_lazy("对象类型"), lambda one: one.get_target_type_display()),
    Column(_lazy("对象代码"), "target_code"),
    Column(_lazy("综合分"), "score"),
    Column(_lazy("等级"), "grade"),
    Column(_lazy("公式版本"), "formula_version"),
    Column(_lazy("计算时间"), "computed_at"),
    Column(_lazy("归属节点"), "origin_code"),
)


@require_safe
def result_list(request: HttpRequest) -> HttpResponseBase:
    """绩效评价结果 (GL05): what was sent, or came; ``?format=`` gives the list as a file."""
    rows = PerformanceResult.objects.visible_to(request.user)
    target, period = request.GET.get("target", ""), request.GET.get("period", "")
    if target in TargetKind.values:
        rows = rows.filter(target_type=target)
    if period:
        rows = rows.filter(period_code=period)
    if request.GET.get("format"):
        if not request.user.has_perm("performance.export_statement"):
            return HttpResponse(status=403)
        return download(request, "performance-results", RESULT_COLUMNS, rows, action="performance.export")
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    facts = {
        "page": page,
        "lines": [{"result": one, "name": name} for one, name in _named(page.object_list)],
        "targets": TargetKind.choices,
        "target": target,
        "period": period,
    }
    return render(request, "performance/result_list.html", facts)


def _named(results: Any) -> list[tuple[PerformanceResult, str]]:
    found = list(results)
    wanted = {one.division_code for one in found}
    names = dict(Division.objects.current().filter(code__in=wanted).values_list("code", "name"))
    return [(one, _name(one, names)) for one in found]


def _name(one: PerformanceResult, names: dict[str, str]) -> str:
    if one.target_type == Target.AREA:
        return names.get(one.division_code, one.target_code)
    if one.target_type == Target.POST:
        return f"{POST_NAMES.get(one.target_code[:2], '')} {one.target_code[2:]}".strip()
    return one.target_code
