"""Write the audit trail, in the transaction of the change it tells of."""

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
    if not connection.in_atomic_block:
        raise AuditOutsideTransaction(action)
    actor = current_actor()
    return AuditEvent.objects.create(
        user_id=actor.user_id,
        user_name=_cut("user_name", actor.name),
        channel=actor.channel,
        address=_cut("address", actor.address),
        session=actor.session,
        request_id=actor.request_id,
        node_code=settings.CITYOPS_NODE,
        action=action,
        succeeded=succeeded,
        object_kind=kind,
        object_key=_cut("object_key", key),
        division_code=division_code,
        before=before,
        after=after,
        reason=reason,
    )


def _cut(column: str, text: object) -> str:
    """As much of a text as its column holds; without NUL, which the database refuses."""
    most: int | None = getattr(AuditEvent._meta.get_field(column), "max_length", None)
    return str(text).replace("\0", "")[:most]
