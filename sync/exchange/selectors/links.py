"""The state of links and of the datasets that travel over them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from sync.exchange.models import Comparison, Link, Parked, RecordVersion
from sync.exchange.rules.places import is_under
from sync.exchange.selectors import measures
from sync.standard.rules.definitions import Catalogue
from sync.standard.selectors import dictionaries

QUIET_SECONDS = 300
"""A live link that was silent for longer is yellow, three times as long red."""


@dataclass(frozen=True)
class LinkCell:
    """One dataset of one owner: what is held here, and how the last comparison came out."""

    owner_code: str
    dataset: str
    flow: str
    light: str
    title: str = ""
    """Name of the dataset, in the reader's language."""
    records: int = 0
    deleted: int = 0
    parked: int = 0
    equal_at: datetime | None = None
    """When both ends were last seen equal."""
    compared_at: datetime | None = None
    result: str = ""
    differing: int = 0
    in_flight: int = 0
    equal_records: int = 0
    """How many records both ends had when they were last seen equal."""
    timely: Decimal | None = None
    complete: Decimal | None = None
    valid: Decimal | None = None
    """In percent, as ``measures`` says."""

    @property
    def equal_short(self) -> str:
        """When both ends were last seen equal: the time of today, else the day."""
        if self.equal_at is None:
            return ""
        local = timezone.localtime(self.equal_at)
        return local.strftime("%H:%M" if local.date() == timezone.localdate() else "%m-%d")

    @property
    def verified(self) -> str:
        """When both ends were last seen equal and with how many records, in words; '' where they never were."""
        if self.equal_at is None:
            return ""
        local = timezone.localtime(self.equal_at)
        when = local.strftime("%H:%M" if local.date() == timezone.localdate() else "%m-%d %H:%M")
        return _("%(when)s 核对一致，%(count)s 条") % {"when": when, "count": f"{self.equal_records:,}"}


@dataclass
class LinkRow:
    """One owner of records: the link over which they come, and its datasets."""

    owner_code: str
    peer_code: str = ""
    state: str = ""
    light: str = "none"
    last_ok_at: datetime | None = None
    backlog: int = 0
    parked: int = 0
    cells: dict[str, LinkCell] = field(default_factory=dict)

    @property
    def division_code(self) -> str:
        """Division of the owner."""
        return self.owner_code[:12]


def dataset_title(dataset: str, known: Catalogue | None = None) -> str:
    """The name of a dataset in the reader's language; its code where the catalogue does not know it.

    Who names several gives the ``known`` catalogue: asking for the default one is a query.
    """
    found = (known or dictionaries.catalogue()).by_code.get(dataset)
    return dictionaries.title(found) if found else dataset


def link_light(link: Link, at: datetime | None = None) -> str:
    """The light of a link: frozen or silent for long is red, silent yellow, waiting for approval paused."""
    if link.state == Link.State.FROZEN:
        return "red"
    if link.state != Link.State.LIVE:
        return "paused"
    if link.last_ok_at is None:
        return "yellow"
    silent = (at or timezone.now()) - link.last_ok_at
    if silent > timedelta(seconds=3 * QUIET_SECONDS):
        return "red"
    return "yellow" if silent > timedelta(seconds=QUIET_SECONDS) or link.fail_count else "green"


def links_seen(user: Any) -> list[Link]:
    """The links that a person may see, each with its ``light``."""
    found = list(Link.objects.visible_to(user))
    for link in found:
        link.light = link_light(link)  # type: ignore[attr-defined]
    return found


def _peer_for(owner: str, links: dict[str, Link]) -> Link | None:
    """The link over which an owner's records come or go."""
    if owner in links:
        return links[owner]
    here = settings.CITYOPS_NODE
    if owner == here or is_under(here, owner):
        return next((link for link in links.values() if link.role == Link.Role.PARENT), None)
    return next((link for code, link in links.items() if is_under(owner, code)), None)


def link_matrix(user: Any) -> list[LinkRow]:
    """Owner by owner (this node, those above, those below): link and datasets, in the order of codes.

    A constant number of queries. A person sees the owners inside the own division, and those above.
    """
    links = {link.peer_code: link for link in Link.objects.visible_to(user)}
    rows: dict[str, LinkRow] = {}
    for link in links.values():
        if link.role == Link.Role.CHILD:
            rows[link.peer_code] = _row(link.peer_code, links)
    for cell in _cells(user):
        row = rows.setdefault(cell.owner_code, _row(cell.owner_code, links))
        row.cells[cell.dataset] = cell
        row.parked += cell.parked
    return [rows[code] for code in sorted(rows)]


def _row(owner: str, links: dict[str, Link]) -> LinkRow:
    link = _peer_for(owner, links)
    if link is None:
        return LinkRow(owner)
    backlog = link.backlog if owner in {link.peer_code, settings.CITYOPS_NODE} else 0
    return LinkRow(owner, link.peer_code, link.state, link_light(link), link.last_ok_at, backlog)


def records_seen(user: Any) -> QuerySet[RecordVersion]:
    """The numbered records of the owners inside the person's division, of this node, and of the nation."""
    if not getattr(user, "is_authenticated", False) or not user.is_active:
        return RecordVersion.objects.none()
    seen = Q(owner_code__startswith=user.scope_prefix) | Q(owner_code__endswith="-N")
    return RecordVersion.objects.filter(seen | Q(owner_code=settings.CITYOPS_NODE))


def _cells(user: Any) -> list[LinkCell]:
    if not getattr(user, "is_authenticated", False):
        return []
    held = (
        records_seen(user)
        .values("owner_code", "dataset")
        .annotate(live=Count("rid", filter=Q(op="U")), gone=Count("rid", filter=~Q(op="U")))
    )
    waiting: dict[tuple[str, str], int] = {
        (row["owner_code"], row["dataset"]): row["n"]
        for row in Parked.objects.visible_to(user).waiting().values("owner_code", "dataset").annotate(n=Count("id"))
    }
    last, equal = _comparisons(user)
    counts = {(row["owner_code"], row["dataset"]): (row["live"], row["gone"]) for row in held}
    known, timely = dictionaries.catalogue(), measures.timeliness()
    cells = []
    for key in sorted({*counts, *waiting}):
        live, gone = counts.get(key, (0, 0))
        result, parked = last.get(key), waiting.get(key, 0)
        equal_at, equal_records = equal.get(key, (None, 0))
        cells.append(
            LinkCell(
                owner_code=key[0],
                dataset=key[1],
                flow=result.flow if result else "",
                light=_cell_light(result, parked),
                title=dataset_title(key[1], known),
                records=live,
                deleted=gone,
                parked=parked,
                equal_at=equal_at,
                equal_records=equal_records,
                timely=timely.get(key),
                complete=measures.completeness(result),
                valid=measures.validity(live, parked),
                compared_at=result.at if result else None,
                result=result.result if result else "",
                differing=result.differing + result.missing + result.orphans if result else 0,
                in_flight=result.in_flight if result else 0,
            )
        )
    return cells


def _cell_light(result: Comparison | None, parked: int) -> str:
    if result is None:
        return "yellow" if parked else "none"
    if result.result == Comparison.Result.DIFFERENT:
        return "red"
    return "yellow" if parked or result.result == Comparison.Result.PENDING else "green"


def _comparisons(user: Any) -> tuple[dict[tuple[str, str], Comparison], dict[tuple[str, str], tuple[datetime, int]]]:
    """The last comparison of every owner and dataset, and when each was last equal, with how many records.

    At a relay both neighbours compare the same owner: the worse of the last results of each peer counts.
    """
    seen = Comparison.objects.visible_to(user)
    lasts = list(
        seen.order_by("peer_code", "owner_code", "dataset", "-at").distinct("peer_code", "owner_code", "dataset")
    )
    worst = [Comparison.Result.DIFFERENT, Comparison.Result.PENDING, Comparison.Result.EQUAL]
    lasts.sort(key=lambda one: worst.index(Comparison.Result(one.result)))
    last: dict[tuple[str, str], Comparison] = {}
    for one in lasts:
        last.setdefault((one.owner_code, one.dataset), one)
    keys = ("owner_code", "dataset")
    equals = seen.filter(result="equal").order_by(*keys, "-at").distinct(*keys)
    rows = equals.values_list(*keys, "at", "records")
    return last, {(owner, dataset): (at, records) for owner, dataset, at, records in rows}
