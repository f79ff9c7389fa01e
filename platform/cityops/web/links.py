"""The state of the links to the cities, as the pages of an upper tier show it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tiers.models import Node


@dataclass(frozen=True)
class Cell:
    """One dataset of one city: last seen equal, how many records, what is wrong."""

    dataset: str
    light: str
    equal_at: datetime | None = None
    title: str = ""
    records: int = 0
    backlog: int = 0
    parked: int = 0
    words: str = ""
    note: str = ""
    url: str = ""


@dataclass(frozen=True)
class Dataset:
    """A column of the matrix."""

    code: str
    title: str


@dataclass(frozen=True)
class LinkState:
    """The link to a city's platform."""

    light: str = "none"
    words: str = ""
    last_ok_at: datetime | None = None
    backlog: int = 0
    parked: int = 0
    cells: dict[str, Cell] = field(default_factory=dict)
    url: str = ""


def child_divisions(user: Any) -> set[str]:
    """Division codes of the cities that have a node under this platform."""
    nodes = Node.objects.visible_to(user).filter(tier=Node.Tier.MUNICIPAL, division_code__startswith=user.scope_prefix)
    return set(nodes.values_list("division_code", flat=True))


def states(user: Any) -> dict[str, LinkState]:
    """Division code → the state of its link."""
    return {}


def datasets(cities: Iterable[Any]) -> list[Dataset]:
    """The datasets that any of the cities sends, in their order."""
    titles = {cell.dataset: cell.title for city in cities for cell in city.link.cells.values()}
    return [Dataset(code, titles[code]) for code in sorted(titles)]
