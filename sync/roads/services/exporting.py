"""Making a bundle for a peer: what it lacks of the streams that are for it, our receipts, our keys, where we stand."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.foundation import audit
from cityops.foundation.context import current_actor
from cityops.foundation.errors import NotThere, Refused
from cityops.foundation.locks import hold
from cityops.foundation.records import Flow
from sync.exchange.models import Batch, Link, Receipt, Stream
from sync.exchange.rules.places import is_for, is_under, may_send_up
from sync.exchange.services import keys, streams, vouching
from sync.exchange.services.sealing import sealed_batch
from sync.exchange.services.sequencing import sequence
from sync.roads.models import Bundle, Standing
from sync.roads.rules import bundle as form

MOST_BATCH_BYTES = 256 * 1024 * 1024
"""Bytes of batches in one bundle; what is left goes with the next."""


@dataclass
class Load:
    """What goes into a bundle."""

    files: dict[str, bytes] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    """Stream → last number that any bundle for this peer holds."""
    batches: int = 0
    records: int = 0
    receipts: int = 0
    last_receipt: int = 0

    def add_batch(self, batch: Batch) -> None:
        """A batch as its producer signed it. Raises LookupError when its body is gone."""
        envelope = sealed_batch(batch)
        self.batches += 1
        self.files[form.batch_name(self.batches, envelope.read())] = envelope.pack()
        self.records += batch.to_seq - batch.from_seq + 1

    def add_receipt(self, receipt: Receipt) -> None:
        """A receipt as its maker signed it."""
        self.receipts += 1
        name = form.receipt_name(self.receipts)
        self.files[f"{name}.json"], self.files[f"{name}.sig"] = bytes(receipt.text), bytes(receipt.signature)


def link_to(peer_code: str) -> Link:
    """The live link to a peer. Raises NotThere, Refused for one that rests."""
    link = Link.objects.filter(peer_code=peer_code).first()
    if link is None:
        raise NotThere(_("没有到 %(peer)s 的链路。") % {"peer": peer_code})
    if link.state != Link.State.LIVE:
        raise Refused(_("链路不在正常状态,不能导出或导入数据包。"), state=link.state)
    return link


def streams_for(link: Link) -> list[Stream]:
    """The streams whose batches this node hands to a peer."""
    here, peer = settings.CITYOPS_NODE, link.peer_code
    if link.role == Link.Role.PARENT:
        return [
            stream
            for stream in Stream.objects.filter(flow=Flow.UP, seq__gt=0)
            if may_send_up(sender=here, producer=stream.producer_code, scope=stream.scope, receiver=peer)
        ]
    return [
        stream
        for stream in Stream.objects.filter(flow=Flow.DOWN, seq__gt=0)
        if is_under(peer, stream.producer_code) and is_for(peer, stream.audience)
    ]


def streams_from(link: Link) -> list[Stream]:
    """The streams that this node gets from a peer."""
    here, peer = settings.CITYOPS_NODE, link.peer_code
    if link.role == Link.Role.PARENT:
        return [
            stream
            for stream in Stream.objects.filter(flow=Flow.DOWN)
            if is_under(here, stream.producer_code) and is_for(here, stream.audience)
        ]
    return [
        stream
        for stream in Stream.objects.filter(flow=Flow.UP)
        if may_send_up(sender=peer, producer=stream.producer_code, scope=stream.scope, receiver=here)
    ]


def words(stream: Stream, producer: str = "producer") -> dict[str, str]:
    """The names of a stream, its producer under the name that is asked for."""
    return {
        producer: stream.producer_code,
        "flow": stream.flow,
        "scope": stream.scope,
        "lane": stream.lane,
        "audience": stream.audience,
    }


def acknowledged(link: Link, stream: Stream) -> int:
    """The last number of a stream that a peer is known to hold: by its receipts, or by where it said to stand."""
    seen = Receipt.objects.filter(stream=stream, receiver_code=link.peer_code, epoch_no=stream.epoch_no)
    found = seen.aggregate(seq=Max("upto_seq"))["seq"] or 0
    told = Standing.objects.filter(peer_code=link.peer_code).values_list("places", flat=True).first() or {}
    for place in told.get("have", []):
        same = streams.names_in(place) == words(stream, "producer_code")
        if same and place["epoch_id"] == str(stream.epoch_id):
            found = max(found, int(place["seq"]))
    return found


def export(
    peer_code: str, *, again: bool = False, deliver: Callable[[Bundle, bytes], object] | None = None
) -> tuple[Bundle, bytes]:
    """Make the next bundle for a peer: what came after the last one; with ``again`` all that is not acknowledged.

    What changed is numbered first, in transactions of its own. Where ``deliver`` fails, the number is not used.
    Returns the bundle with its bytes. Raises NotThere, Refused.
    """
    while sequence():
        pass
    with transaction.atomic():
        bundle, data = _export(peer_code, again=again)
        if deliver is not None:
            deliver(bundle, data)
    return bundle, data


def _export(peer_code: str, *, again: bool) -> tuple[Bundle, bytes]:
    hold(f"road:{peer_code}")
    link = link_to(peer_code)
    last = Bundle.objects.made().filter(peer_code=peer_code).order_by("-number", "-id").first()
    load = Load(places={} if last is None or again else dict(last.places))
    _add_batches(link, load)
    _add_receipts(link, load, 0 if last is None or again else last.last_receipt)
    number = 1 if last is None else last.number + 1
    data = sealed(link, number, load)
    row = Bundle.objects.create(
        peer_code=peer_code,
        direction=Bundle.Direction.OUT,
        number=number,
        sha=form.described("-", data).sha,
        size=len(data),
        batches=load.batches,
        records=load.records,
        receipts=load.receipts,
        places=load.places,
        last_receipt=load.last_receipt,
        file_name=f"{settings.CITYOPS_NODE}-{peer_code}-{number:06d}.zip",
        by=current_actor().name,
    )
    audit.record(
        "bundle.make",
        kind="Bundle",
        key=str(row),
        division_code=peer_code[:12] if link.role == Link.Role.CHILD else "",
        after={"number": number, "sha": row.sha, "batches": load.batches, "records": load.records, "again": again},
    )
    return row, data


def _add_batches(link: Link, load: Load) -> None:
    size = 0
    for stream in streams_for(link):
        key = f"{stream.pk}:{stream.epoch_no}"
        load.places[key] = start = max(load.places.get(key, 0), acknowledged(link, stream))
        lacks = Batch.objects.filter(stream=stream, epoch_no=stream.epoch_no, from_seq__gt=start)
        for batch in lacks.order_by("from_seq"):
            if size and size + batch.body_size > MOST_BATCH_BYTES:
                break
            try:
                load.add_batch(batch)
            except LookupError as error:
                said = _("批次 %(batch)s 的正文已过保存期,请联机对账后再导出。")
                raise Refused(said % {"batch": batch.pk}) from error
            load.places[key] = batch.to_seq
            size += batch.body_size


def _add_receipts(link: Link, load: Load, after: int) -> None:
    load.last_receipt = after
    mine = Receipt.objects.filter(receiver_code=settings.CITYOPS_NODE, stream__in=streams_from(link), pk__gt=after)
    for receipt in mine.order_by("pk")[: form.MOST_FILES // 4]:
        load.add_receipt(receipt)
        load.last_receipt = receipt.pk


def sealed(link: Link, number: int, load: Load, *, protocol: str = form.PROTOCOL) -> bytes:
    """The bytes of a bundle, signed."""
    text, signature = signed_manifest(link, number, load.files, protocol=protocol)
    return form.pack({form.MANIFEST: text, form.SIGNATURE: signature, **load.files})


def signed_manifest(
    link: Link, number: int, files: Mapping[str, bytes], *, protocol: str = form.PROTOCOL
) -> tuple[bytes, bytes]:
    """The manifest over some files, and its signature."""
    key = keys.own_key(link.suite)
    manifest: dict[str, Any] = {
        "protocol": protocol,
        "sender": settings.CITYOPS_NODE,
        "receiver": link.peer_code,
        "number": number,
        "made_at": timezone.now(),
        "suite": key.suite,
        "kid": key.kid,
        "keys": _keys_for(link),
        "have": [streams.position(stream) for stream in streams_from(link)],
        "files": [form.described(name, data) for name, data in files.items()],
    }
    text = msgspec.json.encode(manifest)
    return text, keys.sign(key, form.SIGNED_BUNDLE + text)


def _keys_for(link: Link) -> list[dict[str, Any]]:
    """Keys that the peer needs to read the bundle, this node's own included."""
    if link.role == Link.Role.CHILD:
        return vouching.keys_for_child(link.peer_code)
    own = [vouching.offered(key) for key in vouching.known_keys() if key.node_code == settings.CITYOPS_NODE]
    return [*vouching.keys_for_parent(), *own, *vouching.own_news()]
