"""The score of a dataset of a node 数据质量得分: how much of what its rules looked at is good."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

WEIGHTS = {"1": 5, "2": 3, "3": 1}
"""Weight of a rule by its severity (CL_SEVERITY): 阻断、警告、提示."""
GROUP_LOSS = Decimal("0.1")
"""What one finding about many records together costs, as a share of its rule: ten of them and nothing is left."""
CENT = Decimal("0.01")
LIGHTS = ((Decimal(98), "green"), (Decimal(90), "yellow"))
"""At least so many points: the light. Below the last, red."""


@dataclass(frozen=True)
class Judged:
    """What one rule found of one node: records looked at, and broken ones."""

    severity: str
    checked: int
    broken: int
    by_record: bool = True


def kept(judged: Judged) -> Decimal:
    """The share that is good under one rule, 0 to 1."""
    if judged.by_record:
        return 1 - Decimal(min(judged.broken, judged.checked)) / judged.checked
    return max(Decimal(0), 1 - GROUP_LOSS * judged.broken)


def score(judged: Iterable[Judged]) -> Decimal | None:
    """The weighted mean of what is good over all rules, 0.00 to 100.00; None where nothing was looked at."""
    total, good = 0, Decimal(0)
    for one in judged:
        if one.checked:
            weight = WEIGHTS[one.severity]
            total += weight
            good += weight * kept(one)
    return (100 * good / total).quantize(CENT, ROUND_HALF_UP) if total else None


def light(points: Decimal | None) -> str:
    """The light of a score: green from 98, yellow from 90, red below; none without one."""
    if points is None:
        return "none"
    return next((name for least, name in LIGHTS if points >= least), "red")
