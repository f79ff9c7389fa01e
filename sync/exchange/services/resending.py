"""Requests to send a record again, on their way to its owner, who alone can."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from cityops.foundation.records import Flow, registry
from sync.exchange.models import DirtyMark, RecordVersion, ResendRequest
from sync.exchange.rules.calls import MOST_RESENT, Item
from sync.exchange.rules.places import codes_above, codes_below, is_under
from sync.exchange.rules.refusals import PeerRefused
from sync.exchange.services.sequencing import FORCED

KEPT = timedelta(days=7)
"""A request that nobody fetched is dropped after this; the next comparison asks again."""


def ask(items: Iterable[Item]) -> int:
    """Ask for records again: at the owner a mark, elsewhere a request that is passed on. Returns how many."""
    here = settings.CITYOPS_NODE
    known = [item for item in items if item[1] in registry]
    _mark([(dataset, rid) for owner, dataset, rid in known if owner == here])
    ResendRequest.objects.bulk_create(
        (ResendRequest(owner_code=owner, dataset=dataset, rid=rid) for owner, dataset, rid in known if owner != here),
        ignore_conflicts=True,
    )
    return len(known)


def _mark(records: list[tuple[str, UUID]]) -> None:
    """Have records of this node sent again; those that wait for it already wait once."""
    rids = [rid for _dataset, rid in records]
    versions = RecordVersion.objects.filter(rid__in=rids, owner_code=settings.CITYOPS_NODE)
    known = set(versions.values_list("dataset", "rid"))
    waiting = set(DirtyMark.objects.filter(op=FORCED, rid__in=rids).values_list("dataset", "rid"))
    now = timezone.now()
    DirtyMark.objects.bulk_create(
        DirtyMark(dataset=dataset, rid=rid, op=FORCED, marked_at=now) for dataset, rid in known - waiting
    )


def ask_for_child(items: Iterable[Item], child: str) -> int:
    """What a child asks for: only what comes down to it from an owner above, and is held here.

    Raises PeerRefused SCOPE for anything else.
    """
    known = [item for item in items if item[1] in registry]
    for owner, dataset, _rid in known:
        if registry.get(dataset).flow is not Flow.DOWN or not is_under(child, owner):
            raise PeerRefused("SCOPE", f"{dataset} of {owner} is not for {child} to ask for.")
    held = set(
        RecordVersion.objects.filter(rid__in=[rid for _o, _d, rid in known]).values_list("owner_code", "dataset", "rid")
    )
    return ask([item for item in known if item in held])


def ask_for_parent(items: Iterable[Item]) -> int:
    """What the parent asks for: records of this node, or of those under it. Anything else is left out."""
    here = settings.CITYOPS_NODE
    return ask([item for item in items if item[0] == here or is_under(item[0], here)])


def _for_child(child: str) -> QuerySet[ResendRequest]:
    return ResendRequest.objects.filter(Q(owner_code=child) | Q(owner_code__regex=codes_below(child)))


def take_for_child(child: str) -> list[Item]:
    """Requests whose owner is the child or lies under it; handed over once (a lost one is found again)."""
    return _take(_for_child(child))


def has_for_child(child: str) -> bool:
    """Whether a child would be handed any request."""
    return _for_child(child).exists()


def take_for_parent() -> list[Item]:
    """Requests whose owner lies above."""
    return _take(ResendRequest.objects.filter(owner_code__regex=codes_above(settings.CITYOPS_NODE)))


def _take(wanted: QuerySet[ResendRequest]) -> list[Item]:
    found = list(wanted.order_by("id")[:MOST_RESENT])
    ResendRequest.objects.filter(pk__in=[request.pk for request in found]).delete()
    return [(request.owner_code, request.dataset, request.rid) for request in found]


def drop_old() -> int:
    """Drop requests that nobody fetched."""
    return ResendRequest.objects.filter(asked_at__lt=timezone.now() - KEPT).delete()[0]
