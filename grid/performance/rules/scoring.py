"""From base counts to values, scores and a grade, by a formula set."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from grid.performance.rules.expressions import NoData, evaluate
from grid.performance.rules.formulas import WHOLE, FormulaSet, Grade, Indicator, Part, Scoring

STORED = Decimal("0.0001")
"""Values are kept with four decimals and rounded only where they are shown (domain notes §3.5)."""
SCORE = Decimal("0.01")
NO_DATA = "—"
LEAST_COVERED = WHOLE / 2
"""Parts with data must weigh so much; fewer say too little for a score and a grade (decision 0115)."""

Counts = Mapping[str, int | Decimal]


@dataclass(frozen=True)
class Value:
    """The value of one indicator; ``value`` is None where there is no data."""

    indicator: Indicator
    value: Decimal | None

    @property
    def shown(self) -> Decimal | None:
        """The value rounded as its set says."""
        return None if self.value is None else self.indicator.rounding.apply(self.value)

    @property
    def text(self) -> str:
        """The value as people read it."""
        return NO_DATA if self.shown is None else f"{self.shown}"


@dataclass(frozen=True)
class Scored:
    """One part of a score: the value, the score of 0 to 100 and what it adds to the whole."""

    part: Part
    value: Value
    score: Decimal | None

    @property
    def points(self) -> Decimal | None:
        """Weight times score; None without data."""
        return None if self.score is None else (self.part.weight * self.score / WHOLE).quantize(STORED, ROUND_HALF_UP)


@dataclass(frozen=True)
class Result:
    """What a set makes of the counts of one object."""

    parts: tuple[Scored, ...]
    score: Decimal | None
    grade: Grade | None
    covered: Decimal
    """The weight of the parts that have data; below 100 the score is that of the covered parts (decision 0115)."""


def value_of(indicator: Indicator, counts: Counts) -> Value:
    """The value of an indicator with four decimals; a denominator of zero and a count that is not there are no data."""
    try:
        above = evaluate(indicator.numerator, counts)
        below = evaluate(indicator.denominator, counts) if indicator.denominator else Decimal(1)
    except NoData:
        return Value(indicator, None)
    if below == 0:
        return Value(indicator, None)
    times = WHOLE if indicator.is_percent else Decimal(1)
    return Value(indicator, (above * times / below).quantize(STORED, ROUND_HALF_UP))


def score_of(part: Part, value: Decimal) -> Decimal:
    """The score of a value, 0 to 100; ``points`` are out of the part's weight and become a share of it."""
    if part.scoring is Scoring.BANDS:
        return next(band.score for band in part.bands if band.holds(value))
    if part.scoring is Scoring.POINTS:
        value = value * WHOLE / part.weight
    elif part.scoring is Scoring.INVERSE:
        value = WHOLE - value
    return min(max(value, Decimal(0)), WHOLE)


def result_of(formulas: FormulaSet, name: str, counts: Counts) -> Result:
    """Score and grade of an object. Raises KeyError where the set composes none for such objects."""
    parts = []
    for part in formulas.objects[name]:
        value = value_of(formulas.indicators[part.indicator], counts)
        parts.append(Scored(part, value, None if value.value is None else score_of(part, value.value)))
    covered = sum((one.part.weight for one in parts if one.score is not None), Decimal(0))
    points = sum((one.part.weight * one.score / WHOLE for one in parts if one.score is not None), Decimal(0))
    score = (points * WHOLE / covered).quantize(SCORE, ROUND_HALF_UP) if covered >= LEAST_COVERED else None
    return Result(tuple(parts), score, formulas.grade_of(score), covered)


def values_of(formulas: FormulaSet, counts: Counts) -> dict[str, Value]:
    """The values of all indicators of a set."""
    return {code: value_of(indicator, counts) for code, indicator in formulas.indicators.items()}
