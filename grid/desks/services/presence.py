"""Who has a case open 同看一案: heartbeats in the shared cache; without it nobody is shown, and nothing fails."""

import time
from dataclasses import dataclass

from django.core.cache import cache

from cityops.accounts.models import User
from cityops.accounts.scoping import may_work_on
from cityops.foundation.errors import NotThere
from grid.models import Case

SECONDS = 30
"""So long somebody counts as there after the last beat."""


@dataclass(frozen=True)
class Present:
    """Somebody who has the case open."""

    user_id: int
    name: str
    seconds: int
    """Since the last sign of life."""


def beat(user: User, case: Case) -> list[Present]:
    """Say that a person has a case open; returns who else has. Two beats at once may lose one, till the next.

    Raises NotThere for a case that was only granted to be looked at.
    """
    if not may_work_on(user, case):
        raise NotThere
    key, now = f"desks:here:{case.pk}", time.time()
    told = cache.get(key)
    known = told if isinstance(told, dict) else {}
    known = {who: row for who, row in known.items() if isinstance(row, list) and now - float(row[1]) < SECONDS}
    known[str(user.pk)] = [str(user), now]
    cache.set(key, known, SECONDS)
    return _others(user, known, now)


def others(user: User, case: Case) -> list[Present]:
    """Who else has a case open."""
    told = cache.get(f"desks:here:{case.pk}")
    return _others(user, told if isinstance(told, dict) else {}, time.time())


def _others(user: User, known: dict[str, list[object]], now: float) -> list[Present]:
    return [
        Present(int(who), str(row[0]), int(now - float(str(row[1]))))
        for who, row in sorted(known.items())
        if who != str(user.pk) and now - float(str(row[1])) < SECONDS
    ]
