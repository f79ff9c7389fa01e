"""Whether all nodes are at rest: nothing waits to be numbered, sent, received or sent again."""

from typing import TYPE_CHECKING, Any

from sync.exchange.rules.places import is_for, is_under, may_send_up
from tests.chaos.nodes import PARENT, Node

if TYPE_CHECKING:
    from tests.chaos.world import World

POSITIONS = "SELECT producer_code, flow, scope, lane, audience, epoch_no, epoch_id, seq, chain FROM sync_stream"
WAITING = (
    "SELECT (SELECT count(*) FROM sync_dirty), (SELECT count(*) FROM sync_resend), (SELECT count(*) FROM sync_claim), "
    "(SELECT count(*) FROM sync_echo_item WHERE taken_at IS NULL), "
    "(SELECT count(*) FROM sync_stream WHERE state <> 'live')"
)
"""Marks, requests to send again, objections, echoes on their way, streams that recover."""
Names = tuple[str, str, str, str, str]


def unrest(world: "World") -> str:
    """What still moves; '' at rest."""
    for code in world.codes:
        waiting = world.nodes[code].rows(WAITING)[0]
        if any(waiting):
            return f"{code}: {waiting} marks, requests, objections, echoes, streams that recover"
    places = {code: _positions(world.nodes[code]) for code in world.codes}
    for child in world.codes:
        parent = PARENT.get(child, "")
        if parent in places and (found := _differs(child, parent, places[child], places[parent])):
            return f"{child} and {parent}: {found}"
    return ""


def _positions(node: Node) -> dict[Names, tuple[Any, ...]]:
    return {tuple(row[:5]): (row[5], row[6], row[7], bytes(row[8])) for row in node.rows(POSITIONS)}


def _differs(child: str, parent: str, below: dict[Names, Any], above: dict[Names, Any]) -> str:
    for names, at in below.items():
        producer, flow, scope = names[:3]
        goes_up = flow == "up" and may_send_up(sender=child, producer=producer, scope=scope, receiver=parent)
        if goes_up and at[2] and above.get(names) != at:
            return f"{names} up: {at[:3]} {above.get(names, ())[:3]}"
    for names, at in above.items():
        producer, flow, audience = names[0], names[1], names[4]
        if (
            flow == "down"
            and at[2]
            and is_under(child, producer)
            and is_for(child, audience)
            and below.get(names) != at
        ):
            return f"{names} down: {at[:3]} {below.get(names, ())[:3]}"
    return ""
