"""The greeting: what a hello to the parent teaches."""

from datetime import datetime
from typing import Any

import msgspec
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from sync.exchange.models import Link
from sync.exchange.rules.calls import OfferedKey
from sync.exchange.services import nodes, vouching
from sync.exchange.services.client import ParentClient
from tiers.models import Node


def hello(client: ParentClient) -> dict[str, Any]:
    """Say hello and take what the answer teaches: keys, clock, approval."""
    link = client.link
    answer = client.hello({})
    offered = msgspec.convert(answer["keys"], list[OfferedKey])
    vouching.learn_keys(offered, from_parent=True, voucher=link.peer_code)
    schemas = msgspec.convert(answer.get("schemas", {}), dict[str, tuple[int, int]])
    if (known := {dataset: list(ends) for dataset, ends in schemas.items()}) != link.peer_schemas:
        link.peer_schemas = known
        link.save(update_fields=["peer_schemas"])
    note_clock(link, str(answer.get("clock", "")))
    if link.state == Link.State.PENDING:
        _note_approval(link)
        client.json("notes", {"keys": vouching.keys_for_parent()})
    return answer


def note_clock(link: Link, clock: str) -> None:
    """How far the parent's clock is from ours, for display and alarms; never a reason to refuse."""
    if not clock:
        return
    seconds = (datetime.fromisoformat(clock) - timezone.now()).total_seconds()
    link.clock_skew_seconds = round(seconds, 1) + 0.0  # no -0.0


@transaction.atomic
def _note_approval(link: Link) -> None:
    """The parent lets this node in: the link is live, and the register says that the node is joined."""
    link.state, link.enrolled_at = Link.State.LIVE, timezone.now()
    link.save(update_fields=["state", "enrolled_at"])
    own = Node.objects.filter(node_code=settings.CITYOPS_NODE).first()
    if own is not None:
        nodes.mark_joined(own)
        own.save()
