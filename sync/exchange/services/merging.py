"""Merging 合并: what peers hold of this node's records goes back into its tables; of forks both sides are kept.

Set-wise, one transaction for a page of versions, while nothing is numbered. A version that is adopted keeps its
numbers; what is kept after a fork gets numbers above both. Whatever was merged is sent again by the sequencer.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from cityops.foundation.records import registry
from sync.exchange import events
from sync.exchange.models import Conflict, DirtyMark, RecordVersion, SeenVersion, Stream
from sync.exchange.rules.recovering import Act, Mark, Version, after_fork, merge, unchanged_since
from sync.exchange.services import conflicts, echoing, epochs, wiping
from sync.exchange.services.proofs import Evident
from sync.exchange.services.sequencing import ERASED, FORCED
from sync.exchange.services.shapes import Shape, steady_text
from sync.exchange.services.writing import REFUSED_BY_DATABASE, write_own


@dataclass
class Merged:
    """What became of the versions that peers hold."""

    looked_at: int = 0
    adopted: int = 0
    forks: int = 0
    datasets: set[str] = field(default_factory=set)

    def add(self, other: "Merged") -> None:
        """Count another page in."""
        self.looked_at += other.looked_at
        self.adopted += other.adopted
        self.forks += other.forks
        self.datasets |= other.datasets


@dataclass(frozen=True)
class Local:
    """What this node holds of one of its records."""

    version: Version | None
    is_changed: bool = False
    history: frozenset[Mark] = frozenset()


@transaction.atomic
def merge_versions(found: Sequence[Evident]) -> Merged:
    """Merge a page of proven versions of own records; several of one record one after the other, older ones first."""
    epochs.hold_sequencer()
    done = Merged()
    ordered = sorted(found, key=lambda one: (one.said.dataset, one.said.rid, one.version.number))
    for dataset, of_kind in groupby(ordered, key=lambda one: one.said.dataset):
        rounds: list[list[Evident]] = []
        for _rid, of_record in groupby(of_kind, key=lambda one: one.said.rid):
            for number, one in enumerate(of_record):
                if number == len(rounds):
                    rounds.append([])
                rounds[number].append(one)
        for page in rounds:
            done.add(_merge_page(Shape(registry.get(dataset)), page))
    if found:
        epochs.raise_node_epoch(max(one.version.rec_epoch for one in found))
    if done.datasets:
        told = partial(
            events.records_arrived.send_robust,
            Stream,
            datasets=frozenset(done.datasets),
            producer=settings.CITYOPS_NODE,
        )
        transaction.on_commit(told)
    return done


def _merge_page(shape: Shape, page: list[Evident]) -> Merged:
    """Versions of one dataset, of each record one."""
    with connection.cursor() as cursor:
        steady_text(cursor)
        held = held_here(cursor, shape, [one.said.rid for one in page])
        by_act: dict[Act, list[Evident]] = {act: [] for act in Act}
        for one in page:
            by_act[decide(held[one.said.rid], one)].append(one)
        adopted = _adopt(cursor, shape, by_act[Act.ADOPT], held)
        for one in by_act[Act.FORK]:
            _keep_both(shape, one, held[one.said.rid], Conflict.Cause.FORK)
    _remember(page)
    changed = [*by_act[Act.ADOPT], *by_act[Act.FORK]]
    send_again(shape.kind.dataset, [one.said.rid for one in changed])
    return Merged(
        looked_at=len(page),
        adopted=adopted,
        forks=len(by_act[Act.FORK]) + len(by_act[Act.ADOPT]) - adopted,
        datasets={shape.kind.dataset} if adopted else set(),
    )


def decide(local: Local, peer: Evident) -> Act:
    """What a proven version means for the record here."""
    version = local.version
    if version is not None and not local.is_changed:
        version = unchanged_since(version, local.history, peer.history)
    return merge(
        version,
        peer.version,
        in_local_history=peer.version.mark in local.history,
        local_in_peers_history=version is not None and version.mark in peer.history,
        is_changed=local.is_changed,
    )


def held_here(cursor: CursorWrapper, shape: Shape, rids: list[UUID]) -> dict[UUID, Local]:
    """What is held here of own records, the rows locked: version, whether changed since, history."""
    cursor.execute(f"SELECT rid FROM {shape.table} WHERE rid = ANY(%s) ORDER BY rid FOR UPDATE", [rids])
    cursor.execute(
        "SELECT u.rid, v.rec_epoch, v.rev, v.op, encode(v.content_sha, 'hex'), r.rid IS NOT NULL, "
        f"CASE WHEN r.rid IS NOT NULL THEN encode({shape.digest('r')}, 'hex') END "
        f"FROM unnest(%s::uuid[]) u (rid) LEFT JOIN sync_record v ON v.rid = u.rid "
        f"LEFT JOIN {shape.table} r ON r.rid = u.rid",
        [rids],
    )
    rows = cursor.fetchall()
    had = {rid: set(marks) for rid, marks in echoing.histories(settings.CITYOPS_NODE, rids).items()}
    for seen in SeenVersion.objects.filter(rid__in=rids):
        had.setdefault(seen.rid, set()).add((seen.rec_epoch, seen.rev, bytes(seen.content_sha).hex()))
    found = {}
    for rid, rec_epoch, rev, op, content, lives, actual in rows:
        if rec_epoch is None:
            version = Version(0, 0, "U", actual) if lives else None
            found[rid] = Local(version, is_changed=lives)
            continue
        version = Version(rec_epoch, rev, op, content)
        is_changed = (op != "U") == lives or (lives and actual != content)
        history = frozenset({*had.get(rid, ()), version.mark})
        found[rid] = Local(version, is_changed, history)
    return found


def _adopt(cursor: CursorWrapper, shape: Shape, found: list[Evident], held: dict[UUID, Local]) -> int:
    """Take versions back; those that the database refuses (a number given anew) are kept as conflicts. How many."""
    if not found:
        return 0
    try:
        with transaction.atomic():
            write_own(cursor, shape, found)
    except REFUSED_BY_DATABASE:
        if len(found) == 1:
            _keep_both(shape, found[0], held[found[0].said.rid], Conflict.Cause.TAKEN)
            return 0
        middle = len(found) // 2
        return _adopt(cursor, shape, found[:middle], held) + _adopt(cursor, shape, found[middle:], held)
    rids = [one.said.rid for one in found]
    events.records_taken_back.send(Stream, dataset=shape.kind.dataset, rids=rids)
    note_versions(shape, [(one.said.rid, _not_below(one.version, held[one.said.rid].version)) for one in found])
    erased = [one.said.rid for one in found if one.said.op == ERASED]
    wiping.carry_out(cursor, shape.kind.dataset, erased, owner=settings.CITYOPS_NODE)
    return len(found)


def _not_below(version: Version, local: Version | None) -> Version:
    """An adopted version under numbers that are not below those given out here; the next is above both."""
    if local is None or local.number <= version.number:
        return version
    return version._replace(rec_epoch=local.rec_epoch, rev=max(local.rev, version.rev))


def note_versions(shape: Shape, versions: Iterable[tuple[UUID, Version]]) -> None:
    """Write down which version of each own record is in effect; its number in the stream comes when it is sent."""
    RecordVersion.objects.bulk_create(
        (
            RecordVersion(
                rid=rid,
                dataset=shape.kind.dataset,
                owner_code=settings.CITYOPS_NODE,
                rec_epoch=version.rec_epoch,
                rev=version.rev,
                op=version.op,
                content_sha=bytes.fromhex(version.content),
                seq=0,
                at=timezone.now(),
            )
            for rid, version in versions
        ),
        update_conflicts=True,
        unique_fields=["rid"],
        update_fields=["rec_epoch", "rev", "op", "content_sha", "seq", "at"],
    )


def _keep_both(shape: Shape, peer: Evident, local: Local, cause: Conflict.Cause) -> None:
    """Let what is here stand under numbers above both, and keep the other version for a person."""
    conflicts.open_conflict(shape, peer, local.version, cause)
    rec_epoch, rev = after_fork(local.version, peer.version, 0)
    now = local.version or Version(0, 0, "D", echoing.DELETED)
    note_versions(shape, [(peer.said.rid, now._replace(rec_epoch=rec_epoch, rev=rev))])


def _remember(page: list[Evident]) -> None:
    """The versions of others are part of this node's history from now on."""
    SeenVersion.objects.bulk_create(
        (
            SeenVersion(
                rid=one.said.rid,
                rec_epoch=one.said.rec_epoch,
                rev=one.said.rev,
                content_sha=bytes.fromhex(one.said.content),
            )
            for one in page
        ),
        ignore_conflicts=True,
    )


def send_again(dataset: str, rids: Iterable[UUID]) -> None:
    """Have own records numbered and sent again, whether or not they changed."""
    now = timezone.now()
    DirtyMark.objects.bulk_create(DirtyMark(dataset=dataset, rid=rid, op=FORCED, marked_at=now) for rid in rids)
