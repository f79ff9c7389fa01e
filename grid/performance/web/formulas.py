"""Pages of formula sets: which there are, what one says, what two say differently; load one."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from cityops.accounts.guards import person_of
from cityops.accounts.services.limits import has_whole_instance
from cityops.foundation.errors import CityOpsError, InvalidInput
from grid.performance.rules.formulas import FormulaSet
from grid.performance.selectors.sets import all_sets, default_key, find_set, name_of
from grid.performance.selectors.words import formula_words
from grid.performance.services.formulas import choose_default, load_formulas, read_document


@require_safe
def formula_list(request: HttpRequest) -> HttpResponse:
    """公式集: every version that is there."""
    person = person_of(request)
    facts = {
        "sets": list(all_sets().values()),
        "default": default_key(),
        "may_load": person.has_perm("performance.load_formulas") and has_whole_instance(person),
    }
    return render(request, "performance/formula_list.html", facts)


@require_safe
def formula_page(request: HttpRequest, key: str) -> HttpResponse:
    """One set: indicators with their formulas, compositions with their weights, grades."""
    formulas = find_set(key)
    facts = {
        "set": formulas,
        "default": default_key(),
        "indicators": _indicators(formulas),
        "objects": [(name, _parts(formulas, name)) for name in formulas.objects],
        "honesty": [name_of(formulas.indicators[code]) for code in formulas.honesty],
        "may_load": person_of(request).has_perm("performance.load_formulas"),
    }
    return render(request, "performance/formula.html", facts)


def _indicators(formulas: FormulaSet) -> list[dict[str, Any]]:
    return [
        {"one": one, "name": name_of(one), "words": formula_words(one.formula)} for one in formulas.indicators.values()
    ]


def _parts(formulas: FormulaSet, name: str) -> list[dict[str, Any]]:
    return [
        {"part": part, "name": name_of(formulas.indicators[part.indicator])} for part in formulas.objects.get(name, ())
    ]


@require_safe
def formula_compare(request: HttpRequest) -> HttpResponse:
    """Two sets side by side: the indicators and weights in which they differ."""
    sets = list(all_sets())
    one = find_set(request.GET.get("a") or sets[0])
    other = find_set(request.GET.get("b") or sets[-1])
    facts = {"a": one, "b": other, "sets": sets, "differences": _differences(one, other)}
    return render(request, "performance/formula_compare.html", facts)


def _differences(one: FormulaSet, other: FormulaSet) -> list[tuple[str, str, str]]:
    found = []
    for code in sorted({*one.indicators, *other.indicators}):
        words = [_formula(one, code), _formula(other, code)]
        if words[0] != words[1]:
            named = one.indicators.get(code) or other.indicators[code]
            found.append((name_of(named), *words))
    for name in sorted({*one.objects, *other.objects}):
        words = [_weights(one, name), _weights(other, name)]
        if words[0] != words[1]:
            found.append((name, *words))
    return [(title, first, second) for title, first, second in found]


def _formula(formulas: FormulaSet, code: str) -> str:
    indicator = formulas.indicators.get(code)
    return formula_words(indicator.formula) if indicator else "—"


def _weights(formulas: FormulaSet, name: str) -> str:
    return " + ".join(f"{one['name']} {one['part'].weight}" for one in _parts(formulas, name)) or "—"


@require_POST
def formula_load(request: HttpRequest) -> HttpResponse:
    """Load a set from a file, or let one that is there hold by default."""
    person = person_of(request)
    try:
        if key := request.POST.get("default_key", ""):
            stored = choose_default(person, key)
        else:
            upload = request.FILES.get("file")
            if upload is None:
                raise InvalidInput(_("请选择一个 JSON 文件。"))
            stored = load_formulas(
                person, read_document(upload.read()), is_default=request.POST.get("is_default") == "1"
            )
    except CityOpsError as refused:
        messages.error(request, refused.detail)
        return redirect("performance-formulas")
    messages.success(request, _("公式集 %s 已载入。") % stored.key)
    return redirect("performance-formula", stored.key)
