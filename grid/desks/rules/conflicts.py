"""The difference between what somebody saw, what the person wrote, and what stands there now."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """One field of a case that was changed meanwhile, or that the person wants to change."""

    name: str
    seen: str
    """As it stood when the person opened the case."""
    yours: str
    """What the person wrote; empty where the move does not write the field."""
    now: str

    @property
    def is_contested(self) -> bool:
        """Whether both wrote it, and not the same."""
        return bool(self.yours) and self.now not in (self.seen, self.yours)


def differences(seen: Mapping[str, str], yours: Mapping[str, str], now: Mapping[str, str]) -> list[Difference]:
    """The fields that changed since they were seen, and those that the person writes; in the order of ``now``."""
    found = []
    for name, value in now.items():
        was, mine = seen.get(name, value), yours.get(name, "")
        if was != value or (mine and mine != value):
            found.append(Difference(name, was, mine, value))
    return found
