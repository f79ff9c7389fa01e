"""Pages of the standard: the data dictionary, made from the definitions; classes; disposal rules."""

import json
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from cityops.accounts.guards import person_of
from cityops.accounts.services import limits
from cityops.foundation.errors import InvalidInput
from cityops.foundation.models import AuditEvent
from cityops.foundation.records import registry
from sync.standard.models import ClassEntry, DictionaryVersion, DisposalRule, Provenance
from sync.standard.rules.definitions import Catalogue, CodeListDef, DatasetDef
from sync.standard.selectors.dictionaries import catalogue, default_code
from sync.standard.services import documents
from sync.standard.services.editing import add_rule, edit_rule
from sync.standard.web.forms import ClassFilter, Filter, NewRuleForm, RuleFilter, RuleForm

PAGE_SIZE = 50
PROVENANCE = dict(Provenance.choices)


def asked_catalogue(request: HttpRequest) -> Catalogue:
    """The version that the address names, or the default one; an unknown one is not there (404)."""
    try:
        return catalogue(request.GET.get("version", ""))
    except DictionaryVersion.DoesNotExist as error:
        raise Http404 from error


def _dataset(request: HttpRequest, code: str) -> tuple[DatasetDef, Catalogue]:
    found = asked_catalogue(request)
    if code not in found.by_code:
        raise Http404
    return found.by_code[code], found


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All datasets by class of data, the loaded versions, and the code lists."""
    form = Filter(request.GET)
    found, q = asked_catalogue(request), form.chosen.get("q", "").lower()
    groups: dict[str, list[dict[str, Any]]] = {}
    for dataset in found.datasets:
        if not q or mentions(dataset, q):
            shown = {"dataset": dataset, "is_exchanged": dataset.code in registry}
            groups.setdefault(dataset.data_class, []).append(shown)
    lists = [codelist for codelist in found.codelists if not q or q in f"{codelist.code} {codelist.name}".lower()]
    facts = {
        "form": form,
        "q": q,
        "catalogue": found,
        "provenance": PROVENANCE.get(found.provenance, ""),
        "groups": groups.items(),
        "shown": sum(len(group) for group in groups.values()),
        "lists": lists,
        "versions": DictionaryVersion.objects.visible_to(request.user),
    }
    return render(request, "standard/index.html", facts)


def mentions(dataset: DatasetDef, q: str) -> bool:
    """Whether a search, in small letters, finds a dataset by its code, names or fields."""
    texts = [
        dataset.code,
        dataset.cn,
        dataset.en,
        dataset.title_en,
        *(f"{entry.name} {entry.cn}" for entry in dataset.fields),
    ]
    return any(q in text.lower() for text in texts)


@require_safe
def dataset_detail(request: HttpRequest, code: str) -> HttpResponse:
    """One dataset: what it is, and every field with type, obligation, code list and remark."""
    dataset, found = _dataset(request, code)
    kind = registry.get(code) if code in registry else None
    words = documents.obligation_words()
    fields = [
        {
            "entry": entry,
            "obligation": words[entry.req],
            "is_local": kind is not None and entry.name in kind.local,
            "is_key": entry.name in dataset.key,
        }
        for entry in dataset.fields
    ]
    facts = {
        "dataset": dataset,
        "catalogue": found,
        "fields": fields,
        "kind": kind,
        "provenance": PROVENANCE.get(dataset.provenance, ""),
        "version": request.GET.get("version", ""),
    }
    return render(request, "standard/dataset_detail.html", facts)


def _download(body: bytes | str, content_type: str, name: str) -> HttpResponse:
    return HttpResponse(body, content_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@require_safe
def dataset_template(request: HttpRequest, code: str) -> HttpResponse:
    """The import template of a dataset."""
    dataset, found = _dataset(request, code)
    return _download(documents.import_template(dataset, found), documents.XLSX, f"{code}.xlsx")


@require_safe
def dataset_schema(request: HttpRequest, code: str) -> HttpResponse:
    """The JSON schema of a dataset."""
    dataset, found = _dataset(request, code)
    body = json.dumps(documents.json_schema(dataset, found), ensure_ascii=False, indent=1)
    return _download(body, "application/schema+json; charset=utf-8", f"{code}.schema.json")


@require_safe
def code_list_detail(request: HttpRequest, code: str) -> HttpResponse:
    """One code list, and the fields that use it."""
    found = asked_catalogue(request)
    codelist: CodeListDef | None = found.lists.get(code)
    if codelist is None:
        raise Http404
    users = [
        (dataset, entry) for dataset in found.datasets for entry in dataset.fields if entry.codelist == codelist.code
    ]
    facts = {"codelist": codelist, "catalogue": found, "users": users, "version": request.GET.get("version", "")}
    return render(request, "standard/code_list_detail.html", facts)


def asked_classes(request: HttpRequest) -> tuple[ClassFilter, QuerySet[ClassEntry]]:
    """The classes that the address asks for; those of the default version where it names none."""
    form = ClassFilter(_asked(request, "version", DictionaryVersion.Kind.CLASSES))
    return form, form.narrowed(ClassEntry.objects.visible_to(request.user))


def asked_rules(request: HttpRequest) -> tuple[RuleFilter, QuerySet[DisposalRule]]:
    """The rules that the address asks for; those of the default rule set where it names none."""
    form = RuleFilter(_asked(request, "rule_set", DictionaryVersion.Kind.RULES))
    rows = form.narrowed(DisposalRule.objects.visible_to(request.user))
    return form, rows.order_by("kind", "class_code", "class_name", "condition_no")


def _asked(request: HttpRequest, name: str, kind: str) -> QueryDict:
    asked = request.GET.copy()
    if name not in asked:
        asked[name] = default_code(kind)
    return asked


def _ruled() -> set[tuple[str, str]]:
    """(kind, class code) of what has a rule in the default set; classes that a rule names count under both kinds."""
    rows = DisposalRule.objects.active().values_list("kind", "class_code", "matter_codes")
    return {
        key
        for kind, code, matters in rows
        for key in ((kind, code), *((one.value, matter) for one in ClassEntry.Kind for matter in matters))
    }


@require_safe
def class_list(request: HttpRequest) -> HttpResponse:
    """Classes of components and matters of one version, or of all."""
    form, rows = asked_classes(request)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    may_edit = _may_edit(request)
    ruled = _ruled() if may_edit else set()
    for row in page:
        row.is_ruled = (row.kind, row.class_code) in ruled  # type: ignore[attr-defined]
    version = DictionaryVersion.objects.filter(code=form.chosen.get("version", "")).first()
    facts = {
        "form": form,
        "page": page,
        "version": version,
        "default_version": default_code(DictionaryVersion.Kind.CLASSES),
        "is_filtered": bool(set(form.chosen) - {"version"}),
        "may_edit": may_edit,
    }
    return render(request, "standard/class_list.html", facts)


def _may_edit(request: HttpRequest) -> bool:
    return request.user.has_perm("standard.change_disposalrule") and limits.has_whole_instance(person_of(request))


@require_safe
def rule_list(request: HttpRequest) -> HttpResponse:
    """Filing, disposal and closing rules of one rule set, the default one unless another is chosen."""
    form, rows = asked_rules(request)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    sets = DictionaryVersion.objects.filter(kind=DictionaryVersion.Kind.RULES)
    rule_set = sets.filter(code=form.chosen.get("rule_set", "")).first()
    edited = DisposalRule.objects.filter(rule_set=rule_set, is_edited=True).aggregate(n=Count("pk"))["n"]
    facts = {
        "form": form,
        "page": page,
        "rule_set": rule_set,
        "edited": edited,
        "is_filtered": bool(set(form.chosen) - {"rule_set"}),
        "may_edit": _may_edit(request),
    }
    return render(request, "standard/rule_list.html", facts)


@require_http_methods(["GET", "HEAD", "POST"])
def rule_new(request: HttpRequest) -> HttpResponse:
    """Add a rule for a class; ``?kind=&class_code=`` fills in which."""
    limits.whole_instance(person_of(request))
    form = NewRuleForm(
        request.POST or None, initial={name: request.GET.get(name, "") for name in ("kind", "class_code")}
    )
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            rule = add_rule(
                person_of(request),
                kind=given["kind"],
                class_code=given["class_code"],
                values=form.changes,
                reason=given["reason"],
            )
        except InvalidInput as refused:
            faults = refused.facts.get("errors") or [{}]
            form.add_error(faults[0].get("field"), refused.detail)
        else:
            messages.success(request, _("规则已新增，新案件按它计时。"))
            return redirect("rule-edit", pk=rule.pk)
    return render(request, "standard/rule_new.html", {"form": form}, status=400 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def rule_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change one rule; what it was, who changed it and why stays readable below the form."""
    limits.whole_instance(person_of(request))
    rule = get_object_or_404(DisposalRule.objects.visible_to(request.user).select_related("rule_set"), pk=pk)
    form = RuleForm(request.POST or None, instance=rule)
    if request.method == "POST" and form.is_valid():
        edit_rule(person_of(request), rule=rule, changes=form.changes, reason=form.cleaned_data["reason"])
        messages.success(request, _("规则已修改。已派遣的案件保留原时限，新案件按新规则计时。"))
        return redirect("rule-edit", pk=pk)
    trail = AuditEvent.objects.filter(object_kind="disposal_rule", object_key=str(pk)).order_by("-id")[:20]
    facts = {"rule": rule, "form": form, "trail": trail}
    return render(request, "standard/rule_edit.html", facts, status=400 if form.errors else 200)
