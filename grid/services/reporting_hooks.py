"""Who keeps the name and the numbers of a person who reported: filled by the part that stores them encrypted.

The core keeps a keyed hash of a reporter and nothing else (``grid.services.reporters``). Whoever registers a report
of the public hands on what the person gave; where nobody keeps it, it is dropped, and the caller is told.

    reporting_hooks.fill(keep)     # in ``apps.ready()`` of the part that keeps
"""

import uuid
from collections.abc import Callable

PERSONAL = ("first_name", "last_name", "phone", "email", "account_id", "device_id")
"""What may be handed on; empty texts are left out."""
Keeper = Callable[..., None]
_keepers: list[Keeper] = []


def fill(keeper: Keeper) -> None:
    """Let ``keeper(case_rid, **personal)`` keep what people give; the last one that was filled in keeps."""
    _keepers[:] = [keeper]


def keep_reporter(case_rid: uuid.UUID, **personal: str) -> bool:
    """Hand on what a person gave with a report, within the transaction of the registration.

    Returns whether it was kept; True as well where there is nothing to keep. Raises TypeError for a name that is not
    in PERSONAL.
    """
    if unknown := set(personal) - set(PERSONAL):
        raise TypeError(f"not personal: {', '.join(sorted(unknown))}")
    given = {name: value for name, value in personal.items() if value}
    if not given:
        return True
    if not _keepers:
        return False
    _keepers[0](case_rid, **given)
    return True
