"""Datasets that a tier can derive itself from others it holds 派生数据: counts that a city sends are only a check.

An app registers for such a dataset the question where received and derived rows differ; the pages of the exchange ask
it without importing the app. Quality rule Q4.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class Difference:
    """One count of one owner, day, place and kind that is not what the records here give; None where no row is."""

    owner_code: str
    day: date
    place: str
    """Name and code of the division."""
    kind: str
    count: str
    received: int | None
    derived: int | None


Question = Callable[..., list[Difference]]
"""``(owners, *, user)``: the differences of these owners that a person may see, the latest day first."""
_questions: dict[str, Question] = {}


def register(dataset: str, question: Question) -> None:
    """Say how a dataset is derived and compared."""
    _questions[dataset] = question


def differences(owners: Sequence[str], *, user: Any) -> list[Difference]:
    """Where what these owners sent is not what their records here give, over all derived datasets."""
    return [found for dataset in sorted(_questions) for found in _questions[dataset](owners, user=user)]


@dataclass(frozen=True)
class Unlike:
    """A record of one owner that is not what the records here give."""

    owner_code: str
    rid: UUID
    record_key: str
    detail: str


Judge = Callable[[Sequence[str]], Iterable[Unlike]]
"""``(owners)``: the records of these owners that differ, whoever asks."""
_judges: dict[str, Judge] = {}


def register_judge(dataset: str, judge: Judge) -> None:
    """Say how the quality rules find the records of a derived dataset that are not what is derived here."""
    _judges[dataset] = judge


def unlike(dataset: str, owners: Sequence[str]) -> list[Unlike]:
    """What the judge of a dataset finds; nothing for a dataset that has none."""
    judge = _judges.get(dataset)
    return list(judge(owners)) if judge else []
