"""Separation of the three administrators 三员分立 (GB/T 22239-2019 §8.1.4): nobody holds powers of two of them."""

from collections.abc import Collection, Iterable, Mapping


def administrators_of(permissions: Collection[str], powers: Mapping[str, frozenset[str]]) -> list[str]:
    """The administrators whose exclusive powers are among ``permissions``, sorted; more than one is a conflict."""
    held = frozenset(permissions)
    return sorted(role for role, exclusive in powers.items() if held & exclusive)


def exclusive_powers(
    permissions: Iterable[tuple[str, tuple[str, ...]]], administrators: frozenset[str]
) -> dict[str, frozenset[str]]:
    """For each administrator the powers that only it begins with; looking (``view_``) is no power.

    ``permissions`` are pairs of codename (``app.verb_noun``) and the roles that begin with it.
    """
    found: dict[str, set[str]] = {role: set() for role in administrators}
    for codename, roles in permissions:
        if len(roles) == 1 and roles[0] in administrators and ".view_" not in codename:
            found[roles[0]].add(codename)
    return {role: frozenset(names) for role, names in found.items()}
