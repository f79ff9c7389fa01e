"""Taking a bundle: proven as a whole, then batch by batch by the cursor alone; order and repetition do not matter.

What comes too early waits, verified; what was taken before changes nothing. A bundle that is not exactly right leaves
nothing but an audit entry.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from django.conf import settings
from django.db import DataError, transaction

from cityops.accounts.models import User
from cityops.foundation import audit
from cityops.foundation.context import current_actor
from cityops.foundation.locks import hold
from sync.exchange.models import Link, Stream
from sync.exchange.rules import envelope
from sync.exchange.rules.calls import OfferedKey
from sync.exchange.rules.refusals import PeerRefused
from sync.exchange.services import keys, links, receiving, streams, vouching
from sync.exchange.services.refusing import note_refusal
from sync.roads.models import Bundle, Standing, WaitingBatch
from sync.roads.rules import bundle as form

logger = logging.getLogger(__name__)
UNFORESEEN = (ValueError, TypeError, KeyError, AttributeError, DataError, RecursionError)
"""What nobody foresaw in a bundle is refused like the rest."""


@dataclass
class Taken:
    """What taking a bundle did."""

    bundle: Bundle
    applied: int = 0
    """Batches that went in, those that had waited included."""
    known: int = 0
    """Batches that were here already."""
    waiting: int = 0
    receipts: int = 0
    is_repeated: bool = False


def take(data: bytes, *, actor: User | None = None) -> Taken:
    """Take a bundle, on the word of a person or an operator.

    Raises PeerRefused; then nothing was stored but the audit entry. NotAllowed for a link that is not the actor's.
    """
    sender = ""
    try:
        files = form.unpack(data)
        manifest = form.read_manifest(files)
        sender = manifest.sender
        with transaction.atomic():
            hold(f"road:{sender}")
            return _take(manifest, files, data, actor)
    except PeerRefused as refusal:
        note_refusal(refusal, sender, is_proven=False)
        raise
    except UNFORESEEN as error:
        logger.exception("a bundle could not be taken")
        failed = PeerRefused("FAILED", f"{type(error).__name__}: the log of this node keeps the rest.")
        note_refusal(failed, sender, is_proven=False)
        raise failed from error


def _take(manifest: form.Manifest, files: Mapping[str, bytes], data: bytes, actor: User | None) -> Taken:
    link = _link_of(manifest, actor)
    _prove(link, manifest, files)
    form.check_files(manifest, files)
    sha = form.described("-", data).sha
    before = Bundle.objects.filter(
        peer_code=manifest.sender, direction=Bundle.Direction.IN, number=manifest.number, sha=sha
    ).first()
    done = Taken(before or _noted(manifest, sha, len(data)), is_repeated=before is not None)
    _learn(link, manifest.keys)
    for file in manifest.files:
        if file.name.startswith("batches/"):
            what, count = let_in(link, files[file.name])
            setattr(done, what, getattr(done, what) + 1)
            if not done.is_repeated:
                done.bundle.batches += 1
                done.bundle.records += count
    done.applied += drain(link)
    _take_receipts(link, files, done)
    row = done.bundle
    if not done.is_repeated:
        row.waiting, row.receipts = done.waiting, done.receipts
        row.save()
    Standing.objects.update_or_create(
        peer_code=link.peer_code, defaults={"places": {"have": msgspec.to_builtins(manifest.have)}}
    )
    audit.record(
        "bundle.take",
        kind="Bundle",
        key=str(row),
        division_code=link.peer_code[:12] if link.role == Link.Role.CHILD else "",
        after={"number": row.number, "sha": sha, "applied": done.applied, "known": done.known, "waiting": done.waiting},
    )
    return done


def _link_of(manifest: form.Manifest, actor: User | None) -> Link:
    """The link of who made the bundle, which is for this node. Raises PeerRefused HOP, NotAllowed."""
    seen = Link.objects.all() if actor is None else Link.objects.visible_to(actor)
    link = seen.filter(peer_code=manifest.sender).first()
    if link is None or manifest.receiver != settings.CITYOPS_NODE:
        raise PeerRefused("HOP", f"A bundle of {manifest.sender} for {manifest.receiver} is not for this node.")
    if actor is not None:
        links.check_may_change(actor, link)
    return link


def _prove(link: Link, manifest: form.Manifest, files: Mapping[str, bytes]) -> None:
    """Whether the peer signed the bundle, over a link that is live. Raises PeerRefused."""
    if not keys.is_known(manifest.kid):  # introduced by a key that is known, or refused
        _learn(link, [key for key in manifest.keys if key.node_code == manifest.sender])
    key = keys.verify(
        kid=manifest.kid,
        node_code=manifest.sender,
        message=form.SIGNED_BUNDLE + files[form.MANIFEST],
        signature=files[form.SIGNATURE],
        signed_at=manifest.made_at.isoformat(),
    )
    if key.suite != manifest.suite:
        raise PeerRefused("PROTOCOL", f"The key {key.kid} is not of suite {manifest.suite}.")
    if link.state != Link.State.LIVE:
        raise PeerRefused("SUSPENDED", f"The link to {link.peer_code} is {link.state}.")


def heed_notice(link: Link, files: Mapping[str, bytes]) -> str:
    """Take a manifest that comes alone: keys, and where the peer stands. Raises PeerRefused."""
    manifest = form.read_manifest(files)
    if (manifest.sender, manifest.receiver) != (link.peer_code, settings.CITYOPS_NODE) or manifest.files:
        raise PeerRefused("HOP", f"A notice of {manifest.sender} for {manifest.receiver} is not for this road.")
    _prove(link, manifest, files)
    _learn(link, manifest.keys)
    Standing.objects.update_or_create(
        peer_code=link.peer_code, defaults={"places": {"have": msgspec.to_builtins(manifest.have)}}
    )
    return "heeded"


def _learn(link: Link, offers: list[OfferedKey]) -> None:
    """Keys that the peer vouches for. Its own first key came with the enrolment, so none is taken on its own word."""
    vouching.learn_keys(offers, from_parent=link.role == Link.Role.PARENT, voucher=link.peer_code)


def _noted(manifest: form.Manifest, sha: str, size: int) -> Bundle:
    return Bundle.objects.create(
        peer_code=manifest.sender,
        direction=Bundle.Direction.IN,
        number=manifest.number,
        sha=sha,
        size=size,
        by=current_actor().name,
    )


def let_in(link: Link, packed: bytes) -> tuple[str, int]:
    """Take one batch of a peer: ``applied`` where it follows, ``known`` where it is here, else ``waiting``.

    Returns that, and its number of records. Raises PeerRefused.
    """
    sealed = envelope.unpack(packed)
    header = sealed.read()
    stream = Stream.objects.filter(**streams.names_of(header)).first()
    stands = stream.seq if stream is not None else 0
    is_other = stream is not None and stream.epoch_id != header.epoch_id
    if stream is not None and not is_other and header.to_seq <= stands:
        receiving.open_batch(sealed, sender=link.peer_code)  # a changed one is refused, though it would change nothing
        return "known", header.count
    if is_other or header.from_seq == stands + 1:
        receiving.receive(sealed, sender=link.peer_code)
        return "applied", header.count
    receiving.open_batch(sealed, sender=link.peer_code)  # as far as it can be verified now
    WaitingBatch.objects.get_or_create(
        **streams.names_of(header),
        epoch_id=header.epoch_id,
        from_seq=header.from_seq,
        defaults={"peer_code": link.peer_code, "to_seq": header.to_seq, "packed": packed},
    )
    return "waiting", header.count


def drain(link: Link) -> int:
    """Let in what waited and now follows; what came meanwhile by another road is let go. Returns how many went in."""
    applied, moved = 0, True
    while moved:
        moved = False
        for one in WaitingBatch.objects.filter(peer_code=link.peer_code).defer("packed"):
            stream = Stream.objects.filter(
                producer_code=one.producer_code, flow=one.flow, scope=one.scope, lane=one.lane, audience=one.audience
            ).first()
            if stream is None or stream.epoch_id != one.epoch_id or one.from_seq > stream.seq + 1:
                continue
            if one.from_seq == stream.seq + 1:
                receiving.receive(envelope.unpack(bytes(one.packed)), sender=link.peer_code)
                applied += 1
            one.delete()
            moved = True
    return applied


def _take_receipts(link: Link, files: Mapping[str, bytes], done: Taken) -> None:
    for name in sorted(files):
        if name.startswith("receipts/") and name.endswith(".json"):
            signature = files.get(f"{name.removesuffix('.json')}.sig", b"")
            receiving.keep_receipt(files[name], signature, receiver=link.peer_code)
            done.receipts += 1
