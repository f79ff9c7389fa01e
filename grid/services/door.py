"""The door through which a page takes a report in: registration, or what an app above puts before it.

``grid.intake`` sets ``TAKER`` when it is ready; without it a report is registered and waits for acceptance.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction

from cityops.accounts.models import User
from grid.services.registering import Registered, Report, register
from grid.services.reporting_hooks import keep_reporter


@dataclass(frozen=True)
class Entered:
    """What came of a report: the registration, and what happened with it next, in words ("" for nothing)."""

    registered: Registered
    what_next: str = ""


Taker = Callable[[User, Report, dict[str, str]], Entered]
TAKER: list[Taker] = []
"""At most one; the last is asked."""


def enter(user: User, report: Report, contact: dict[str, str] | None = None) -> Entered:
    """Take a report in; ``contact`` is who waits for the answer (name, phone). Raises what the door refuses."""
    if TAKER:
        return TAKER[-1](user, report, contact or {})
    with transaction.atomic():
        done = register(user, report)
        if done.is_new:
            keep_reporter(done.rid, **(contact or {}))
    return Entered(done)
