"""When something about the exchange is worth an alarm: limits as numbers, no database.

Levels are ``yellow`` and ``red``; an empty text means that nothing is wrong.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

URGENT_SILENT_SECONDS = 120
SILENT_SECONDS = 900
RED_SILENT_SECONDS = 86_400
SKEW_SECONDS = 60
KEY_DAYS = 30
"""A key that ends within so many days is told of."""
KEY_LIFE_DAYS = 365
"""How long a key is good for that carries no end of its own."""
SLICE_SECONDS = 60
"""No slice of the exchange for longer: its worker is dead or deaf."""
PARKED_RED_SECONDS = 86_400


@dataclass(frozen=True)
class Finding:
    """Something that is wrong now."""

    kind: str
    node_code: str
    level: str
    subject: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it the same thing the next time."""
        return self.kind, self.node_code, self.subject


def silence_level(seconds: float, *, is_urgent: bool) -> str:
    """How bad a live link's silence is; a link with a stream of the urgent lane is missed after two minutes."""
    if seconds >= RED_SILENT_SECONDS:
        return "red"
    return "yellow" if seconds >= (URGENT_SILENT_SECONDS if is_urgent else SILENT_SECONDS) else ""


def skew_level(seconds: float | None) -> str:
    """Whether two clocks are too far apart; nothing is refused for it."""
    return "yellow" if seconds is not None and abs(seconds) > SKEW_SECONDS else ""


def key_level(days_left: float) -> str:
    """How near the end of a key is."""
    return "red" if days_left <= 0 else "yellow" if days_left <= KEY_DAYS else ""


def parked_level(oldest_seconds: float) -> str:
    """Records that wait are yellow, after a day red."""
    return "red" if oldest_seconds >= PARKED_RED_SECONDS else "yellow"


def changes(
    standing: Sequence[tuple[str, str, str]], found: Sequence[Finding]
) -> tuple[list[Finding], list[Finding], set[tuple[str, str, str]]]:
    """What is new, what goes on and what is over, by the keys of the alarms that stand."""
    known, seen = set(standing), {finding.key for finding in found}
    new = [finding for finding in found if finding.key not in known]
    return new, [finding for finding in found if finding.key in known], known - seen
