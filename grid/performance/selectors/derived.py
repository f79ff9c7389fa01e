"""Results that cities sent (GL05), held against what their cases here give: quality rule Q4."""

from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from cityops.foundation.derived import Unlike
from cityops.foundation.errors import CityOpsError
from grid.performance.models import PerformanceResult
from grid.performance.rules.counts import Target
from grid.performance.selectors.sets import find_set
from grid.performance.selectors.snapshots import facts_of
from grid.performance.selectors.statement import statement
from grid.rules.periods import parse_period
from grid.selectors.divisions import find_place

TOLERANCE = Decimal("1.00")
"""Points by which a value or a score may differ: a case reopened after the end of a month moves it a little."""

LETTERS = {"1": Target.AREA, "2": Target.DEPARTMENT}


def unlike_results(owners: Sequence[str]) -> Iterator[Unlike]:
    """The results of each owner's last month that are not what its cases here give, for areas and departments.

    A month is counted once for each owner, formula set and kind of object, whatever the number of results. Sets that
    are not here are not judged.
    """
    for owner in owners:
        rows = PerformanceResult.objects.filter(origin_code=owner, period="M", target_type__in=LETTERS)
        last = rows.order_by("-period_code").values_list("period_code", flat=True).first()
        if last is None:
            continue
        held = list(rows.filter(period_code=last))
        for version in sorted({row.formula_version for row in held}):
            yield from _unlike(owner, last, version, [row for row in held if row.formula_version == version])


def _unlike(owner: str, month: str, version: str, held: list[PerformanceResult]) -> Iterator[Unlike]:
    try:
        formulas, place = find_set(version), find_place(owner[:12])
    except CityOpsError:
        return
    period = parse_period(f"{month[:4]}-{month[4:]}")
    for letter, target in LETTERS.items():
        mine = [row for row in held if row.target_type == letter]
        if not mine:
            continue
        shown = statement(target, place, period, formulas, user=None)
        for row in mine:
            fresh = shown.row(row.target_code)
            told = (
                ["本级没有推算出此对象"] if fresh is None else _differences(row, facts_of(fresh)["values"], fresh.score)
            )
            if told:
                key = f"{row.period_code} {row.target_code}"
                yield Unlike(owner, row.rid, key, "；".join(told)[:300])


def _differences(row: PerformanceResult, values: dict[str, Any], score: Decimal | None) -> list[str]:
    told = [
        f"{code} 收到 {row.metrics[code]} 推算 {value}"
        for code, value in values.items()
        if code in row.metrics and _differ(row.metrics[code], value)
    ]
    return [f"综合分 收到 {row.score} 推算 {score}", *told] if _differ(row.score, score) else told


def _differ(received: Any, derived: Any) -> bool:
    """Whether two numbers are further apart than may be; what is no number differs from every number."""
    if derived is None:
        return received is not None
    try:
        return abs(Decimal(str(received)) - Decimal(str(derived))) > TOLERANCE
    except InvalidOperation:
        return True
