"""How complete the ground is 数据完整性: components by class and field, grids by their topology.

What an inspector asks for stands in the lines D1, D2 and M4 of the acceptance checklist; each answer carries its
threshold and the query behind it, so that a figure can be defended.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.regions.models import valid_sql
from grid.models import Case, Component, UnitGrid
from grid.rules.component_states import REMOVED
from grid.selectors.ground import division_prefix
from grid.selectors.places import city_prefix
from sync.standard.models import ClassEntry
from sync.standard.selectors.dictionaries import default_code

FIELDS: tuple[str, ...] = (
    "obj_id",
    "obj_name",
    "dept_code1",
    "dept_name1",
    "dept_code2",
    "dept_name2",
    "dept_code3",
    "dept_name3",
    "grid_code",
    "state",
    "init_date",
    "change_date",
    "data_source",
    "note",
    "street_code",
    "street_name",
    "division_code",
    "community_name",
)
"""The 18 fields of GB/T 47678.5-2026, in its order; the community code is kept as ``division_code``."""
PRESENT_PERCENT = UPDATED_PERCENT = 90.0
"""D2: classes ≥ 90 % of the national list. No share is named for "updated within a year"; the same is asked here."""
RESPONSIBLE_PERCENT = 100.0
"""M4: every class has a responsible unit."""
TOLERATED_M2 = 1.0
"""What two grids may share, and what a community may leave uncovered, before it counts (imports use the same)."""


@dataclass(frozen=True)
class Tick:
    """One line of the checklist, or a part of one: ``count`` of ``total``, its share, and the threshold."""

    id: str
    title: str
    count: int
    total: int
    threshold: float
    """Percent that is asked for."""
    query: str
    """The SQL that counted."""
    facts: dict[str, float] = field(default_factory=dict)

    @property
    def percent(self) -> float | None:
        """The share, to one decimal; None where there is nothing to count: never 0 or 100 %."""
        return None if not self.total else int(self.count * 1000 / self.total) / 10

    @property
    def passes(self) -> bool:
        """Whether the threshold is reached; nothing to count does not."""
        return self.total > 0 and self.count * 100 >= self.threshold * self.total


@dataclass(frozen=True)
class ClassLine:
    """The components of one class of the current standard; removed ones are not counted."""

    class_code: str
    class_name: str
    number: int
    filled: dict[str, int]
    """Field → components that have it."""
    updated: int
    """Recorded or changed within a year."""
    three_units: int
    """With authority, owner and maintainer."""
    states: dict[str, int]

    def percent(self, count: int) -> float | None:
        """A count as a share of the class, to one decimal."""
        return None if not self.number else int(count * 1000 / self.number) / 10

    @property
    def updated_percent(self) -> float | None:
        """Share that was recorded or changed within a year."""
        return self.percent(self.updated)

    @property
    def units_percent(self) -> float | None:
        """Share with all three units."""
        return self.percent(self.three_units)

    @property
    def shares(self) -> list[float | None]:
        """The shares of the 18 fields, in their order."""
        return [self.percent(self.filled[name]) for name in FIELDS]


@dataclass(frozen=True)
class Completeness:
    """The report of a division."""

    standard: str
    lines: list[ClassLine]
    whole: ClassLine
    ticks: list[Tick]
    other_standards: int
    """Components whose codes follow another standard: they count nowhere above until they are converted."""


def _sql(rows: QuerySet[Any]) -> str:
    """The query in words of SQL, to be shown; empty where it can find nothing and is not even asked."""
    try:
        return str(rows.query)
    except EmptyResultSet:
        return ""


def _components(user: User | None, prefix: str) -> QuerySet[Any]:
    rows = Component.objects.all() if user is None else Component.objects.visible_to(user)
    return rows.filter(division_code__startswith=prefix).exclude(state=REMOVED).order_by()


def _year_ago(today: date | None = None) -> date:
    today = today or timezone.localdate()
    return today.replace(year=today.year - 1, day=min(today.day, 28) if today.month == 2 else today.day)


def _has(name: str) -> Q:
    is_date = name in {"init_date", "change_date"}
    return Q(**{f"{name}__isnull": False}) if is_date else ~Q(**{name: ""})


def _counts() -> dict[str, Any]:
    since = Q(recent__gte=_year_ago())
    three = _has("dept_code1") & _has("dept_code2") & _has("dept_code3")
    return {
        "number": Count("pk"),
        "updated": Count("pk", filter=since),
        "three_units": Count("pk", filter=three),
        **{f"has_{name}": Count("pk", filter=_has(name)) for name in FIELDS},
        **{f"state_{code}": Count("pk", filter=Q(state=code)) for code in Component.State.values},
    }


def _line(row: dict[str, Any], name: str) -> ClassLine:
    return ClassLine(
        class_code=row.get("class_code", ""),
        class_name=name,
        number=row["number"],
        filled={field: row[f"has_{field}"] for field in FIELDS},
        updated=row["updated"],
        three_units=row["three_units"],
        states={code: row[f"state_{code}"] for code in Component.State.values if row[f"state_{code}"]},
    )


def _prefix(division: str) -> str:
    return division_prefix(division) if division else ""


def completeness(user: User | None, division: str = "") -> Completeness:
    """The report over the components a person may see (None: all that are here), in a division or everywhere."""
    prefix, standard = _prefix(division), default_code("classes")
    rows = _components(user, prefix)
    here = rows.filter(std_ref=standard).annotate(recent=Greatest("init_date", "change_date"))
    counted = list(here.values("class_code").annotate(**_counts()).order_by("class_code"))
    names = dict(_national(standard).values_list("class_code", "class_name"))
    lines = [_line(row, names.get(row["class_code"], "")) for row in counted]
    return Completeness(
        standard=standard,
        lines=lines,
        whole=_line({name: sum(row[name] for row in counted) for name in _counts()}, _("全部")),
        ticks=[d2_classes(user, division), d2_updated(user, division), m4_responsible(user, division)],
        other_standards=rows.exclude(std_ref=standard).count(),
    )


def _national(standard: str) -> QuerySet[ClassEntry]:
    return ClassEntry.objects.in_force().components().filter(version=standard, is_extension="0")


def d2_classes(user: User | None = None, division: str = "") -> Tick:
    """D2: how many classes of the national list have components here."""
    standard = default_code("classes")
    national = set(_national(standard).values_list("class_code", flat=True))
    present = _components(user, _prefix(division)).filter(std_ref=standard).values_list("class_code").distinct()
    found = {code for (code,) in present}
    return Tick("D2", _("国标部件分类已普查"), len(found & national), len(national), PRESENT_PERCENT, _sql(present))


def d2_updated(user: User | None = None, division: str = "") -> Tick:
    """D2: how many components were recorded or changed within a year."""
    rows = _components(user, _prefix(division)).annotate(recent=Greatest("init_date", "change_date"))
    fresh = rows.filter(recent__gte=_year_ago())
    return Tick("D2", _("一年内更新的部件"), fresh.count(), rows.count(), UPDATED_PERCENT, _sql(fresh.values("pk")))


def m4_responsible(user: User | None = None, division: str = "") -> Tick:
    """M4: how many classes in use have a responsible unit: of a component class every component, of a matter class at
    least one case of the last year."""
    prefix = _prefix(division)
    things = _components(user, prefix).values("std_ref", "class_code")
    things = things.annotate(number=Count("pk"), known=Count("pk", filter=~Q(dept_code1="")))
    cases = Case.objects.all() if user is None else Case.objects.visible_to(user)
    since = timezone.now() - timedelta(days=365)
    recent = cases.filter(kind=Case.Kind.MATTER, division_code__startswith=prefix, reported_at__gte=since).order_by()
    matters = recent.values("std_ref", "class_code")
    matters = matters.annotate(number=Count("pk"), known=Count("pk", filter=~Q(dept_code1="") | ~Q(duty_org="")))
    total = things.count() + matters.count()
    with_unit = things.filter(known=F("number")).count() + matters.filter(known__gt=0).count()
    query = f"{_sql(things)};\n{_sql(matters)}"
    return Tick("M4", _("在用分类有责任单位"), with_unit, total, RESPONSIBLE_PERCENT, query)


OVERLAPS = """
WITH o AS (SELECT * FROM (
    SELECT a.grid_code AS one, b.grid_code AS other, ST_Area(ST_Intersection(a.geom, b.geom)::geography) AS area
    FROM grid_unitgrid AS a JOIN grid_unitgrid AS b ON a.geom && b.geom AND a.grid_code < b.grid_code
        AND a.status = '1' AND b.status = '1' AND ST_Relate(a.geom, b.geom, 'T********')
    WHERE a.division_code LIKE %(scope)s AND b.division_code LIKE %(scope)s
) AS p WHERE area > %(limit)s)
SELECT count(*), coalesce(sum(area), 0), (SELECT count(*) FROM (SELECT one FROM o UNION SELECT other FROM o) AS u)
FROM o
"""
"""Pairs of grids that share ground, the area they share, and how many grids that are."""
GAPS = f"""
SELECT count(*), count(*) FILTER (WHERE gap > %(limit)s), coalesce(sum(gap) FILTER (WHERE gap > %(limit)s), 0),
    coalesce(sum(area), 0)
FROM (
    SELECT d.code, ST_Area(d.boundary::geography) AS area, ST_Area(ST_Difference(d.boundary, coalesce(ST_Union(g.geom),
        ST_SetSRID('POLYGON EMPTY'::geometry, 4490)))::geography) AS gap
    FROM regions_division AS d LEFT JOIN grid_unitgrid AS g ON g.division_code = d.code AND g.status = '1'
    WHERE d.level = 6 AND d.code LIKE %(scope)s AND {valid_sql("d")} AND d.boundary IS NOT NULL
        AND ST_IsValid(d.boundary)
    GROUP BY d.code, d.boundary
) AS c
"""


def d1_grids(user: User | None = None, division: str = "") -> list[Tick]:
    """D1: communities that their grids cover wholly, grids that no other overlaps, codes of 15 digits.

    Communities without an outline cannot be judged; how many there are stands in the facts. Takes seconds for a city.
    """
    prefix = _scope(user, division)
    values = {"scope": f"{prefix}%", "limit": TOLERATED_M2}
    grids = UnitGrid.objects.in_force().filter(division_code__startswith=prefix).order_by()
    number = grids.count()
    fifteen = grids.filter(grid_code__regex=r"^\d{15}$")
    pairs, shared, sharing = _one(OVERLAPS, values)
    communities, gaping, gap, area = _one(GAPS, values)
    unknown = _one(
        f"SELECT count(*) FROM regions_division AS d WHERE d.level = 6 AND d.code LIKE %(scope)s AND {valid_sql('d')} "
        "AND d.boundary IS NULL AND EXISTS (SELECT FROM grid_unitgrid AS g WHERE g.division_code = d.code)",
        values,
    )[0]
    gaps = {"gap_m2": round(gap, 2), "area_m2": round(area, 2), "communities_without_outline": unknown}
    return [
        Tick("D1", _("社区被网格全部覆盖"), communities - gaping, communities, 100.0, GAPS.strip(), gaps),
        Tick(
            "D1", _("网格互不重叠"), number - sharing, number, 100.0, OVERLAPS.strip(),
            {"pairs": pairs, "overlap_m2": round(shared, 2)},
        ),
        Tick("D1", _("网格编码为 15 位"), fifteen.count(), number, 100.0, _sql(fifteen.values("grid_code"))),
    ]  # fmt: skip


def _scope(user: User | None, division: str) -> str:
    """The narrower of the person's division and the one asked for; nothing fits both where they are apart."""
    own = city_prefix() if user is None else user.scope_prefix
    asked = _prefix(division)
    if not asked or own.startswith(asked):
        return own
    return asked if asked.startswith(own) else "-"


def _one(sql: str, values: dict[str, Any]) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found: tuple[Any, ...] = cursor.fetchone()
    return found


def all_ticks(user: User | None = None, division: str = "") -> Iterable[Tick]:
    """D1, D2 and M4, as an acceptance report lists them."""
    return [
        *d1_grids(user, division),
        d2_classes(user, division),
        d2_updated(user, division),
        m4_responsible(user, division),
    ]
