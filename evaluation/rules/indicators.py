"""The indicators 指标 as data: code, names, formula with its version, unit, and what is counted for it.

What each input counts is said once, in words here and as a condition in ``grid.selectors.counting``;
``grid.rules.counting`` is the same in plain Python, and a test holds the two together.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Input:
    """One count that an indicator is made of."""

    code: str
    name_zh: str
    name_en: str
    meaning_zh: str
    meaning_en: str
    cohort_zh: str
    """The meaning where the cohort opened in the period is counted."""
    cohort_en: str


@dataclass(frozen=True)
class Indicator:
    """One indicator: value = ``times`` × numerator ÷ (``per`` × denominator)."""

    code: str
    name_zh: str
    name_en: str
    formula_zh: str
    formula_en: str
    version: int
    unit_zh: str
    unit_en: str
    numerator: Input
    denominator: Input
    others: tuple[Input, ...] = ()
    """Further counts that are shown beside, so that the figure can be checked against other sources."""
    times: int = 100
    per: int = 1
    is_higher_better: bool = True
    source: str = ""

    @property
    def inputs(self) -> tuple[Input, ...]:
        """All counts: numerator, denominator, others."""
        return (self.numerator, self.denominator, *self.others)


class UnknownIndicator(ValueError):
    """No indicator has this code or name; the message lists those that exist."""

    def __init__(self, text: str) -> None:
        known = ", ".join(f"{i.code} ({i.name_zh})" for i in INDICATORS.values())
        super().__init__(f"{text!r} is no indicator; there are {known}.")
        self.text = text


FILED = Input(
    "filed",
    "立案数",
    "Filed",
    "期内立案的上报",
    "Reports that were filed in the period",
    "期内上报且已立案的",
    "Of the reports of the period, those filed",
)
DECIDED = Input(
    "decided",
    "立案与不予立案数",
    "Decided",
    "期内立案或不予立案的上报",
    "Reports that were filed or rejected in the period",
    "期内上报且已立案或不予立案的",
    "Of the reports of the period, those filed or rejected",
)
REJECTED = Input(
    "rejected",
    "不予立案数",
    "Rejected",
    "期内决定不予立案的上报",
    "Reports that were rejected in the period",
    "期内上报且不予立案的",
    "Of the reports of the period, those rejected",
)
NEEDED = Input(
    "needed",
    "应结案数",
    "Needed",
    "应结案时间在期内或在期内结案的案件；缓办中、作废与并案的不计",
    "Cases due or closed in the period; not those paused now, voided or merged",
    "期内上报并立案的案件；缓办中、作废与并案的不计",
    "Cases reported in the period and filed; not those paused now, voided or merged",
)
CLOSED = Input(
    "closed",
    "结案数",
    "Closed",
    "应结案案件中期末以前已结案的",
    "Of the needed, those closed before the end of the period",
    "其中到目前为止已结案的",
    "Of these, those closed by now",
)
NEEDED_WITH_DEADLINE = Input(
    "needed_with_deadline",
    "有时限的应结案数",
    "Needed with a deadline",
    "应结案案件中有应结案时间的；没有时限的无从判断是否按期",
    "Of the needed, those that have a closing deadline; without one, on time cannot be told",
    "其中有应结案时间的；没有时限的无从判断是否按期",
    "Of these, those that have a closing deadline",
)
CLOSED_WITH_DEADLINE = Input(
    "closed_with_deadline",
    "有时限的结案数",
    "Closed with a deadline",
    "有时限的应结案案件中期末以前已结案的",
    "Of the needed with a deadline, those closed before the end of the period",
    "有应结案时间且到目前为止已结案的",
    "Those with a closing deadline that are closed by now",
)
ON_TIME = Input(
    "on_time",
    "按期结案数",
    "Closed on time",
    "期末以前已结案且结案时间不晚于应结案时间的",
    "Closed before the end of the period and not later than the closing deadline",
    "结案时间不晚于应结案时间的",
    "Those closed not later than their closing deadline",
)
IN_NO_GRID = Input(
    "in_no_grid",
    "网格外案件数",
    "In no grid",
    "应结案案件中所在位置不属于任何单元网格的；仍计入所在区划",
    "Of the needed, those whose place lies in no unit grid; they still count for their division",
    "其中所在位置不属于任何单元网格的；仍计入所在区划",
    "Of these, those whose place lies in no unit grid; they still count for their division",
)
DISPOSED = Input(
    "disposed",
    "处置数",
    "Disposed",
    "期内处置完成的案件",
    "Cases whose disposal was completed in the period",
    "期内上报且已处置完成的案件",
    "Cases reported in the period whose disposal is completed",
)
REWORKED = Input(
    "reworked",
    "返工案件数",
    "Reworked",
    "期内处置完成且至少返工一次的案件；一案计一次",
    "Of the disposed, those reworked at least once; a case counts once",
    "其中至少返工一次的案件；一案计一次",
    "Of these, those reworked at least once; a case counts once",
)
HANDLED = Input(
    "handled",
    "计时结案数",
    "Closed with handling time",
    "期内结案且有派遣、处置完成时间的案件",
    "Cases closed in the period that have a time of dispatch and of disposal",
    "期内上报、已结案且有派遣、处置完成时间的案件",
    "Cases reported in the period and closed that have a time of dispatch and of disposal",
)
HANDLING_SECONDS = Input(
    "handling_seconds",
    "处置时长合计（秒）",
    "Handling time, total (seconds)",
    "上述案件从派遣到处置完成的自然时间之和",
    "Natural time from dispatch to disposal, summed over these cases",
    "上述案件从派遣到处置完成的自然时间之和",
    "Natural time from dispatch to disposal, summed over these cases",
)

_SOURCE = "GB/T 30428.4 (domain notes §6.2)"
INDICATORS: dict[str, Indicator] = {
    indicator.code: indicator
    for indicator in (
        Indicator(
            "filing_rate",
            "立案率",
            "Filing rate",
            "立案数 ÷（立案数 ＋ 不予立案数）× 100%",
            "filed ÷ (filed + rejected) × 100%",
            1,
            "%",
            "%",
            FILED,
            DECIDED,
            (REJECTED,),
            source=_SOURCE,
        ),
        Indicator(
            "closing_rate",
            "结案率",
            "Closing rate",
            "结案数 ÷ 应结案数 × 100%",
            "closed ÷ needed × 100%",
            1,
            "%",
            "%",
            CLOSED,
            NEEDED,
            (NEEDED_WITH_DEADLINE, CLOSED_WITH_DEADLINE, ON_TIME, IN_NO_GRID),
            source=_SOURCE,
        ),
        Indicator(
            "on_time_closing_rate",
            "按期结案率",
            "On-time closing rate",
            "按期结案数 ÷ 有时限的应结案数 × 100%",
            "closed on time ÷ needed with a deadline × 100%",
            1,
            "%",
            "%",
            ON_TIME,
            NEEDED_WITH_DEADLINE,
            (CLOSED_WITH_DEADLINE, NEEDED, CLOSED, IN_NO_GRID),
            source=_SOURCE,
        ),
        Indicator(
            "rework_rate",
            "返工率",
            "Rework rate",
            "返工案件数 ÷ 处置数 × 100%",
            "reworked ÷ disposed × 100%",
            1,
            "%",
            "%",
            REWORKED,
            DISPOSED,
            is_higher_better=False,
            source=_SOURCE,
        ),
        Indicator(
            "mean_handling_hours",
            "平均处置时长",
            "Mean handling time",
            "处置时长合计 ÷ 计时结案数 ÷ 3600",
            "handling time ÷ closed with handling time ÷ 3600",
            1,
            "小时",
            "h",
            HANDLING_SECONDS,
            HANDLED,
            times=1,
            per=3600,
            is_higher_better=False,
            source=_SOURCE,
        ),
    )
}
"""Indicator code → indicator, in the order in which they are shown."""


def find_indicator(text: str) -> Indicator:
    """The indicator of a code or of a Chinese name. Raises UnknownIndicator."""
    wanted = text.strip()
    for indicator in INDICATORS.values():
        if wanted in (indicator.code, indicator.name_zh):
            return indicator
    raise UnknownIndicator(text)
