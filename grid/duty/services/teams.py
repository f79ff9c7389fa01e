"""Compile the team statistic 采集与队伍统计 (GL10) of a month from roster, visits and roles; never of a person."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.foundation import audit
from cityops.foundation.errors import field_fault
from cityops.foundation.records import local_node
from grid.duty.models import Assignment, DutyGrid, DutyGridUnit, TeamStatistic, Visit
from grid.duty.rules.coverage import Coverage
from grid.duty.rules.shifts import days_of_month
from grid.models import CaseStep, UnitGrid
from grid.selectors.places import city_prefix

SEATS = ("acceptor", "hotline")
"""Roles that sit at a desk to take reports."""


def last_month(today: dt.date | None = None) -> str:
    """The month before, as 202611."""
    first = (today or timezone.localdate()).replace(day=1)
    return f"{first - dt.timedelta(days=1):%Y%m}"


def compile_team_statistics(period_code: str | None = None) -> tuple[TeamStatistic, bool]:
    """Compile a month (the last one): (the record, whether it changed). An unchanged month is not sent again.

    Numbers of people are those of now: a month is compiled when it has ended. Raises InvalidInput for no month.
    """
    period = period_code or last_month()
    if not re.fullmatch(r"20\d\d(0[1-9]|1[0-2])", period):
        told = _("月份写作六位数字,如 202611。")
        raise field_fault("period_code", "month", told)
    counted = _counted(period)
    key = {"origin_code": local_node(), "division_code": settings.CITYOPS_REGION[:6], "period_code": period}
    with transaction.atomic():
        row = TeamStatistic.objects.select_for_update().filter(**key).first()
        before = {name: getattr(row, name) for name in counted} if row else None
        if row is not None and before == counted:
            return row, False
        row, _is_new = TeamStatistic.objects.update_or_create(**key, defaults=counted)
        audit.record(
            "team_statistic.compile",
            kind="TeamStatistic",
            key=period,
            division_code=settings.CITYOPS_REGION,
            before=_plain(before),
            after=_plain(counted),
        )
    return row, True


def _plain(counted: dict[str, Any] | None) -> dict[str, Any] | None:
    return counted and {name: float(value) if isinstance(value, Decimal) else value for name, value in counted.items()}


def _counted(period: str) -> dict[str, Any]:
    days = days_of_month(int(period[:4]), int(period[4:]))
    zone = timezone.get_default_timezone()
    begin = dt.datetime.combine(days[0], dt.time(), zone)
    end = dt.datetime.combine(days[-1] + dt.timedelta(days=1), dt.time(), zone)
    grids = UnitGrid.objects.in_force().filter(division_code__startswith=city_prefix())
    visited = Visit.objects.filter(at__gte=begin, at__lt=end, grid_code=OuterRef("grid_code"))
    patrolled = DutyGridUnit.objects.filter(
        duty_grid__grid_kind=DutyGrid.Kind.COLLECTING,
        since__lte=days[-1],
        grid_code=OuterRef("grid_code"),
    ).filter(Q(until__isnull=True) | Q(until__gte=days[-1]))
    covered = grids.filter(Exists(patrolled)).aggregate(area=Sum("area_m2"))["area"] or Decimal(0)
    return {
        "collectors": _people("collector"),
        "collector_shift_rate": _shift_rate(days, timezone.now()),
        "seat_count": _people(*SEATS),
        "dispatchers": _people("dispatcher"),
        "enforcers": None,
        "coverage_km2": (covered / 1_000_000).quantize(Decimal("0.01")),
        "grids_patrolled": grids.filter(Exists(visited)).count(),
        "grids_total": grids.count(),
        "terminals": None,
        "terminal_online": None,
    }


def _people(*roles: str) -> int:
    """Active people with one of the roles, each once; other systems are no people."""
    found = User.objects.filter(is_active=True, is_integration=False, groups__role__code__in=roles)
    return found.distinct().count()


def _shift_rate(days: list[dt.date], now: dt.datetime) -> Decimal | None:
    """到岗率: shifts of the roster in which who was on duty made a visit or a step ÷ all that ended, in percent."""
    visit = Visit.objects.filter(visitor=OuterRef("on_duty"), at__gte=OuterRef("starts_at"), at__lt=OuterRef("ends_at"))
    step = CaseStep.objects.filter(
        operator_id=OuterRef("on_duty"), operated_at__gte=OuterRef("starts_at"), operated_at__lt=OuterRef("ends_at")
    )
    planned = Assignment.objects.filter(day__range=(days[0], days[-1]), ends_at__lte=now)
    kept = planned.filter(Exists(visit) | Exists(step)).count()
    return Coverage(kept, planned.count()).rate_percent
