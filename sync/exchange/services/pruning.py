"""Pruning of what was sent: bodies of batches that every receiver has acknowledged go after five weeks.

Header, signature and chain stay as evidence. A receiver that needs a pruned batch after all (it was restored, or is
new) gets it without its body: its cursor moves on along the signed chain, and the comparison that follows finds what it
lacks and has it sent again (decision 0185).
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from cityops.foundation.records import Flow
from sync.exchange.models import Link, Receipt, Stream
from sync.exchange.rules.places import is_for, is_under, may_send_up

KEPT = timedelta(days=35)
PRUNE = """
DELETE FROM sync_batch_body o USING sync_batch b
WHERE o.batch_id = b.id AND b.stream_id = %s AND b.stored_at < %s
  AND (b.epoch_no < %s OR (b.epoch_no = %s AND b.to_seq <= %s))
"""


@transaction.atomic
def prune(at: datetime | None = None) -> int:
    """Drop the bodies that nobody needs any more. Returns how many."""
    before, dropped = (at or timezone.now()) - KEPT, 0
    peers = list(Link.objects.exclude(state=Link.State.RETIRED))
    with connection.cursor() as cursor:
        for stream in Stream.objects.filter(seq__gt=0):
            receivers = [link.peer_code for link in peers if _goes_to(stream, link)]
            if not receivers:
                continue
            upto = _acknowledged(stream, receivers)
            cursor.execute(PRUNE, [stream.pk, before, stream.epoch_no, stream.epoch_no, upto])
            dropped += cursor.rowcount
    return dropped


def _goes_to(stream: Stream, link: Link) -> bool:
    """Whether this node hands a stream to a peer."""
    here, peer = settings.CITYOPS_NODE, link.peer_code
    if stream.flow == Flow.UP:
        return link.role == Link.Role.PARENT and may_send_up(
            sender=here, producer=stream.producer_code, scope=stream.scope, receiver=peer
        )
    return link.role == Link.Role.CHILD and is_under(peer, stream.producer_code) and is_for(peer, stream.audience)


def _acknowledged(stream: Stream, receivers: list[str]) -> int:
    """The number up to which every receiver has signed for a stream."""
    rows = Receipt.objects.filter(stream=stream, epoch_no=stream.epoch_no, receiver_code__in=receivers).order_by()
    upto = dict(rows.values_list("receiver_code").annotate(upto=Max("upto_seq")))
    return min((upto.get(receiver, 0) for receiver in receivers), default=0)
