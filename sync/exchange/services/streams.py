"""Streams: made where they are first needed, found by their four names."""

import uuid

from cityops.foundation.records import RecordKind
from sync.exchange.models import Stream, SyncSelf
from sync.exchange.rules.chain import genesis
from sync.exchange.rules.envelope import Header


def own_stream(kind: RecordKind, me: SyncSelf) -> Stream:
    """The stream in which this node's records of a kind travel."""
    names = {
        "producer_code": me.node_code,
        "flow": kind.flow.value,
        "scope": kind.scope.value,
        "lane": kind.lane.value,
    }
    stream = Stream.objects.filter(**names).first()
    if stream is None:
        stream = begin(names, epoch_no=me.epoch, epoch_id=uuid.uuid4())
    return stream


def begin(names: dict[str, str], *, epoch_no: int, epoch_id: uuid.UUID) -> Stream:
    """A stream at its very beginning; the same one when two begin it at once."""
    chain = genesis(
        producer=names["producer_code"],
        flow=names["flow"],
        scope=names["scope"],
        lane=names["lane"],
        epoch_no=epoch_no,
        epoch_id=epoch_id,
    )
    stream, _ = Stream.objects.get_or_create(
        **names, defaults={"epoch_no": epoch_no, "epoch_id": epoch_id, "chain": chain}
    )
    return stream


def names_of(header: Header) -> dict[str, str]:
    """The four names of the stream that a batch belongs to."""
    return {"producer_code": header.producer, "flow": header.flow, "scope": header.scope, "lane": header.lane}


def position(stream: Stream) -> dict[str, str | int]:
    """Where this node stands in a stream, as peers tell each other."""
    return {
        "producer": stream.producer_code,
        "flow": stream.flow,
        "scope": stream.scope,
        "lane": stream.lane,
        "epoch_no": stream.epoch_no,
        "epoch_id": str(stream.epoch_id),
        "seq": str(stream.seq),
        "chain": bytes(stream.chain).hex(),
    }
