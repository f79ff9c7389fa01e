"""The state of the links to the cities, as the pages of an upper tier show it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from cityops.web.figures import address
from cityops.web.templatetags.cityops import moment
from sync.exchange import selectors
from sync.exchange.models import Link, Parked
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
    parked_url: str = ""

    @property
    def worst(self) -> str:
        """The worst light of the link and its datasets."""
        order = ("red", "yellow", "paused", "green", "none")
        return min([self.light, *(cell.light for cell in self.cells.values())], key=order.index)


def child_divisions(user: Any) -> set[str]:
    """Division codes of the cities that have a node under this platform."""
    nodes = Node.objects.visible_to(user).filter(tier=Node.Tier.MUNICIPAL, division_code__startswith=user.scope_prefix)
    return set(nodes.values_list("division_code", flat=True))


def states(user: Any) -> dict[str, LinkState]:
    """Division code → the state of its link."""
    found = {}
    may = user.has_perm("exchange.view_link")
    for row in selectors.link_matrix(user):
        if row.owner_code.endswith("-C"):
            url = address("exchange-link", row.peer_code) if may and row.peer_code else ""
            found[row.division_code] = LinkState(
                light=row.light,
                words=_("近期没有往来") if _is_silent(row) else str(dict(Link.State.choices).get(row.state, "")),
                last_ok_at=row.last_ok_at,
                backlog=row.backlog,
                parked=row.parked,
                cells={code: _cell(cell, may=may) for code, cell in row.cells.items()},
                url=url,
                parked_url=address("exchange-parked", query=f"owner={row.owner_code}&state=P") if may else "",
            )
    return found


def _is_silent(row: selectors.LinkRow) -> bool:
    """Whether the link is open and yet nothing has come for a while; its light says how long."""
    return row.state == Link.State.LIVE and row.light != "green"


def _cell(cell: selectors.LinkCell, *, may: bool) -> Cell:
    """One dataset as the matrix shows it: when it was last seen equal, and how many records."""
    return Cell(
        dataset=cell.dataset,
        light=cell.light,
        equal_at=cell.equal_at,
        title=cell.title,
        records=cell.records,
        parked=cell.parked,
        words=_equal_words(cell),
        note=f"{cell.records:,}",
        url=address("exchange-records", cell.owner_code, cell.dataset) if may else "",
    )


def _equal_words(cell: selectors.LinkCell) -> str:
    """When both ends were last seen equal; whether they never were, or were never compared."""
    if cell.equal_at:
        return moment(cell.equal_at)
    return _("尚未一致") if cell.compared_at else _("未核对")


def parked_count(user: Any) -> int:
    """Records that wait, of all owners whose records the person may see: as many as the list of parked records has."""
    return Parked.objects.visible_to(user).waiting().count()


def datasets(cities: Iterable[Any]) -> list[Dataset]:
    """The datasets that any of the cities sends, in their order."""
    titles = {cell.dataset: cell.title for city in cities for cell in city.link.cells.values()}
    return [Dataset(code, titles[code]) for code in sorted(titles)]
