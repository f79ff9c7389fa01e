"""Requests to send a record again, on their way to its owner, who alone can."""

from collections.abc import Callable, Iterable

from django.conf import settings
from django.utils import timezone

from cityops.foundation.records import registry
from sync.exchange.models import DirtyMark, RecordVersion, ResendRequest
from sync.exchange.rules.places import is_under
from sync.exchange.services.sequencing import FORCED

LIMIT = 20_000
"""Requests handed on in one answer."""
Item = tuple[str, str, str]
"""(owner, dataset, rid)"""


def ask(items: Iterable[Item], *, asked_by: str = "") -> int:
    """Ask for records again: at the owner a mark, elsewhere a request that is passed on. Returns how many."""
    here, count = settings.CITYOPS_NODE, 0
    own: list[Item] = []
    others: list[Item] = []
    for owner, dataset, rid in items:
        if dataset in registry:
            (own if owner == here else others).append((owner, dataset, rid))
            count += 1
    known = {
        str(rid)
        for rid in RecordVersion.objects.filter(rid__in=[rid for _o, _d, rid in own], owner_code=here).values_list(
            "rid", flat=True
        )
    }
    now = timezone.now()
    DirtyMark.objects.bulk_create(
        DirtyMark(dataset=dataset, rid=rid, op=FORCED, marked_at=now) for _o, dataset, rid in own if rid in known
    )
    ResendRequest.objects.bulk_create(
        (ResendRequest(owner_code=owner, dataset=dataset, rid=rid) for owner, dataset, rid in others),
        ignore_conflicts=True,
    )
    return count


def take_for_child(child: str) -> list[Item]:
    """Requests whose owner is the child or lies under it; handed over once (a lost one is found again)."""
    return _take(lambda owner: owner == child or is_under(owner, child))


def has_for_child(child: str) -> bool:
    """Whether a child would be handed any request."""
    owners = ResendRequest.objects.values_list("owner_code", flat=True).distinct()
    return any(owner == child or is_under(owner, child) for owner in owners)


def take_for_parent() -> list[Item]:
    """Requests whose owner lies above."""
    return _take(lambda owner: is_under(settings.CITYOPS_NODE, owner))


def _take(wanted: Callable[[str], bool]) -> list[Item]:
    found = [request for request in ResendRequest.objects.order_by("id")[:LIMIT] if wanted(request.owner_code)]
    ResendRequest.objects.filter(pk__in=[request.pk for request in found]).delete()
    return [(request.owner_code, request.dataset, str(request.rid)) for request in found]
