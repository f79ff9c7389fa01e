"""Pages of workflows: the versions, one version with its table of moves and its rehearsal, a new draft."""

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cityops.accounts.roles import ROLES
from cityops.foundation.errors import InvalidInput, Refused
from grid.models import Case, WorkflowVersion
from grid.rules.workflow import DEFAULTS, SHIPPED, Workflow
from grid.selectors.moves import label_of
from grid.selectors.workflows import active_workflow, workflow_called
from grid.services.workflows import activate_workflow, draft_workflow
from grid.tasks import wake_rehearsal
from grid.web.forms import add_faults

ROLE_NAMES = {role.code: role.name for role in ROLES}


class WorkflowForm(forms.Form):
    """A draft: its code, its name, what differs from the shipped definition."""

    code = forms.SlugField(label=gettext_lazy("版本代码"), max_length=40, help_text=gettext_lazy("如 hangzhou-2027-1"))
    title = forms.CharField(label=gettext_lazy("名称"), max_length=100)
    source = forms.CharField(label=gettext_lazy("依据"), max_length=200, required=False)
    definition = forms.JSONField(
        label=gettext_lazy("与随产品定义的不同之处（JSON）"),
        widget=forms.Textarea(attrs={"rows": 16, "class": "mono", "spellcheck": "false"}),
        help_text=gettext_lazy("只写不同之处；{} 表示与随产品定义相同。"),
        required=False,
    )


def _rows(workflow: Workflow) -> list[dict[str, Any]]:
    """The table of moves as it is drawn."""
    states = dict(Case.State.choices)
    return [
        {
            "label": label_of(move.action),
            "action": move.action.value,
            "rows": move.rows,
            "from": [states[stage.value] for stage in sorted(move.from_stages)],
            "to": states[move.to_stage.value] if move.to_stage else "",
            "roles": [ROLE_NAMES[role] for role in move.roles],
            "limit": move.limit,
            "photos": workflow.photos_with(move.action),
        }
        for move in workflow.moves.values()
    ]


@require_safe
def workflow_list(request: HttpRequest) -> HttpResponse:
    """流程版本: the active one, drafts, and retired ones that running cases may still follow."""
    versions = list(WorkflowVersion.objects.all())
    facts = {"versions": versions, "active": active_workflow().code, "shipped": SHIPPED}
    return render(request, "grid/workflow_list.html", facts)


@require_safe
def workflow_detail(request: HttpRequest, code: str) -> HttpResponse:
    """One version: its settings beside the shipped ones, its table of moves, and what the rehearsal found."""
    version = WorkflowVersion.objects.filter(code=code).first()
    if version is None and code != SHIPPED:
        raise Http404
    workflow = workflow_called(code)
    settings = [
        (name, _shown(workflow.given[name]), _shown(DEFAULTS[name]), workflow.given[name] != DEFAULTS[name])
        for name in DEFAULTS
    ]
    facts = {
        "code": code,
        "version": version,
        "active": active_workflow().code,
        "settings": settings,
        "moves": _rows(workflow),
    }
    return render(request, "grid/workflow_detail.html", facts)


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


@require_http_methods(["GET", "HEAD", "POST"])
def workflow_new(request: HttpRequest) -> HttpResponse:
    """Draft a version; every fault of the definition is named with its place."""
    start = WorkflowVersion.objects.filter(code=request.GET.get("from", "")).first()
    initial = {"definition": start.definition if start else {}, "title": start.title if start else ""}
    form = WorkflowForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            version = draft_workflow(
                request.user,  # type: ignore[arg-type]
                code=given["code"],
                title=given["title"],
                definition=given["definition"] or {},
                source=given["source"],
            )
        except InvalidInput as fault:
            add_faults(form, fault)
        except Refused as refusal:
            form.add_error("code", refusal.detail)
        else:
            messages.success(request, _("已保存草稿 %s；启用前请先预演。") % version.code)
            return redirect("workflow-detail", code=version.code)
    return render(request, "grid/workflow_new.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
def workflow_rehearse(request: HttpRequest, code: str) -> HttpResponse:
    """Ask for a rehearsal; a worker replays the last quarter, the page shows it when it is done."""
    if not WorkflowVersion.objects.filter(code=code).exists():
        raise Http404
    wake_rehearsal(code)
    messages.info(request, _("预演已排队，完成后结果显示在本页；也可运行 manage.py rehearse_workflow %s。") % code)
    return redirect("workflow-detail", code=code)


@require_POST
def workflow_activate(request: HttpRequest, code: str) -> HttpResponse:
    """Let new cases follow this version."""
    try:
        version = activate_workflow(request.user, code)  # type: ignore[arg-type]
    except Refused as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, _("已启用 %s；在办案件沿用立案时的版本。") % version.code)
    return redirect("workflow-detail", code=code)
