"""Attachments: announced by their owner, taken piece by piece, kept when the hash is right, tied to their record.

What travels is up to the owner's policy (``SYNC_THUMBNAILS``): small pictures or none. Originals stay in the city.
"""

import hashlib
import re
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from cityops.foundation.records import attachments
from sync.exchange.models import Blob, Link
from sync.exchange.rules.calls import AnnouncedBlob
from sync.exchange.rules.refusals import PeerRefused

PIECE_BYTES = 1 << 20
MOST_BYTES = 32 << 20
"""A small picture is far smaller; nothing larger is taken."""
RANGE = re.compile(r"bytes (?:(\d{1,10})-(\d{1,10})|\*)/(\d{1,10})\Z")


def folder() -> Path:
    """Where pieces lie until they are whole."""
    return Path(settings.CITYOPS_MEDIA_DIR) / settings.CITYOPS_NODE / "blobs"


# --- the receiver


@transaction.atomic
def announce(link: Link, items: list[AnnouncedBlob]) -> dict[str, int]:
    """A child tells which attachments its records have. Returns what is missing here, and how far each has come.

    Raises PeerRefused MALFORMED, SCOPE, TOO_LARGE.
    """
    missing: dict[str, int] = {}
    for item in items:
        if (item.dataset, item.block) not in attachments:
            raise PeerRefused("MALFORMED", f"{item.dataset}/{item.block} has no attachments here.")
        if item.size > MOST_BYTES:
            raise PeerRefused("TOO_LARGE", f"An attachment has {MOST_BYTES} bytes at most.")
        known = Blob.objects.filter(dataset=item.dataset, block=item.block, key=item.key).first()
        if known is not None and known.owner_code != link.peer_code:
            raise PeerRefused("SCOPE", f"The attachment {item.key} belongs to {known.owner_code}.")
        if known is None or known.sha256 != item.sha256:
            fresh = {"have": 0, "complete_at": None, "tied_at": None}
            known, _made = Blob.objects.update_or_create(
                dataset=item.dataset,
                block=item.block,
                key=item.key,
                defaults={"owner_code": link.peer_code, "sha256": item.sha256, "size": item.size, **fresh},
            )
        if known.complete_at is None:
            missing[known.sha256] = known.have
    return missing


def take_piece(link: Link, sha256: str, content_range: str, body: bytes) -> dict[str, int | bool]:
    """Take a piece of an announced attachment: ``bytes FIRST-LAST/SIZE``, or ``bytes */SIZE`` to ask how far it is.

    A piece that does not follow what is here changes nothing; the answer says where to go on. Raises PeerRefused
    MALFORMED, SCOPE for what was not announced, HASH for another content: then it begins anew.
    """
    blob = Blob.objects.select_for_update().filter(sha256=sha256, owner_code=link.peer_code).first()
    if blob is None:
        raise PeerRefused("SCOPE", f"{sha256} was not announced by {link.peer_code}.")
    found = RANGE.match(content_range)
    if found is None or int(found[3]) != blob.size:
        raise PeerRefused("MALFORMED", f"Content-Range {content_range[:60]!r} does not fit {blob.size} bytes.")
    if found[1] is not None:
        first, last = int(found[1]), int(found[2])
        if last - first + 1 != len(body) or last >= blob.size:
            raise PeerRefused("MALFORMED", "The piece has another length than its range.")
        if blob.complete_at is None and first == blob.have:
            _append(blob, body)
    return {"have": blob.have, "complete": blob.complete_at is not None}


def _append(blob: Blob, body: bytes) -> None:
    part = folder() / f"{blob.sha256}.part"
    part.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with part.open("r+b" if part.exists() else "w+b") as file:
        file.truncate(blob.have)  # what a call wrote that was rolled back
        file.seek(blob.have)
        file.write(body)
    blob.have += len(body)
    if blob.have == blob.size:
        _complete(blob, part)
    Blob.objects.filter(sha256=blob.sha256, owner_code=blob.owner_code).update(
        have=blob.have, complete_at=blob.complete_at
    )


def _complete(blob: Blob, part: Path) -> None:
    content = part.read_bytes()
    if hashlib.sha256(content).hexdigest() != blob.sha256:
        part.unlink()
        raise PeerRefused("HASH", f"The content is not that of {blob.sha256}; it was thrown away.", restart=True)
    part.replace(folder() / blob.sha256)
    blob.complete_at = timezone.now()


def begin_anew(link: Link, sha256: str) -> None:
    """After a wrong hash: nothing of it is here."""
    Blob.objects.missing().filter(sha256=sha256, owner_code=link.peer_code).update(have=0)


def tie() -> int:
    """Hand whole attachments to the records they belong to. Returns how many were taken."""
    done = 0
    whole = Blob.objects.exclude(complete_at=None).filter(tied_at=None).exclude(owner_code=settings.CITYOPS_NODE)
    for blob in whole[:500]:
        source = attachments.get((blob.dataset, blob.block))
        path = folder() / blob.sha256
        if source is None or not path.exists():
            continue
        if source.keep(blob.key, blob.sha256, path.read_bytes()):
            Blob.objects.filter(pk=blob.pk).update(tied_at=timezone.now())
            done += 1
            if not whole.filter(sha256=blob.sha256).exists():
                path.unlink(missing_ok=True)
    return done


def missing_of(owner: str, dataset: str) -> int:
    """Attachments of an owner's records that are not whole here."""
    return Blob.objects.missing().filter(owner_code=owner, dataset=dataset).count()


# --- the owner


def note_new(limit: int = 100) -> int:
    """Note attachments of this node's records that travel by the policy and were never announced."""
    if not settings.SYNC_THUMBNAILS:
        return 0
    done = 0
    for (dataset, block), source in attachments.items():
        noted = Blob.objects.filter(dataset=dataset, block=block).values("key")
        for row in source.rows().exclude(pk__in=noted)[:limit]:
            content = source.read(row)
            if content is not None:
                sha256 = hashlib.sha256(content).hexdigest()
                Blob.objects.create(
                    owner_code=settings.CITYOPS_NODE,
                    dataset=dataset,
                    block=block,
                    key=row.pk,
                    sha256=sha256,
                    size=len(content),
                )
                done += 1
    return done


def content_of(blob: Blob) -> bytes | None:
    """What a noted attachment of this node holds; None where the picture is gone or was replaced."""
    source = attachments.get((blob.dataset, blob.block))
    row = source.rows().filter(pk=blob.key).first() if source else None
    content = source.read(row) if source and row else None
    return content if content is not None and hashlib.sha256(content).hexdigest() == blob.sha256 else None
