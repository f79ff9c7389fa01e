"""Who stands where: node codes, prefixes, and who may send what to whom."""

import uuid

from cityops.foundation.records import Flow, Scope

LETTERS = {"N": 0, "P": 2, "C": 4}
"""Digits of the division code that a node of each tier speaks for (国家 0, 省 2, 市 4)."""
NODE_NAMESPACE = uuid.UUID("6f1c0f0e-3f5b-5c8e-9d55-5c0b2a4e7a11")
"""Names of node records: the same node has the same rid at every tier, before it was ever heard of."""


def node_rid(node_code: str) -> uuid.UUID:
    """The record identifier of a node's entry in the register."""
    return uuid.uuid5(NODE_NAMESPACE, node_code)


def prefix_of(node_code: str) -> str:
    """The division prefix that a node owns: '' for the nation, 2 digits for a province, 4 for a city.

    Raises ValueError for what is no node code.
    """
    division, _, letter = node_code.partition("-")
    if len(division) != 12 or not (division.isascii() and division.isdigit()) or letter not in LETTERS:
        raise ValueError(f"{node_code!r} is not a node code (12 digits, dash, N, P or C).")
    return division[: LETTERS[letter]]


def is_under(node_code: str, ancestor_code: str) -> bool:
    """Whether a node lies below another in the tree of divisions. Raises ValueError for what is no node code."""
    prefix, above = prefix_of(node_code), prefix_of(ancestor_code)
    return len(prefix) > len(above) and prefix.startswith(above)


def may_send_up(*, sender: str, producer: str, scope: str, receiver: str) -> bool:
    """Whether a child may hand this stream to its parent: its own, or one from under it that is meant for all tiers.

    Streams of scope P end at the producer's province; streams of scope C never travel.
    """
    if scope == Scope.NATION:
        return producer == sender or is_under(producer, sender)
    return scope == Scope.PROVINCE and producer == sender and receiver.endswith("-P")


def is_for(node_code: str, audience: str) -> bool:
    """Whether what comes down for ``audience`` is for a node, or for one under it; '' is for everybody.

    Raises ValueError for what is no node code.
    """
    return audience in {"", node_code} or is_under(audience, node_code)


def travels(*, flow: str, scope: str, tier_letter: str) -> bool:
    """Whether what a node of this tier owns is put into a stream at all."""
    if scope == Scope.CITY:
        return False
    if flow == Flow.DOWN:
        return tier_letter in {"N", "P"}
    if scope == Scope.PROVINCE:
        return tier_letter == "C"
    return tier_letter in {"P", "C"}


def codes_below(node_code: str) -> str:
    """A regular expression for the codes of the nodes under this one; matches nothing for a city."""
    prefix = prefix_of(node_code)
    letters = "".join(letter for letter, digits in LETTERS.items() if digits > len(prefix))
    return rf"^{prefix}[0-9]{{{12 - len(prefix)}}}-[{letters}]$" if letters else "^$"


def codes_above(node_code: str) -> str:
    """A regular expression for the codes of the nodes above this one; matches nothing for the nation."""
    prefix = prefix_of(node_code)
    found = [f"{prefix[:n]}[0-9]{{{12 - n}}}-{letter}" for letter, n in LETTERS.items() if n < len(prefix)]
    return f"^({'|'.join(found)})$"
