"""Tell partners what happened: one event per step, in the order of the steps, none twice, none left out.

The signals of the grid only wake this; what was told is read from the steps themselves, so that an event whose signal
was lost is told by the next round of the schedule.
"""

import uuid
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef, Q
from django.utils import timezone

from grid.interfaces.models import Partner, PartnerCase, WebhookDelivery
from grid.interfaces.rules.operations import Event
from grid.interfaces.selectors.partners import case_facts, partner_for, photos_to_send, step_facts
from grid.models import Case
from grid.rules.transitions import MOVES, Action

LOOKED_BACK = timedelta(days=2)
"""So far back the schedule looks for cases whose signal was lost."""


S = Case.State
PLACED = (S.ACCEPTED, S.FILED, S.RETURNED, S.DISPATCHED, S.HANDLING)
"""States in which it is settled who has the case; later ones leave it with who handled it."""


def queue(
    partner: Partner, event: Event, data: dict[str, Any], *, case: Case | None = None, seq: int = 0
) -> WebhookDelivery | None:
    """Write down one event for a partner, which the caller has locked; None for one that it does not want."""
    if not partner.wants(event):
        return None
    states = WebhookDelivery.State
    now = timezone.now()
    return WebhookDelivery.objects.create(
        partner=partner,
        case=case,
        seq=seq,
        type=event.value,
        payload={"type": event.value, "timestamp": now.isoformat(timespec="milliseconds"), "data": data},
        state=states.WAITING if partner.webhook_url else states.KEPT,
        created_at=now,
        next_try_at=now if partner.webhook_url else None,
    )


def locked(partner_pk: int) -> Partner:
    """The partner, locked: events of one partner get their numbers in the order in which they are committed."""
    return Partner.objects.select_for_update(of=("self",)).get(pk=partner_pk)


def tell(case_pk: uuid.UUID) -> int:
    """Tell all partners of a case what they were not told yet; gives the case over, or takes it back, where its last
    moves ask for that. Returns how many events were written."""
    with transaction.atomic():
        case = Case.objects.filter(pk=case_pk).first()
        if case is None or case.is_replica:
            return 0
        _hand_over(case)
        shares = PartnerCase.objects.filter(case=case, partner__is_active=True).order_by("partner_id")
        return sum(_tell_one(share.pk, share.partner_id) for share in shares)


def _hand_over(case: Case) -> None:
    """Share a case with the partner that has it now, and end the share of one that has it no more."""
    target = partner_for(case)
    now = timezone.now()
    if case.state in PLACED:
        former = PartnerCase.objects.filter(case=case, assigned_at__isnull=False, ended_at__isnull=True)
        for share in former.exclude(partner=target) if target else former:
            _withdraw(share)
    if target is None:
        return
    partner = locked(target.pk)
    share, _is_new = PartnerCase.objects.select_for_update(of=("self",)).get_or_create(partner=partner, case=case)
    if share.is_assigned and not _came_back(share):
        return
    seq = case.steps.aggregate(last=Max("seq"))["last"] or 0
    share.case, share.partner = case, partner
    share.assigned_at, share.ended_at = now, None
    share.told_seq = seq
    share.save(update_fields=["assigned_at", "ended_at", "told_seq"])
    data = {"case": case_facts(share), "step": None, "media": _media(share, "", 0)}
    queue(partner, Event.ASSIGNED, data, case=case, seq=seq)


def _came_back(share: PartnerCase) -> bool:
    """Whether the case was returned and given to the same partner again before anything of it was told."""
    returned = MOVES[Action.APPROVE_RETURN].step_code
    return share.case.steps.filter(seq__gt=share.told_seq, action=returned).exists()


def _withdraw(share: PartnerCase) -> None:
    partner = locked(share.partner_id)
    share.partner, share.ended_at = partner, timezone.now()
    share.save(update_fields=["ended_at"])
    seq = share.case.steps.aggregate(last=Max("seq"))["last"] or 0
    queue(partner, Event.WITHDRAWN, {"case": case_facts(share), "step": None, "media": []}, case=share.case, seq=seq)


def _tell_one(share_pk: int, partner_pk: int) -> int:
    partner = locked(partner_pk)
    rows = PartnerCase.objects.select_for_update(of=("self",)).select_related("case", "partner")
    share = rows.get(pk=share_pk)
    if share.ended_at is not None and share.reported_at is None:
        return 0
    steps = list(share.case.steps.filter(seq__gt=share.told_seq).order_by("seq"))
    for step in steps:
        told = step_facts(share, step)
        event = Event.REGISTERED if step.seq == 1 else Event.MOVED
        data = {"case": case_facts(share), "step": told, "media": _media(share, told["action"], step.seq)}
        queue(partner, event, data, case=share.case, seq=step.seq)
    if steps:
        share.told_seq = steps[-1].seq
        share.save(update_fields=["told_seq"])
    return len(steps)


def _media(share: PartnerCase, action: str, seq: int) -> list[dict[str, Any]]:
    """The photos of an event, named; their content is put in when it is sent."""
    return [
        {
            "media_id": str(photo.pk),
            "usage": photo.usage,
            "taken_at": timezone.localtime(photo.taken_at).isoformat(timespec="seconds"),
            "sha256": photo.sha256,
            "size": photo.size,
        }
        for photo in photos_to_send(share, action, seq)
    ]


def tell_lost() -> int:
    """Tell what no signal told: steps beyond the last one told, and cases that were to be given over. Returns how many
    cases it looked at."""
    since = timezone.now() - LOOKED_BACK
    told = Q(ended_at__isnull=True) | Q(reported_at__isnull=False)
    shared = PartnerCase.objects.filter(told, partner__is_active=True, case__updated_at__gte=since).annotate(
        last=Max("case__steps__seq")
    )
    found = set(shared.filter(last__gt=F("told_seq")).values_list("case_id", flat=True))
    organisations = list(Partner.objects.active().exclude(org_code="").values_list("org_code", flat=True))
    divisions = Partner.objects.active().filter(kind=Partner.Kind.DISTRICT).values_list("division_code", flat=True)
    asked = Q(state__in=[S.DISPATCHED, S.HANDLING], duty_org__in=organisations)
    asked |= Q(state__in=[S.FILED, S.DISPATCHED, S.HANDLING], district_code__in=[code[:6] for code in divisions])
    assigned = PartnerCase.objects.filter(case=OuterRef("pk"), assigned_at__isnull=False, ended_at__isnull=True)
    waiting = Case.objects.filter(asked, ~Exists(assigned), updated_at__gte=since)
    found |= set(waiting.values_list("pk", flat=True)[:500])
    for pk in found:
        tell(pk)
    return len(found)
