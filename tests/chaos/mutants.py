"""Deliberately broken builds: one rule each taken out of the real code, and the scenario that must see it.

A scenario that no broken build fails proves nothing. A mutant is a patch of one function while the scenario runs.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

from django.db import connection

from sync.exchange.models import Key, Stream
from sync.exchange.rules import differences
from sync.exchange.rules.recovering import Act, Course
from sync.exchange.services import (
    applying,
    comparing,
    epochs,
    keys,
    merging,
    receiving,
    recovery,
    relaying,
    sequencing,
    streams,
    trust,
)


@dataclass(frozen=True)
class Mutant:
    """A broken build, what is broken, and the scenario that fails on it."""

    name: str
    scenario: str
    patch: Callable[[], AbstractContextManager[Any]]


def _patched(target: Any, name: str, made: Callable[[Any], Any]) -> AbstractContextManager[Any]:
    return mock.patch.object(target, name, made(getattr(target, name)))


def _no_cursor() -> AbstractContextManager[Any]:
    """The receiver takes a batch wherever it stands."""

    def without(_old: Any) -> Any:
        def at(header: Any) -> Stream:
            names = streams.names_of(header)
            if not Stream.objects.filter(**names).exists():
                streams.begin(names, epoch_no=header.epoch_no, epoch_id=header.epoch_id)
            return Stream.objects.select_for_update().get(**names)

        return at

    return _patched(receiving, "_stream_at", without)


def _no_signature() -> AbstractContextManager[Any]:
    """Signatures are not looked at."""
    return _patched(keys, "verify", lambda _old: lambda *, kid, **_rest: Key.objects.filter(kid=kid).first())


def _no_nonce() -> AbstractContextManager[Any]:
    """A number may be used again."""
    return _patched(trust, "_use_up", lambda _old: lambda _call: None)


def _no_chain() -> AbstractContextManager[Any]:
    """Where both ends stand is compared by numbers alone: what was written after a restore goes unseen."""

    def by_number(_old: Any) -> Any:
        def course(head: Any, held: Any, _chain_at: Any) -> Course:
            return Course.BEGIN if held is None else Course.CONTINUE

        return course

    return mock.patch.multiple(recovery, course=by_number(None))


def _no_fork() -> AbstractContextManager[Any]:
    """Of two versions without a common line the owner's is taken for the newer one."""

    def keeping(old: Any) -> Any:
        def merge(*versions: Any, **facts: Any) -> Act:
            found = old(*versions, **facts)
            return Act.KEEP if found is Act.FORK else found

        return merge

    return _patched(merging, "merge", keeping)


def _no_echo() -> AbstractContextManager[Any]:
    """A restored owner opens a new epoch without fetching back what others hold."""
    return _patched(recovery, "echo_pages", lambda _old: lambda *_words: iter(()))


def _upserted_marks() -> AbstractContextManager[Any]:
    """One mark a record, taken away after its state was read: a writer in flight relies on a mark that goes."""

    def clearing(old: Any) -> Any:
        def sequence(**words: Any) -> int:
            taken = int(old(**words))
            if taken:
                with connection.cursor() as cursor:
                    cursor.execute("DELETE FROM sync_dirty")
            return taken

        return sequence

    return _patched(sequencing, "sequence", clearing)


def _two_sequencers() -> AbstractContextManager[Any]:
    """Nothing keeps two sequencers apart."""

    @contextmanager
    def snapshot() -> Iterator[Any]:
        with connection.cursor() as cursor:
            yield cursor

    return mock.patch.object(sequencing, "_snapshot", snapshot)


def _sender_keeps_the_cursor() -> AbstractContextManager[Any]:
    """The sender remembers what it sent, and does not ask the receiver."""
    sent: dict[int, int] = {}

    def remembering(old: Any) -> Any:
        def push(client: Any, starts: Any, done: Any, deadline: Any, **words: Any) -> None:
            own = {number: max(sent.get(number, 0), at) for number, at in starts.items()}
            try:
                old(client, own, done, deadline, **words)
            finally:
                for stream in Stream.objects.filter(pk__in=own):
                    sent[stream.pk] = stream.seq

        return push

    from sync.exchange.services import running

    return _patched(running, "push", remembering)


def _dropped_instead_of_parked() -> AbstractContextManager[Any]:
    """A record that cannot be applied is dropped."""
    return _patched(receiving, "_park", lambda _old: lambda *_words: None)


def _deletes_ignored() -> AbstractContextManager[Any]:
    """A delete is noted and not done."""
    return _patched(applying, "delete_gone", lambda _old: lambda *_words: None)


def _half_batches() -> AbstractContextManager[Any]:
    """The cursor is committed before the records are."""

    def early(old: Any) -> Any:
        def apply(cursor: Any, stream: Any, batch: Any, opened: Any) -> Any:
            cursor.execute("COMMIT")
            cursor.execute("BEGIN")
            return old(cursor, stream, batch, opened)

        return apply

    return _patched(receiving, "_apply_sections", early)


def _not_relayed() -> AbstractContextManager[Any]:
    """The province keeps the cities' records to itself."""
    return _patched(relaying, "settle_relayed", lambda _old: lambda *_words: None)


def _blind_comparison() -> AbstractContextManager[Any]:
    """A comparison finds nothing."""
    return _patched(comparing, "compare", lambda _old: lambda *_ends, **_words: differences.Differences())


def _no_fence() -> AbstractContextManager[Any]:
    """The receiver says that it heeded the fence, and does not."""
    return _patched(epochs, "_close", lambda _old: lambda *_words: None)


def _scope_unchecked() -> AbstractContextManager[Any]:
    """The receiver takes whatever scope it is handed."""
    return _patched(epochs, "refuse_unentitled", lambda _old: lambda *_words, **_rest: None)


MUTANTS = (
    Mutant("no cursor", "f13_batches_reordered", _no_cursor),
    Mutant("no signature", "f14_bits_flipped", _no_signature),
    Mutant("no nonce", "f12_duplicates", _no_nonce),
    Mutant("no chain", "f30_owner_restored_and_written_to", _no_chain),
    Mutant("no fork", "f30_owner_restored_and_written_to", _no_fork),
    Mutant("no echo", "f36_standby_missed_the_last_second", _no_echo),
    Mutant("no fence", "f30_owner_restored_and_written_to", _no_fence),
    Mutant("upserted marks", "f01_long_transactions", _upserted_marks),
    Mutant("two sequencers", "f29_two_senders_two_sequencers", _two_sequencers),
    Mutant("the sender keeps the cursor", "f08_requests_cut", _sender_keeps_the_cursor),
    Mutant("dropped instead of parked", "f26_poison", _dropped_instead_of_parked),
    Mutant("deletes ignored", "f38_deletes", _deletes_ignored),
    Mutant("half batches", "f04_web_process_killed_while_it_applies", _half_batches),
    Mutant("not relayed", "f25_relayed_unchanged", _not_relayed),
    Mutant("blind comparison", "f42_silent_corruption", _blind_comparison),
    Mutant("scope unchecked", "f17_scope_is_kept", _scope_unchecked),
)
