"""The numbers of the exchange 运行指标: the same on the page of alarms and at ``/metrics`` (docs/monitoring.md).

Each is asked when somebody looks. A sample carries its labels in the order of the gauge; the first label is a node
wherever there is one, so that a page shows a person the own division's only.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Count, Max, Min, Sum
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cityops.foundation import numbers
from sync.exchange.models import Alarm, Batch, Comparison, DirtyMark, Link, Parked, Pulse, Stream
from sync.exchange.rules.places import is_under

Sample = tuple[tuple[str, ...], float]


@dataclass(frozen=True)
class Gauge:
    """One number: its name at ``/metrics``, what it means in both languages, labels, and how it is read."""

    name: str
    help: str
    title: str | Promise
    labels: tuple[str, ...]
    read: Callable[[], Iterator[Sample]]


def _age(at: datetime | None) -> float:
    return max(0.0, (timezone.now() - at).total_seconds()) if at else 0.0


def _backlog() -> Iterator[Sample]:
    for peer, backlog in Link.objects.values_list("peer_code", "backlog"):
        yield (peer,), backlog


def _skew() -> Iterator[Sample]:
    for peer, skew in Link.objects.exclude(clock_skew_seconds=None).values_list("peer_code", "clock_skew_seconds"):
        yield (peer,), skew or 0.0


def _silence() -> Iterator[Sample]:
    for peer, at in Link.objects.live().exclude(last_ok_at=None).values_list("peer_code", "last_ok_at"):
        yield (peer,), _age(at)


UNACKED = """
SELECT s.lane, min(b.stored_at) FROM sync_stream s
CROSS JOIN LATERAL (SELECT COALESCE(max(r.upto_seq), 0) AS seq FROM sync_receipt r
    WHERE r.stream_id = s.id AND r.epoch_no = s.epoch_no AND r.receiver_code <> %s) acked
JOIN sync_batch b ON b.stream_id = s.id AND b.epoch_no = s.epoch_no AND b.from_seq > acked.seq
WHERE s.producer_code = %s AND s.flow = 'up' GROUP BY s.lane
"""


def _unacked() -> Iterator[Sample]:
    here = settings.CITYOPS_NODE
    if not Link.objects.to_parent().exists():
        return
    with connection.cursor() as cursor:
        cursor.execute(UNACKED, [here, here])
        for lane, oldest in cursor.fetchall():
            yield (here, lane), _age(oldest)


def _lag() -> Iterator[Sample]:
    yield (settings.CITYOPS_NODE,), _age(DirtyMark.objects.aggregate(at=Min("marked_at"))["at"])


def _parked() -> Iterator[Sample]:
    for owner, dataset, count in (
        Parked.objects.waiting().order_by().values_list("owner_code", "dataset").annotate(n=Count("id"))
    ):
        yield (owner, dataset), count


def _parked_codes() -> Iterator[Sample]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT owner_code, COALESCE(reasons -> 0 ->> 'code', ''), count(*) FROM sync_parked WHERE state = 'P' "
            "GROUP BY 1, 2"
        )
        for owner, code, count in cursor.fetchall():
            yield (owner, code), count


def _waiting() -> Iterator[Sample]:
    for owner, count in Parked.objects.filter(state="W").order_by().values_list("owner_code").annotate(n=Count("id")):
        yield (owner,), count


def _conflicts() -> Iterator[Sample]:
    forks = Parked.objects.waiting().filter(reasons__contains=[{"code": "FORK"}]).order_by()
    for owner, count in forks.values_list("owner_code").annotate(n=Count("id")):
        yield (owner,), count


def _recoveries() -> Iterator[Sample]:
    for producer, epochs in Stream.objects.order_by().values_list("producer_code").annotate(n=Max("epoch_no")):
        yield (producer,), epochs - 1


def _batch_bytes() -> Iterator[Sample]:
    last = Batch.objects.order_by("stream_id", "-id").distinct("stream_id")
    for producer, lane, size in last.values_list("stream__producer_code", "stream__lane", "body_size"):
        yield (producer, lane), size


def _clean() -> Iterator[Sample]:
    equal = Comparison.objects.filter(result="equal").order_by()
    for owner, dataset, at in equal.values_list("owner_code", "dataset").annotate(last=Max("at")):
        yield (owner, dataset), at.timestamp()


def _slice_age() -> Iterator[Sample]:
    for at in Pulse.objects.filter(name="slice").values_list("at", flat=True):
        yield (settings.CITYOPS_NODE,), _age(at)


def _push_seconds() -> Iterator[Sample]:
    for seconds in Pulse.objects.filter(name="push").values_list("seconds", flat=True):
        yield (settings.CITYOPS_NODE,), seconds


def _outcomes() -> Iterator[Sample]:
    rows = Stream.objects.order_by().values_list("producer_code", "flow")
    for producer, flow, applied, superseded, parked in rows.annotate(
        a=Sum("applied_count"), s=Sum("superseded_count"), p=Sum("parked_count")
    ):
        for outcome, count in (("applied", applied), ("superseded", superseded), ("parked", parked)):
            yield (producer, flow, outcome), count


def _alarms() -> Iterator[Sample]:
    for node, kind, level, count in (
        Alarm.objects.standing().order_by().values_list("node_code", "kind", "level").annotate(n=Count("id"))
    ):
        yield (node, kind, level), count


GAUGES: tuple[Gauge, ...] = (
    Gauge("sync_backlog_entries", "Entries the peer still lacks.", _("积压（条）"), ("node",), _backlog),
    Gauge(
        "sync_oldest_unacked_seconds", "Age of the oldest batch without a receipt of the parent.",
        _("最早未获回执（秒）"), ("node", "lane"), _unacked,
    ),
    Gauge(
        "sync_sequencer_lag_seconds", "Age of the oldest mark not yet numbered.", _("编号滞后（秒）"), ("node",), _lag
    ),
    Gauge("sync_silent_seconds", "Seconds since a live link last worked.", _("链路静默（秒）"), ("node",), _silence),
    Gauge("sync_parked", "Parked records.", _("暂存（条）"), ("node", "dataset"), _parked),
    Gauge(
        "sync_parked_reasons", "Parked records by first reason.", _("暂存原因（条）"), ("node", "code"), _parked_codes
    ),
    Gauge("sync_waiting", "Records that wait for another.", _("等待（条）"), ("node",), _waiting),
    Gauge("sync_conflicts_open", "Versions with two contents.", _("版本冲突（条）"), ("node",), _conflicts),
    Gauge("sync_recoveries", "Epochs begun after the first.", _("恢复（次）"), ("node",), _recoveries),
    Gauge("sync_clock_skew_seconds", "Peer's clock minus ours.", _("时钟偏差（秒）"), ("node",), _skew),
    Gauge("sync_batch_bytes", "Size of the newest batch.", _("最新批次（字节）"), ("node", "lane"), _batch_bytes),
    Gauge("sync_push_seconds", "How long the last push took.", _("最近推送（秒）"), ("node",), _push_seconds),
    Gauge(
        "sync_last_clean_reconcile_timestamp", "When both ends were last seen equal, in Unix time.",
        _("最近核对一致（Unix 时间）"), ("node", "dataset"), _clean,
    ),
    Gauge("sync_slice_age_seconds", "Seconds since the last slice.", _("最近运行（秒前）"), ("node",), _slice_age),
    Gauge("sync_entries", "Entries by outcome.", _("流内条目（条）"), ("node", "flow", "outcome"), _outcomes),
    Gauge("sync_alarms", "Standing alarms.", _("未解除告警"), ("node", "kind", "level"), _alarms),
)  # fmt: skip


def register() -> None:
    """Offer the numbers at ``/metrics``."""
    for gauge in GAUGES:
        numbers.gauges.register(gauge.name, gauge.help, gauge.labels, gauge.read)


def table(user: Any) -> list[tuple[Gauge, list[tuple[str, float]]]]:
    """The same numbers for a page: per gauge its labels in words and the value, of the nodes a person may see."""
    found = []
    for gauge in GAUGES:
        rows = [(" · ".join(labels), value) for labels, value in gauge.read() if _is_seen(labels[0], user)]
        if rows:
            found.append((gauge, rows))
    return found


def _is_seen(node: str, user: Any) -> bool:
    here = settings.CITYOPS_NODE
    return node.startswith(user.scope_prefix) or node == here or is_under(here, node)
