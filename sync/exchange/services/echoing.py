"""Echo 回声: what a node holds of another's records, told to the owner with the batches that prove it.

Two steps: which versions are held where the digests differ (``leaves``), then those that the asker lacks, each with
its place in a batch as the producer signed it (``evidence``). Nobody can make up a version of somebody else's record.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import connection
from django.utils import timezone

from cityops.foundation.records import Flow, RecordKind
from sync.exchange.models import Batch, EchoItem, Link, RecordVersion
from sync.exchange.rules.calls import Echo, Evidence, Held, Offer, Proven
from sync.exchange.rules.crypto import sha256_hex
from sync.exchange.rules.recovering import Mark, Version
from sync.exchange.rules.refusals import PeerRefused
from sync.exchange.services import comparing, digests, epochs
from sync.exchange.services.sealing import sealed_batch

BUCKETS_AT_ONCE = 16
MOST_BYTES = 8 * 1024 * 1024
"""Batches in one answer; the asker asks again for the rest."""
MOST_KEPT = 500
"""Kept versions in one answer."""
DELETED = sha256_hex(b"")


def leaves(link: Link, asked: Echo) -> dict[str, Any]:
    """The versions of an owner's records held here in buckets that differ, some buckets at a time; parked ones first.

    Raises PeerRefused SCOPE for records that are nothing between the child and this node.
    """
    kind = comparing.kind_of(asked.dataset)
    comparing.refuse_unrelated(link, asked.owner, kind)
    with connection.cursor() as cursor:
        digests.steady_text(cursor)
        mine = digests.digest(cursor, kind, asked.owner, _reader(kind, link.peer_code)).buckets
    other = {int(number): value for number, value in asked.buckets.items()}
    differing = sorted(n for n in {*mine, *other} if n > asked.after and mine.get(n) != other.get(n))
    page = differing[:BUCKETS_AT_ONCE]
    held = held_in(asked.owner, kind, page)
    if asked.after < 0:
        held += parked_of(asked.owner, kind)
    return {
        "leaves": held,
        "buckets": page,
        "next": page[-1] if len(differing) > len(page) else None,
        "highest": epochs.highest_epoch(asked.owner),
    }


def _reader(kind: RecordKind, peer: str) -> str:
    return peer if kind.flow is Flow.DOWN else ""


def held_in(owner: str, kind: RecordKind, buckets: list[int]) -> list[Held]:
    """The versions held here of some buckets."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT l.rid, l.rec_epoch, l.rev, l.op, encode(l.content_sha, 'hex') FROM sync_record l "
            f"WHERE l.owner_code = %s AND l.dataset = %s AND {digests.BUCKET.format(rid='l.rid')} = ANY(%s)",
            [owner, kind.dataset, buckets],
        )
        return list(cursor.fetchall())


def parked_of(owner: str, kind: RecordKind) -> list[Held]:
    """The versions that wait here, parked or for something else: held, though not in effect."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.rid, i.rec_epoch, i.rev, CASE WHEN i.content_sha <> sha256(''::bytea) THEN 'U' "
            "WHEN position('\\x095809'::bytea IN p.line) > 0 THEN 'X' ELSE 'D' END, "
            "encode(i.content_sha, 'hex') FROM sync_parked p JOIN sync_inbox i "
            "USING (stream_id, epoch_no, seq) WHERE p.state IN ('P', 'W') AND p.line <> ''::bytea "
            "AND p.owner_code = %s AND p.dataset = %s AND i.rec_epoch IS NOT NULL",
            [owner, kind.dataset],
        )
        return list(cursor.fetchall())


def version_of(held: Held) -> Version:
    """The version in a leaf."""
    return Version(held[1], held[2], held[3], held[4])


def histories(owner: str, rids: Iterable[UUID]) -> dict[UUID, dict[Mark, tuple[int, int, int, int]]]:
    """By record: the versions that went through the owner's streams here, and where (stream, epoch, seq, batch)."""
    found: defaultdict[UUID, dict[Mark, tuple[int, int, int, int]]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rid, rec_epoch, rev, encode(content_sha, 'hex'), stream_id, epoch_no, seq, batch_id "
            "FROM sync_inbox WHERE stream_id IN (SELECT id FROM sync_stream WHERE producer_code = %s) "
            "AND rid = ANY(%s) AND rec_epoch IS NOT NULL ORDER BY epoch_no, seq",
            [owner, list(rids)],
        )
        for rid, rec_epoch, rev, content, *place in cursor.fetchall():
            found[rid][rec_epoch, rev, content] = (place[0], place[1], place[2], place[3])
    return found


def evidence(link: Link, asked: Evidence) -> Offer:
    """At the parent: versions with their batches; where none are asked for, those kept here for the child.

    Raises PeerRefused SCOPE.
    """
    child = link.peer_code
    if not asked.dataset:
        if asked.owner != child:
            raise PeerRefused("SCOPE", f"What is kept for {asked.owner} is nothing of {child}.")
        EchoItem.objects.filter(owner_code=child, id__in=asked.taken).update(taken_at=timezone.now())
        return kept_for(child)
    comparing.refuse_unrelated(link, asked.owner, comparing.kind_of(asked.dataset))
    return prove(asked.owner, asked.dataset, asked.wanted)


def prove(owner: str, dataset: str, wanted: list[Held]) -> Offer:
    """Versions held here with the batches in which they came, as many as fit; the others are asked for again."""
    places = histories(owner, [held[0] for held in wanted])
    items: list[Proven] = []
    batches: dict[int, int] = {}
    packed: list[bytes] = []
    gone = size = 0
    for held in sorted(wanted, key=lambda one: places.get(one[0], {}).get(version_of(one).mark, (0, 0, 0, 0))[3]):
        history = places.get(held[0], {})
        place = history.get(version_of(held).mark)
        if place is None:
            gone += 1
            continue
        if place[3] not in batches:
            if size > MOST_BYTES:
                break
            data = _packed(place[3])
            if data is None:
                gone += 1
                continue
            batches[place[3]] = len(packed)
            packed.append(data)
            size += len(data)
        items.append(
            Proven(
                dataset=dataset,
                rid=held[0],
                rec_epoch=held[1],
                rev=held[2],
                op=held[3],
                content=held[4],
                seq=str(place[2]),
                holder=settings.CITYOPS_NODE,
                history=list(history),
                batch=batches[place[3]],
            )
        )
    return Offer(items=items, batches=packed, gone=gone)


def _packed(batch_id: int) -> bytes | None:
    batch = Batch.objects.filter(pk=batch_id).first()
    try:
        return None if batch is None else sealed_batch(batch).pack()
    except LookupError:
        return None


def kept_for(owner: str) -> Offer:
    """What a relay keeps for an owner that has not taken it yet, some at a time."""
    waiting = EchoItem.objects.filter(owner_code=owner, taken_at=None).select_related("evidence").order_by("id")
    items: list[Proven] = []
    packed: list[bytes] = []
    places: dict[int, int] = {}
    for one in waiting[:MOST_KEPT]:
        if one.evidence_id not in places:
            if sum(len(data) for data in packed) > MOST_BYTES:
                break
            places[one.evidence_id] = len(packed)
            packed.append(bytes(one.evidence.packed))
        facts = msgspec.convert(one.facts, Proven)
        items.append(msgspec.structs.replace(facts, batch=places[one.evidence_id], number=one.pk))
    return Offer(items=items, batches=packed)


def contained_here(owner: str, wanted: list[Held]) -> set[Held]:
    """Of versions held elsewhere those that this node had, or whose content is in effect here."""
    rids = [held[0] for held in wanted]
    had = histories(owner, rids)
    now = {
        one.rid: Version(one.rec_epoch, one.rev, one.op, bytes(one.content_sha).hex())
        for one in RecordVersion.objects.filter(rid__in=rids, owner_code=owner)
    }
    return {
        held
        for held in wanted
        if version_of(held).mark in had.get(held[0], {})
        or (held[0] in now and now[held[0]].says_the_same(version_of(held)))
    }
