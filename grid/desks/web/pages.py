"""The page of a desk: queue, one case, map; and the part of it that asks again by itself."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.http.response import HttpResponseNotModified
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.http import parse_etags, urlencode
from django.views.decorators.http import require_safe

from cityops.accounts.guards import person_of
from cityops.accounts.scoping import may_work_on
from cityops.foundation.api.etag import tag_of
from grid.desks.rules.desks import DESKS, Desk, desks_of
from grid.desks.selectors import panel
from grid.desks.selectors.queues import FILTERS, Asked, Page, TabCount, asked_of, queue, tab_counts
from grid.desks.selectors.words import DESK_WORDS, TAB_WORDS
from grid.desks.services.bulk import MOST
from grid.desks.services.habits import keys_are_off
from grid.desks.services.presence import beat, others
from grid.desks.services.views import default_query, views_for
from grid.intake.selectors.similar import similar_to
from grid.intake.selectors.sources import reach
from grid.models import Case
from grid.rules.stages import Stage
from grid.rules.transitions import Action
from grid.selectors.case_list import division_choices
from grid.selectors.cases import CaseDetail, case_detail
from grid.selectors.clocks import unit_now
from grid.selectors.media import album_of
from grid.selectors.moves import label_of
from grid.web import moves


@require_safe
def desk_home(request: HttpRequest) -> HttpResponse:
    """The first desk that the person may open; a page that says so where there is none."""
    mine = desks_of(person_of(request).permission_codes)
    if mine:
        return redirect(f"desk-{mine[0].key}")
    return render(request, "desks/none.html", {"words": DESK_WORDS})


@require_safe
def desk_page(request: HttpRequest, desk: str) -> HttpResponseBase:
    """A desk with the first case of its queue open; only the queue where it asks again."""
    user, shown = person_of(request), DESKS[desk]
    is_part = request.headers.get("HX-Target") == "queue"
    if not request.GET and not is_part and (query := default_query(user, desk)):
        return redirect(f"{reverse(f'desk-{desk}')}?{query}")
    asked = asked_of(user, shown, request.GET)
    if is_part:
        return _queue_part(request, asked)
    facts = queue_facts(request, asked)
    first = facts["page"].rows[0].case_no if facts["page"].rows else ""
    if first:
        facts |= panel_facts(request, asked, first, facts["page"])
    return render(request, "desks/desk.html", facts)


@require_safe
def desk_case(request: HttpRequest, desk: str, case_no: str) -> HttpResponseBase:
    """A desk with one case open."""
    asked = asked_of(person_of(request), DESKS[desk], request.GET)
    facts = queue_facts(request, asked)
    facts |= panel_facts(request, asked, case_no, facts["page"]) | {"is_case": True}
    return render(request, "desks/desk.html", facts)


def _queue_part(request: HttpRequest, asked: Asked) -> HttpResponse:
    """The queue alone; 304 where neither the cases nor the minute changed."""
    page, counts = _queue(request, asked)
    marks = [(case.pk, case.version, case.light.value) for case in page.rows]
    etag = tag_of(marks, counts, asked.at.strftime("%Y%m%d%H%M"), request.get_full_path(), request.LANGUAGE_CODE)
    answer: HttpResponse
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        answer = HttpResponseNotModified()
    else:
        facts = queue_facts(request, asked, (page, counts)) | {"part": True, "open_no": request.GET.get("open", "")}
        answer = render(request, "desks/parts/queue.html", facts)
    answer.headers["ETag"] = etag
    patch_cache_control(answer, private=True, no_cache=True)
    return answer


def _queue(request: HttpRequest, asked: Asked) -> tuple[Page, list[TabCount]]:
    return queue(asked, cursor=request.GET.get("cursor", "")), tab_counts(asked)


def words_of(asked: Asked) -> str:
    """The tab and the filters as an address has them."""
    return urlencode({"tab": asked.tab.key, **asked.filters})


@dataclass(frozen=True)
class TabShown:
    """A tab as it is drawn."""

    key: str
    title: Any
    shown: str
    query: str


def queue_facts(request: HttpRequest, asked: Asked, known: tuple[Page, list[TabCount]] | None = None) -> dict[str, Any]:
    """What the queue and the head of a desk show."""
    page, counts = known or _queue(request, asked)
    user = asked.user
    tabs = [
        TabShown(one.key, TAB_WORDS[one.key], one.shown, urlencode({"tab": one.key, **asked.filters})) for one in counts
    ]
    return {
        "desk": asked.desk,
        "desk_url": reverse(f"desk-{asked.desk.key}"),
        "title": DESK_WORDS[asked.desk.key],
        "desks": [
            (DESK_WORDS[one.key], reverse(f"desk-{one.key}"), one.key == asked.desk.key)
            for one in desks_of(user.permission_codes)
        ],
        "tab": asked.tab.key,
        "tab_title": TAB_WORDS[asked.tab.key],
        "tabs": tabs,
        "page": page,
        "filters": asked.filters,
        "query": words_of(asked),
        "is_filtered": bool(asked.filters),
        "divisions": division_choices(user),
        "sources": Case.Source.choices,
        "views": views_for(user, asked.desk.key),
        "bulk": [(action.value, label_of(action)) for action in asked.desk.bulk],
        "most": MOST,
        "as_of": asked.at,
        "may_export": user.has_perm("grid.export_case"),
        "keys_off": keys_are_off(user),
        "filter_names": FILTERS,
    }


def panel_facts(
    request: HttpRequest, asked: Asked, case_no: str, page: Page, bound: moves.Bound | None = None
) -> dict[str, Any]:
    """What the panel of a case shows. Raises NotThere where the person may not see it."""
    user = asked.user
    detail = case_detail(user, case_no)
    case, at = detail.case, asked.at
    ordered = panel.in_order(asked.desk, detail.moves)
    keys = panel.keys_of(ordered)
    desk_moves = moves.options(case, ordered, bound)
    return {
        "case": case,
        "open_no": case.case_no,
        "next_no": _next(page, case.case_no),
        "steps": [(step, detail.organisation_names.get(step.operator_org, "")) for step in detail.steps],
        "seq": detail.steps[-1].seq if detail.steps else 0,
        "place": detail.place,
        "duty_name": detail.duty_org_name,
        "acts": [(option, keys.get(option.action, "")) for option in desk_moves],
        "closed": panel.closed_moves(user, asked.desk, case, detail.moves),
        "album": album_of(case),
        "unit": unit_now(case),
        "seen": panel.facts_of(case),
        "application": panel.waiting_application(case),
        "others": beat(user, case) if may_work_on(user, case) else others(user, case),
        **_consequences(case, detail, at),
        **_similar(asked.desk, user, detail),
    }


def _next(page: Page, case_no: str) -> str:
    """The number of the case after this one in the queue; the one before it at the end."""
    numbers = [row.case_no for row in page.rows]
    if case_no not in numbers:
        return numbers[0] if numbers else ""
    place = numbers.index(case_no)
    rest = numbers[place + 1 :] or numbers[:place][-1:]
    return rest[0] if rest else ""


def _consequences(case: Case, detail: CaseDetail, at: Any) -> dict[str, Any]:
    """The filing conditions before filing, the deadline before dispatch."""
    open_now = {move.action for move in detail.moves}
    facts: dict[str, Any] = {"conditions": [], "may_file": Action.FILE in open_now}
    if case.state in (Stage.REPORTED, Stage.VERIFYING, Stage.ACCEPTED):
        facts["conditions"] = panel.conditions_of(case, at)
    if open_now & {Action.DISPATCH, Action.DISPATCH_AGAIN}:
        facts["due_if_dispatched"] = panel.due_after(at, case.limit_value, case.limit_unit)
    return facts


def _similar(desk: Desk, user: Any, detail: CaseDetail) -> dict[str, Any]:
    """Cases that may be the same matter, where they can still be joined."""
    case = detail.case
    if case.state not in (Stage.REPORTED, Stage.ACCEPTED):
        return {"similar": None}
    return {
        "similar": similar_to(user, case),
        "reach": reach(),
        "may_join": any(move.action is Action.MERGE for move in detail.moves),
    }
