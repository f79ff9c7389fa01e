"""What pages ask about bundles."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Max

from sync.exchange.models import Link
from sync.roads.models import Bundle, WaitingBatch

MOST_NAMED = 20


@dataclass(frozen=True)
class Road:
    """What went to a peer and came from it in bundles."""

    link: Link
    made: int
    taken: int
    last_taken: int
    waiting: int
    missing: tuple[int, ...]
    """Numbers of the peer's bundles that never came, though a later one did; the first twenty."""


def roads_seen(user: Any) -> list[Road]:
    """The road to every peer that a person may see."""
    roads = []
    for link in Link.objects.visible_to(user).exclude(state=Link.State.RETIRED):
        found = Bundle.objects.filter(peer_code=link.peer_code)
        taken = found.filter(direction=Bundle.Direction.IN)
        numbers = set(taken.values_list("number", flat=True))
        last = taken.aggregate(last=Max("number"))["last"] or 0
        missing = [number for number in range(max(1, last - 10_000), last) if number not in numbers]
        roads.append(
            Road(
                link=link,
                made=found.made().count(),
                taken=len(numbers),
                last_taken=last,
                waiting=WaitingBatch.objects.filter(peer_code=link.peer_code).count(),
                missing=tuple(missing[:MOST_NAMED]),
            )
        )
    return roads
