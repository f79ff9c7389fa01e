"""The relay's part in a recovery: it hands on fences, echoes and objections; it never decides for the producer.

What a further node holds of a producer's records is asked for before anything of a new epoch is handed to it: what
only it held would be overwritten otherwise.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from django.conf import settings
from django.db import transaction

from cityops.foundation import audit
from cityops.foundation.records import Flow
from sync.exchange.models import Claim, EchoEvidence, EchoItem, Stream
from sync.exchange.rules.calls import Offer
from sync.exchange.rules.crypto import sha256_hex
from sync.exchange.rules.envelope import SIGNED_BATCH, unpack
from sync.exchange.rules.places import may_send_up
from sync.exchange.rules.recovering import Course, course
from sync.exchange.rules.refusals import PeerRefused
from sync.exchange.services import echoing, epochs, keys, streams, vouching
from sync.exchange.services.recovery import Caller, Position, Settled, echo_pages, kinds_of, proofs_of


def settle_relayed(caller: Caller, hello: Mapping[str, Any], settled: Settled) -> None:
    """Bring the streams of producers below as far as the parent's position allows; the rest is told to the producer."""
    here, peer = settings.CITYOPS_NODE, caller.link.peer_code
    positions: dict[str, Position] = {streams.key_in(one): one for one in hello["up"]}
    own = [
        stream
        for stream in Stream.objects.filter(flow=Flow.UP).exclude(producer_code=here)
        if may_send_up(sender=here, producer=stream.producer_code, scope=stream.scope, receiver=peer)
    ]
    known = {streams.key_of(stream) for stream in own}
    for key, position in positions.items():
        if key not in known and position["producer"] != here:
            object_to(position, peer)
    if any(_needs_words(stream, positions.get(streams.key_of(stream))) for stream in own):
        caller.json("notes", {"keys": vouching.keys_for_parent()})
    objected = set(Claim.objects.filter(holder_code=peer).values_list("stream_name", flat=True))
    for stream in own:
        key = streams.key_of(stream)
        if _relay_up(caller, stream, positions.get(key), settled) and key in objected:
            Claim.objects.filter(stream_name=key, holder_code=peer).delete()


def _needs_words(stream: Stream, position: Position | None) -> bool:
    return position is None or int(position["epoch_no"]) < stream.epoch_no or int(position["seq"]) < stream.seq


def _relay_up(caller: Caller, stream: Stream, position: Position | None, settled: Settled) -> bool:
    """Whether this node can go on with the stream."""
    head, held = epochs.standing(stream), epochs.standing_in(position)
    found = course(head, held, lambda seq: epochs.chain_at(stream, seq))
    if found is Course.RECOVER and held is not None and held.epoch_no < head.epoch_no and stream.fence:
        Stream.objects.filter(pk=stream.pk).update(is_echoed=False)
        stream.is_echoed = False
        caller.json("fence", epochs.fence_json(stream))
        held = None
    elif found is Course.RECOVER and position is not None:
        object_to(position, caller.link.peer_code)
        return False
    elif found is Course.BEGIN and stream.fence:
        caller.json("fence", epochs.fence_json(stream))
    if not stream.is_echoed:
        _take_echo(caller, stream)
    settled.starts[stream.pk] = held.seq if held is not None else 0
    return True


def object_to(position: Position, holder: str) -> None:
    """Keep that somebody stands where this node cannot follow, for the producer."""
    Claim.objects.update_or_create(
        stream_name=streams.key_in(position),
        holder_code=holder,
        defaults={"producer_code": position["producer"], "position": {**position, "holder": holder}},
    )


def _take_echo(caller: Caller, stream: Stream) -> None:
    """Keep for the producer what the parent holds of it and this node never had."""
    highest = 0
    for kind in kinds_of(stream):
        for page, _buckets, told in echo_pages(caller, stream.producer_code, kind):
            highest = max(highest, told)
            known = echoing.contained_here(stream.producer_code, page)
            wanted = [held for held in page if held not in known]
            for offer in proofs_of(caller, stream.producer_code, kind, wanted):
                keep(offer, stream.producer_code)
    _note_echoed(stream, highest)


@transaction.atomic
def _note_echoed(stream: Stream, highest: int) -> None:
    """From now on the parent may be handed what belongs to the epoch, if it is still the same."""
    Stream.objects.filter(pk=stream.pk, epoch_id=stream.epoch_id).update(is_echoed=True, highest=highest)
    audit.record("stream.echo", kind="Stream", key=str(stream), after={"epoch": stream.epoch_no, "highest": highest})


@transaction.atomic
def keep(offer: Offer, owner: str) -> int:
    """Keep versions with their batches for their owner, each once. Returns how many there were.

    Raises PeerRefused where a batch is not the owner's: nothing is kept that the owner could not have said.
    """
    evidence = []
    for data in offer.batches:
        sealed = unpack(data)
        header = sealed.read()
        if header.producer != owner:
            raise PeerRefused("OWNER", f"A batch of {header.producer} is no evidence of {owner}.")
        message = SIGNED_BATCH + sealed.header
        keys.verify(
            kid=header.kid,
            node_code=owner,
            message=message,
            signature=sealed.signature,
            signed_at=header.made_at,
            may_be_retired=True,
        )
        one, _new = EchoEvidence.objects.get_or_create(
            owner_code=owner, digest=sha256_hex(data), defaults={"packed": data}
        )
        evidence.append(one)
    EchoItem.objects.bulk_create(
        (
            EchoItem(
                owner_code=owner,
                holder_code=item.holder,
                facts=msgspec.to_builtins(item),
                rid=item.rid,
                number=f"{item.rec_epoch}.{item.rev}.{item.content}",
                evidence=evidence[item.batch],
            )
            for item in offer.items
            if item.batch < len(evidence)
        ),
        ignore_conflicts=True,
    )
    return len(offer.items)


def told_to(child: str) -> dict[str, Any]:
    """What a hello tells a child of its own streams beyond this node: objections, echoes, the highest epoch."""
    own = Stream.objects.filter(producer_code=child, flow=Flow.UP)
    return {
        "claims": list(Claim.objects.filter(producer_code=child).values_list("position", flat=True)),
        "has_echoes": EchoItem.objects.filter(owner_code=child, taken_at=None).exists(),
        "highest": max(own.values_list("highest", flat=True), default=0),
    }
