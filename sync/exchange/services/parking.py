"""Parked records: tried again on demand and every hour, one by one, under the checks of today."""

from collections.abc import Callable
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from cityops.foundation import audit
from cityops.foundation.records import registry
from sync.exchange.models import InboxEntry, Parked, Stream
from sync.exchange.rules.refusals import PeerRefused
from sync.exchange.services.applying import apply_chunk
from sync.exchange.services.chunks import Chunk, Target
from sync.exchange.services.shapes import Shape, steady_text

AT_ONCE = 5000


@transaction.atomic
def retry(parked: Parked) -> Parked:
    """Apply a parked record again: it becomes applied, superseded by a later version, or stays with new reasons."""
    stream = Stream.objects.select_for_update().get(pk=parked.stream_id)  # first, as whoever receives a batch does
    parked = Parked.objects.select_for_update().get(pk=parked.pk)
    if parked.state != Parked.State.PARKED:
        return parked
    parked.tries += 1
    parked.tried_at = timezone.now()
    shape = Shape(registry.get(parked.dataset))
    chunk = Chunk(
        parked.seq, [parked.line.encode()], [parked.children.get(c.name, "").encode() for c in shape.kind.children]
    )
    target = Target(shape, parked.owner_code, parked.stream_id, parked.epoch_no, 0, is_retry=True)
    with connection.cursor() as cursor:
        steady_text(cursor)
        try:
            with transaction.atomic():
                outcome = apply_chunk(cursor, target, chunk)
        except PeerRefused as refusal:
            parked.reasons = [{"code": refusal.code, "detail": refusal.detail, "remedy": ""}]
            parked.save()
            return parked
    if outcome.parked:
        parked.reasons = outcome.parked[0].reasons
    else:
        _settle(parked, stream, Parked.State.APPLIED if outcome.applied else Parked.State.SUPERSEDED)
    parked.save()
    return parked


def _settle(parked: Parked, stream: Stream, state: Parked.State) -> None:
    parked.state = state
    InboxEntry.objects.filter(stream_id=parked.stream_id, epoch_no=parked.epoch_no, seq=parked.seq).update(state=state)
    audit.record("parked.settle", kind=parked.dataset, key=parked.rid, after={"state": state.value})
    if parked.epoch_no != stream.epoch_no:
        return  # the counts of a stream are those of its present epoch
    stream.parked_count -= 1
    if state == Parked.State.APPLIED:
        stream.applied_count += 1
    else:
        stream.superseded_count += 1
    stream.save(update_fields=["parked_count", "applied_count", "superseded_count"])


def retry_waiting(
    *, untried_for: timedelta = timedelta(0), limit: int = AT_ONCE, until: Callable[[], bool] = lambda: False
) -> dict[str, int]:
    """Try the parked records again that were not tried for so long, those tried longest ago first.

    Stops early where ``until`` says so. Returns how many are in which state now.
    """
    found: dict[str, int] = {}
    due = Parked.objects.waiting().filter(
        dataset__in=[kind.dataset for kind in registry], tried_at__lte=timezone.now() - untried_for
    )
    for parked in due.order_by("tried_at", "seq")[:limit]:
        if until():
            break
        state = retry(parked).state
        found[state] = found.get(state, 0) + 1
    return found
