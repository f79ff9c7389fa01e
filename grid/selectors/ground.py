"""Questions about the ground: unit grids, components, imports. Lists are scoped to the person who asks."""

from dataclasses import dataclass
from typing import Any

from django.contrib.gis.geos import Point
from django.db.models import Count, QuerySet

from cityops.accounts.models import User
from cityops.accounts.scoping import may_work_on
from cityops.foundation.errors import NotThere
from cityops.regions.models import Division
from cityops.regions.rules import scope_prefix
from grid.models import Case, CodeAlias, Component, ImportRun, UnitGrid
from grid.rules.component_states import NEXT
from grid.selectors.aliases import component_by_code, component_from, former_codes
from grid.selectors.cases import place_of
from sync.standard.models import ClassEntry

HEAVY = ("geom", "geom_3857")
"""Columns that a list does not show."""


def visible_grids(user: User) -> QuerySet[UnitGrid]:
    """The unit grids a person may see, by code, without their shapes."""
    found: QuerySet[UnitGrid] = UnitGrid.objects.visible_to(user).defer(*HEAVY).order_by("grid_code")
    return found


def visible_components(user: User) -> QuerySet[Component]:
    """The components a person may see, by id, without their shapes."""
    found: QuerySet[Component] = Component.objects.visible_to(user).defer(*HEAVY).order_by("obj_id")
    return found


def visible_runs(user: User) -> QuerySet[ImportRun]:
    """The imports a person may see, newest first."""
    found: QuerySet[ImportRun] = ImportRun.objects.visible_to(user).order_by("-id")
    return found


def filter_grids(
    grids: QuerySet[Any], *, q: str = "", division: str = "", status: str = "", area_class: str = ""
) -> QuerySet[Any]:
    """Grids whose code begins with or whose name holds ``q``, in a division, of a status, of a class of area."""
    if area_class:
        grids = grids.filter(area_class=area_class)
    if q:
        grids = grids.filter(grid_code__startswith=q) if q.isdigit() else grids.filter(name__icontains=q)
    if division:
        grids = grids.filter(division_code__startswith=division_prefix(division))
    return grids.filter(status=status) if status else grids


def filter_components(
    components: QuerySet[Any],
    *,
    q: str = "",
    division: str = "",
    class_code: str = "",
    state: str = "",
    grid: str = "",
) -> QuerySet[Any]:
    """Components by id or name, division, class (its first digits are enough), state and grid."""
    if q:
        components = components.filter(component_from(q)) if q.isdigit() else components.filter(obj_name__icontains=q)
    if division:
        components = components.filter(division_code__startswith=division_prefix(division))
    if class_code:
        components = components.filter(class_code__startswith=class_code)
    if state:
        components = components.filter(state=state)
    return components.filter(grid_code=grid) if grid else components


def division_prefix(code: str) -> str:
    """The prefix of a division's level; a code that nobody knows is taken as it is."""
    level = Division.objects.current().filter(code=code).values_list("level", flat=True).first()
    return scope_prefix(code, level) if level is not None else code


def division_names(codes: set[str]) -> dict[str, str]:
    """Division code → name, for those that are current."""
    return dict(Division.objects.current().filter(code__in=codes).values_list("code", "name"))


@dataclass(frozen=True)
class GridDetail:
    """A unit grid with what its page shows."""

    grid: UnitGrid
    place: str
    components: int
    open_cases: int
    latest: list[Component]
    bounds: tuple[float, float, float, float]
    """West, south, east, north in degrees."""


def get_grid(user: User, code: str) -> UnitGrid:
    """One grid by its code. Raises NotThere where the person may not see it."""
    found: UnitGrid | None = UnitGrid.objects.visible_to(user).filter(grid_code=code).first()
    if found is None:
        raise NotThere
    return found


def grid_detail(user: User, code: str) -> GridDetail:
    """A grid, where it is and what lies in it. Raises NotThere."""
    grid = get_grid(user, code)
    components = visible_components(user).filter(grid_code=code)
    return GridDetail(
        grid=grid,
        place=place_of(grid.division_code),
        components=components.count(),
        open_cases=Case.objects.visible_to(user).open().filter(grid_code=code).count(),
        latest=list(components[:20]),
        bounds=grid.geom.extent,
    )


@dataclass(frozen=True)
class ComponentDetail:
    """A component with what its page shows."""

    component: Component
    place: str
    class_name: str
    next_states: list[tuple[str, str]]
    """States it may change to, with their names; none for who may not change it."""
    may_change: bool
    """Whether it is this node's and lies in the person's scope; permissions aside."""
    spot: Point
    """Where it is, or the middle of it."""
    former: list[CodeAlias]
    """Ids that it had by another standard, the latest first."""


def get_component(user: User, obj_id: str) -> Component:
    """One component by its id, or by one it had. Raises NotThere where the person may not see it."""
    found: Component | None = Component.objects.visible_to(user).filter(component_by_code(obj_id)).first()
    if found is None:
        raise NotThere
    return found


def component_to_change(user: User, obj_id: str) -> Component:
    """One component that is the person's to change. Raises NotThere, also where it may only be seen."""
    component = get_component(user, obj_id)
    if not may_work_on(user, component):
        raise NotThere
    return component


def component_detail(user: User, obj_id: str) -> ComponentDetail:
    """A component, where it is, its class, and what it may become. Raises NotThere."""
    component = get_component(user, obj_id)
    name = ClassEntry.objects.filter(kind="1", version=component.std_ref, class_code=component.class_code)
    spot = component.geom.centroid
    may_change = not component.is_replica and may_work_on(user, component)
    states = NEXT.get(component.state, ()) if may_change else ()
    return ComponentDetail(
        component=component,
        place=place_of(component.division_code),
        class_name=name.values_list("class_name", flat=True).first() or "",
        next_states=[(code, str(Component.State(code).label)) for code in states],
        may_change=may_change,
        spot=spot,
        former=former_codes(component),
    )


def get_run(user: User, pk: int) -> ImportRun:
    """One import. Raises NotThere where the person may not see it."""
    found = visible_runs(user).filter(pk=pk).first()
    if found is None:
        raise NotThere
    return found


def issues_by_rule(run: ImportRun) -> list[dict[str, Any]]:
    """How many faults of each rule are kept, the most frequent first."""
    counted = run.issues.values("code", "is_fatal").annotate(kept=Count("id")).order_by("-kept")
    totals = run.summary.get("issues", {})
    return [{**row, "count": max(row["kept"], totals.get(row["code"], 0))} for row in counted]
