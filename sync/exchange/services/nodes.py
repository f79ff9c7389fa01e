"""This node: its row, its key, its entry in the register of nodes."""

import uuid
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.foundation import audit
from cityops.foundation.errors import NotThere, Refused
from cityops.foundation.records import registry
from sync.exchange.models import DirtyMark, RecordVersion, SyncSelf
from sync.exchange.rules.places import node_rid, prefix_of
from sync.exchange.services.keys import make_own_key
from sync.exchange.services.sequencing import mark_all
from tiers.models import Node
from tiers.tier import TIER_CODE, this_instance

STD_VERSION = "CJ/T 545-2021"
"""The data standard that the records of this version follow."""

DESCRIPTIVE = ("platform_name", "vendor", "network", "protect_level", "crypto_assessed", "accepted_at", "status")
"""What people say of their node; the rest follows from settings and exchange."""


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


@transaction.atomic
def change_own_node(actor: User, values: dict[str, Any], *, reason: str = "") -> Node:
    """Change what the register says of this node, as people know it; the tiers above get it as any record.

    Raises NotThere before ``node_init``, Refused for somebody who is not responsible for the whole division, and for
    a state that the exchange does not bear out.
    """
    node = Node.objects.select_for_update().filter(node_code=settings.CITYOPS_NODE).first()
    if node is None:
        raise NotThere
    if not prefix_of(node.node_code).startswith(actor.scope_prefix):
        raise Refused(_("只有负责全辖区的人员可以维护本节点登记。"))
    if values["status"] not in states_of(node):
        raise Refused(_("联网之前只能是建设中或联调,联网之后不能退回。"), status=values["status"])
    before = {name: getattr(node, name) for name in DESCRIPTIVE}
    changed = [name for name in DESCRIPTIVE if values[name] != before[name]]
    if changed:
        for name in changed:
            setattr(node, name, values[name])
        node.save(update_fields=changed)
        audit.record(
            "node.change",
            kind="Node",
            key=node.node_code,
            division_code=node.division_code,
            before={name: _plain(before[name]) for name in changed},
            after={name: _plain(values[name]) for name in changed},
            reason=reason,
        )
    return node


def states_of(node: Node) -> list[str]:
    """The states in which people may enter a node: it is joined by the exchange itself; the nation joins nobody."""
    building = [Node.State.BUILDING.value, Node.State.TESTING.value]
    joined = [Node.State.JOINED.value, Node.State.TRIAL.value, Node.State.ACCEPTED.value]
    if node.tier == Node.Tier.NATIONAL:
        return building + joined
    return joined if node.joined_at else building


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
