"""The front-end database 前置库: a database between two networks, into which each side puts and from which it takes.

The same batches and receipts as on-line, row by row. Nothing depends on the order of rows, on one coming twice, or on
the mark that it was taken: that is written after the records are safe here, so a row is rather taken twice.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from psycopg.rows import dict_row

from cityops.foundation import audit
from cityops.foundation.locks import hold
from sync.exchange.models import Batch, Link, Receipt, Stream
from sync.exchange.rules.refusals import PeerRefused
from sync.exchange.services import receiving
from sync.exchange.services.refusing import note_refusal
from sync.exchange.services.sealing import sealed_batch
from sync.exchange.services.sequencing import sequence
from sync.roads.rules import bundle as form
from sync.roads.rules.front import tables
from sync.roads.services import importing
from sync.roads.services.exporting import acknowledged, signed_manifest, streams_for, streams_from, words

MOST_ROWS = 2000
"""Batches that are put for one peer, or taken, in one run."""

ONE_STREAM = (
    "sender = %(sender)s AND receiver = %(receiver)s AND producer = %(producer)s AND flow = %(flow)s "
    "AND scope = %(scope)s AND lane = %(lane)s AND audience = %(audience)s"
)


class NoFrontDatabase(RuntimeError):
    """No front-end database is set, or it cannot be reached."""


@dataclass
class Passed:
    """What one run did."""

    put: int = 0
    cleared: int = 0
    taken: int = 0
    refused: int = 0
    receipts: int = 0


@contextmanager
def _front() -> Iterator[psycopg.Connection[dict[str, Any]]]:
    """A connection to the front-end database. Raises NoFrontDatabase."""
    if not settings.CITYOPS_FRONT_DATABASE_URL:
        raise NoFrontDatabase("Set CITYOPS_FRONT_DATABASE_URL.")
    try:
        with psycopg.connect(
            settings.CITYOPS_FRONT_DATABASE_URL, autocommit=True, row_factory=dict_row, connect_timeout=10
        ) as front:
            yield front
    except psycopg.OperationalError as error:
        raise NoFrontDatabase(f"The front-end database cannot be reached: {error}") from error


def prepare() -> None:
    """Make the tables of the front-end database where they are missing."""
    with _front() as front:
        for statement in tables():
            front.execute(statement)


def carry() -> Passed:
    """Put what every peer lacks, take what came. Raises NoFrontDatabase."""
    done = Passed()
    while sequence():
        pass
    with _front() as front:
        links = list(Link.objects.live())
        for link in links:
            _take_notice(front, link, done)
            _take_batches(front, link, done)
            _take_receipts(front, link, done)
        for link in links:
            _put(front, link, done)
    if done.put or done.taken or done.receipts:
        facts = {"put": done.put, "taken": done.taken, "refused": done.refused, "receipts": done.receipts}
        with transaction.atomic():
            audit.record("front.carry", kind="Bundle", key=settings.CITYOPS_NODE, after=facts)
    return done


def _put(front: psycopg.Connection[dict[str, Any]], link: Link, done: Passed) -> None:
    """Batches that the peer is not known to hold, our receipts for it, where we stand; what it holds is cleared."""
    ends = {"sender": settings.CITYOPS_NODE, "receiver": link.peer_code}
    for stream in streams_for(link):
        known = acknowledged(link, stream)
        facts = {**ends, **words(stream), "epoch_id": stream.epoch_id}
        cleared = front.execute(
            f"DELETE FROM out_batch WHERE {ONE_STREAM} AND (epoch_id <> %(epoch_id)s OR to_seq <= %(known)s)",
            {**facts, "known": known},
        )
        done.cleared += cleared.rowcount
        last = front.execute(f"SELECT max(to_seq) AS seq FROM out_batch WHERE {ONE_STREAM}", facts).fetchone()
        start = max(known, (last or {}).get("seq") or 0)
        _put_batches(front, stream, start, facts, done)
    _put_receipts(front, link, ends)
    number = int(timezone.now().timestamp() * 1000)
    text, signature = signed_manifest(link, number, {})
    front.execute("DELETE FROM out_notice WHERE sender = %(sender)s AND receiver = %(receiver)s", ends)
    front.execute(
        "INSERT INTO out_notice (sender, receiver, number, manifest, signature) VALUES (%s, %s, %s, %s, %s)",
        [*ends.values(), number, text, signature],
    )


def _put_batches(
    front: psycopg.Connection[dict[str, Any]], stream: Stream, start: int, facts: dict[str, Any], done: Passed
) -> None:
    lacks = Batch.objects.filter(stream=stream, epoch_no=stream.epoch_no, from_seq__gt=start).order_by("from_seq")
    for batch in lacks[:MOST_ROWS]:
        try:
            packed = sealed_batch(batch).pack()
        except LookupError:  # past its keeping: only a comparison on-line heals that
            return
        done.put += front.execute(
            "INSERT INTO out_batch (sender, receiver, producer, flow, scope, lane, audience, epoch_id, from_seq, "
            "to_seq, packed) VALUES (%(sender)s, %(receiver)s, %(producer)s, %(flow)s, %(scope)s, %(lane)s, "
            "%(audience)s, %(epoch_id)s, %(from_seq)s, %(to_seq)s, %(packed)s) ON CONFLICT DO NOTHING",
            {**facts, "from_seq": batch.from_seq, "to_seq": batch.to_seq, "packed": packed},
        ).rowcount


def _put_receipts(front: psycopg.Connection[dict[str, Any]], link: Link, ends: dict[str, str]) -> None:
    """The receipts of what came from the peer, the newest; a later one says what an earlier one said, and more."""
    mine = Receipt.objects.filter(receiver_code=settings.CITYOPS_NODE, stream__in=streams_from(link)).order_by("-pk")
    for receipt in mine[:MOST_ROWS]:
        text = bytes(receipt.text)
        front.execute(
            "INSERT INTO out_receipt (sender, receiver, sha, text, signature) VALUES (%s, %s, %s, %s, %s) "
            "ON CONFLICT DO NOTHING",
            [*ends.values(), form.described("-", text).sha, text, bytes(receipt.signature)],
        )


def _new_rows(front: psycopg.Connection[dict[str, Any]], name: str, link: Link, order: str) -> list[dict[str, Any]]:
    query = (
        f"SELECT ctid::text AS row_id, * FROM in_{name} WHERE sender = %s AND receiver = %s AND taken_at IS NULL "
        f"ORDER BY {order} LIMIT {MOST_ROWS}"
    )
    return front.execute(query, [link.peer_code, settings.CITYOPS_NODE]).fetchall()


def _mark(front: psycopg.Connection[dict[str, Any]], name: str, row: dict[str, Any], result: str) -> None:
    front.execute(
        f"UPDATE in_{name} SET taken_at = now(), result = %s WHERE ctid = %s::tid",
        [result, row["row_id"]],
    )


def _tried(link: Link, act: Any, *given: Any) -> tuple[str, bool]:
    """Take one row in a transaction of its own. Returns the result to note, and whether it was taken."""
    try:
        with transaction.atomic():
            hold(f"road:{link.peer_code}")
            return str(act(link, *given) or "taken"), True
    except PeerRefused as refusal:
        note_refusal(refusal, link.peer_code, is_proven=False)
        return refusal.code, False
    except importing.UNFORESEEN as error:
        note_refusal(PeerRefused("FAILED", f"{type(error).__name__}"), link.peer_code, is_proven=False)
        return "FAILED", False


def _take_batches(front: psycopg.Connection[dict[str, Any]], link: Link, done: Passed) -> None:
    for row in _new_rows(front, "batch", link, "from_seq"):
        result, is_taken = _tried(link, lambda at, packed: importing.let_in(at, packed)[0], bytes(row["packed"]))
        _mark(front, "batch", row, result)
        done.taken += is_taken
        done.refused += not is_taken
    _tried(link, importing.drain)


def _take_receipts(front: psycopg.Connection[dict[str, Any]], link: Link, done: Passed) -> None:
    def keep(at: Link, text: bytes, signature: bytes) -> str:
        receiving.keep_receipt(text, signature, receiver=at.peer_code)
        return "kept"

    for row in _new_rows(front, "receipt", link, "put_at"):
        result, is_taken = _tried(link, keep, bytes(row["text"]), bytes(row["signature"]))
        _mark(front, "receipt", row, result)
        done.receipts += is_taken
        done.refused += not is_taken


def _take_notice(front: psycopg.Connection[dict[str, Any]], link: Link, done: Passed) -> None:
    """Keys of the peer, and where it stands; read before its batches."""
    for row in _new_rows(front, "notice", link, "number"):
        files = {form.MANIFEST: bytes(row["manifest"]), form.SIGNATURE: bytes(row["signature"])}
        result, is_taken = _tried(link, importing.heed_notice, files)
        _mark(front, "notice", row, result)
        done.refused += not is_taken
