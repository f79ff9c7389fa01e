"""This node: its row, its key, its entry in the register of nodes."""

import uuid
from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from cityops.foundation import audit
from cityops.foundation.records import registry
from sync.exchange.models import DirtyMark, RecordVersion, SyncSelf
from sync.exchange.rules.places import node_rid
from sync.exchange.services.keys import make_own_key
from sync.exchange.services.sequencing import mark_all
from tiers.models import Node
from tiers.tier import TIER_CODE, this_instance

STD_VERSION = "CJ/T 545-2021"
"""The data standard that the records of this version follow."""


@dataclass(frozen=True)
class Initialised:
    """What ``init_node`` did."""

    node_code: str
    kid: str
    marked: int


@transaction.atomic
def init_node() -> Initialised:
    """Make this database the node that the settings describe; marks what it owns when it is first told.

    Safe to run again: the key and the numbers stay. Raises ValueError where the database is another node already.
    """
    instance = this_instance()
    me = SyncSelf.objects.select_for_update().filter(id=1).first()
    if me is not None and me.node_code != instance.node_code:
        raise ValueError(f"This database is {me.node_code}; the settings say {instance.node_code}.")
    if me is None or me.incarnation is None:
        SyncSelf.objects.update_or_create(
            id=1,
            defaults={
                "node_code": instance.node_code,
                "incarnation": uuid.uuid4(),
                "system_identifier": _system_identifier(),
                "started_at": timezone.now(),
            },
        )
        audit.record("node.init", kind="Node", key=instance.node_code, division_code=instance.region_code)
    key = make_own_key()
    register_node(
        node_code=instance.node_code,
        name=settings.CITYOPS_NAME or instance.node_code,
        tier=TIER_CODE[instance.tier],
        base_url=settings.CITYOPS_BASE_URL,
        public_key=key.public_key,
    )
    return Initialised(instance.node_code, key.kid, _mark_what_was_never_numbered())


def register_node(
    *, node_code: str, name: str, tier: str, base_url: str, public_key: str, parent_code: str = ""
) -> Node:
    """Enter a node in the register, or renew its entry. The node itself owns the record."""
    node = Node.objects.filter(node_code=node_code).first()
    if node is None:
        node = Node(rid=node_rid(node_code), node_code=node_code, origin_code=node_code, std_version=STD_VERSION)
    node.platform_name, node.tier, node.division_code = name, tier, node_code[:12]
    node.base_url, node.public_key = base_url, public_key
    if not node.is_replica:
        node.std_version = STD_VERSION
    if parent_code:
        node.parent_code = parent_code
        mark_joined(node)
    node.save()
    return node


def mark_joined(node: Node) -> None:
    """The node exchanges records with its parent from now on; what people made of it since stays. Does not save."""
    if node.status in (Node.State.BUILDING, Node.State.TESTING, Node.State.RETIRED):
        node.status = Node.State.JOINED
    node.joined_at = node.joined_at or timezone.localdate()


def _mark_what_was_never_numbered() -> int:
    """Mark the records of every dataset that this node owns and that has neither a version nor a mark yet."""
    marked = 0
    for kind in registry:
        if RecordVersion.objects.filter(dataset=kind.dataset, owner_code=settings.CITYOPS_NODE).exists():
            continue
        if DirtyMark.objects.filter(dataset=kind.dataset).exists():
            continue
        marked += mark_all(kind.dataset)
    return marked


def _system_identifier() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT system_identifier FROM pg_control_system()")
        return str(cursor.fetchone()[0])
