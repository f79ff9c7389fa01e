"""The two versions of a conflict, side by side."""

import json
from dataclasses import dataclass
from typing import Any

from sync.exchange.models import Conflict


@dataclass(frozen=True)
class Side:
    """One field in both versions."""

    field: str
    kept: str
    other: str

    @property
    def differs(self) -> bool:
        """Whether the versions disagree in it."""
        return self.kept != self.other


def side_by_side(conflict: Conflict) -> list[Side]:
    """Every field of either version, those that differ first; child rows as one field each."""
    kept, other = conflict.kept.get("fields", {}), conflict.other.get("fields", {})
    sides = [Side(name, _text(kept.get(name)), _text(other.get(name))) for name in {**kept, **other}]
    return sorted(sides, key=lambda side: not side.differs)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else "\n".join(json.dumps(row, ensure_ascii=False) for row in value)
