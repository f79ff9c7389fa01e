"""What is looked at after every act: versions never fall, receipts stay true (I3, I5)."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.chaos.world import World

VERSIONS = "SELECT rid, rec_epoch, rev FROM sync_record"
RECEIPTS = (
    "SELECT r.id, s.id, s.epoch_id, r.epoch_no, r.upto_seq, r.text FROM sync_receipt r JOIN sync_stream s "
    "ON s.id = r.stream_id AND s.epoch_no = r.epoch_no WHERE r.receiver_code = %s AND r.id > %s"
)
"""Of the present epoch: what was signed in an earlier one says nothing of where the stream stands in this one."""
CURSORS = "SELECT id, epoch_id, seq FROM sync_stream"


class Broken(AssertionError):
    """An invariant does not hold."""


@dataclass
class Seen:
    """The last look at a node."""

    versions: dict[Any, tuple[int, int]] = field(default_factory=dict)
    promised: dict[tuple[Any, Any], int] = field(default_factory=dict)
    """(stream, epoch): the highest number that a receipt of this node was ever signed for."""
    receipt: int = 0


@dataclass
class Watch:
    """What was seen at each node."""

    seen: dict[str, Seen] = field(default_factory=dict)

    def forget(self, code: str) -> None:
        """The node was restored: it begins again."""
        self.seen.pop(code, None)

    def look(self, world: "World") -> None:
        """Look at all nodes. Raises Broken."""
        for code in world.codes:
            self._look(code, world)

    def _look(self, code: str, world: "World") -> None:
        node, last = world.nodes[code], self.seen.setdefault(code, Seen())
        versions = {rid: (epoch, rev) for rid, epoch, rev in node.rows(VERSIONS)}
        for rid, before in last.versions.items():
            if versions.get(rid, (0, 0)) < before:
                raise Broken(f"I3: {rid} fell from {before} to {versions.get(rid)} at {code}")
        last.versions = versions
        for number, stream, epoch, _epoch_no, upto, _text in node.rows(RECEIPTS, code, last.receipt):
            last.promised[stream, epoch] = max(last.promised.get((stream, epoch), 0), upto)
            last.receipt = max(last.receipt, number)
        for stream, epoch, seq in node.rows(CURSORS):
            if seq < last.promised.get((stream, epoch), 0):
                raise Broken(f"I5: {code} signed for {last.promised[stream, epoch]} and stands at {seq}")
