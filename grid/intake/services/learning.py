"""Learn which words stand for which class, from cases that were closed without rework.

Only counts are kept: no text, no place, no person. Each run takes the cases closed since the last one, in slices.
"""

import time
from collections import Counter
from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q

from cityops.foundation import audit
from grid.intake.models import LearningState, LearntWord
from grid.intake.rules.wording import learnable
from grid.models import Case
from grid.rules.stages import Stage

SLICE = 2000
"""Cases per transaction."""
SECONDS = 18
"""How long a nightly task works; what is left waits for the next run."""


@dataclass(frozen=True)
class Learnt:
    """What a run did; ``is_done`` is False where cases are left for the next one."""

    cases: int
    words: int
    is_done: bool


def learn(*, seconds: float | None = SECONDS, afresh: bool = False) -> Learnt:
    """Take in the cases closed since the last run; ``afresh`` forgets everything first.

    ``seconds`` bounds the work, None does not.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    if afresh:
        _forget()
    cases, is_done = 0, False
    while not is_done and (deadline is None or time.monotonic() < deadline):
        taken = _slice()
        cases, is_done = cases + taken, taken < SLICE
    return Learnt(cases, LearntWord.objects.count(), is_done)


@transaction.atomic
def _forget() -> None:
    state = _state()
    LearntWord.objects.all().delete()
    LearningState.objects.filter(pk=1).update(closed_at=None, rid=None, cases=0, turn=state.turn + 1)
    audit.record("learnt_words.forget", kind="learnt_words", division_code=settings.CITYOPS_REGION)


def _state() -> LearningState:
    LearningState.objects.bulk_create([LearningState(pk=1)], ignore_conflicts=True)
    return LearningState.objects.select_for_update().get(pk=1)


@transaction.atomic
def _slice() -> int:
    """Learn from the next cases; returns how many there were. A second run at the same moment waits at the row."""
    state = _state()
    rows = Case.objects.filter(state=Stage.CLOSED.value, closed_at__isnull=False)
    if state.closed_at is not None:
        rows = rows.filter(Q(closed_at__gt=state.closed_at) | Q(closed_at=state.closed_at, rid__gt=state.rid))
    taken = list(
        rows.order_by("closed_at", "rid").values_list(
            "std_ref", "kind", "class_code", "description", "address", "rework_count", "closed_at", "rid"
        )[:SLICE]
    )
    if not taken:
        return 0
    counts: Counter[tuple[str, str, str, str]] = Counter()
    for std, kind, code, description, address, reworked, _closed, _rid in taken:
        if not reworked:
            counts.update((std, kind, code, word) for word in learnable(description, address))
    _add(counts)
    LearningState.objects.filter(pk=1).update(
        closed_at=taken[-1][6], rid=taken[-1][7], cases=F("cases") + len(taken), turn=F("turn") + 1
    )
    return len(taken)


def _add(counts: Counter[tuple[str, str, str, str]]) -> None:
    """Add to what is known, in one statement."""
    if not counts:
        return
    table = LearntWord._meta.db_table
    columns = [list(column) for column in zip(*counts, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} AS w (std_ref, kind, class_code, word, count) "
            "SELECT * FROM unnest(%s::varchar[], %s::varchar[], %s::varchar[], %s::varchar[], %s::int[]) "
            "ON CONFLICT (std_ref, kind, class_code, word) DO UPDATE SET count = w.count + excluded.count",
            [*columns, list(counts.values())],
        )
