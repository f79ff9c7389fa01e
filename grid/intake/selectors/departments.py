"""Suggest the organisation that a case should be dispatched to, each with its reason.

Order (grid.md §2.3): the duty table, the most specific row first; then the component's maintenance unit, owner and
authority; then the territory. Classes of unknown owner 不明 go to the territory at once. Only organisations that can
be dispatched to are named.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import Organisation
from grid.intake.models import DutyRule
from grid.intake.rules.duties import Duty, Facts, best_first, overlap
from grid.models import Case, Component
from grid.selectors.classes import classes_in_force
from grid.selectors.moves import disposal_organisations

DUTY, MAINTENANCE, OWNER, AUTHORITY, TERRITORY = "duty_table", "maintenance", "owner", "authority", "territory"
UNKNOWN_OWNER = "不明"
WEEKDAYS = "一二三四五六日"


@dataclass(frozen=True)
class SuggestedDepartment:
    """An organisation, why, and by which source (``duty_table``, ``maintenance``, ``owner``, …)."""

    org_code: str
    name: str
    reason: str
    source: str


def suggest_departments(case: Case, at: datetime | None = None) -> list[SuggestedDepartment]:
    """The organisations a case may go to, the best first, each once; three queries."""
    at = timezone.localtime(at)
    names = {org.org_code: org for org in disposal_organisations()}
    found: dict[str, SuggestedDepartment] = {}
    for code, reason, source in _candidates(case, at, list(names.values())):
        if code in names and code not in found:
            found[code] = SuggestedDepartment(code, names[code].name, reason, source)
    return list(found.values())


def _candidates(case: Case, at: datetime, known: list[Organisation]) -> Iterator[tuple[str, str, str]]:
    facts = Facts(case.kind, case.class_code, case.division_code, case.grid_code, at)
    for duty in best_first([row.duty() for row in rows_for(case)], facts):
        yield duty.org_code, _("责任表：%s") % in_words(duty), DUTY
    if UNKNOWN_OWNER not in case.matter_name:
        yield from _of_component(case)
    yield from _territory(case, known)


def rows_for(case: Case) -> QuerySet[DutyRule]:
    """The rows of the duty table that may speak of a case, by class and place."""
    places = [case.grid_code[:length] or case.division_code[:length] for length in range(1, 16)]
    places += [case.division_code[:length] for length in range(1, 13)]
    return DutyRule.objects.filter(
        class_code__in=["", case.class_code[:2], case.class_code], area__in=["", *set(places)]
    )


def _of_component(case: Case) -> Iterator[tuple[str, str, str]]:
    if not case.component_id:
        return
    thing = Component.objects.filter(obj_id=case.component_id).defer("geom", "geom_3857").first()
    if thing is None:
        return
    yield thing.dept_code3, _("部件 %s 的养护单位") % thing.obj_id, MAINTENANCE
    yield thing.dept_code2, _("部件 %s 的权属单位") % thing.obj_id, OWNER
    yield thing.dept_code1, _("部件 %s 的主管部门") % thing.obj_id, AUTHORITY


def _territory(case: Case, known: list[Organisation]) -> Iterator[tuple[str, str, str]]:
    """The street of the place, then its community; by the division of the organisation."""
    told = _("权属不明的类别交属地：") if UNKNOWN_OWNER in case.matter_name else _("属地：")
    for kind, digits in ((Organisation.Type.STREET, 9), (Organisation.Type.COMMUNITY, 12)):
        for org in known:
            if org.org_type == kind and org.division_code[:digits] == case.division_code[:digits]:
                yield org.org_code, told + org.name, TERRITORY


def in_words(duty: Duty) -> str:
    """What a row of the duty table speaks of: 小类 06010 · 网格 330102001001 · 周一至周五 · 08:00–20:00."""
    parts = [
        _("任何类别") if not duty.class_code
        else (_("大类 %s") if len(duty.class_code) == 2 else _("小类 %s")) % duty.class_code,
        _("全市") if not duty.area else (_("网格 %s") if len(duty.area) > 12 else _("区划 %s")) % duty.area,
    ]  # fmt: skip
    if duty.weekdays:
        parts.append(_("周") + "、".join(WEEKDAYS[day - 1] for day in duty.weekdays))
    if duty.starts_at is not None and duty.ends_at is not None:
        parts.append(f"{duty.starts_at:%H:%M}–{duty.ends_at:%H:%M}")
    return " · ".join(parts)


@dataclass(frozen=True)
class Meeting:
    """Two rows that speak of the same cases and name different organisations."""

    row: DutyRule
    other: DutyRule
    sort: str
    """``refines``: ``row`` is the more specific one and wins. ``conflict``: the later beginning decides, or nothing."""


MOST_ROWS = 2000
"""Rows that are held against each other."""


def meetings(rows: list[DutyRule]) -> list[Meeting]:
    """The overlaps among rows, conflicts first."""
    found = []
    kept = [(row, row.duty()) for row in rows[:MOST_ROWS]]
    for number, (row, duty) in enumerate(kept):
        for other, second in kept[number + 1 :]:
            sort = overlap(duty, second)
            if sort:
                first, last = (row, other) if duty.rank >= second.rank else (other, row)
                found.append(Meeting(first, last, sort))
    return sorted(found, key=lambda one: (one.sort != "conflict", one.row.class_code, one.row.area))


def valid_on(day: date) -> QuerySet[DutyRule]:
    """The rows in force on a day."""
    return DutyRule.objects.filter(Q(valid_to=None) | Q(valid_to__gte=day), valid_from__lte=day)


@dataclass(frozen=True)
class Coverage:
    """责任主体覆盖: of the classes in use how many have an organisation in the duty table."""

    classes: int
    covered: int
    missing: tuple[str, ...]
    """Keys (kind-code) of classes without one."""

    @property
    def percent(self) -> float | None:
        """The share in percent, one decimal; None where no class is in use."""
        return round(100 * self.covered / self.classes, 1) if self.classes else None


def duty_coverage(day: date | None = None) -> Coverage:
    """Which classes in force have, for the whole city or part of it, a row in force that names a live organisation."""
    day = day or timezone.localdate()
    live = [org.org_code for org in disposal_organisations()]
    rows = list(valid_on(day).filter(org_code__in=live).values_list("kind", "class_code").distinct())
    classes = list(classes_in_force().values_list("kind", "class_code"))
    missing = [
        f"{kind}-{code}"
        for kind, code in classes
        if not any(wanted in ("", kind) and code.startswith(start) for wanted, start in rows)
    ]
    return Coverage(len(classes), len(classes) - len(missing), tuple(missing))
