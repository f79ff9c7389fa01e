"""Alarms: raised and closed from what the tables say, acknowledged by people.

``check`` runs every half minute from beat, and from ``manage.py sync_watch`` where a timer of the system watches over
Celery: an exchange that does not run cannot tell so itself.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Min
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.accounts.services import limits
from cityops.foundation import audit, locks
from cityops.foundation.errors import Refused
from sync.exchange.models import Alarm, Comparison, Key, Link, Parked, Pulse, Stream
from sync.exchange.rules import alarms as rules
from sync.exchange.rules.alarms import Finding
from sync.exchange.services import trespass

SLICE = "slice"
"""Name of the pulse that every slice leaves."""
PUSH = "push"
"""Name of the pulse that every pushed batch leaves, with the seconds that it took."""
Probe = Callable[[datetime], Iterator[Finding]]


def beat(name: str, *, seconds: float = 0) -> None:
    """Note that a part of the exchange works."""
    Pulse.objects.update_or_create(name=name, defaults={"at": timezone.now(), "seconds": seconds})


def _links(at: datetime) -> Iterator[Finding]:
    """Silent and frozen links, and clocks that are apart."""
    urgent = set(Stream.objects.filter(lane="urgent", seq__gt=0).values_list("producer_code", flat=True))
    here = settings.CITYOPS_NODE
    for link in Link.objects.exclude(state__in=[Link.State.PENDING, Link.State.RETIRED]):
        if link.state == Link.State.FROZEN:
            yield Finding("frozen", link.peer_code, "red", facts={"reason": link.frozen_reason})
            continue
        since = link.last_ok_at or link.enrolled_at
        seconds = (at - since).total_seconds() if since else 0.0
        is_urgent = bool({link.peer_code, here} & urgent)
        if level := rules.silence_level(seconds, is_urgent=is_urgent):
            yield Finding("silent", link.peer_code, level, facts={"since": since.isoformat() if since else ""})
        if level := rules.skew_level(link.clock_skew_seconds):
            yield Finding("skew", link.peer_code, level, facts={"seconds": link.clock_skew_seconds})


def _parked(at: datetime) -> Iterator[Finding]:
    """Records that could not be applied, and those that wait for another."""
    for state, kind in (("P", "parked"), ("W", "waiting")):
        rows = Parked.objects.filter(state=state).order_by().values("owner_code", "dataset")
        for row in rows.annotate(count=Count("id"), oldest=Min("parked_at")):
            level = rules.parked_level((at - row["oldest"]).total_seconds())
            facts = {"count": row["count"], "since": row["oldest"].isoformat()}
            yield Finding(kind, row["owner_code"], level, row["dataset"], facts)


def _conflicts(_at: datetime) -> Iterator[Finding]:
    """Two contents of one version: a person decides."""
    forks = Parked.objects.waiting().filter(reasons__contains=[{"code": "FORK"}]).order_by()
    for row in forks.values("owner_code", "dataset").annotate(count=Count("id")):
        yield Finding("conflict", row["owner_code"], "red", row["dataset"], {"count": row["count"]})


def _trespasses(_at: datetime) -> Iterator[Finding]:
    """Records that somebody had no right to send."""
    rows = Parked.objects.waiting().filter(reasons__0__code__in=sorted(trespass.ALARMING)).order_by()
    for row in rows.values("owner_code", "dataset").annotate(count=Count("id")):
        yield Finding("trespass", row["owner_code"], "red", row["dataset"], {"count": row["count"]})


def _comparisons(_at: datetime) -> Iterator[Finding]:
    """Owners and datasets whose last comparison over any link came out different."""
    keys = ("peer_code", "owner_code", "dataset")
    last = Comparison.objects.order_by(*keys, "-at").distinct(*keys)
    found: dict[tuple[str, str], Finding] = {}
    for one in last:
        if one.result != Comparison.Result.DIFFERENT:
            continue
        facts = {name: getattr(one, name) for name in ("missing", "differing", "orphans")}
        level = "red" if one.orphans else "yellow"
        found[one.owner_code, one.dataset] = Finding("different", one.owner_code, level, one.dataset, facts)
    yield from found.values()


def _keys(at: datetime) -> Iterator[Finding]:
    """The newest key of each node that ends soon."""
    newest: dict[str, tuple[datetime, str]] = {}
    for key in Key.objects.filter(state=Key.State.ACTIVE):
        ends = getattr(key, "not_after", None) or key.created_at + timedelta(days=rules.KEY_LIFE_DAYS)
        newest[key.node_code] = max(newest.get(key.node_code, (ends, key.kid)), (ends, key.kid))
    for node, (ends, kid) in newest.items():
        if level := rules.key_level((ends - at).total_seconds() / 86_400):
            yield Finding("key", node, level, facts={"kid": kid, "ends": ends.isoformat()})


def _watchdog(at: datetime) -> Iterator[Finding]:
    """No slice of the exchange ran for a minute, at a node that has somebody to call."""
    if not Link.objects.to_parent().live().exists():
        return
    pulse = Pulse.objects.filter(name=SLICE).first()
    if pulse is None or (at - pulse.at).total_seconds() > rules.SLICE_SECONDS:
        since = pulse.at.isoformat() if pulse else ""
        yield Finding("watchdog", settings.CITYOPS_NODE, "red", facts={"since": since})


PROBES: tuple[Probe, ...] = (_links, _parked, _conflicts, _trespasses, _comparisons, _keys, _watchdog)


def findings(at: datetime | None = None) -> list[Finding]:
    """Everything that is wrong now; a constant number of queries."""
    now = at or timezone.now()
    return [finding for probe in PROBES for finding in probe(now)]


@transaction.atomic
def check(at: datetime | None = None) -> tuple[int, int]:
    """Raise alarms for what is wrong, close those whose cause is gone. Returns how many of each."""
    locks.hold("sync.alarms")
    now = at or timezone.now()
    standing = {(one.kind, one.node_code, one.subject): one for one in Alarm.objects.standing()}
    new, going, over = rules.changes(list(standing), findings(now))
    raised = Alarm.objects.bulk_create(
        Alarm(
            kind=one.kind, node_code=one.node_code, subject=one.subject, level=one.level, facts=one.facts,
            raised_at=now, seen_at=now,
        )
        for one in new
    )  # fmt: skip
    for alarm in raised:
        _record("alarm.raise", alarm)
    seen = []
    for finding in going:
        alarm = standing[finding.key]
        alarm.level, alarm.facts, alarm.seen_at = finding.level, finding.facts, now
        seen.append(alarm)
    Alarm.objects.bulk_update(seen, ["level", "facts", "seen_at"])
    for key in over:
        alarm = standing[key]
        alarm.state, alarm.closed_at, alarm.seen_at = Alarm.State.CLOSED, now, now
        alarm.save(update_fields=["state", "closed_at", "seen_at"])
        _record("alarm.close", alarm)
    return len(raised), len(over)


@transaction.atomic
def acknowledge(actor: User, alarm: Alarm, *, note: str) -> Alarm:
    """Say that somebody deals with it, and how; it stands until its cause is gone.

    Raises InvalidInput without a note, Refused for an alarm that is not open.
    """
    note = limits.reason_given(note)
    alarm = Alarm.objects.select_for_update().get(pk=alarm.pk)
    if alarm.state != Alarm.State.OPEN:
        raise Refused(_("告警已确认或已解除。"), state=alarm.state)
    alarm.state, alarm.note = Alarm.State.ACKNOWLEDGED, note
    alarm.acked_by, alarm.acked_at = actor.get_username(), timezone.now()
    alarm.save(update_fields=["state", "note", "acked_by", "acked_at"])
    _record("alarm.acknowledge", alarm, reason=note)
    return alarm


def _record(action: str, alarm: Alarm, *, reason: str = "") -> None:
    after: dict[str, Any] = {"kind": alarm.kind, "subject": alarm.subject, "level": alarm.level, "state": alarm.state}
    audit.record(
        action, kind="Alarm", key=alarm.node_code, division_code=alarm.node_code[:12], after=after, reason=reason
    )
