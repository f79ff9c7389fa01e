"""The start-up guard 启动守卫: every life of this node's database has its own incarnation, whatever brought it to life.

A restored backup carries the incarnation of the time it was made, and numbers for calls that were used since. So the
facts of the running database (server, timeline, database, start of the server) are compared with those noted: where
they differ, a new random incarnation is drawn and the numbers are void. Calls prepared for an earlier life are refused,
those still on their way across a restore too. It needs no operator, and a false alarm costs peers one hello.
"""

import uuid

from django.db import connection, transaction
from django.utils import timezone

from cityops.foundation import audit
from sync.exchange.models import Nonce, SyncSelf

FACTS = (
    "SELECT concat_ws('/', s.system_identifier, c.timeline_id, d.oid, "
    "extract(epoch FROM pg_postmaster_start_time())::numeric(20, 6)) "
    "FROM pg_control_system() s, pg_control_checkpoint() c, pg_database d WHERE d.datname = current_database()"
)


def incarnation() -> uuid.UUID:
    """The incarnation of this life of the database; drawn now where it is a new one."""
    facts = _facts()
    me = SyncSelf.objects.get(id=1)
    if me.incarnation is None or me.server_facts != facts:
        return begin_life()
    return me.incarnation


@transaction.atomic
def begin_life() -> uuid.UUID:
    """Draw a new incarnation: calls that were prepared for the one before are refused."""
    facts = _facts()
    me = SyncSelf.objects.select_for_update().get(id=1)
    before, me.incarnation = me.incarnation, uuid.uuid4()
    is_first = not me.server_facts
    me.server_facts, me.started_at = facts, timezone.now()
    me.system_identifier = facts.partition("/")[0]
    me.save(update_fields=["incarnation", "server_facts", "started_at", "system_identifier"])
    Nonce.objects.all().delete()
    if before is not None and not is_first:
        audit.record("node.begin_life", kind="Node", key=me.node_code, division_code=me.node_code[:12])
    return me.incarnation


def _facts() -> str:
    with connection.cursor() as cursor:
        cursor.execute(FACTS)
        return str(cursor.fetchone()[0])
