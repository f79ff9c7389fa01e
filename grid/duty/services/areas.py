"""Draw, change and retire responsibility grids 责任网格 and evaluation grids 评价网格.

The outline is never drawn by hand: it is the union of the unit grids, so that the two cannot disagree.
"""

import datetime as dt
import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.gis.db.models import Union
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon, Polygon
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import Organisation, User
from cityops.foundation import audit
from cityops.foundation.errors import NotThere, Refused, field_fault
from cityops.foundation.locks import hold
from grid.duty.models import Assignment, DutyGrid, DutyGridUnit, EvaluationGrid
from grid.duty.rules.ground import EvaluationCode, duty_grid_code, pieces_of, smallest_division
from grid.duty.selectors.areas import SHORTEST_EDGE, neighbours
from grid.models import UnitGrid
from grid.models.ground import CodeState

MOST_UNITS = 500
"""Unit grids of one area; 500 of 10,000 m² are five square kilometres, more than anybody patrols."""
NAMED = 10
"""Codes that a refusal names."""


@dataclass(frozen=True)
class Drawn:
    """What somebody drew: the unit grids, and what is said about them."""

    name: str
    codes: tuple[str, ...]
    org_code: str = ""
    kind: str = DutyGrid.Kind.COLLECTING.value
    leader: str = ""
    valid_from: dt.date | None = None


def codes_of(text: str) -> tuple[str, ...]:
    """Codes in a text that people pasted: separated by anything that is no digit, each once, in order."""
    return tuple(dict.fromkeys(re.findall(r"\d+", text)))


def _listed(codes: Iterable[str]) -> str:
    found = sorted(codes)
    return "、".join(found[:NAMED]) + (_(" 等 %s 个") % len(found) if len(found) > NAMED else "")


def unit_grids(actor: User, codes: Collection[str]) -> list[str]:
    """The unit grids to make an area of, in order. Raises InvalidInput for none, too many, unknown or unconnected."""
    wanted = sorted(set(codes))
    if not wanted:
        raise field_fault("codes", "required", _("请选择单元网格:在地图上点选,或填写编码、社区。"))
    if len(wanted) > MOST_UNITS:
        told = _("选了 %(count)s 个单元网格,一个区域最多 %(most)s 个。") % {"count": len(wanted), "most": MOST_UNITS}
        raise field_fault("codes", "too_many", told)
    known = set(
        UnitGrid.objects.in_force().workable_by(actor).filter(grid_code__in=wanted).values_list("grid_code", flat=True)
    )
    if missing := set(wanted) - known:
        told = _("没有这些单元网格,或已作废、不在您的范围内:%s。请改正编码。") % _listed(missing)
        raise field_fault("codes", "unknown", told, unknown=sorted(missing))
    pieces = pieces_of(wanted, neighbours(wanted))
    if len(pieces) > 1:
        told = _(
            "所选单元网格不相连,分成 %(count)s 片;与最大一片不相连的是:%(codes)s。请补上中间的网格或去掉它们。"
        ) % {
            "count": len(pieces),
            "codes": _listed(code for piece in pieces[1:] for code in piece),
        }
        raise field_fault("codes", "not_connected", told, pieces=[sorted(piece) for piece in pieces])
    return wanted


def codes_in(actor: User, division_code: str) -> list[str]:
    """The unit grids of a community or street, to begin with. Raises InvalidInput for one without."""
    prefix = division_code.rstrip("0") if len(division_code) > 9 else division_code
    prefix = division_code[:12] if len(prefix) > 9 else division_code[:9]
    rows = UnitGrid.objects.in_force().workable_by(actor).filter(division_code__startswith=prefix)
    found = list(rows.values_list("grid_code", flat=True)[: MOST_UNITS + 1])
    if not found:
        raise field_fault("community", "empty", _("区划 %s 内没有您可用的单元网格。") % division_code)
    return found


def _not_taken(codes: Collection[str], kind: str, since: dt.date, but: DutyGrid | None = None) -> None:
    """Raise InvalidInput where another responsibility grid of the kind has one of the unit grids then."""
    taken = DutyGridUnit.objects.filter(grid_code__in=list(codes), grid_kind=kind)
    taken = taken.filter(Q(until__isnull=True) | Q(until__gte=since))
    if but is not None:
        taken = taken.exclude(duty_grid=but)
    rows = list(taken.select_related("duty_grid")[: NAMED + 1])
    if rows:
        told = _("这些单元网格已属于同类责任网格:%s。请先从那里移出,或停用它。") % "、".join(
            f"{row.grid_code}({row.duty_grid.name})" for row in rows[:NAMED]
        )
        raise field_fault("codes", "taken", told)


def _outline(codes: Collection[str]) -> GEOSGeometry:
    united: GEOSGeometry = UnitGrid.objects.filter(grid_code__in=list(codes)).aggregate(all=Union("geom"))["all"]
    return united


def _organisation(code: str) -> str:
    if not Organisation.objects.active().filter(org_code=code).exists():
        raise field_fault("org_code", "unknown", _("没有在用的机构“%s”,请从列表中选择责任单位。") % code)
    return code


def _name(text: str) -> str:
    name = text.strip()
    if not name or len(name) > 60:
        raise field_fault("name", "length", _("名称为 1 至 60 个字。"))
    return name


def _one_at_a_time(what: str) -> None:
    """Numbers are given one after the other; the lock ends with the transaction."""
    hold(f"duty:{what}")


def _write_units(grid: DutyGrid, codes: Collection[str], since: dt.date) -> None:
    DutyGridUnit.objects.bulk_create(
        DutyGridUnit(duty_grid=grid, grid_code=code, grid_kind=grid.grid_kind, since=since) for code in codes
    )


def create_duty_grid(actor: User, drawn: Drawn) -> DutyGrid:
    """Make a responsibility grid of connected unit grids; its code is the smallest division's and the next number.

    Raises InvalidInput, naming the unit grids, where they are unknown, apart, or belong to another one of the kind.
    """
    name, since = _name(drawn.name), drawn.valid_from or timezone.localdate()
    if drawn.kind not in DutyGrid.Kind.values:
        raise field_fault("grid_kind", "unknown", _("没有网格类型“%s”。") % drawn.kind)
    with transaction.atomic():
        codes, org_code = unit_grids(actor, drawn.codes), _organisation(drawn.org_code)
        _one_at_a_time("grids")
        _not_taken(codes, drawn.kind, since)
        division = smallest_division(codes)
        last = DutyGrid.objects.filter(grid_code__startswith=division).order_by("-grid_code").first()
        number = int(last.grid_code[len(division) :]) + 1 if last else 1
        grid = DutyGrid.objects.create(
            grid_code=duty_grid_code(division, number),
            name=name,
            grid_kind=drawn.kind,
            unit_grids=json.dumps(codes),
            org_code=org_code,
            leader=drawn.leader.strip()[:40],
            geom=_multi(_outline(codes)),
            valid_from=since,
        )
        _write_units(grid, codes, since)
        grid.refresh_from_db(fields=["division_code"])
        _audit("duty_grid.create", grid, after=_facts(grid))
    return grid


def _multi(shape: GEOSGeometry) -> MultiPolygon:
    return shape if isinstance(shape, MultiPolygon) else MultiPolygon(shape, srid=shape.srid)


def _facts(grid: DutyGrid) -> dict[str, Any]:
    return {
        "name": grid.name,
        "kind": grid.grid_kind,
        "org_code": grid.org_code,
        "leader": grid.leader,
        "unit_grids": grid.unit_codes,
        "valid_to": grid.valid_to.isoformat() if grid.valid_to else None,
    }


def _audit(action: str, grid: DutyGrid, reason: str = "", **changes: Any) -> None:
    audit.record(
        action, kind="DutyGrid", key=grid.grid_code, division_code=grid.division_code, reason=reason, **changes
    )


def _locked(actor: User, code: str) -> DutyGrid:
    found: DutyGrid | None = (
        DutyGrid.objects.workable_by(actor).select_for_update(of=("self",)).filter(grid_code=code).first()
    )
    if found is None:
        raise NotThere
    if found.is_replica:
        raise Refused(_("该责任网格归节点 %(node)s 所有,此处只读。") % {"node": found.origin_code})
    return found


def change_duty_grid(actor: User, code: str, drawn: Drawn) -> DutyGrid:
    """Change name, responsible unit, leader and unit grids from today on; the kind and the code stay.

    What was patrolled until yesterday is still counted with the unit grids of then. Raises NotThere, Refused for a
    retired grid, InvalidInput.
    """
    name, today = _name(drawn.name), timezone.localdate()
    with transaction.atomic():
        grid = _locked(actor, code)
        if grid.valid_to is not None and grid.valid_to < today:
            raise Refused(_("该责任网格已于 %s 停用,不能再修改。") % grid.valid_to)
        before, codes = _facts(grid), unit_grids(actor, drawn.codes)
        _one_at_a_time("grids")
        grid.name, grid.leader, grid.org_code = name, drawn.leader.strip()[:40], _organisation(drawn.org_code)
        if codes != before["unit_grids"]:
            _exchange_units(grid, codes, today)
        if (after := _facts(grid)) != before:
            grid.save()
            _audit("duty_grid.change", grid, before=before, after=after)
    return grid


def _exchange_units(grid: DutyGrid, codes: list[str], today: dt.date) -> None:
    since = max(today, grid.valid_from)
    _not_taken(codes, grid.grid_kind, since, but=grid)
    if not smallest_division(codes).startswith(grid.division_code.rstrip("0")):
        told = _("改后的网格超出了编码所在的区划 %s;请停用它,另建一个。") % grid.division_code
        raise field_fault("codes", "outside", told)
    present = grid.units.filter(until__isnull=True)
    gone = present.exclude(grid_code__in=codes)
    gone.filter(since=since).delete()
    gone.update(until=since - dt.timedelta(days=1))
    _write_units(grid, set(codes) - set(present.values_list("grid_code", flat=True)), since)
    grid.unit_grids, grid.geom = json.dumps(codes), _multi(_outline(codes))


def retire_duty_grid(actor: User, code: str, reason: str, last_day: dt.date | None = None) -> int:
    """Let a responsibility grid end with a day (today); what was planned for later is taken off the roster.

    Returns the number of such entries. The code is never used again. Raises NotThere, Refused, InvalidInput.
    """
    today = timezone.localdate()
    last_day = last_day or today
    if not reason.strip():
        raise field_fault("reason", "required", _("请写明停用原因。"))
    with transaction.atomic():
        grid = _locked(actor, code)
        if grid.valid_to is not None:
            raise Refused(_("该责任网格已定于 %s 停用。") % grid.valid_to)
        if last_day < max(today, grid.valid_from):
            raise field_fault("last_day", "past", _("停用日期不能早于今天和启用日期。"))
        later = Assignment.objects.filter(duty_grid=grid, day__gt=last_day)
        count = later.count()
        later.delete()
        grid.units.filter(until__isnull=True).update(until=last_day)
        grid.valid_to = last_day
        grid.save(update_fields=["valid_to"])
        _audit(
            "duty_grid.retire", grid, reason.strip(), after={"valid_to": last_day.isoformat(), "roster_removed": count}
        )
    return count


@dataclass(frozen=True)
class EvaluationDrawn:
    """What somebody drew for an evaluation."""

    name: str
    codes: tuple[str, ...]
    grid_type: str
    eval_year: str
    road_grade: str = ""
    pop_band: str = ""


def evaluation_code_rule() -> EvaluationCode:
    """How codes of evaluation grids are put together here."""
    return EvaluationCode.from_text(settings.CITYOPS_EVALUATION_GRID_CODE)


def create_evaluation_grid(actor: User, drawn: EvaluationDrawn) -> EvaluationGrid:
    """Draw an evaluation grid for a year from the unit grids of one street. Raises InvalidInput."""
    rule = evaluation_code_rule()
    if drawn.grid_type not in rule.kinds:
        raise field_fault("grid_type", "unknown", _("类型只有 %s。") % "、".join(rule.kinds))
    if not re.fullmatch(r"20\d\d", drawn.eval_year):
        raise field_fault("eval_year", "year", _("评价年度为四位年份。"))
    with transaction.atomic():
        codes = unit_grids(actor, drawn.codes)
        street = codes[0][:9]
        if not codes[-1].startswith(street):
            told = _("评价网格不跨街道;所选网格分属 %(one)s 和 %(other)s。") % {"one": street, "other": codes[-1][:9]}
            raise field_fault("codes", "two_streets", told)
        _one_at_a_time("evaluation")
        used = EvaluationGrid.objects.filter(grid_code__startswith=street[: rule.county + rule.street])
        last = max((int(code[-1 - rule.sequence : -1]) for code in used.values_list("grid_code", flat=True)), default=0)
        if last >= rule.last:
            raise Refused(_("街道 %(street)s 的评价网格序号已用完(%(last)s)。") % {"street": street, "last": rule.last})
        grid = EvaluationGrid.objects.create(
            grid_code=rule.build(street, last + 1, drawn.grid_type),
            name=drawn.name.strip()[:60],
            grid_type=drawn.grid_type,
            division_code=street,
            geom=_single(_outline(codes)),
            road_grade=drawn.road_grade,
            pop_band=drawn.pop_band,
            eval_year=drawn.eval_year,
        )
        audit.record(
            "evaluation_grid.create",
            kind="EvaluationGrid",
            key=grid.grid_code,
            division_code=street.ljust(12, "0"),
            after={"year": grid.eval_year, "type": grid.grid_type, "unit_grids": codes},
        )
    return grid


def _single(shape: GEOSGeometry) -> Polygon:
    """One polygon; hairlines between neighbours are closed."""
    if isinstance(shape, Polygon):
        return shape
    closed = shape.buffer_with_style(SHORTEST_EDGE, join_style=2).buffer_with_style(-SHORTEST_EDGE, join_style=2)
    closed.srid = shape.srid
    if not isinstance(closed, Polygon):
        raise field_fault("codes", "not_one_area", _("所选单元网格合不成一个面,请检查网格之间的缝隙。"))
    return closed


def retire_evaluation_grid(actor: User, pk: Any, reason: str) -> EvaluationGrid:
    """Take an evaluation grid out of use; its code is never used again. Raises NotThere, InvalidInput."""
    if not reason.strip():
        raise field_fault("reason", "required", _("请写明作废原因。"))
    with transaction.atomic():
        grid: EvaluationGrid | None = (
            EvaluationGrid.objects.workable_by(actor).select_for_update().filter(pk=pk).first()
        )
        if grid is None:
            raise NotThere
        if grid.is_replica:
            raise Refused(_("该评价网格归节点 %(node)s 所有,此处只读。") % {"node": grid.origin_code})
        if grid.status != CodeState.RETIRED:
            grid.status = CodeState.RETIRED
            grid.save(update_fields=["status"])
            audit.record(
                "evaluation_grid.retire",
                kind="EvaluationGrid",
                key=grid.grid_code,
                division_code=grid.division_code.ljust(12, "0"),
                reason=reason.strip(),
            )
    return grid
