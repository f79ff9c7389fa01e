"""Wiping what is stored of a record besides the record itself: earlier versions in bodies, parked lines."""

from collections.abc import Collection
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone
from django.utils.translation import gettext as _

from sync.exchange import events
from sync.exchange.models import Batch, Conflict, EchoEvidence, EchoItem, Erasure, Parked
from sync.exchange.rules import envelope, erasing
from sync.exchange.services import sealing
from sync.exchange.services.chunks import Target


def wipe_staged(cursor: CursorWrapper, target: Target, good: str) -> list[UUID]:
    """At a receiver: wipe the records whose erasure was applied just now. Returns them."""
    cursor.execute(f"SELECT s.rid FROM {target.shape.stage} s WHERE s.op = 'X' AND {good}")
    rids: list[UUID] = [rid for (rid,) in cursor.fetchall()]
    carry_out(cursor, target.shape.kind.dataset, rids, owner=target.producer)
    return rids


def carry_out(cursor: CursorWrapper, dataset: str, rids: Collection[UUID], *, owner: str) -> None:
    """Wipe records whose erasure came with a stream, or came back from peers after a restore, and note it."""
    if not rids:
        return
    wiped = wipe(cursor, dataset, rids, owner=owner)
    for rid in rids:
        Erasure.objects.update_or_create(
            dataset=dataset, rid=rid, defaults={"owner_code": owner, "wiped_batches": wiped}
        )


@transaction.atomic
def note_confirmed(owner: str, rids: Collection[UUID], *, receiver: str, at: str) -> None:
    """A receiver's signed receipt says that it wiped these records of an owner."""
    for found in Erasure.objects.select_for_update().filter(owner_code=owner, rid__in=rids):
        found.confirmed = {**found.confirmed, receiver: at}
        found.save(update_fields=["confirmed"])


def wipe(cursor: CursorWrapper, dataset: str, rids: Collection[UUID], *, owner: str) -> int:
    """Replace every stored version of the records by stubs. Returns in how many batches there was one."""
    Parked.objects.filter(dataset=dataset, rid__in=rids).update(line=b"", children=b"", reasons=[])
    _wipe_conflicts(dataset, rids)
    _wipe_echoes(dataset, rids, owner)
    events.records_erased.send(Erasure, dataset=dataset, rids=rids, owner=owner)
    return sum(_wipe_batch(cursor, batch, dataset, rids) for batch in _holding(cursor, dataset, rids, owner))


def _holding(cursor: CursorWrapper, dataset: str, rids: Collection[UUID], owner: str) -> list[Batch]:
    """Batches in which the records may stand: at a receiver the inbox knows them, the owner looks into its own."""
    if owner == settings.CITYOPS_NODE:
        return list(Batch.objects.filter(stream__producer_code=owner, datasets__has_key=dataset).order_by("id"))
    cursor.execute("SELECT DISTINCT batch_id FROM sync_inbox WHERE rid = ANY(%s)", [list(rids)])
    return list(Batch.objects.filter(pk__in=[row[0] for row in cursor.fetchall()]).order_by("id"))


def _wipe_conflicts(dataset: str, rids: Collection[UUID]) -> None:
    """Of versions side by side only their numbers stay; there is nothing left to decide."""
    for found in Conflict.objects.select_for_update().filter(dataset=dataset, rid__in=rids):
        found.kept, found.other = {**found.kept, "fields": {}}, {**found.other, "fields": {}}
        found.line, found.children = "", {}
        if found.state == Conflict.State.OPEN:
            found.state, found.decision = Conflict.State.RESOLVED, Conflict.Decision.KEEP
            found.reason, found.decided_at = _("记录已擦除。"), timezone.now()
        found.save()


def _wipe_echoes(dataset: str, rids: Collection[UUID], owner: str) -> None:
    """What is kept of the records on its way back to their owner (``relaying``)."""
    EchoItem.objects.filter(owner_code=owner, rid__in=rids).delete()
    for kept in EchoEvidence.objects.filter(owner_code=owner):
        packed = packed_without(bytes(kept.packed), dataset, rids)
        if packed is not None:  # the digest stays that of the signed batch, by which it is known when it comes again
            kept.packed = packed
            kept.save(update_fields=["packed"])


def packed_without(packed: bytes, dataset: str, rids: Collection[UUID]) -> bytes | None:
    """A packed batch with stubs in the place of the records; None where none of them stands in it."""
    sealed = envelope.unpack(packed)
    raw = _without(sealed, dataset, rids)
    if raw is None:
        return None
    return envelope.Envelope(sealed.header, sealed.signature, envelope.compress(raw)).pack()


def _without(sealed: envelope.Envelope, dataset: str, rids: Collection[UUID]) -> bytes | None:
    """The raw body of a batch without the records; None where none of them stands in it, or it was pruned."""
    header = sealed.read()
    if not sealed.body or all(section.dataset != dataset for section in header.sections):
        return None
    return erasing.without(envelope.decompress(sealed.body), header, dataset, rids)


def _wipe_batch(cursor: CursorWrapper, batch: Batch, dataset: str, rids: Collection[UUID]) -> bool:
    raw = _without(sealing.sealed_or_bare(batch), dataset, rids)
    if raw is None:
        return False
    replace_body(cursor, batch, envelope.compress(raw))
    return True


def replace_body(cursor: CursorWrapper, batch: Batch, body: bytes) -> None:
    """Keep another body of a batch, in which stubs stand for what was wiped."""
    cursor.execute("UPDATE sync_batch_body SET body = %s WHERE batch_id = %s", [body, batch.pk])
    batch.body_size = len(body)
    batch.save(update_fields=["body_size"])
