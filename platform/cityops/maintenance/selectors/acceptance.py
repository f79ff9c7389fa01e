"""The acceptance report 验收报告: lines of the inspector's checklist that a city's own data prove (standards.md §5.2).

Each line carries its value, its threshold, whether it passes, and the query behind it. Thresholds that a rule names
are that rule's (D2, D3: 90 %; R1: six months); the others are this product's and say so.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Max, Min
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg import ClientCursor

from grid.duty.models import TeamStatistic
from grid.intake.selectors.departments import duty_coverage
from grid.models import Case
from grid.performance.models import AnalysisReport
from grid.places.selectors.reports import hit_rate
from grid.rules.transitions import MOVES
from grid.rules.workflow import SPINE
from grid.selectors.completeness import all_ticks
from sync.exchange.models import Comparison, Link
from tiers.systems import MATRIX, Share, active_systems
from tiers.tier import Tier

TRIAL_DAYS = 182
"""R1: six months of trial run (Jiangsu)."""
COMPARED_DAYS = 30
"""E2: datasets reconciled for 30 days."""
LOOP_DAYS = 182


@dataclass(frozen=True)
class Line:
    """One line: ``value`` and ``threshold`` in the unit of the line, ``value`` None where nothing could be counted."""

    id: str
    title: str
    value: float | None
    threshold: float
    is_passed: bool
    query: str
    unit: str = "%"
    source: str = ""
    """Where the threshold comes from."""


def acceptance_lines() -> list[Line]:
    """Every line that can be proven here, in the order of the checklist."""
    return [line for make in _LINES for line in make()]


def _ground() -> Iterable[Line]:
    for tick in all_ticks():
        named = _("验收清单 D2") if tick.id.startswith("D2") else _("本产品设定")
        yield Line(tick.id, tick.title, tick.percent, tick.threshold, tick.passes, tick.query, source=named)


def _duty_table() -> Iterable[Line]:
    found = duty_coverage()
    value = found.percent
    yield Line(
        "M4.duty",
        _("现行分类在责任表中有处置单位的比例"),
        value,
        100.0,
        value is not None and value >= 100,
        "grid.intake.selectors.departments.duty_coverage",
        source=_("本产品设定"),
    )


def _percent(part: float, whole: float) -> float | None:
    return round(100 * part / whole, 1) if whole else None


def _team() -> Iterable[Line]:
    rows = TeamStatistic.objects.filter(origin_code=settings.CITYOPS_NODE).order_by("-period_code")
    latest = rows.first()
    staffed = bool(latest and latest.collectors and latest.seat_count and latest.dispatchers)
    yield Line(
        "M5",
        _("最近一月有采集员、坐席和派遣员"),
        float(latest.collectors) if latest else None,
        1.0,
        staffed,
        str(rows.query),
        unit=_("采集员"),
        source=_("本产品设定"),
    )


def _places() -> Iterable[Line]:
    found = hit_rate()
    value = None if found is None else _percent(found.found, found.total)
    yield Line(
        "D3",
        _("地理编码命中率（至少 50 个地址）"),
        value,
        90.0,
        value is not None and value >= 90,
        "grid.places.selectors.reports.hit_rate",
        source=_("验收清单 D3"),
    )


def _systems() -> Iterable[Line]:
    tier = Tier(settings.CITYOPS_TIER)
    wanted = [system.name for system in MATRIX if system.share(tier) in (Share.OWN, Share.ANSWERS)]
    running = active_systems() & set(wanted)
    value = _percent(len(running), len(wanted))
    yield Line(
        "S1",
        _("本级系统矩阵中已运行的系统"),
        value,
        100.0,
        value == 100,
        f"tiers.systems: {', '.join(sorted(set(wanted) - running)) or '—'}",
        source=_("系统矩阵"),
    )


_WHOLE_LOOP = """
SELECT count(*) FROM (
    SELECT s.case_id FROM grid_casestep s JOIN grid_case c ON c.rid = s.case_id
    WHERE c.origin_code = %(node)s AND c.closed_at >= %(since)s AND s.action = ANY(%(links)s)
    GROUP BY s.case_id HAVING count(DISTINCT s.action) = cardinality(%(links)s)
) whole
"""


def _loop() -> Iterable[Line]:
    values = {
        "node": settings.CITYOPS_NODE,
        "since": timezone.now() - timedelta(days=LOOP_DAYS),
        "links": sorted(MOVES[action].step_code for action in SPINE),
    }
    number = _count(_WHOLE_LOOP, values)
    yield Line(
        "S2",
        _("半年内走完全部环节并结案的案件"),
        float(number),
        1.0,
        number >= 1,
        _as_text(_WHOLE_LOOP, values),
        unit=_("件"),
        source=_("验收清单 S2"),
    )


_LEDGER = """
SELECT count(*) FILTER (WHERE EXISTS (
           SELECT FROM grid_caseapplication a WHERE a.case_id = s.case_id AND a.state = 'approved'
             AND a.decided_by_id IS NOT NULL AND a.decided_by_id IS DISTINCT FROM a.applied_by_id)),
       count(*)
FROM grid_casestep s JOIN grid_case c ON c.rid = s.case_id
WHERE c.origin_code = %(node)s AND s.action = ANY(%(granted)s) AND NOT c.is_simulated
"""


def _ledger() -> Iterable[Line]:
    """Every granted return, delay, suspension and void of real cases stands in the ledger, decided by somebody else."""
    granted = sorted(move.step_code for move in MOVES.values() if move.is_agreed)
    values = {"node": settings.CITYOPS_NODE, "granted": granted}
    with connection.cursor() as cursor:
        cursor.execute(_LEDGER, values)
        kept, total = cursor.fetchone()
    value = _percent(kept, total)
    yield Line(
        "S3",
        _("同意的回退、延期、挂账、作废有台账且由他人审批"),
        value,
        100.0,
        value is not None and value >= 100,
        _as_text(_LEDGER, values),
        source=_("江苏办法"),
    )


def _reports() -> Iterable[Line]:
    since = timezone.now() - timedelta(days=62)
    rows = AnalysisReport.objects.filter(state=AnalysisReport.State.DONE, ended_at__gte=since)
    number = rows.count()
    yield Line(
        "S11",
        _("近两月生成的月度分析报告"),
        float(number),
        1.0,
        number >= 1,
        str(rows.query),
        unit=_("份"),
        source=_("江苏办法"),
    )


def _exchange() -> Iterable[Line]:
    links = Link.objects.filter(role="parent", state="live")
    number = links.count()
    yield Line("E1", _("已与上级平台联网"), float(number), 1.0, number >= 1, str(links.query), _("条"), _("通知"))
    since = timezone.now() - timedelta(days=COMPARED_DAYS)
    rows = Comparison.objects.filter(flow="up", owner_code=settings.CITYOPS_NODE, at__gte=since)
    latest = {row.dataset: row.result for row in rows.order_by("at")}
    equal = sum(result == Comparison.Result.EQUAL for result in latest.values())
    value = _percent(equal, len(latest))
    yield Line("E2", _("30 日内对账一致的数据集"), value, 100.0, value == 100, str(rows.query), source=_("本产品设定"))


def _trial() -> Iterable[Line]:
    rows = Case.objects.filter(origin_code=settings.CITYOPS_NODE)
    span = rows.aggregate(first=Min("reported_at"), last=Max("reported_at"))
    days = (span["last"] - span["first"]).days if span["first"] else None
    yield Line(
        "R1",
        _("试运行天数（首件至末件）"),
        None if days is None else float(days),
        float(TRIAL_DAYS),
        days is not None and days >= TRIAL_DAYS,
        str(rows.query),
        unit=_("天"),
        source=_("江苏办法"),
    )


def _count(sql: str, values: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.fetchone()[0])


def _as_text(sql: str, values: dict[str, Any]) -> str:
    """A query with its values, as the reader may run it."""
    connection.ensure_connection()
    text = ClientCursor(connection.connection).mogrify(sql, values)
    return " ".join(text.split())


_LINES: tuple[Callable[[], Iterable[Line]], ...] = (
    _duty_table,
    _team,
    _ground,
    _places,
    _systems,
    _loop,
    _ledger,
    _reports,
    _exchange,
    _trial,
)
