"""Comparison of the two ends of a link 对账: digests first, single records of the buckets that differ, then repair.

The child calls with its buckets; the parent answers with its own position and, for buckets that differ, its records.
The child decides what the difference means, asks the owner to send again what the holder lacks, and tells the parent
the result, so that both ends keep it.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from cityops.foundation import audit
from cityops.foundation.records import Flow, RecordKind, Scope, registry
from sync.exchange.models import Comparison, Link, Parked, RecordVersion, Stream
from sync.exchange.rules.calls import Buckets, Compared
from sync.exchange.rules.differences import Differences, Leaf, compare
from sync.exchange.rules.places import is_for, is_under
from sync.exchange.rules.refusals import PeerRefused
from sync.exchange.services import blobs, digests, resending

BUCKETS_AT_ONCE = 32
"""Differing buckets whose records are fetched in one comparison; the rest follows in the next."""
COMPARED_EVERY = timedelta(days=1)
EXAMPLES = 20
MOST_PARKED = 10_000


class Caller(Protocol):
    """The part of the client that a comparison uses."""

    link: Link

    def json(self, name: str, facts: dict[str, Any]) -> dict[str, Any]:
        """One call with JSON both ways."""


def compared_with_parent() -> list[tuple[str, RecordKind]]:
    """What both this node and its parent should hold: (owner, kind)."""
    known = [(owner, registry.get(dataset)) for owner, dataset in digests.owners_and_datasets()]
    return [(owner, kind) for owner, kind in known if _is_shared(owner, kind)]


def _is_shared(owner: str, kind: RecordKind) -> bool:
    """Whether both this node and its parent should hold the owner's records of a kind."""
    here = settings.CITYOPS_NODE
    if kind.flow is Flow.DOWN:
        return is_under(here, owner)
    if kind.scope is Scope.NATION:
        return owner == here or is_under(owner, here)
    return kind.scope is Scope.PROVINCE and owner == here and here.endswith("-C")


def due(link: Link) -> list[tuple[str, RecordKind]]:
    """What both ends should hold by now, and was not compared over this link for a day: (owner, kind).

    A few index look-ups.
    """
    moved = set(Stream.objects.filter(seq__gt=0).values_list("producer_code", "flow", "scope", "lane"))
    lately = set(
        Comparison.objects.filter(peer_code=link.peer_code)
        .values("owner_code", "dataset")
        .annotate(last=Max("at"))
        .filter(last__gt=timezone.now() - COMPARED_EVERY)
        .values_list("owner_code", "dataset")
    )
    return [
        (owner, kind)
        for owner, flow, scope, lane in sorted(moved)
        for kind in registry
        if (kind.flow.value, kind.scope.value, kind.lane.value) == (flow, scope, lane)
        and (owner, kind.dataset) not in lately
        and _is_shared(owner, kind)
        and RecordVersion.objects.filter(owner_code=owner, dataset=kind.dataset).exists()
    ]


def compare_with_parent(caller: Caller, pairs: Iterable[tuple[str, RecordKind]] | None = None) -> list[Comparison]:
    """Compare all, or the given, owners and kinds with the parent, and ask for what has to be sent again."""
    wanted = compared_with_parent() if pairs is None else pairs
    results = [_compare_one(caller, owner, kind) for owner, kind in wanted]
    if results:
        caller.json("notes", {"compared": [_facts(result) for result in results]})
    return results


def _compare_one(caller: Caller, owner: str, kind: RecordKind) -> Comparison:
    with transaction.atomic(), connection.cursor() as cursor:
        digests.begin_snapshot(cursor)
        reader = settings.CITYOPS_NODE
        mine = digests.digest(cursor, kind, owner, reader)
        position = _position(owner, kind, reader)
        answer = caller.json(
            "compare",
            {"owner": owner, "dataset": kind.dataset, "buckets": {str(n): d for n, d in mine.buckets.items()}},
        )
        buckets = [int(number) for number in answer["differing"]]
        own = digests.leaves(cursor, kind, owner, buckets, reader) if buckets else {}
    theirs: dict[str, Leaf] = {rid: (*leaf[:4], int(leaf[4]), leaf[5]) for rid, leaf in answer["leaves"].items()}
    if kind.flow is Flow.DOWN:
        ends = {"cursor": position, "head": int(answer["seq"])}
        found = compare(theirs, own, **ends, parked=frozenset(_parked(kind, owner)))
    else:
        ends = {"cursor": int(answer["seq"]), "head": position}
        found = compare(own, theirs, **ends, parked=frozenset(answer["parked"]))
    waiting = int(answer.get("blobs_missing", 0)) if kind.flow is Flow.UP else blobs.missing_of(owner, kind.dataset)
    return _settle(caller.link, kind, mine, found=found, position=position, blobs_missing=waiting)


def _position(owner: str, kind: RecordKind, reader: str) -> int:
    """Where this node stands in the stream of a kind; of several that ``reader`` gets, in the one furthest on."""
    heads = Stream.objects.filter(
        producer_code=owner, flow=kind.flow.value, scope=kind.scope.value, lane=kind.lane.value
    ).values_list("audience", "seq")
    return max((seq for audience, seq in heads if is_for(reader, audience)), default=0)


def _parked(kind: RecordKind, owner: str) -> list[str]:
    """Records of an owner that wait here, parked."""
    waiting = Parked.objects.pending().filter(dataset=kind.dataset, owner_code=owner)
    return [str(rid) for rid in waiting.values_list("rid", flat=True)[:MOST_PARKED]]


@transaction.atomic
def _settle(
    link: Link, kind: RecordKind, mine: digests.Digest, *, found: Differences, position: int, blobs_missing: int
) -> Comparison:
    owner = mine.owner
    if found.to_send_again:
        resending.ask((owner, kind.dataset, UUID(rid)) for rid in found.to_send_again)
        audit.record(
            "exchange.repair",
            kind=kind.dataset,
            key=owner,
            after={"missing": len(found.missing), "differing": len(found.differing)},
        )
    return Comparison.objects.create(
        peer_code=link.peer_code,
        owner_code=owner,
        dataset=kind.dataset,
        flow=kind.flow.value,
        result=_result(found),
        records=mine.records,
        differing=len(found.differing),
        missing=len(found.missing),
        orphans=len(found.orphans),
        in_flight=found.in_flight,
        blobs_missing=blobs_missing,
        examples=[*found.missing, *found.differing, *found.orphans][:EXAMPLES],
        digest=mine.value,
        seq=position,
        at=timezone.now(),
    )


def _result(found: Differences) -> Comparison.Result:
    if not found.is_equal:
        return Comparison.Result.DIFFERENT
    return Comparison.Result.PENDING if found.in_flight else Comparison.Result.EQUAL


def _facts(result: Comparison) -> dict[str, Any]:
    names = (
        "owner_code",
        "dataset",
        "result",
        "records",
        "differing",
        "missing",
        "orphans",
        "in_flight",
        "blobs_missing",
        "examples",
        "digest",
        "seq",
    )
    return {**{name: getattr(result, name) for name in names}, "at": result.at.isoformat()}


@transaction.atomic
def keep_result(link: Link, found: Compared) -> Comparison:
    """At the parent: keep the result that the child found. Raises PeerRefused MALFORMED or SCOPE."""
    kind = _kind(found.dataset)
    _refuse_unrelated(link, found.owner_code, kind)
    facts = msgspec.structs.asdict(found)
    facts["examples"] = [str(rid) for rid in found.examples]
    return Comparison.objects.create(peer_code=link.peer_code, flow=kind.flow.value, **facts)


def _kind(dataset: str) -> RecordKind:
    if dataset not in registry:
        raise PeerRefused("MALFORMED", f"The dataset {dataset} is not known here.")
    return registry.get(dataset)


def answer(link: Link, theirs: Buckets) -> dict[str, Any]:
    """At the parent: the buckets that differ from the child's, with the records in them, and the position.

    The caller's transaction should see one moment (``digests.begin_snapshot``).
    """
    owner, kind = theirs.owner, _kind(theirs.dataset)
    _refuse_unrelated(link, owner, kind)
    reader = link.peer_code if kind.flow is Flow.DOWN else ""
    with connection.cursor() as cursor:
        digests.steady_text(cursor)
        mine = digests.digest(cursor, kind, owner, reader).buckets
        other = {int(number): value for number, value in theirs.buckets.items()}
        differing = sorted(number for number in {*mine, *other} if mine.get(number) != other.get(number))
        differing = differing[:BUCKETS_AT_ONCE]
        leaves = digests.leaves(cursor, kind, owner, differing, reader) if differing else {}
    return {
        "seq": str(_position(owner, kind, link.peer_code)),
        "differing": differing,
        "parked": _parked(kind, owner) if differing else [],
        "blobs_missing": blobs.missing_of(owner, kind.dataset),
        "leaves": {rid: [*leaf[:4], str(leaf[4]), leaf[5]] for rid, leaf in leaves.items()},
    }


def _refuse_unrelated(link: Link, owner: str, kind: RecordKind) -> None:
    child = link.peer_code
    up = owner == child or is_under(owner, child)
    if not (is_under(child, owner) if kind.flow is Flow.DOWN else up):
        raise PeerRefused("SCOPE", f"{kind.dataset} of {owner} is nothing between {child} and this node.")
