"""Questions about components over time: what changed, how one was on a day, open checks, conversions of codes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import Organisation, User
from cityops.accounts.scoping import may_work_on
from cityops.foundation.errors import NotThere
from grid.models import Case, CodeConversion, Component, ComponentChange, ComponentCheck
from grid.models.inventory import ComponentCheckQuerySet
from grid.selectors.aliases import all_ids, component_by_code
from grid.selectors.ground import division_prefix

Kind = ComponentChange.Kind
SHOWN_FIELDS = (
    "obj_id",
    "obj_name",
    "class_code",
    "std_ref",
    "state",
    "dept_code1",
    "dept_name1",
    "dept_code2",
    "dept_name2",
    "dept_code3",
    "dept_name3",
    "grid_code",
    "division_code",
    "street_code",
    "street_name",
    "community_name",
    "init_date",
    "change_date",
    "data_source",
    "precision_class",
    "note",
    "geom",
)
"""What a view of a day shows, in its order."""


@dataclass(frozen=True)
class Difference:
    """One field that a change touched, in words."""

    title: str
    before: str
    after: str


@dataclass(frozen=True)
class Change:
    """A change as its reader sees it."""

    row: ComponentChange
    differences: list[Difference]


def field_title(name: str) -> str:
    """What a field of a component is called."""
    return str(Component._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


def shown(name: str, value: Any) -> str:
    """A stored value in words."""
    if value in (None, ""):
        return "—"
    return str(dict(Component.State.choices).get(value, value)) if name == "state" else str(value)


def changes_of(component: Component) -> QuerySet[ComponentChange]:
    """The history of a component, the latest first; who sees the component sees what became of it."""
    return ComponentChange.objects.filter(component_id=component.pk).order_by("-at", "-id")


def worded(changes: Iterable[ComponentChange]) -> list[Change]:
    """Changes with the fields they touched."""
    return [Change(row, _differences(row)) for row in changes]


def _differences(row: ComponentChange) -> list[Difference]:
    before, after = row.before or {}, row.after or {}
    names = sorted({*before, *after}, key=lambda name: SHOWN_FIELDS.index(name) if name in SHOWN_FIELDS else 99)
    return [Difference(field_title(n), shown(n, before.get(n)), shown(n, after.get(n))) for n in names]


@dataclass(frozen=True)
class AsOf:
    """A component as it was at the end of a day, as far as its history tells."""

    day: date
    was_there: bool
    """False before it was recorded."""
    fields: dict[str, Any]
    """Field → value then; a place as WKT in CGCS2000."""
    undone: int
    """Changes since then."""

    @property
    def lines(self) -> list[tuple[str, str]]:
        """Title and value of each field."""
        return [(field_title(name), shown(name, value)) for name, value in self.fields.items()]


def as_of(component: Component, day: date) -> AsOf:
    """How a component looked at the end of ``day``: the record of today with every later change taken back.

    Before the first day of the history it is the oldest state that is known, unless it was recorded later.
    """
    midnight = timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))
    later = list(changes_of(component).filter(at__gte=midnight))
    fields = {name: _plain(getattr(component, name)) for name in SHOWN_FIELDS}
    for change in later:
        fields.update({name: value for name, value in (change.before or {}).items() if name in fields})
    is_new = any(change.kind == Kind.CREATED for change in later)
    return AsOf(day, not is_new and str(fields["init_date"]) <= day.isoformat(), fields, len(later))


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return getattr(value, "wkt", value)


def cases_of(user: User, component: Component, limit: int = 10) -> list[Case]:
    """The latest cases about a component, under whichever code they were filed, that a person may see."""
    rows = Case.objects.visible_to(user).filter(component_id__in=all_ids(component))
    return list(rows.order_by("-reported_at", "-rid")[:limit])


def component_of(user: User, case: Case) -> Component | None:
    """The component a case is about, by either code; None for none that the person may see."""
    if not case.component_id or not user.has_perm("grid.view_component"):
        return None
    found: Component | None = (
        Component.objects.visible_to(user).filter(component_by_code(case.component_id)).defer("geom_3857").first()
    )
    return found


def visible_checks(user: User) -> ComponentCheckQuerySet:
    """The checks a person may see, the latest first."""
    rows: ComponentCheckQuerySet = ComponentCheck.objects.visible_to(user).select_related("component", "assignee")
    return rows.order_by("-id")


def get_check(user: User, pk: int) -> ComponentCheck:
    """One check. Raises NotThere where the person may not see it."""
    found: ComponentCheck | None = visible_checks(user).select_related("raised_by", "settled_by").filter(pk=pk).first()
    if found is None:
        raise NotThere
    return found


def check_is_workable(user: User, check: ComponentCheck) -> bool:
    """Whether the person may do something with it, permissions aside."""
    return check.is_open and may_work_on(user, check)


def filter_checks(
    rows: Any, *, state: str = "", finding: str = "", division: str = "", due: str = "", mine: User | None = None
) -> Any:
    """Checks of a state (``unsettled`` for all open ones), a finding, a division; overdue ones; one's own."""
    if state == "unsettled":
        rows = rows.open()
    elif state:
        rows = rows.filter(state=state)
    if finding:
        rows = rows.filter(finding=finding)
    if division:
        rows = rows.filter(division_code__startswith=division_prefix(division))
    if due == "overdue":
        rows = rows.overdue(timezone.localdate())
    return rows.filter(assignee=mine) if mine else rows


def check_counts(user: User) -> dict[str, int]:
    """How many checks are open, assigned, overdue, the person's own, and settled within 30 days; one query."""
    today, month = timezone.localdate(), timezone.now() - timedelta(days=30)
    is_open = ~Q(state=ComponentCheck.State.SETTLED)
    counted: dict[str, int] = ComponentCheck.objects.visible_to(user).aggregate(
        open=Count("pk", filter=is_open),
        unassigned=Count("pk", filter=Q(state=ComponentCheck.State.OPEN)),
        overdue=Count("pk", filter=is_open & Q(due_on__lt=today)),
        mine=Count("pk", filter=is_open & Q(assignee=user)),
        settled=Count("pk", filter=Q(settled_at__gte=month)),
    )
    return counted


def checkers(user: User, check: ComponentCheck) -> list[User]:
    """Who may be given a check: people of the city who may raise one and whose division holds it, by name."""
    people = User.objects.workable_by(user).filter(is_active=True, is_integration=False).order_by("username")
    return [one for one in people[:500] if check.division_code.startswith(one.scope_prefix) and _may_check(one)]


def _may_check(person: User) -> bool:
    return person.has_perm("grid.raise_check")


def units_known(user: User) -> list[Organisation]:
    """Organisations that may be named as a unit, by code."""
    return list(Organisation.objects.active().visible_to(user).order_by("org_code")[:500])


def visible_conversions(user: User) -> QuerySet[CodeConversion]:
    """The conversions a person may see, the latest first, without their lines."""
    rows: QuerySet[CodeConversion] = CodeConversion.objects.visible_to(user).defer("lines").order_by("-id")
    return rows


def get_conversion(user: User, pk: int) -> CodeConversion:
    """One conversion with its lines. Raises NotThere."""
    found: CodeConversion | None = CodeConversion.objects.visible_to(user).filter(pk=pk).first()
    if found is None:
        raise NotThere
    return found


def losses(run: CodeConversion) -> list[dict[str, Any]]:
    """The lines of a conversion that lose or change something, with the reason in words."""
    said = {
        "no_target": _("新标准没有对应分类"),
        "ambiguous": _("有几个对应分类，须指定"),
        "unknown": _("分类不在原标准的字典中"),
        "malformed": _("编码与分类或长度不符"),
        "no_sequence": _("顺序号已用完"),
    }
    kinds = {"components": _("部件"), "matters": _("事项"), "cases": _("案件")}
    told = [line for line in run.lines if line["lost"] or line["renumbered"] or line["merged"]]
    return [{**line, "reason": said.get(line["loss"], ""), "kind_name": kinds[line["kind"]]} for line in told]
