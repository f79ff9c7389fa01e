"""What travelled over one link: streams, batches, receipts, comparisons."""

from typing import Any

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform, KeyTransform

from sync.exchange.models import Batch, Comparison, Link, Parked, Receipt, RecoveryReport, Stream
from sync.exchange.rules.places import is_under

REASONS = 12


def streams_of(link: Link, user: Any) -> QuerySet[Stream]:
    """The streams that travel over a link, of the producers whose evidence the person may see."""
    here = settings.CITYOPS_NODE
    producers = list(Stream.objects.values_list("producer_code", flat=True).distinct())
    if link.role == Link.Role.CHILD:
        child = link.peer_code
        below = [code for code in producers if code == child or is_under(code, child)]
        above = [code for code in producers if is_under(child, code)]
    else:
        below = [code for code in producers if code == here or is_under(code, here)]
        above = [code for code in producers if is_under(here, code)]
    return Stream.objects.visible_to(user).filter(
        Q(flow="up", producer_code__in=below) | Q(flow="down", producer_code__in=above), seq__gt=0
    )


def batches_of(link: Link, user: Any, *, limit: int = 20) -> list[Batch]:
    """The newest batches of a link."""
    found = Batch.objects.filter(stream__in=streams_of(link, user))
    return list(found.select_related("stream").order_by("-id")[:limit])


def receipts_of(link: Link, user: Any, *, limit: int = 20) -> list[Receipt]:
    """The newest receipts: the peer's for what went there, ours for what came from there."""
    receivers = [link.peer_code, settings.CITYOPS_NODE]
    found = Receipt.objects.filter(stream__in=streams_of(link, user), receiver_code__in=receivers)
    return list(found.select_related("stream")[:limit])


def comparisons_of(link: Link, user: Any, *, limit: int = 50) -> list[Comparison]:
    """The newest comparisons over a link that a person may see."""
    return list(Comparison.objects.visible_to(user).filter(peer_code=link.peer_code)[:limit])


def comparisons_with(user: Any, owner: str, dataset: str, *, limit: int = 20) -> list[Comparison]:
    """The newest comparisons of one owner and dataset that a person may see, over whatever link."""
    return list(Comparison.objects.visible_to(user).filter(owner_code=owner, dataset=dataset)[:limit])


def reasons_of(owners: list[str], user: Any) -> list[dict[str, Any]]:
    """Why records of some owners wait, by first reason: code, detail, remedy, how many; the most frequent first."""
    waiting = Parked.objects.visible_to(user).waiting().filter(owner_code__in=owners).order_by()
    named = {name: KeyTextTransform(name, KeyTransform(0, "reasons")) for name in ("code", "detail", "remedy")}
    rows = waiting.annotate(**named).values("dataset", *named).annotate(count=Count("id"))
    return list(rows.order_by("-count", "code")[:REASONS])


def recoveries_of(link: Link, user: Any, *, limit: int = 20) -> list[RecoveryReport]:
    """The newest recoveries of streams over a link, or on behalf of a node beyond it."""
    found = RecoveryReport.objects.filter(stream__in=streams_of(link, user))
    return list(found.select_related("stream")[:limit])
