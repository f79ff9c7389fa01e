"""Streams: made where they are first needed, found by their names."""

import uuid
from collections.abc import Mapping
from typing import Any

from cityops.foundation.records import RecordKind
from sync.exchange.models import Stream, SyncSelf
from sync.exchange.rules.chain import genesis
from sync.exchange.rules.envelope import Header


def own_stream(kind: RecordKind, me: SyncSelf, audience: str = "") -> Stream:
    """The stream in which this node's records of a kind travel (those for ``audience``, where each has its own)."""
    names = {
        "producer_code": me.node_code,
        "flow": kind.flow.value,
        "scope": kind.scope.value,
        "lane": kind.lane.value,
        "audience": audience,
    }
    stream = Stream.objects.filter(**names).first()
    if stream is None:
        stream = begin(names, epoch_no=me.epoch, epoch_id=uuid.uuid4())
    return stream


def begin_own(names: dict[str, str]) -> Stream:
    """A stream of this node that only others know, at its beginning: this database is older than it, or empty."""
    return begin(names, epoch_no=SyncSelf.objects.get(id=1).epoch, epoch_id=uuid.uuid4())


def begin(names: dict[str, str], *, epoch_no: int, epoch_id: uuid.UUID) -> Stream:
    """A stream at its very beginning; the same one when two begin it at once."""
    chain = genesis(
        audience=names.get("audience", ""),
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
    """The names of the stream that a batch belongs to."""
    return {
        "producer_code": header.producer,
        "flow": header.flow,
        "scope": header.scope,
        "lane": header.lane,
        "audience": header.audience,
    }


def names_in(said: Mapping[str, Any]) -> dict[str, str]:
    """The names of the stream that a position speaks of. Raises KeyError where one is missing."""
    names = {name: str(said[name]) for name in ("flow", "scope", "lane")}
    return {"producer_code": str(said["producer"]), **names, "audience": str(said.get("audience", ""))}


def key_of(stream: Stream) -> str:
    """The names of a stream as one text."""
    return "/".join((stream.producer_code, stream.flow, stream.scope, stream.lane, stream.audience))


def key_in(said: Mapping[str, Any]) -> str:
    """The same for the stream that a position speaks of. Raises KeyError where a name is missing."""
    return "/".join(names_in(said).values())


def position(stream: Stream) -> dict[str, str | int]:
    """Where this node stands in a stream, as peers tell each other."""
    return {
        "producer": stream.producer_code,
        "flow": stream.flow,
        "scope": stream.scope,
        "lane": stream.lane,
        **({"audience": stream.audience} if stream.audience else {}),
        "epoch_no": stream.epoch_no,
        "epoch_id": str(stream.epoch_id),
        "seq": str(stream.seq),
        "chain": bytes(stream.chain).hex(),
    }
