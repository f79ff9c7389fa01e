"""The owner's side of attachments: announced, then sent piece by piece, when nothing else waits."""

from typing import Protocol

import msgspec
from django.conf import settings
from django.utils import timezone

from sync.exchange.models import Blob
from sync.exchange.rules.refusals import PeerRefused
from sync.exchange.services import blobs

AT_ONCE = 100


class Caller(Protocol):
    """The part of the client that an upload uses."""

    def call(
        self, name: str, body: bytes, *, method: str = "POST", headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """One signed call."""


class Until(Protocol):
    """The end of a slice."""

    @property
    def is_over(self) -> bool:
        """Whether the time is used up."""


def send(client: Caller, deadline: Until) -> int:
    """Send what the parent lacks of this node's attachments. Returns how many were completed."""
    blobs.note_new()
    waiting = list(Blob.objects.missing().filter(owner_code=settings.CITYOPS_NODE).order_by("pk")[:AT_ONCE])
    if not waiting:
        return 0
    listed = [
        {"dataset": one.dataset, "block": one.block, "key": str(one.key), "sha256": one.sha256, "size": one.size}
        for one in waiting
    ]
    _status, answer = client.call("blobs", msgspec.json.encode({"items": listed}))
    missing = msgspec.json.decode(answer, type=dict[str, dict[str, int]])["missing"]
    done = 0
    for blob in waiting:
        if deadline.is_over:
            break
        done += _send_one(client, blob, missing.get(blob.sha256), deadline)
    return done


def _send_one(client: Caller, blob: Blob, have: int | None, deadline: Until) -> bool:
    """Send the rest of an attachment; ``have`` None where the parent has it all."""
    content = blobs.content_of(blob) if have is not None else b""
    if content is None:
        blob.delete()  # the picture is gone, or another one came: that one is noted anew
        return False
    while have is not None and not deadline.is_over:
        piece = content[have : have + blobs.PIECE_BYTES]
        headers = {"Content-Range": f"bytes {have}-{have + len(piece) - 1}/{blob.size}"}
        try:
            _status, answer = client.call(f"blobs/{blob.sha256}", piece, method="PUT", headers=headers)
        except PeerRefused as refusal:
            if refusal.code == "HASH":  # spoilt on the way: begun anew with the next slice
                return False
            raise
        facts = msgspec.json.decode(answer)
        have = None if facts["complete"] else facts["have"]
    if have is None:
        blob.have, blob.complete_at, blob.tied_at = blob.size, timezone.now(), timezone.now()
        blob.save()
    return have is None
