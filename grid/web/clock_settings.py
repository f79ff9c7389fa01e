"""Pages of the clocks: yellow share and stage limits, changes of the calendar and what they moved, classes of area."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from cityops.accounts.guards import person_of
from cityops.accounts.services.limits import has_whole_instance
from cityops.foundation.errors import InvalidInput
from grid.models import AreaClass, CalendarChange, StageLimit, UnitGrid
from grid.rules.moving import DEFAULT_LIMITS
from grid.selectors.calendar import read_desk
from grid.services import clocks as service
from grid.tasks import wake_recounts
from grid.web.clock_forms import STAGES, AreaForm, StageLimitForm, YellowForm

CHANGE = "grid.change_clock"
SHOWN_CHANGES = 10


@dataclass(frozen=True)
class StageRow:
    """One stage with its limits: (class, value, unit) where the city set one; the sample otherwise."""

    name: str | Promise
    is_sample: bool
    common: tuple[Any, str]
    by_area: list[StageLimit | None]


@require_http_methods(["GET", "HEAD", "POST"])
def clock_page(request: HttpRequest) -> HttpResponse:
    """Show the settings of the clocks; take one change."""
    share = read_desk().calendar.yellow_share
    yellow, limit = YellowForm(initial={"yellow_percent": round(share * 100)}), StageLimitForm()
    may_change = request.user.has_perm(CHANGE) and has_whole_instance(person_of(request))
    if request.method == "POST":
        if not may_change:
            raise PermissionDenied
        is_yellow = request.POST.get("what") == "yellow"
        if is_yellow:
            yellow = YellowForm(request.POST)
        else:
            limit = StageLimitForm(request.POST)
        if _saved(request, yellow if is_yellow else limit):
            return redirect("clock-settings")
    facts = {
        "yellow_percent": round(share * 100),
        "rows": _stage_rows(),
        "areas": AreaClass.choices,
        "changes": CalendarChange.objects.all()[:SHOWN_CHANGES],
        "yellow": yellow,
        "limit": limit,
        "may_change": may_change,
    }
    return render(request, "grid/clock_settings.html", facts, status=400 if yellow.errors or limit.errors else 200)


def _saved(request: HttpRequest, form: YellowForm | StageLimitForm) -> bool:
    if not form.is_valid():
        return False
    asked = form.cleaned_data
    try:
        if isinstance(form, YellowForm):
            service.set_yellow_percent(person_of(request), asked["yellow_percent"])
            wake_recounts()
            messages.success(request, _("已保存。未结案件的预警时刻随后重算。"))
        else:
            service.set_stage_limit(person_of(request), **asked)
            messages.success(request, _("已保存。此后进入该环节的案件按新时限计。"))
    except InvalidInput as fault:
        form.add_error(None, fault.detail)
        return False
    return True


def _stage_rows() -> list[StageRow]:
    own = {(row.stage, row.area_class): row for row in StageLimit.objects.all()}
    rows = []
    for stage, name in STAGES.items():
        common = own.get((stage, ""))
        limit = DEFAULT_LIMITS[stage] if common is None else (common.value, common.unit)
        rows.append(StageRow(name, common is None, limit, [own.get((stage, area)) for area in AreaClass.values]))
    return rows


@require_http_methods(["GET", "HEAD", "POST"])
def area_page(request: HttpRequest) -> HttpResponse:
    """How many grids each class of area has in the person's region; give grids another class."""
    form = AreaForm(request.POST or None, initial={"division": request.GET.get("division", "")})
    if request.method == "POST" and form.is_valid():
        try:
            changed = service.set_area_class(person_of(request), **form.cleaned_data)
        except InvalidInput as fault:
            form.add_error((fault.facts.get("errors") or [{}])[0].get("field"), fault.detail)
        else:
            told = ngettext("已改变 %(n)s 个单元网格的区域类别。", "已改变 %(n)s 个单元网格的区域类别。", changed)
            messages.success(request, told % {"n": changed})
            return redirect("grid-areas")
    grids = UnitGrid.objects.visible_to(request.user).in_force().order_by()
    numbers = {row["area_class"]: row["n"] for row in grids.values("area_class").annotate(n=Count("pk"))}
    facts = {"form": form, "rows": [(code, label, numbers.get(code, 0)) for code, label in AreaClass.choices]}
    return render(request, "grid/grid_areas.html", facts, status=400 if form.errors else 200)
