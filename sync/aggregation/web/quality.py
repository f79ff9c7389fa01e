"""Pages of quality: the matrix of scores, one dataset of a node, findings, rules."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cityops.accounts.guards import person_of
from cityops.accounts.services import limits
from cityops.foundation.errors import CityOpsError, NotThere
from cityops.foundation.exports import Column, download
from cityops.foundation.ordering import order_of
from cityops.foundation.records import local_node
from sync.aggregation.models import QualityIssue, RuleVersion
from sync.aggregation.selectors import overview as selectors
from sync.aggregation.selectors.ruleset import remedy_of, rules, title_of
from sync.aggregation.services import ruling, running
from sync.aggregation.web.forms import FindingFilter, RuleForm

PAGE_SIZE = 50


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """数据汇聚: the scores of every node and dataset, issues, the run under way."""
    user = person_of(request)
    rows = selectors.matrix(user)
    titles = {cell.dataset: cell.title for row in rows for cell in row.cells.values()}
    facts = {
        "rows": [(row, [row.cells.get(code) for code in sorted(titles)]) for row in rows],
        "columns": sorted(titles.items()),
        "sums": selectors.sums(user),
        "run": selectors.last_run(),
    }
    return render(request, "aggregation/overview.html", facts)


@require_POST
def run(request: HttpRequest) -> HttpResponse:
    """Begin a whole run; the background does it."""
    limits.whole_instance(person_of(request))
    running.begin()
    messages.success(request, _("已发起质量检查，结果随后在此显示。"))
    return redirect("aggregation-overview")


@require_safe
def score(request: HttpRequest, owner: str, dataset: str) -> HttpResponse:
    """One dataset of one node: its rules, and its scores day by day."""
    user = person_of(request)
    name = selectors.see_node(user, owner)
    found = selectors.history(user, owner, dataset)
    standings = selectors.standings(user, owner, dataset)
    if not found and not standings:
        raise NotThere
    facts = {
        "owner": owner,
        "is_below": owner != local_node(),
        "name": name,
        "dataset": dataset,
        "title": selectors.title_finder()(dataset),
        "history": found,
        "last": found[0] if found else None,
        "standings": standings,
    }
    return render(request, "aggregation/score.html", facts)


ORDERS = {
    "found": ("found_at", "pk"),
    "owner": ("owner_code", "pk"),
    "dataset": ("dataset", "rule_code", "pk"),
    "rule": ("rule_code", "pk"),
    "key": ("record_key", "pk"),
}


def _findings(request: HttpRequest) -> tuple[FindingFilter, Any, Any]:
    asked = {key: value for key, value in request.GET.items() if key in FindingFilter.base_fields}
    form = FindingFilter({"state": "open", **asked})
    order = order_of(request.GET.get("order"), ORDERS, "-found")
    return form, selectors.findings(person_of(request), form.chosen()).order_by(*order.fields), order


@require_safe
def findings(request: HttpRequest) -> HttpResponse:
    """质量问题明细: what the rules found, record by record."""
    form, found, order = _findings(request)
    known, names = rules(), selectors.names_seen(person_of(request))
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [
        (one, names.get(one.owner_code, one.owner_code), title_of(rule) if (rule := known.get(one.rule_code)) else "")
        for one in page
    ]
    is_filtered = any(value for name, value in form.chosen().items() if name != "state")
    facts = {"form": form, "page": page, "rows": rows, "order": order, "is_filtered": is_filtered}
    return render(request, "aggregation/findings.html", facts)


@require_safe
def findings_export(request: HttpRequest) -> HttpResponseBase:
    """The list as a file, for who has to mend the records."""
    _form, found, _order = _findings(request)
    known = rules()
    columns = (
        Column(_lazy("发现时间"), "found_at"),
        Column(_lazy("归属节点"), "owner_code"),
        Column(_lazy("数据集"), "dataset"),
        Column(_lazy("规则代码"), "rule_code"),
        Column(_lazy("问题"), lambda one: title_of(known[one.rule_code]) if one.rule_code in known else ""),
        Column(_lazy("改法"), lambda one: remedy_of(known[one.rule_code]) if one.rule_code in known else ""),
        Column(_lazy("记录主键"), "record_key"),
        Column(_lazy("记录标识"), lambda one: str(one.rid or "")),
        Column(_lazy("情况"), "detail"),
        Column(_lazy("消除时间"), "gone_at"),
    )
    return download(request, "findings", columns, found, action="finding.export", kind="QualityFinding")


@require_safe
def rule_list(request: HttpRequest) -> HttpResponse:
    """质量规则: every rule that holds, by dataset."""
    title = selectors.title_finder()
    severities = dict(QualityIssue.Severity.choices)
    found = [
        (dataset, title(dataset), [(rule, title_of(rule), severities[rule.severity]) for rule in ones])
        for dataset, ones in selectors.rules_by_dataset().items()
    ]
    return render(request, "aggregation/rules.html", {"datasets": found, "count": sum(len(o) for _c, _t, o in found)})


@require_http_methods(["GET", "POST"])
def rule_edit(request: HttpRequest, code: str) -> HttpResponse:
    """One rule: what it says, its versions; change it where one may."""
    user = person_of(request)
    rule = selectors.find_rule(code)
    form = RuleForm(request.POST or None, rule=rule)
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        try:
            ruling.change_rule(user, code, reason=given.pop("reason"), changes=given)
        except CityOpsError as refused:
            form.add_error(None, refused.detail)
        else:
            messages.success(request, _("规则已修改，下次检查起按新规则。"))
            return redirect("aggregation-rule", code)
    facts = {
        "rule": rule,
        "title": title_of(rule),
        "remedy": remedy_of(rule),
        "form": form,
        "versions": RuleVersion.objects.filter(code=code),
        "may_change": user.has_perm(ruling.CHANGE) and limits.has_whole_instance(user),
    }
    return render(request, "aggregation/rule.html", facts, status=400 if form.errors else 200)
