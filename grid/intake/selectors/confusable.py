"""Classes that are taken for each other 易混类别, with the sentence that tells them apart (``data``)."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "data"


@dataclass(frozen=True)
class Confusable:
    """One group: the codes and names of its classes, and the distinguishing sentence."""

    codes: tuple[str, ...]
    names: tuple[str, ...]
    hint: str


@cache
def confusable_groups() -> tuple[Confusable, ...]:
    """All groups; codes are those of GB/T 47678.5-2026, matters."""
    told = json.loads((DATA / "confusable.json").read_text(encoding="utf-8"))
    return tuple(Confusable(tuple(g["codes"]), tuple(g["names"]), g["hint"]) for g in told["groups"])


def taken_for(class_code: str) -> tuple[str, ...]:
    """The codes that a class is easily taken for; none for most."""
    found = [group for group in confusable_groups() if class_code in group.codes]
    return tuple(code for group in found for code in group.codes if code != class_code)


def hint_for(class_code: str) -> str:
    """The sentence that tells a class from its neighbours; "" for most."""
    return next((group.hint for group in confusable_groups() if class_code in group.codes), "")
