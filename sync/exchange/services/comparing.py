"""Comparison of the two ends of a link 对账: 256 buckets, the ranges of those that differ, their records, then repair.

The child calls with its buckets; the parent answers with those that differ and a signed statement about both ends. Of
the buckets that differ the child sends the ranges, and the parent answers with its records of those that differ: what
is looked at one by one follows the differences, not the size of the buckets. The child decides what a difference means,
asks the owner to send again what the holder lacks, and tells the parent the result with the statement that both have
signed, so that both ends keep it.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Max
from django.utils import timezone

from cityops.foundation import audit
from cityops.foundation.records import Flow, Lane, RecordKind, Scope, registry
from sync.exchange.models import Comparison, Link, Parked, RecordVersion, Stream
from sync.exchange.rules.calls import LISTED, Buckets, Compared, Ranges, Statement
from sync.exchange.rules.differences import Differences, Leaf, compare
from sync.exchange.rules.places import is_for, is_under
from sync.exchange.rules.refusals import PeerRefused
from sync.exchange.services import blobs, digests, resending, statements

BUCKETS_AT_ONCE = 64
"""Differing buckets whose ranges go into one call."""
RECORDS_AT_ONCE = 20_000
"""Records after which an answer ends; the next call goes on."""
MOST_FOUND = 200_000
"""Differences after which a comparison ends; what is left is found by the next."""
COMPARED_EVERY = {Lane.URGENT: timedelta(hours=1)}
COMPARED_DAILY = timedelta(days=1)
NEVER = datetime.min.replace(tzinfo=UTC)
EXAMPLES = 20
NUMBERS = ("differing", "missing", "orphans", "in_flight", "blobs_missing")
"""What a comparison counts."""
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
    """What both ends should hold by now, and was not compared over this link for a day (urgent: an hour).

    Pairs of owner and kind; a few index look-ups.
    """
    moved = set(Stream.objects.filter(seq__gt=0).values_list("producer_code", "flow", "scope", "lane"))
    now = timezone.now()
    last = {
        (row["owner_code"], row["dataset"]): row["last"]
        for row in Comparison.objects.filter(peer_code=link.peer_code, at__gt=now - COMPARED_DAILY)
        .values("owner_code", "dataset")
        .annotate(last=Max("at"))
    }
    return [
        (owner, kind)
        for owner, flow, scope, lane in sorted(moved)
        for kind in registry
        if (kind.flow.value, kind.scope.value, kind.lane.value) == (flow, scope, lane)
        and last.get((owner, kind.dataset), NEVER) <= now - COMPARED_EVERY.get(kind.lane, COMPARED_DAILY)
        and _is_shared(owner, kind)
        and RecordVersion.objects.filter(owner_code=owner, dataset=kind.dataset).exists()
    ]


def compare_with_parent(caller: Caller, pairs: Iterable[tuple[str, RecordKind]] | None = None) -> list[Comparison]:
    """Compare all, or the given, owners and kinds with the parent, and ask for what has to be sent again."""
    wanted = compared_with_parent() if pairs is None else pairs
    results = []
    for owner, kind in wanted:
        result, signed = _compare_one(caller, owner, kind)
        results.append(result)
        caller.json("notes", {"compared": [_facts(result, signed)]})
    if pairs is None:
        caller.json("notes", {"has_compared_all": True})
    return results


def _compare_one(caller: Caller, owner: str, kind: RecordKind) -> tuple[Comparison, dict[str, Any]]:
    reader = settings.CITYOPS_NODE
    with transaction.atomic(), connection.cursor() as cursor:
        digests.begin_snapshot(cursor)
        mine = digests.digest(cursor, kind, owner, reader)
        position = _position(owner, kind, reader)
        said = {
            "owner": owner,
            "dataset": kind.dataset,
            "buckets": {str(number): value for number, value in mine.buckets.items()},
            "records": str(mine.records),
            "deleted": str(mine.deleted),
            "seq": str(position),
        }
        answer = caller.json("compare", said)
        signed = statements.sign(answer, parent=caller.link.peer_code, mine=mine, seq=position)
        differing = [int(number) for number in answer["differing"]]
        found = Differences()
        for first in range(0, len(differing), BUCKETS_AT_ONCE):
            within = differing[first : first + BUCKETS_AT_ONCE]
            _look_into(caller, cursor, (owner, kind, position), within, found)
            if found.count > MOST_FOUND:
                break
    waiting = int(answer.get("blobs_missing", 0)) if kind.flow is Flow.UP else blobs.missing_of(owner, kind.dataset)
    return _settle(caller.link, kind, mine, found=found, signed=signed, blobs_missing=waiting), signed


def _look_into(
    caller: Caller, cursor: CursorWrapper, what: tuple[str, RecordKind, int], within: list[int], found: Differences
) -> None:
    """Find the records that differ in some buckets, range by range; as many calls as their number needs."""
    owner, kind, position = what
    reader = settings.CITYOPS_NODE
    own = digests.ranges(cursor, kind, owner, within, reader)
    said: dict[str, Any] = {
        "owner": owner,
        "dataset": kind.dataset,
        "within": within,
        "ranges": {str(number): value for number, (value, _count) in own.items()},
    }
    is_complete = False
    while not is_complete and found.count <= MOST_FOUND:
        answer = caller.json("ranges", said)
        numbers = [int(number) for number in answer["differing"]]
        is_complete = bool(answer["complete"])
        if not numbers:
            return
        said["after"] = numbers[-1]
        mine = digests.leaves(cursor, kind, owner, numbers, reader)
        theirs: dict[str, Leaf] = {rid: (*leaf[:4], int(leaf[4]), leaf[5]) for rid, leaf in answer["leaves"].items()}
        if kind.flow is Flow.DOWN:
            ends = {"cursor": position, "head": int(answer["seq"])}
            found.add(compare(theirs, mine, **ends, parked=frozenset(_parked(kind, owner))))
        else:
            ends = {"cursor": int(answer["seq"]), "head": position}
            found.add(compare(mine, theirs, **ends, parked=frozenset(answer["parked"])))


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
    link: Link,
    kind: RecordKind,
    mine: digests.Digest,
    *,
    found: Differences,
    signed: dict[str, str],
    blobs_missing: int,
) -> Comparison:
    """Keep the result at the child, and have sent again what the holder lacks."""
    owner = mine.owner
    if found.newer and kind.flow is Flow.UP and owner == settings.CITYOPS_NODE:
        _recover(kind, owner, len(found.newer))
    elif found.to_send_again:
        resending.ask((owner, kind.dataset, UUID(rid)) for rid in found.to_send_again)
        audit.record(
            "exchange.repair",
            kind=kind.dataset,
            key=owner,
            after={"missing": len(found.missing), "differing": len(found.differing)},
        )
    said = statements.read(signed["statement"])
    return Comparison.objects.create(
        peer_code=link.peer_code,
        result=_result(found, is_same=said.child_digest == said.parent_digest),
        records=mine.records,
        deleted=mine.deleted,
        blobs_missing=blobs_missing,
        digest=mine.value,
        seq=int(said.child_seq),
        peer_records=int(said.parent_records),
        peer_digest=said.parent_digest,
        **_classes(found),
        **_signed(said, signed),
    )


def _recover(kind: RecordKind, owner: str, count: int) -> None:
    """The parent holds later versions of own records than this node: its next hello begins a recovery."""
    Stream.objects.filter(
        producer_code=owner, flow=kind.flow.value, scope=kind.scope.value, lane=kind.lane.value
    ).update(state=Stream.State.RECOVERING)
    audit.record("stream.hold", kind=kind.dataset, key=owner, after={"newer": count})


def _classes(found: Differences) -> dict[str, Any]:
    listed = {name: getattr(found, name)[:LISTED] for name in ("missing", "differing", "orphans")}
    return {
        "differing": len(found.differing),
        "missing": len(found.missing),
        "orphans": len(found.orphans),
        "in_flight": found.in_flight,
        "examples": [*found.missing, *found.differing, *found.orphans][:EXAMPLES],
        "found": {name: rids for name, rids in listed.items() if rids},
    }


def _signed(said: Statement, signed: dict[str, str]) -> dict[str, Any]:
    """The columns of a comparison that its statement fills at both ends."""
    return {
        "owner_code": said.owner,
        "dataset": said.dataset,
        "flow": said.flow,
        "at": said.at,
        "statement": signed["statement"],
        "child_kid": signed["child_kid"],
        "child_signature": bytes.fromhex(signed["child_signature"]),
        "parent_kid": said.parent_kid,
        "parent_signature": bytes.fromhex(signed["parent_signature"]),
    }


def _result(found: Differences, *, is_same: bool) -> Comparison.Result:
    """Equal is only what has equal digests; where nothing but records on their way differs, the result waits."""
    if not found.is_equal:
        return Comparison.Result.DIFFERENT
    return Comparison.Result.EQUAL if is_same else Comparison.Result.PENDING


def _facts(result: Comparison, signed: dict[str, str]) -> dict[str, Any]:
    names = ("owner_code", "dataset", "result", *NUMBERS, "found")
    return {**{name: getattr(result, name) for name in names}, **signed}


@transaction.atomic
def keep_result(link: Link, told: Compared) -> Comparison:
    """At the parent: keep the result that the child found, with the statement that both signed. Raises PeerRefused."""
    kind = kind_of(told.dataset)
    refuse_unrelated(link, told.owner_code, kind)
    said = statements.check_returned(link.peer_code, told)
    found = {name: [str(rid) for rid in rids] for name, rids in told.found.items()}
    signed = {name: getattr(told, name) for name in ("statement", "parent_signature", "child_kid", "child_signature")}
    return Comparison.objects.create(
        peer_code=link.peer_code,
        result=told.result,
        records=int(said.parent_records),
        deleted=int(said.parent_deleted),
        digest=said.parent_digest,
        seq=int(said.parent_seq),
        peer_records=int(said.child_records),
        peer_digest=said.child_digest,
        **{name: getattr(told, name) for name in NUMBERS},
        examples=[rid for rids in found.values() for rid in rids][:EXAMPLES],
        found=found,
        **_signed(said, signed),
    )


def kind_of(dataset: str) -> RecordKind:
    """The kind that a peer names. Raises PeerRefused MALFORMED."""
    if dataset not in registry:
        raise PeerRefused("MALFORMED", f"The dataset {dataset} is not known here.")
    return registry.get(dataset)


def answer(link: Link, theirs: Buckets) -> dict[str, Any]:
    """At the parent: the buckets that differ from the child's, and the signed statement about both ends.

    The caller's transaction should see one moment (``digests.begin_snapshot``).
    """
    owner, kind = theirs.owner, kind_of(theirs.dataset)
    refuse_unrelated(link, owner, kind)
    with connection.cursor() as cursor:
        digests.steady_text(cursor)
        mine = digests.digest(cursor, kind, owner, _reader(link, kind))
    other = {int(number): value for number, value in theirs.buckets.items()}
    seq = _position(owner, kind, link.peer_code)
    return {
        "differing": sorted(n for n in {*mine.buckets, *other} if mine.buckets.get(n) != other.get(n)),
        "blobs_missing": blobs.missing_of(owner, kind.dataset),
        **statements.write(kind, link.peer_code, theirs, mine, seq=seq),
    }


def answer_ranges(link: Link, theirs: Ranges) -> dict[str, Any]:
    """At the parent: the ranges that differ in some buckets, the records in them, and the position.

    The caller's transaction should see one moment (``digests.begin_snapshot``).
    """
    owner, kind = theirs.owner, kind_of(theirs.dataset)
    refuse_unrelated(link, owner, kind)
    reader = _reader(link, kind)
    with connection.cursor() as cursor:
        digests.steady_text(cursor)
        mine = digests.ranges(cursor, kind, owner, theirs.within, reader) if theirs.within else {}
        other = {int(number): value for number, value in theirs.ranges.items()}
        numbers = sorted(n for n in {*mine, *other} if n > theirs.after and mine.get(n, ("",))[0] != other.get(n, ""))
        taken = _first_of(numbers, {number: count for number, (_value, count) in mine.items()})
        leaves = digests.leaves(cursor, kind, owner, taken, reader) if taken else {}
    return {
        "seq": str(_position(owner, kind, link.peer_code)),
        "differing": taken,
        "complete": len(taken) == len(numbers),
        "parked": _parked(kind, owner) if taken else [],
        "leaves": {rid: [*leaf[:4], str(leaf[4]), leaf[5]] for rid, leaf in leaves.items()},
    }


def _first_of(numbers: list[int], counts: dict[int, int]) -> list[int]:
    """The first ranges, with as many records as fit into an answer; at least one."""
    taken: list[int] = []
    total = 0
    for number in numbers:
        total += counts.get(number, 1)
        if taken and total > RECORDS_AT_ONCE:
            break
        taken.append(number)
    return taken


def _reader(link: Link, kind: RecordKind) -> str:
    return link.peer_code if kind.flow is Flow.DOWN else ""


def refuse_unrelated(link: Link, owner: str, kind: RecordKind) -> None:
    """Raises PeerRefused SCOPE for an owner's records that are nothing between the child and this node."""
    child = link.peer_code
    up = owner == child or is_under(owner, child)
    if not (is_under(child, owner) if kind.flow is Flow.DOWN else up):
        raise PeerRefused("SCOPE", f"{kind.dataset} of {owner} is nothing between {child} and this node.")
