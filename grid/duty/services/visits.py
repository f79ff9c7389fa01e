"""Visits 到访: by a tap on the phone, and of themselves from what is done for a case. A grid and a moment, no track."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib.gis.geos import Point
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.foundation import audit
from cityops.foundation.errors import field_fault
from cityops.foundation.records import local_node
from cityops.regions.models import CGCS2000
from grid.duty.models import Visit
from grid.models import Case, CaseStep, UnitGrid

LATEST = dt.timedelta(minutes=5)
"""How far ahead a phone's clock may be."""
EARLIEST = dt.timedelta(days=7)
"""How long a visit may wait on a phone without a network."""
ON_FOOT = ("01", "06")
"""CL_ROLE of those who were there when they made a step: collectors 采集员 and inspectors 督查员."""
SOURCES = {
    CaseStep.Action.REPORT: Visit.Source.REPORT,
    CaseStep.Action.VERIFY: Visit.Source.VERIFY,
    CaseStep.Action.VERIFY_FALSE: Visit.Source.VERIFY,
    CaseStep.Action.PASS_CHECK: Visit.Source.CHECK,
    CaseStep.Action.REWORK: Visit.Source.CHECK,
    CaseStep.Action.SELF_HANDLE: Visit.Source.SELF_HANDLE,
}
"""What is done on the spot, in the grid of the case."""
FROM_STEPS = f"""
INSERT INTO {Visit._meta.db_table} (visit_id, visitor_id, grid_code, division_code, at, source, step_id)
SELECT gen_random_uuid(), s.operator_id, c.grid_code, left(c.grid_code, 12), s.operated_at, m.source, s.id
FROM {CaseStep._meta.db_table} s JOIN {Case._meta.db_table} c ON c.rid = s.case_id
JOIN unnest(%(actions)s::varchar[], %(sources)s::varchar[]) AS m (action, source) ON m.action = s.action
JOIN accounts_user u ON u.id = s.operator_id
WHERE s.operator_role = ANY(%(roles)s::varchar[]) AND c.grid_code <> '' AND s.origin_code = %(node)s::varchar
AND (%(since)s::timestamptz IS NULL OR s.operated_at >= %(since)s::timestamptz)
AND (%(case)s::uuid IS NULL OR s.case_id = %(case)s::uuid)
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True)
class Tap:
    """A visit as a phone says it: the grid itself, or where the phone was; the position is not kept."""

    visit_id: uuid.UUID | None = None
    grid_code: str = ""
    longitude: float | None = None
    latitude: float | None = None
    at: dt.datetime | None = None


def make_visit(actor: User, tap: Tap) -> tuple[Visit, bool]:
    """Write down that the actor was in a unit grid; sent again under its id it stays one. (visit, whether it is new).

    Raises InvalidInput for a grid that the actor does not work in, a place outside all grids, a moment in the future
    or more than a week ago, and for an id that belongs to another visit.
    """
    now = timezone.now()
    at = tap.at or now
    if not now - EARLIEST <= at <= now + LATEST:
        raise field_fault("at", "time", _("到访时间应在最近 7 天内,且不晚于现在。请检查设备时间。"))
    grid = _grid_of(actor, tap)
    with transaction.atomic():
        visit, is_new = Visit.objects.get_or_create(
            visit_id=tap.visit_id or uuid.uuid4(),
            defaults={
                "visitor": actor,
                "grid_code": grid.grid_code,
                "division_code": grid.division_code,
                "at": min(at, now),
                "source": Visit.Source.TAP,
            },
        )
        if not is_new and (visit.visitor_id != actor.pk or visit.grid_code != grid.grid_code):
            raise field_fault("visit_id", "taken", _("这个到访编号已用于另一次到访,请换用新的 UUID。"))
        if is_new:
            audit.record("visit.make", kind="UnitGrid", key=grid.grid_code, division_code=grid.division_code)
    return visit, is_new


def _grid_of(actor: User, tap: Tap) -> UnitGrid:
    rows = UnitGrid.objects.in_force().workable_by(actor).defer("geom", "geom_3857")
    if tap.grid_code:
        field, found = "grid_code", rows.filter(grid_code=tap.grid_code).first()
        told = _("没有单元网格 %s,或不在您的范围内。") % tap.grid_code
    elif tap.longitude is not None and tap.latitude is not None:
        spot = Point(tap.longitude, tap.latitude, srid=CGCS2000)
        field, found = "longitude", rows.filter(geom__intersects=spot).order_by("grid_code").first()
        told = _("所在位置不属于您范围内的任何单元网格;请核对定位,或直接填写网格编码。")
    else:
        field, found = "grid_code", None
        told = _("请给出单元网格编码,或经度和纬度。")
    if found is None:
        raise field_fault(field, "grid", told)
    grid: UnitGrid = found
    return grid


def visits_from_steps(*, since: dt.datetime | None = None, case: uuid.UUID | None = None) -> int:
    """Make the visits that follow from steps of cases, each step once; returns how many are new.

    Whoever reports, verifies, checks or handles on the spot was in the grid of the case. A derived row: the step itself
    stands in the trail.
    """
    values: dict[str, Any] = {
        "actions": [action.value for action in SOURCES],
        "sources": [source.value for source in SOURCES.values()],
        "roles": list(ON_FOOT),
        "node": local_node(),
        "since": since,
        "case": case,
    }
    with connection.cursor() as cursor:
        cursor.execute(FROM_STEPS, values)
        return int(cursor.rowcount)
