"""Who keeps the person behind a report: the case itself never does.

The part that keeps personal records enters its function here when it starts; who registers a report hands the person
over in the transaction of the registration.
"""

import uuid
from typing import Protocol


class Keeper(Protocol):
    """Keeps who reported a case."""

    def __call__(self, case_rid: uuid.UUID, *, name: str, phone: str, email: str, address: str) -> None:
        """Keep it, or leave what is kept already."""
        ...


KEEPERS: list[Keeper] = []


def keep_reporter(case_rid: uuid.UUID, *, name: str = "", phone: str = "", email: str = "", address: str = "") -> None:
    """Hand over who reported a case; nothing at all for somebody who gives nothing."""
    if name or phone or email or address:
        for keeper in KEEPERS:
            keeper(case_rid, name=name, phone=phone, email=email, address=address)
