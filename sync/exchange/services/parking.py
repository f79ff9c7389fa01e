"""Parked and waiting records: tried again by themselves, one by one, under the checks of today.

A record that waits is tried when what it needs has arrived; one of an unknown version after the upgrade; every other
one every hour. Each attempt is committed before it begins, so that a record that kills the process is left alone
after three of them.
"""

from collections.abc import Callable
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from cityops.foundation import audit
from cityops.foundation.records import registry
from sync.exchange.models import InboxEntry, Parked, Stream
from sync.exchange.rules.refusals import PeerRefused
from sync.exchange.services import aside
from sync.exchange.services.applying import apply_chunk
from sync.exchange.services.chunks import Chunk, Outcome, Target
from sync.exchange.services.judging import DICTIONARY
from sync.exchange.services.shapes import FRAME, Shape, steady_text
from sync.standard.models import DictionaryVersion

AT_ONCE = 5000
WOKEN_IN_BATCH = 200
"""Waiting records that are applied in the transaction of the batch that brought what they need; the rest follows."""
MOST_CRASHES = 3
LEFT_ALONE = frozenset({"OWNER", "SCOPE"})
"""What no retry heals."""
COUNTS = {"A": "applied_count", "S": "superseded_count", "P": "parked_count", "W": "waiting_count"}
_upgrade_seen: dict[str, bool] = {}


def retry(parked: Parked) -> Parked:
    """Apply a record again: it becomes applied, superseded by a later version, or stays with new reasons."""
    with transaction.atomic():
        Parked.objects.filter(pk=parked.pk, state__in=["P", "W"]).update(crashes=F("crashes") + 1)
    with transaction.atomic():
        return _retry(parked.pk, parked.stream_id)


def _retry(number: int, stream_id: int) -> Parked:
    stream = Stream.objects.select_for_update().get(pk=stream_id)  # first, as whoever receives a batch does
    parked = Parked.objects.select_for_update().get(pk=number)
    if parked.state not in {"P", "W"}:
        return parked
    parked.tries += 1
    parked.crashes = 0
    parked.tried_at = timezone.now()
    if parked.code not in LEFT_ALONE and _is_read(parked):
        _apply(parked, stream)
    parked.save()
    return parked


def _is_read(parked: Parked) -> bool:
    """Whether this version knows the columns of the record."""
    if not parked.line or parked.dataset not in registry:
        return False
    shape = Shape(registry.get(parked.dataset))
    known = [*FRAME, *shape.kind.fields]
    return not parked.columns or (parked.columns == known and parked.schema_version == shape.kind.schema_version)


def _apply(parked: Parked, stream: Stream) -> None:
    shape = Shape(registry.get(parked.dataset))
    blocks = parked.blocks
    chunk = Chunk(parked.seq, [bytes(parked.line)], [blocks.get(child.name, b"") for child in shape.kind.children])
    standard = parked.needs_key if parked.needs_dataset == DICTIONARY else ""
    target = Target(shape, parked.owner_code, parked.stream_id, parked.epoch_no, 0, is_retry=True, standard=standard)
    with connection.cursor() as cursor:
        steady_text(cursor)
        try:
            with transaction.atomic():
                outcome = apply_chunk(cursor, target, chunk)
        except PeerRefused as refusal:
            parked.reasons = [{"code": refusal.code, "detail": refusal.detail, "remedy": ""}]
            return
    _take(parked, stream, outcome)


def _take(parked: Parked, stream: Stream, outcome: Outcome) -> None:
    """What became of the record."""
    if not outcome.parked:
        _settle(parked, stream, Parked.State.APPLIED if outcome.applied else Parked.State.SUPERSEDED)
        return
    found = outcome.parked[0]
    parked.reasons = found.reasons
    parked.needs_dataset, parked.needs_key = found.needs
    if found.state != parked.state:
        _move(parked, stream, Parked.State(found.state))


def _settle(parked: Parked, stream: Stream, state: Parked.State) -> None:
    _move(parked, stream, state)
    audit.record("parked.settle", kind=parked.dataset, key=parked.rid, after={"state": state.value})


def _move(parked: Parked, stream: Stream, state: Parked.State) -> None:
    """Change the state in the list, the inbox and the counts of the stream together."""
    before, after = COUNTS[parked.state], COUNTS[state]
    parked.state = state
    InboxEntry.objects.filter(stream_id=parked.stream_id, epoch_no=parked.epoch_no, seq=parked.seq).update(state=state)
    if parked.epoch_no != stream.epoch_no:
        return  # the counts of a stream are those of its present epoch
    setattr(stream, before, getattr(stream, before) - 1)
    setattr(stream, after, getattr(stream, after) + 1)
    stream.save(update_fields=[before, after])


def arrived() -> QuerySet[Parked]:
    """Waiting records for which what they need is here now."""
    needs = {need for kind in registry for need in kind.needs}
    versions = DictionaryVersion.objects.filter(kind=DictionaryVersion.Kind.DATASETS)
    condition = Q(needs_dataset=DICTIONARY, needs_key__in=versions.values("code"))
    for need in needs:
        held = registry.get(need.dataset).model._base_manager.values(need.their_column)
        condition |= Q(needs_dataset=need.dataset, needs_key__in=held)
    return Parked.objects.filter(condition, state=Parked.State.WAITING, crashes__lt=MOST_CRASHES)


def wake(stream: Stream | None = None, *, until: Callable[[], bool] = lambda: False) -> int:
    """Try the waiting records for which what they need has arrived: those of one stream, or all. Returns how many."""
    if not Parked.objects.filter(state=Parked.State.WAITING).exists():
        return 0
    found = arrived() if stream is None else arrived().filter(stream=stream)[:WOKEN_IN_BATCH]
    done = 0
    for parked in found if stream is not None else found.order_by("seq")[:AT_ONCE]:
        if until():
            break
        retry(parked)
        done += 1
    return done


def retry_after_upgrade(until: Callable[[], bool] = lambda: False) -> int:
    """Once in the life of a process: try the records whose version was not known. Returns how many."""
    if _upgrade_seen:
        return 0
    _upgrade_seen["done"] = True
    known = [kind.dataset for kind in registry]
    found = [one for one in Parked.objects.pending().filter(dataset__in=known).exclude(columns=[]) if _is_read(one)]
    for parked in found:
        if until():
            _upgrade_seen.clear()
            break
        retry(parked)
    return len(found)


def retry_waiting(
    *, untried_for: timedelta = timedelta(0), limit: int = AT_ONCE, until: Callable[[], bool] = lambda: False
) -> dict[str, int]:
    """Try the parked records again that were not tried for so long, those tried longest ago first.

    Records that were set aside because a process ended over one of them are tried at once. Stops early where
    ``until`` says so. Returns how many are in which state now.
    """
    found: dict[str, int] = {}
    _name_the_lethal()
    aside_now = Q(reasons__0__code=aside.CRASH.code, crashes__lt=MOST_CRASHES)
    late = Q(tried_at__lte=timezone.now() - untried_for, crashes__lt=MOST_CRASHES)
    due = Parked.objects.waiting().filter(aside_now | late, dataset__in=[kind.dataset for kind in registry])
    due = due.exclude(reasons__0__code__in=list(LEFT_ALONE))
    for parked in due.order_by("tried_at", "seq")[:limit]:
        if until():
            break
        state = retry(parked).state
        found[state] = found.get(state, 0) + 1
    return found


def _name_the_lethal() -> None:
    """Say of the records that ended a process three times why they are left alone."""
    told = {**aside.CRASH.as_json(), "detail": "The process that applied this record ended, each time."}
    Parked.objects.waiting().filter(crashes__gte=MOST_CRASHES).exclude(reasons=[told]).update(reasons=[told])
