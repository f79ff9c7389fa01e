"""Wiping what is stored of a record besides the record itself: earlier versions in bodies, parked lines."""

from collections.abc import Collection
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.backends.utils import CursorWrapper

from sync.exchange.models import Batch, Erasure, Parked
from sync.exchange.rules import envelope, erasing
from sync.exchange.services import sealing
from sync.exchange.services.chunks import Target


def wipe_staged(cursor: CursorWrapper, target: Target, good: str) -> list[UUID]:
    """At a receiver: wipe the records whose erasure was applied just now. Returns them."""
    cursor.execute(f"SELECT s.rid FROM {target.shape.stage} s WHERE s.op = 'X' AND {good}")
    rids: list[UUID] = [rid for (rid,) in cursor.fetchall()]
    if rids:
        dataset = target.shape.kind.dataset
        wiped = wipe(cursor, dataset, rids, owner=target.producer)
        for rid in rids:
            Erasure.objects.update_or_create(
                dataset=dataset, rid=rid, defaults={"owner_code": target.producer, "wiped_batches": wiped}
            )
    return rids


@transaction.atomic
def note_confirmed(owner: str, rids: Collection[UUID], *, receiver: str, at: str) -> None:
    """A receiver's signed receipt says that it wiped these records of an owner."""
    for found in Erasure.objects.select_for_update().filter(owner_code=owner, rid__in=rids):
        found.confirmed = {**found.confirmed, receiver: at}
        found.save(update_fields=["confirmed"])


def wipe(cursor: CursorWrapper, dataset: str, rids: Collection[UUID], *, owner: str) -> int:
    """Replace every stored version of the records by stubs. Returns in how many batches there was one."""
    Parked.objects.filter(dataset=dataset, rid__in=rids).update(line=b"", children=b"", reasons=[])
    return sum(_wipe_batch(cursor, batch, dataset, rids) for batch in _holding(cursor, dataset, rids, owner))


def _holding(cursor: CursorWrapper, dataset: str, rids: Collection[UUID], owner: str) -> list[Batch]:
    """Batches in which the records may stand: at a receiver the inbox knows them, the owner looks into its own."""
    if owner == settings.CITYOPS_NODE:
        return list(Batch.objects.filter(stream__producer_code=owner, datasets__has_key=dataset).order_by("id"))
    cursor.execute("SELECT DISTINCT batch_id FROM sync_inbox WHERE rid = ANY(%s)", [list(rids)])
    return list(Batch.objects.filter(pk__in=[row[0] for row in cursor.fetchall()]).order_by("id"))


def _wipe_batch(cursor: CursorWrapper, batch: Batch, dataset: str, rids: Collection[UUID]) -> bool:
    try:
        sealed = sealing.sealed_batch(batch)
    except LookupError:  # its month was dropped: nothing is left to wipe
        return False
    raw = erasing.without(envelope.decompress(sealed.body), sealed.read(), dataset, rids)
    if raw is None:
        return False
    replace_body(cursor, batch, envelope.compress(raw))
    return True


def replace_body(cursor: CursorWrapper, batch: Batch, body: bytes) -> None:
    """Keep another body of a batch, in which stubs stand for what was wiped."""
    cursor.execute("UPDATE sync_batch_body SET body = %s WHERE batch_id = %s", [body, batch.pk])
    batch.body_size = len(body)
    batch.save(update_fields=["body_size"])
