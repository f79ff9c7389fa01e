"""The content of a monthly analysis report 月度分析报告: figures only. Nothing in it is written by hand or made up."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from grid.performance.models import CorrectionRecord, PerformanceSnapshot
from grid.performance.rules.counts import Target
from grid.performance.rules.formulas import FormulaSet
from grid.performance.selectors.drawing import Picture, graded_map, months_chart
from grid.performance.selectors.sets import name_of
from grid.performance.selectors.statement import Row, Statement, object_of, series, statement
from grid.performance.selectors.words import TARGET_NAMES, count_name, formula_words, period_words
from grid.rules.periods import Kind, Period
from grid.selectors.divisions import Place

HEAD_COUNTS = (
    "report_num",
    "register_num",
    "need_dispose_num",
    "dispose_num",
    "need_close_num",
    "close_num",
    "intime_close_num",
    "rework_num",
    "postpone_num",
    "hang_num",
    "void_num",
    "force_close_num",
    "repeat_num",
)
CHARTED = ("closing_rate", "on_time_closing_rate", "on_time_disposal_rate")
MONTHS = 12
NOTHING = "—"


@dataclass(frozen=True)
class Table:
    """A table: title, heads, rows, and a line below it."""

    title: str
    heads: list[str]
    rows: list[list[str]]
    note: str = ""


@dataclass(frozen=True)
class Shown:
    """A picture with its title, and its words for who does not see it."""

    title: str
    picture: Picture
    words: str


@dataclass
class Content:
    """What a report says."""

    title: str
    facts: list[tuple[str, str]]
    tables: list[Table] = field(default_factory=list)
    pictures: list[Shown] = field(default_factory=list)
    made_at: datetime = field(default_factory=timezone.now)


Progress = Callable[[int], None]


def content_of(place: Place, period: Period, formulas: FormulaSet, *, user: Any, progress: Progress) -> Content:
    """Everything that a report of a place and period says; ``progress`` hears a number up to 70 as it goes on."""
    now = {target: statement(target, place, period, formulas, user=user) for target in Target}
    progress(25)
    before = statement(Target.AREA, place, period.shift(-1), formulas, user=user)
    year_ago = statement(Target.AREA, place, period.year_before(), formulas, user=user)
    progress(40)
    content = Content(_("%(place)s%(period)s绩效分析报告") % {"place": place.name, "period": period_words(period)},
                      _facts(place, period, formulas, now[Target.AREA]))  # fmt: skip
    own = (place.prefix or "0",)
    content.tables.append(_comparison(now[Target.AREA], before, year_ago, own[0]))
    content.tables += [_scores(now[target]) for target in Target]
    content.tables += [_honesty(now[target]) for target in (Target.AREA, Target.DEPARTMENT)]
    content.tables.append(_formulas(formulas))
    content.tables.append(_corrections(place, period))
    drawn = graded_map([row for row in now[Target.AREA].rows if row.code != own[0]])
    if drawn:
        grades = "；".join(f"{row.name} {row.grade or NOTHING}" for row in now[Target.AREA].rows if row.code != own[0])
        content.pictures.append(Shown(_("各区域等级"), drawn, grades))
    progress(55)
    content.pictures.append(_trend(place, period, formulas, user, own[0]))
    progress(70)
    return content


def _facts(place: Place, period: Period, formulas: FormulaSet, shown: Statement) -> list[tuple[str, str]]:
    first, after = period.bounds(timezone.get_default_timezone())
    frozen = (
        PerformanceSnapshot.objects.filter(period=period.key, formula_key=formulas.key).order_by("frozen_at").first()
    )
    held = _("未冻结，为生成时的现数")
    if frozen:
        held = _("%s 已冻结；本报告为生成时的现数，差异见快照页") % timezone.localtime(frozen.frozen_at).strftime(
            "%Y-%m-%d %H:%M"
        )
    return [
        (_("区域"), f"{place.name} {place.shown}"),
        (_("统计期"), f"{first:%Y-%m-%d %H:%M} — {after:%Y-%m-%d %H:%M}"),
        (_("公式集"), f"{formulas.key} {formulas.title} ({_('出处')} {formulas.provenance})"),
        (_("截至"), timezone.localtime(shown.as_of).strftime("%Y-%m-%d %H:%M:%S")),
        (_("快照"), held),
    ]


def _comparison(now: Statement, before: Statement, year_ago: Statement, own: str) -> Table:
    statements = (now, before, year_ago)
    rows = [one.row(own) for one in statements]
    lines = [[count_name(code), *(_number(row, code) for row in rows)] for code in HEAD_COUNTS]
    for part in now.formulas.objects.get("area", ()):
        indicator = now.formulas.indicators[part.indicator]
        title = f"{name_of(indicator)} {indicator.unit}".strip()
        lines.append([title, *(row.values[indicator.code].text if row else NOTHING for row in rows)])
    lines.append([_("综合分"), *(_score(row) for row in rows)])
    heads = [_("项目"), *(period_words(one.period) for one in statements)]
    return Table(_("总体：本期、上期、上年同期"), heads, lines, _("分母为零为无数据，记作 —。"))


def _number(row: Row | None, code: str) -> str:
    return NOTHING if row is None or code not in row.counts else f"{row.counts[code]:,}"


def _score(row: Row | None) -> str:
    if row is None or row.score is None:
        return NOTHING
    return f"{row.score} {row.grade}"


def _scores(shown: Statement) -> Table:
    formulas = shown.formulas
    names = [object_of(shown.target, row.code) for row in shown.rows]
    codes = list(dict.fromkeys(p.indicator for name in names for p in formulas.objects.get(name, ())))
    heads = [str(TARGET_NAMES[shown.target]), _("综合分"), _("等级")]
    heads += [f"{name_of(formulas.indicators[code])} {formulas.indicators[code].unit}".strip() for code in codes]
    rows = [
        [row.name, NOTHING if row.score is None else f"{row.score}", row.grade or NOTHING,
         *(row.values[code].text for code in codes)]
        for row in shown.rows
    ]  # fmt: skip
    title = _("%s绩效") % TARGET_NAMES[shown.target]
    return Table(title, heads, rows, _("按代码排列，不作排名；个人不评价。"))


def _honesty(shown: Statement) -> Table:
    formulas = shown.formulas
    codes = formulas.honesty
    heads = [str(TARGET_NAMES[shown.target])]
    heads += [f"{name_of(formulas.indicators[code])} {formulas.indicators[code].unit}".strip() for code in codes]
    rows = [[row.name, *(row.values[code].text for code in codes)] for row in shown.rows]
    return Table(_("%s：率之外的占比") % TARGET_NAMES[shown.target], heads, rows)


def _formulas(formulas: FormulaSet) -> Table:
    used = {part.indicator: None for parts in formulas.objects.values() for part in parts}
    rows = []
    for code in [*used, *(code for code in formulas.honesty if code not in used)]:
        one = formulas.indicators[code]
        rows.append([name_of(one), formula_words(one.formula), one.unit])
    return Table(_("口径"), [_("指标"), _("公式"), _("单位")], rows, f"{formulas.key} · {formulas.source}")


def _corrections(place: Place, period: Period) -> Table:
    found = CorrectionRecord.objects.filter(
        row__snapshot__period=period.key, row__division_code__startswith=place.prefix
    ).select_related("row")
    rows = [
        [one.row.name, one.old["score"] or NOTHING, one.new["score"] or NOTHING, one.reason,
         timezone.localtime(one.corrected_at).strftime("%Y-%m-%d %H:%M")]
        for one in found
    ]  # fmt: skip
    return Table(_("更正记录"), [_("对象"), _("原综合分"), _("现综合分"), _("原因"), _("时间")], rows)


def _trend(place: Place, period: Period, formulas: FormulaSet, user: Any, own: str) -> Shown:
    found = series(Target.AREA, own, place, period, formulas, user=user, length=MONTHS)
    codes = [code for code in CHARTED if code in formulas.indicators]
    lines = [[row.values[code].value if row else None for _period, row in found] for code in codes]
    label = [f"{one.first:%y-%m}" if one.kind is Kind.MONTH else one.key for one, _row in found]
    names = "、".join(name_of(formulas.indicators[code]) for code in codes)
    words = "；".join(
        f"{one.key} " + " / ".join(row.values[code].text if row else NOTHING for code in codes) for one, row in found
    )
    return Shown(
        _("近 %(count)s 期：%(names)s (%%)") % {"count": MONTHS, "names": names}, months_chart(label, lines), words
    )
