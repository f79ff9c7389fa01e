"""States of a component 部件状态 and the way between them (domain notes §2.2).

Surveyed means intact; intact and damaged go back and forth; both may be lost or abandoned; what was lost or abandoned
may be put right again; removed is the end. ``06`` (occupied) comes only with old data and may be left, not entered.
"""

INTACT, DAMAGED, LOST, ABANDONED, REMOVED, OCCUPIED = "01", "02", "03", "04", "05", "06"
NEXT: dict[str, tuple[str, ...]] = {
    INTACT: (DAMAGED, LOST, ABANDONED, REMOVED),
    DAMAGED: (INTACT, LOST, ABANDONED, REMOVED),
    LOST: (INTACT, REMOVED),
    ABANDONED: (INTACT, REMOVED),
    REMOVED: (),
    OCCUPIED: (INTACT, DAMAGED, LOST, ABANDONED, REMOVED),
}
"""State → states it may change to."""

MENDED_BY_DISPOSAL = frozenset({DAMAGED, LOST})
"""States that end when a case about the component is closed after disposal: it was repaired or replaced (§4.2 row 28).
An abandoned one is cleared away instead; that it is removed somebody says who saw it."""


def can_change(state: str, to: str) -> bool:
    """Whether a component may go from one state to another."""
    return to in NEXT.get(state, ())
