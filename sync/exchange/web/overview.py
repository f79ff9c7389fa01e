"""联网总览: the map and the matrix of nodes × datasets, as a page and as a wall."""

from collections import Counter
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from cityops.regions.models import Division
from cityops.regions.rules import Level
from sync.exchange import selectors
from sync.exchange.models import Alarm, Enrolment
from sync.exchange.selectors.links import LinkCell, LinkRow
from tiers.models import Node
from tiers.tier import this_instance

TONES = {"green": "good", "yellow": "warn", "red": "bad"}
WORST = ("red", "yellow", "paused", "green", "none")
ALARMS_SHOWN = 6


def names() -> dict[str, str]:
    """Node code → name of the platform."""
    return dict(Node.objects.values_list("node_code", "platform_name"))


def _worst(row: LinkRow) -> str:
    """The worst light of a node's link and datasets."""
    return min([row.light, *(cell.light for cell in row.cells.values())], key=WORST.index)


def board(user: Any) -> dict[str, Any]:
    """Everything that page and wall show; a constant number of queries."""
    found, rows = selectors.links_seen(user), selectors.link_matrix(user)
    cells = [cell for row in rows for cell in row.cells.values()]
    results = Counter(cell.result for cell in cells)
    titles = {cell.dataset: cell.title for cell in cells}
    divisions = _divisions(rows)
    standing = Alarm.objects.visible_to(user).standing()
    return {
        "links": found,
        "rows": rows,
        "matrix": [(row, _place(row, divisions), _worst(row)) for row in rows if row.cells],
        "datasets": [(code, titles[code]) for code in sorted(titles)],
        "live": sum(link.light == "green" for link in found),  # type: ignore[attr-defined]
        "link_count": len(found),
        "equal": results["equal"],
        "different": results["different"],
        "cell_count": len(cells),
        "equal_records": sum(cell.equal_records for cell in cells if cell.result == "equal"),
        "parked": sum(cell.parked for cell in cells),
        "backlog": sum(link.backlog for link in found),
        "alarms": list(standing[:ALARMS_SHOWN]),
        "alarm_count": standing.count(),
        "values": _map_values(rows, divisions),
        "is_upper": not this_instance().node_code.endswith("-C"),
    }


def _divisions(rows: list[LinkRow]) -> dict[str, tuple[str, Any]]:
    """Division code of an owner → its name and middle."""
    codes = {row.division_code for row in rows}
    found = Division.objects.current().filter(code__in=codes).values_list("code", "name", "center")
    return {code: (name, center) for code, name, center in found}


def _place(row: LinkRow, divisions: dict[str, tuple[str, Any]]) -> str:
    return divisions.get(row.division_code, (row.owner_code, None))[0]


def _map_values(rows: list[LinkRow], divisions: dict[str, tuple[str, Any]]) -> dict[str, dict[str, Any]]:
    """How the map shows the cities: tint and mark by the worst state; a click leads to the link."""
    values = {}
    for row in rows:
        name, center = divisions.get(row.division_code, ("", None))
        if not row.owner_code.endswith("-C") or not name:
            continue
        worst = _worst(row)
        values[row.division_code] = {
            "tone": TONES.get(worst, "own"),
            "light": worst,
            "name": name.removesuffix("市") if len(name) > 2 else name,
            "at": [round(center.x, 5), round(center.y, 5)] if center else None,
            "url": reverse("exchange-link", args=[row.peer_code]) if row.peer_code else "",
        }
    return values


def map_level() -> int:
    """The divisions that the map draws: cities."""
    return int(Level.CITY)


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Every link, and every dataset of every owner: last seen equal, timely, complete, valid, backlog, parked.

    ``?light=`` and ``?result=`` leave the links and the datasets that a number counts.
    """
    facts, known = board(request.user), names()
    light, result = request.GET.get("light", ""), request.GET.get("result", "")
    facts["links"] = [link for link in facts["links"] if light in ("", link.light)]
    facts["rows"] = [
        (row, known.get(row.owner_code, row.owner_code), shown)
        for row in facts["rows"]
        if (shown := _cells(row, result))
    ]
    more = {
        "asked": _asked(request),
        "is_narrowed": bool(light or result),
        "can_have_children": facts["is_upper"],
        "level": map_level(),
    }
    return render(request, "exchange/overview.html", {**facts, **more})


def _cells(row: LinkRow, result: str) -> list[LinkCell]:
    return [cell for cell in row.cells.values() if result in ("", cell.result)]


def _asked(request: HttpRequest) -> int:
    """How many children wait for this person's approval."""
    if not request.user.has_perm("exchange.approve_join"):
        return 0
    return Enrolment.objects.visible_to(request.user).filter(state="asked").count()


@require_safe
def wall(request: HttpRequest) -> HttpResponse:
    """The same for a wall, read from five metres."""
    return render(request, "exchange/wall.html", {**board(request.user), "level": map_level()})
