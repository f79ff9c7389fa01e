"""Attempts to take a batch, so that a record that kills the process which applies it is met only so often.

The count is committed before the work begins: a process that dies cannot tell afterwards.
"""

from django.db import transaction

from sync.exchange.models import Attempt
from sync.exchange.rules.envelope import Envelope, Header

MOST = 2
"""Attempts to apply a batch as usual; at the next one its records are set aside, and each is tried alone."""


def _name(header: Header) -> str:
    return " ".join((header.producer, header.flow, header.scope, header.lane, header.audience))


@transaction.atomic
def begin(sealed: Envelope) -> int:
    """Count an attempt to take a batch. Returns how many there were, with this one. Raises PeerRefused MALFORMED."""
    header = sealed.read()
    name, sha = _name(header)[:80], header.body_sha
    found = Attempt.objects.select_for_update().filter(stream_name=name).first()
    if found is None or found.body_sha != sha:
        Attempt.objects.update_or_create(stream_name=name, defaults={"body_sha": sha, "tries": 1})
        return 1
    found.tries += 1
    found.save()
    return found.tries


def tries(sealed: Envelope) -> int:
    """How many attempts were begun at this batch, with the present one."""
    header = sealed.read()
    found = Attempt.objects.filter(stream_name=_name(header)[:80], body_sha=header.body_sha).first()
    return found.tries if found else 1


def end(sealed: Envelope) -> None:
    """The attempt came to an end, whichever: it killed nobody."""
    Attempt.objects.filter(stream_name=_name(sealed.read())[:80]).update(tries=0)
