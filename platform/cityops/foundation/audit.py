"""Write the audit trail, in the transaction of the change it tells of."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection

from cityops.foundation.context import current_actor
from cityops.foundation.models import AuditEvent


class AuditOutsideTransaction(RuntimeError):
    """An audit entry must commit or fall with its change; wrap the change in ``transaction.atomic``."""


def record(
    action: str,
    *,
    kind: str = "",
    key: object = "",
    division_code: str = "",
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
    succeeded: bool = True,
) -> AuditEvent:
    """Write one entry: ``action`` is ``noun.verb`` (``case.file``); before and after hold what changed, no secrets.

    Names are cut to their columns: what somebody typed must never keep an entry from being written.
    """
    entry = Entry(kind, key, division_code, before, after, reason, succeeded)
    event = _event(action, entry)
    event.save(force_insert=True)
    return event


@dataclass(frozen=True)
class Entry:
    """What one entry of a set of like changes tells besides the action; see ``record``."""

    kind: str = ""
    key: object = ""
    division_code: str = ""
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    reason: str = ""
    succeeded: bool = True


def record_each(action: str, entries: Iterable[Entry]) -> None:
    """Write one entry for each of many like changes, as a set."""
    AuditEvent.objects.bulk_create((_event(action, entry) for entry in entries), batch_size=1000)


def _event(action: str, entry: Entry) -> AuditEvent:
    if not connection.in_atomic_block:
        raise AuditOutsideTransaction(action)
    actor = current_actor()
    return AuditEvent(
        user_id=actor.user_id,
        user_name=_cut("user_name", actor.name),
        channel=actor.channel,
        address=_cut("address", actor.address),
        session=actor.session,
        request_id=actor.request_id,
        node_code=settings.CITYOPS_NODE,
        action=action,
        succeeded=entry.succeeded,
        object_kind=entry.kind,
        object_key=_cut("object_key", entry.key),
        division_code=entry.division_code,
        before=entry.before,
        after=entry.after,
        reason=entry.reason,
    )


def _cut(column: str, text: object) -> str:
    """As much of a text as its column holds; without NUL, which the database refuses."""
    most: int | None = getattr(AuditEvent._meta.get_field(column), "max_length", None)
    return str(text).replace("\0", "")[:most]
