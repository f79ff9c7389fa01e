"""Register a case: one report becomes one case, in one statement.

The statement finds the unit grid, the class, the disposal rule and the next number, and writes the case with its
first step; a second one writes the audit entry. The caller gives ``rid``, so a report that is sent twice is one case.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache, partial
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import Organisation, User
from cityops.foundation import audit
from cityops.foundation.coordinates import (
    CoordinateFault,
    CoordinateSystem,
    check_inside,
    convert,
    parse_system,
)
from cityops.foundation.errors import InvalidInput, NotAllowed
from cityops.foundation.records import local_node
from cityops.regions.models import CGCS2000, Division
from grid import events
from grid.models import AreaClass, Case, CaseMedia, CaseNumber, CaseStep, Component, UnitGrid
from grid.models.ground import CodeState
from grid.rules.codes import CURRENT
from grid.rules.moving import Desk
from grid.rules.stages import Stage
from grid.rules.transitions import MOVES, Action
from grid.selectors.aliases import current_ids
from grid.selectors.calendar import current_desk
from grid.selectors.places import city_prefix
from grid.selectors.workflows import active_workflow
from grid.services import evidence
from grid.services.numbers import SEQUENCE_DIGITS
from grid.services.reporters import reporter_id
from sync.standard.models import ClassEntry, DictionaryVersion, DisposalRule

MOVE = MOVES[Action.REPORT]


@dataclass(frozen=True)
class Report:
    """What a person or a system reports. Longitude and latitude in degrees, in ``coordinate_system``."""

    class_code: str
    longitude: float
    latitude: float
    description: str
    address: str
    kind: str = Case.Kind.MATTER
    std_ref: str = CURRENT
    component_id: str = ""
    source: str = Case.Source.COLLECTOR
    source_no: str = ""
    reporter_type: str = Case.ReporterType.COLLECTOR
    reporter: str = ""
    """Who reported: the staff number of a collector; anybody else is kept as a keyed hash only."""
    urgency: str = Case.Urgency.ORDINARY
    ext_class: str = ""
    coordinate_system: str = CoordinateSystem.CGCS2000
    media: tuple[uuid.UUID, ...] = ()
    """Photos that were uploaded before; a collector's report needs one where the workflow says so."""
    rid: uuid.UUID = field(default_factory=uuid.uuid4)
    """The reporter's own name of this report; sent again it changes nothing."""


@dataclass(frozen=True)
class Registered:
    """The answer to a report: where the case lies and what it is called."""

    rid: uuid.UUID
    case_no: str
    grid_code: str
    """Empty where the point lies in no unit grid: the case is kept and flagged."""
    division_code: str
    stage_due_at: datetime
    is_new: bool
    """False where the same report had been registered before."""


def register(user: User, report: Report, *, at: datetime | None = None, is_simulated: bool = False) -> Registered:
    """Register a report as a case that waits for acceptance.

    Raises NotAllowed without ``grid.register_case``; InvalidInput, with a list of fields, for an unknown class or
    component, a text that is missing or too long, a point outside the person's division (with what is most likely
    wrong with it), or a ``rid`` under which somebody else has reported.
    """
    if not user.has_perm(MOVE.permission):
        raise NotAllowed(_("您没有上报案件的权限。"))
    point = _position(report)
    _check_texts(report)
    report = _with_present_component(report)
    at = at or timezone.now()
    try:
        row = _store(user, report, point, at, is_simulated=is_simulated)
    except IntegrityError:  # the same report came in at the same moment and is stored by now
        row = _store(user, report, point, at, is_simulated=is_simulated)
    return Registered(
        rid=report.rid,
        case_no=row["case_no"] or row["known_no"],
        grid_code=row["grid_code"] or row["known_grid"] or "",
        division_code=row["division_code"] or row["known_division"],
        stage_due_at=row["stage_due_at"] or row["known_due"],
        is_new=row["known_no"] is None,
    )


@transaction.atomic
def _store(
    user: User, report: Report, point: tuple[float, float], at: datetime, *, is_simulated: bool
) -> dict[str, Any]:
    """Write the case and its audit entry, or find the one that was registered before. Raises InvalidInput."""
    photos = _photos(user, report, is_simulated=is_simulated)
    row = _insert(user, report, point, at, is_simulated=is_simulated)
    if row["rid"] is None and row["known_no"] is None:
        raise _why_not(user, report, point, row)
    if row["known_no"] is not None and not row["is_own"]:
        raise _refusal({"rid": ("rid_taken", _("这个编号已被别的上报使用;请重新生成。"))})
    if row["known_no"] is None:
        audit.record(
            "case.report",
            kind="case",
            key=row["case_no"],
            division_code=row["division_code"],
            after={"class_code": report.class_code, "grid_code": row["grid_code"], "source": report.source},
        )
        if photos:
            evidence.attach(Case.objects.get(pk=report.rid), photos, Action.REPORT, 1)
        told = {"case_pk": report.rid, "by": user.pk, "role": _role_of(user)}
        transaction.on_commit(partial(events.case_registered.send_robust, Case, **told))
    return row


def _role_of(user: User) -> str:
    """The role (CL_ROLE) in which the person reports."""
    return user.signs_as(MOVE.roles, MOVE.step_role)


def _photos(user: User, report: Report, *, is_simulated: bool) -> list[CaseMedia]:
    """The photos of a report. Raises InvalidInput where a collector's has too few, or one is not the person's."""
    by_collector = report.reporter_type == Case.ReporterType.COLLECTOR and report.source == Case.Source.COLLECTOR
    photos = evidence.taken(user, report.rid, report.media)
    if by_collector and not is_simulated:
        evidence.require_number(active_workflow().given["report_photos"], photos)
    return photos


def _with_present_component(report: Report) -> Report:
    """The report with the id that its component has now, where it names a former one."""
    ids = current_ids(report.component_id) if report.component_id else []
    return replace(report, component_id=ids[0]) if len(ids) == 1 else report


def _position(report: Report) -> tuple[float, float]:
    """The point in CGCS2000. Raises InvalidInput for what is no position."""
    try:
        return convert(report.longitude, report.latitude, parse_system(report.coordinate_system))
    except CoordinateFault as fault:
        raise _refusal({"longitude": (fault.rule, str(fault))}) from fault


def _check_texts(report: Report) -> None:
    faults: dict[str, tuple[str, str]] = {}
    for name, length in (("description", 2000), ("address", 256)):
        text = getattr(report, name).strip()
        if not text:
            faults[name] = ("required", _("必填。"))
        elif len(text) > length:
            faults[name] = (
                "too_long",
                _("最多 %(length)s 个字,现有 %(now)s 个。") % {"length": length, "now": len(text)},
            )
    for name, choices in (
        ("kind", Case.Kind),
        ("source", Case.Source),
        ("reporter_type", Case.ReporterType),
        ("urgency", Case.Urgency),
    ):
        if getattr(report, name) not in choices.values:
            faults[name] = ("code", _("代码不在代码表中;可用:%s。") % "、".join(choices.values))
    if faults:
        raise _refusal(faults)


def _refusal(faults: Mapping[str, tuple[str, str]]) -> InvalidInput:
    """An error that names each field, the rule it breaks, and what to do."""
    return InvalidInput(
        " ".join(text for _rule, text in faults.values()),
        errors=[{"field": name, "code": rule, "detail": text} for name, (rule, text) in faults.items()],
    )


def _insert(
    user: User, report: Report, point: tuple[float, float], at: datetime, *, is_simulated: bool
) -> dict[str, Any]:
    desk = current_desk()
    values = {
        "rid": report.rid,
        "node": local_node(),
        "lon": point[0],
        "lat": point[1],
        "scope": f"{user.scope_prefix}%",
        "city": settings.CITYOPS_REGION[:6],
        "city_scope": city_prefix() + "%",
        "day": timezone.localtime(at).date(),
        "at": at,
        **_stage_clock(desk, at),
        "kind": report.kind,
        "std_ref": report.std_ref,
        "class_code": report.class_code,
        "ext_class": report.ext_class,
        "component_id": report.component_id,
        "source": report.source,
        "source_no": report.source_no,
        "description": report.description.strip(),
        "address": report.address.strip(),
        "reporter_type": report.reporter_type,
        "reporter_id": reporter_id(report.reporter_type, report.reporter),
        "urgency": report.urgency,
        "is_simulated": is_simulated,
        "role": _role_of(user),
        "org": user.organisation.org_code if user.organisation else "",
        "operator": user.pk,
    }
    with connection.cursor() as cursor:
        cursor.execute(_statement(), values)
        row = cursor.fetchone()
        return dict(zip((column.name for column in cursor.description), row, strict=True))


def _stage_clock(desk: Desk, at: datetime) -> dict[str, datetime]:
    """When the stage is due and when its light turns yellow, for each class of area: the statement finds the grid."""
    found = {}
    for area in AreaClass.values:
        own = desk.for_area(area)
        found[f"due_{area}"] = own.stage_end(MOVE.limit, at)
        found[f"warn_{area}"] = own.stage_warning(MOVE.limit, at)
    return found


def _by_area(name: str) -> str:
    """The value of the class of area that the place has, of those that ``_stage_clock`` gives."""
    whens = " ".join(f"WHEN '{area}' THEN %({name}_{area})s::timestamptz" for area in AreaClass.values)
    return f"(CASE place.area_class {whens} END)"


def _limit_by_area(column: str) -> str:
    """A column of the rule's limit, of the class of area where the rule has a limit of its own for it."""
    own = " ".join(
        f"WHEN place.area_class = '{area}' AND rule.limit_value_{area.lower()} IS NOT NULL "
        f"THEN rule.{column}_{area.lower()}"
        for area in ("A", "C")
    )
    return f"(CASE {own} ELSE rule.{column} END)"


CASE_COLUMNS: dict[str, str] = {
    "rid": "%(rid)s::uuid",
    "origin_code": "%(node)s::varchar",
    "case_no": f"number.city || to_char(number.day, 'YYYYMMDD') || lpad(number.last::text, {SEQUENCE_DIGITS}, '0')",
    "task_no": "''",
    "kind": "%(kind)s::varchar",
    "std_ref": "class.version",
    "matter_code": "left(place.division_code, 6) || class.class_code",
    "class_code": "class.class_code",
    "matter_name": "left(class.class_name, 30)",
    "ext_class": "%(ext_class)s::varchar",
    "dept_code1": "authority.code",
    "dept_name1": "authority.name",
    "component_id": "%(component_id)s::varchar",
    "source": "%(source)s::varchar",
    "source_no": "%(source_no)s::varchar",
    "description": "%(description)s::text",
    "address": "%(address)s::varchar",
    "geom": f"ST_SetSRID(ST_MakePoint(%(lon)s::float8, %(lat)s::float8), {CGCS2000})",
    "grid_code": "place.grid_code",
    "division_code": "place.division_code",
    "reporter_type": "%(reporter_type)s::varchar",
    "reporter_id": "%(reporter_id)s::varchar",
    "reported_at": "%(at)s::timestamptz",
    "accepted_at": "NULL::timestamptz",
    "filed_at": "NULL::timestamptz",
    "rejected_at": "NULL::timestamptz",
    "reject_reason": "''",
    "dispatched_at": "NULL::timestamptz",
    "duty_org": "''",
    "filing_condition": "coalesce(rule.filing_condition, '')",
    "deadline_class": "place.area_class",
    "limit_value": _limit_by_area("limit_value"),
    "limit_unit": f"coalesce({_limit_by_area('limit_unit')}, '')",
    "dispose_deadline": "NULL::timestamptz",
    "disposed_at": "NULL::timestamptz",
    "checked_at": "NULL::timestamptz",
    "close_deadline": "NULL::timestamptz",
    "closed_at": "NULL::timestamptz",
    "close_type": "''",
    "state": f"'{Stage.REPORTED.value}'",
    "rework_count": "0",
    "return_count": "0",
    "postpone_count": "0",
    "is_hung": "'0'",
    "is_void": "'0'",
    "urgency": "%(urgency)s::varchar",
    "is_supervised": "'0'",
    "satisfaction": "''",
    "is_simulated": "%(is_simulated)s::boolean",
    "pending": "''",
    "workflow": "''",
    "paused_at": "NULL::timestamptz",
    "run_seconds": "NULL::integer",
    "handler_id": "NULL::bigint",
    "previous_round": "NULL::uuid",
    "merged_into": "NULL::uuid",
    "district_code": "''",
    "checks_passed": "0",
    "appeal": "''",
    "stage_due_at": _by_area("due"),
    "stage_warn_at": _by_area("warn"),
    "updated_at": "%(at)s::timestamptz",
    "version": "1",
}
"""Every stored column of a new case, as SQL."""
STEP_COLUMNS: dict[str, str] = {
    "case_id": "born.rid",
    "origin_code": "%(node)s::varchar",
    "seq": "1",
    "action": f"'{MOVE.step_code}'",
    "from_state": "''",
    "to_state": f"'{Stage.REPORTED.value}'",
    "operator_role": "%(role)s::varchar",
    "operator_org": "%(org)s::varchar",
    "operator_id": "%(operator)s::bigint",
    "operated_at": "%(at)s::timestamptz",
    "deadline": "born.stage_due_at",
    "opinion": "''",
}
"""Every column of the first step."""


@cache
def _statement() -> str:
    """The one statement of a registration; places and classes that are not found come back as NULL."""
    table = {
        model: model._meta.db_table
        for model in (
            Case,
            CaseStep,
            CaseNumber,
            Component,
            UnitGrid,
            Division,
            Organisation,
            ClassEntry,
            DictionaryVersion,
            DisposalRule,
        )
    }
    point = CASE_COLUMNS["geom"]
    return f"""
WITH known AS MATERIALIZED (
    SELECT c.case_no, c.grid_code, c.division_code, c.stage_due_at, s.operator_id = %(operator)s::bigint AS is_own
    FROM {table[Case]} c LEFT JOIN {table[CaseStep]} s ON s.case_id = c.rid AND s.seq = 1
    WHERE c.rid = %(rid)s::uuid
), cell AS MATERIALIZED (
    SELECT grid_code, division_code, area_class FROM {table[UnitGrid]}
    WHERE status = '{CodeState.VALID.value}' AND ST_Covers(geom, {point}) ORDER BY grid_code LIMIT 1
), area AS MATERIALIZED (
    SELECT ''::varchar AS grid_code, code AS division_code, '{AreaClass.B.value}'::varchar AS area_class
    FROM {table[Division]}
    WHERE NOT EXISTS (SELECT FROM cell) AND (valid_to IS NULL OR valid_to >= current_date) AND code LIKE %(city_scope)s
      AND ST_Covers(boundary, {point}) ORDER BY level DESC, code LIMIT 1
), place AS MATERIALIZED (
    SELECT * FROM (SELECT * FROM cell UNION ALL SELECT * FROM area) found WHERE division_code LIKE %(scope)s
), class AS MATERIALIZED (
    SELECT version, class_code, class_name FROM {table[ClassEntry]}
    WHERE version = %(std_ref)s::varchar AND kind = %(kind)s::varchar AND class_code = %(class_code)s::varchar
      AND valid = '1'
), thing AS MATERIALIZED (
    SELECT obj_id, dept_code1, dept_name1 FROM {table[Component]}
    WHERE obj_id = %(component_id)s::varchar AND %(component_id)s::varchar <> ''
      AND class_code = %(class_code)s::varchar AND std_ref = %(std_ref)s::varchar
), authority AS MATERIALIZED (
    SELECT coalesce(thing.dept_code1, chief.org_code, '') AS code, coalesce(thing.dept_name1, chief.name, '') AS name
    FROM (SELECT 1) one LEFT JOIN thing ON true LEFT JOIN (
        SELECT org_code, name FROM {table[Organisation]}
        WHERE org_type = '{Organisation.Type.AUTHORITY.value}' AND status = '{Organisation.Status.VALID.value}'
          AND division_code LIKE %(city_scope)s ORDER BY org_code LIMIT 1
    ) chief ON true
), rule AS MATERIALIZED (
    SELECT r.filing_condition, r.limit_value, r.limit_unit, r.limit_value_a, r.limit_unit_a, r.limit_value_c,
           r.limit_unit_c
    FROM {table[DisposalRule]} r
    JOIN {table[DictionaryVersion]} v ON v.id = r.rule_set_id AND v.is_default AND v.kind = 'rules'
    WHERE r.is_active AND r.limit_value IS NOT NULL
      AND (%(class_code)s::varchar = ANY (r.matter_codes)
           OR (r.class_code = %(class_code)s::varchar AND r.kind = %(kind)s::varchar))
    ORDER BY r.class_code, r.condition_no LIMIT 1
), number AS (
    INSERT INTO {table[CaseNumber]} AS n (division_code, day, last)
    SELECT %(city)s::varchar, %(day)s::date, 1 FROM place, class
    WHERE NOT EXISTS (SELECT FROM known) AND (%(component_id)s::varchar = '' OR EXISTS (SELECT FROM thing))
    ON CONFLICT (division_code, day) DO UPDATE SET last = n.last + 1
    RETURNING division_code AS city, day, last
), born AS (
    INSERT INTO {table[Case]} ({", ".join(CASE_COLUMNS)})
    SELECT {", ".join(CASE_COLUMNS.values())}
    FROM number CROSS JOIN place CROSS JOIN class CROSS JOIN authority LEFT JOIN rule ON true
    RETURNING rid, case_no, stage_due_at
), step AS (
    INSERT INTO {table[CaseStep]} ({", ".join(STEP_COLUMNS)}) SELECT {", ".join(STEP_COLUMNS.values())} FROM born
)
SELECT born.rid, born.case_no, born.stage_due_at, place.grid_code, place.division_code, class.class_code AS class_code,
       thing.obj_id AS component_id, known.case_no AS known_no, known.grid_code AS known_grid,
       known.division_code AS known_division, known.stage_due_at AS known_due, known.is_own
FROM (SELECT 1) one LEFT JOIN born ON true LEFT JOIN place ON true LEFT JOIN class ON true LEFT JOIN thing ON true
LEFT JOIN known ON true
"""


def _why_not(user: User, report: Report, point: tuple[float, float], row: Mapping[str, Any]) -> InvalidInput:
    """What the statement did not find, as an error that says how to mend it."""
    faults: dict[str, tuple[str, str]] = {}
    if row["division_code"] is None:
        faults["longitude"] = explain_place(user, *point)
    if row["class_code"] is None:
        faults["class_code"] = (
            "class_unknown",
            _("%(std)s 中没有现行的%(kind)s分类 %(code)s;请从分类表中选择。")
            % {"std": report.std_ref, "kind": Case.Kind(report.kind).label, "code": report.class_code},
        )
    elif report.component_id and row["component_id"] is None:
        faults["component_id"] = (
            "component_unknown",
            _("没有分类为 %(code)s 的部件 %(id)s;请核对标识码(17 位,旧标准 16 位)和分类。")
            % {"code": report.class_code, "id": report.component_id},
        )
    return _refusal(faults)


def explain_place(user: User, lon: float, lat: float) -> tuple[str, str]:
    """Why a point is not in the person's division: (rule, what is wrong and how to mend it)."""
    region = Division.objects.current().filter(code=user.division_code).first()
    if region is None or region.boundary is None:
        return "no_boundary", _("区划 %s 没有边界;请先载入区划边界。") % user.division_code
    try:
        check_inside(lon, lat, region.boundary.extent)
    except CoordinateFault as fault:
        return fault.rule, str(fault)
    return "outside", _("位置 %(lon).5f, %(lat).5f 在%(name)s边界之外;请在地图上核对,或交由所在区划上报。") % {
        "lon": lon,
        "lat": lat,
        "name": region.name,
    }
