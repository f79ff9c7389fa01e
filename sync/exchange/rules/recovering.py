"""Recovery after a restore 恢复, as plain Python: whether two ends stand on one history, and what their versions mean.

The specification is the executable model ``sync-model/sync_model2.py`` of the design; the tests hold these rules
against it step by step. A decision never asks a clock or a person.
"""

from collections.abc import Callable, Set
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID


class Standing(NamedTuple):
    """Where somebody stands in a stream: its epoch, a number in it, and the chain that led there (hex)."""

    epoch_no: int
    epoch_id: UUID
    seq: int
    chain: str


class Course(StrEnum):
    """What the end that sends does next over a link."""

    BEGIN = "begin"
    """The receiver never saw the stream: from number 1."""
    CONTINUE = "continue"
    """The receiver stands on this end's history, perhaps further back: from its number."""
    RECOVER = "recover"
    """Anything else."""


Mark = tuple[int, int, str]
"""(rec_epoch, rev, content): one version in a history."""


class Version(NamedTuple):
    """One version of a record. Two with the same numbers and another content are a fork."""

    rec_epoch: int
    rev: int
    op: str
    content: str
    """Digest of the content in hex; of nothing where it is deleted."""

    @property
    def number(self) -> tuple[int, int]:
        """What versions of one record are ordered by."""
        return self.rec_epoch, self.rev

    @property
    def mark(self) -> "Mark":
        """What a history keeps of it."""
        return self.rec_epoch, self.rev, self.content

    def says_the_same(self, other: "Version") -> bool:
        """Whether both hold the same content, whatever their numbers."""
        return self.op == other.op and (self.op != "U" or self.content == other.content)


class Act(StrEnum):
    """What the owner does with a version that a peer holds."""

    NOTHING = "nothing"
    ADOPT = "adopt"
    """The owner's own later version, lost with the restore: taken back."""
    KEEP = "keep"
    """The peer is merely behind."""
    FORK = "fork"
    """Two versions without a common line: both are kept, a person decides."""


def course(head: Standing, held: Standing | None, chain_at: Callable[[int], str | None]) -> Course:
    """How the producer, at ``head``, goes on with a receiver at ``held``.

    ``chain_at`` tells the producer's chain at a number of its present epoch; None where it no longer knows it (then a
    new epoch begins, as after a restore).
    """
    if held is None or held.epoch_no == 0:
        return Course.BEGIN
    if (held.epoch_no, held.epoch_id) != (head.epoch_no, head.epoch_id) or held.seq > head.seq:
        return Course.RECOVER
    return Course.CONTINUE if chain_at(held.seq) == held.chain else Course.RECOVER


def fence_stands(head: Standing, held: Standing | None) -> bool:
    """Whether a receiver waits at the very beginning of the epoch that was opened; else the recovery begins again."""
    return held is not None and (held.epoch_no, held.epoch_id, held.seq) == (head.epoch_no, head.epoch_id, 0)


def next_epoch(*known: int) -> int:
    """The number of a new epoch: above every one that anybody has told of."""
    return max(known, default=0) + 1


def may_fence(new: int, known: int) -> bool:
    """Whether a receiver closes its epoch for a new one: only for a later one."""
    return new > known


def merge(
    local: Version | None,
    peer: Version,
    *,
    in_local_history: bool,
    local_in_peers_history: bool,
    is_changed: bool = False,
) -> Act:
    """What a version that a peer holds of an own record means.

    ``in_local_history``: the owner once had the peer's version. ``local_in_peers_history``: the peer once had the
    owner's. With ``is_changed`` the owner's content was changed after ``local`` was numbered, so it is a version that
    nobody else can have: only a peer that stands at ``local`` or before it is merely behind.
    """
    if local is None:
        return Act.ADOPT
    if is_changed:
        is_behind = peer == local or (in_local_history and local.number > peer.number)
        return Act.KEEP if is_behind else Act.FORK
    if local == peer or local.says_the_same(peer):
        return Act.NOTHING
    if local_in_peers_history and not in_local_history and peer.number > local.number:
        return Act.ADOPT
    if in_local_history and local.number > peer.number:
        return Act.KEEP
    return Act.FORK


def unchanged_since(local: Version, history: Set[Mark], peers_history: Set[Mark]) -> Version:
    """The owner's version that counts in a merge: the last that the peer had, if nothing changed since but numbers.

    Sending everything anew gives new numbers to old content; that makes no fork. A history that holds anything else
    after that version says that something may have changed: then it is the present one.
    """
    for rec_epoch, rev, content in sorted(history | {local.mark}, reverse=True):
        if content != local.content:
            break
        if (rec_epoch, rev, content) in peers_history:
            return local._replace(rec_epoch=rec_epoch, rev=rev)
    return local


def after_fork(local: Version | None, peer: Version, node_epoch: int) -> tuple[int, int]:
    """The numbers of the version that follows a fork: above both."""
    versions = [peer] if local is None else [local, peer]
    return max(node_epoch, *(one.rec_epoch for one in versions)), max(one.rev for one in versions) + 1
