"""Epochs 纪元 of streams: opened by the producer after a restore, announced by a signed fence, heeded by receivers.

A fence closes the epoch before for good: a batch of it that was held back and comes later is refused.
"""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from cityops.foundation import audit
from cityops.foundation.records import Flow
from sync.exchange.models import Batch, EchoItem, RecordVersion, Stream, SyncSelf
from sync.exchange.rules import places
from sync.exchange.rules.chain import genesis
from sync.exchange.rules.recovering import Standing, may_fence, next_epoch
from sync.exchange.rules.refusals import PeerRefused
from sync.exchange.services import keys, streams
from sync.exchange.services.sequencing import LOCK, mark_all_again

SIGNED_FENCE = b"CSP1-FENCE\n"


def standing(stream: Stream) -> Standing:
    """Where this node stands in a stream."""
    return Standing(stream.epoch_no, stream.epoch_id, stream.seq, bytes(stream.chain).hex())


def standing_in(position: Mapping[str, Any] | None) -> Standing | None:
    """Where a peer says it stands."""
    if position is None:
        return None
    return Standing(
        int(position["epoch_no"]), uuid.UUID(str(position["epoch_id"])), int(position["seq"]), str(position["chain"])
    )


def chain_at(stream: Stream, seq: int) -> str | None:
    """The chain of the present epoch at a number, in hex; None where no batch that ends there is kept."""
    if seq == stream.seq:
        return bytes(stream.chain).hex()
    if seq == 0:
        return _genesis(stream).hex()
    last = Batch.objects.filter(stream=stream, epoch_no=stream.epoch_no, to_seq=seq).first()
    return None if last is None else bytes(last.to_chain).hex()


def _genesis(stream: Stream) -> bytes:
    return genesis(
        audience=stream.audience,
        producer=stream.producer_code,
        flow=stream.flow,
        scope=stream.scope,
        lane=stream.lane,
        epoch_no=stream.epoch_no,
        epoch_id=stream.epoch_id,
    )


def hold_sequencer() -> None:
    """Let nothing be numbered until the end of this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


@transaction.atomic
def open_epoch(stream: Stream, *, known: Iterable[int] = (), cause: str, is_held: bool = True) -> Stream:
    """Begin a new epoch of an own stream, above every known number, and sign its fence.

    The number is that of the node's versions from now on. With ``is_held`` nothing is numbered into the stream before
    ``go_live``.
    """
    hold_sequencer()
    stream = Stream.objects.select_for_update().get(pk=stream.pk)
    before = stream.epoch_no
    me = SyncSelf.objects.select_for_update().get(id=1)
    _stand_at_beginning(stream, next_epoch(stream.epoch_no, me.epoch, *known), uuid.uuid4())
    stream.state = Stream.State.RECOVERING if is_held else Stream.State.LIVE
    _sign_fence(stream)
    stream.save()
    me.epoch = stream.epoch_no
    me.save(update_fields=["epoch"])
    audit.record(
        "stream.open_epoch",
        kind="Stream",
        key=str(stream),
        before={"epoch": before},
        after={"epoch": stream.epoch_no},
        reason=cause[:300],
    )
    return stream


def _sign_fence(stream: Stream) -> None:
    key, standing = keys.own_key(), streams.position(stream)
    facts = {**standing, "seq": "0", "chain": _genesis(stream).hex(), "kid": key.kid}
    text = msgspec.json.encode({**facts, "made_at": timezone.now().isoformat()})
    stream.fence, stream.fence_signature = text, keys.sign(key, SIGNED_FENCE + text)


def announce(stream: Stream) -> bool:
    """Sign the fence of an own stream that began in a later epoch of the node. Whether it had none."""
    if stream.fence or stream.epoch_no == 1:
        return False
    _sign_fence(stream)
    Stream.objects.filter(pk=stream.pk).update(fence=stream.fence, fence_signature=stream.fence_signature)
    return True


@transaction.atomic
def go_live(stream: Stream, datasets: Iterable[str]) -> None:
    """Open the epoch: every own record, deleted ones too, is sent anew under it, above whatever anybody holds."""
    hold_sequencer()
    Stream.objects.filter(pk=stream.pk).update(state=Stream.State.LIVE)
    for dataset in datasets:
        mark_all_again(dataset)


def raise_node_epoch(*known: int) -> None:
    """Stamp new versions with an epoch above every one that is known."""
    me = SyncSelf.objects.select_for_update().get(id=1)
    if known and max(known) >= me.epoch:
        me.epoch = next_epoch(*known)
        me.save(update_fields=["epoch"])


def _stand_at_beginning(stream: Stream, epoch_no: int, epoch_id: uuid.UUID) -> None:
    """The counts are those of the present epoch."""
    stream.epoch_no, stream.epoch_id, stream.seq = epoch_no, epoch_id, 0
    stream.chain = _genesis(stream)
    stream.applied_count = stream.superseded_count = stream.parked_count = stream.waiting_count = 0
    stream.moved_at = timezone.now()


def fence_json(stream: Stream) -> dict[str, str]:
    """The announcement of a stream's present epoch, as it is handed on."""
    return {"fence": bytes(stream.fence).decode(), "signature": bytes(stream.fence_signature).hex()}


@transaction.atomic
def heed(text: bytes, signature: bytes, *, sender: str) -> dict[str, Any]:
    """Close the epoch before and stand at the beginning of the one that a fence announces. Safe to repeat.

    Returns where this node stands now, and the highest epoch of the producer's versions here. Raises PeerRefused:
    EPOCH for one that is not later than the one known here.
    """
    try:
        said = msgspec.json.decode(text)
        names, announced = streams.names_in(said), standing_in(said)
        kid, _made_at = str(said["kid"]), said["made_at"]
    except (KeyError, TypeError, ValueError, msgspec.MsgspecError) as error:
        raise PeerRefused("MALFORMED", f"Fence: {error!r}") from error
    producer = names["producer_code"]
    refuse_unentitled(names, sender)
    keys.verify(
        kid=kid, node_code=producer, message=SIGNED_FENCE + text, signature=signature, signed_at=str(said["made_at"])
    )
    if announced is None or announced.seq:
        raise PeerRefused("MALFORMED", "A fence stands at the beginning of an epoch.")
    stream = Stream.objects.select_for_update().filter(**names).first()
    if stream is None:
        streams.begin(names, epoch_no=announced.epoch_no, epoch_id=announced.epoch_id)
        stream = Stream.objects.select_for_update().get(**names)
        _close(stream, announced, text, signature)
    elif (stream.epoch_no, stream.epoch_id) != (announced.epoch_no, announced.epoch_id):
        if not may_fence(announced.epoch_no, stream.epoch_no):
            raise PeerRefused(
                "EPOCH",
                f"Epoch {announced.epoch_no} is not later than the one here.",
                position=streams.position(stream),
            )
        _close(stream, announced, text, signature)
    elif not stream.fence:
        stream.fence, stream.fence_signature = text, signature
        stream.save(update_fields=["fence", "fence_signature"])
    return {"position": streams.position(stream), "highest": highest_epoch(producer)}


def _close(stream: Stream, announced: Standing, text: bytes, signature: bytes) -> None:
    before = stream.epoch_no
    _stand_at_beginning(stream, announced.epoch_no, announced.epoch_id)
    stream.fence, stream.fence_signature = text, signature
    stream.is_echoed, stream.highest = stream.flow != Flow.UP, 0
    stream.save()
    EchoItem.objects.filter(owner_code=stream.producer_code).update(taken_at=None)
    audit.record(
        "stream.heed_fence",
        kind="Stream",
        key=str(stream),
        before={"epoch": before},
        after={"epoch": stream.epoch_no},
    )


def highest_epoch(owner: str) -> int:
    """The highest epoch of an owner's versions that are held here."""
    last = RecordVersion.objects.filter(owner_code=owner).order_by("-rec_epoch").values_list("rec_epoch", flat=True)
    return last.first() or 0


def refuse_unentitled(names: Mapping[str, str], sender: str) -> None:
    """Whether a peer may hand over anything of a stream here. Raises PeerRefused OWNER, SCOPE or MALFORMED."""
    here, producer = settings.CITYOPS_NODE, names["producer_code"]
    try:
        places.prefix_of(producer)
        if producer == here:
            raise PeerRefused("OWNER", "Nobody but this node produces its records.")
        if names["flow"] == Flow.UP:
            allowed = places.is_under(sender, here) and places.may_send_up(
                sender=sender, producer=producer, scope=names["scope"], receiver=here
            )
        else:
            allowed = (
                places.is_under(here, producer) and names["scope"] != "C" and places.is_for(here, names["audience"])
            )
    except ValueError as error:
        raise PeerRefused("MALFORMED", str(error)) from error
    if not allowed:
        raise PeerRefused("SCOPE", f"{sender} may not hand over {names['flow']}/{names['scope']} of {producer} here.")
