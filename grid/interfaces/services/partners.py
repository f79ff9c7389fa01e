"""Register and keep partners; whoever is responsible for the partner's division does it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import Organisation, User
from cityops.accounts.services.limits import inside_scope
from cityops.foundation import audit
from cityops.foundation.errors import InvalidInput, NotAllowed, NotThere, Refused, field_fault
from cityops.regions.models import Division
from grid.interfaces.models import Partner, PartnerCase, WebhookDelivery
from grid.interfaces.rules.operations import APPLICATIONS, DIRECT, EVENTS, REPLY, Event
from grid.interfaces.rules.webhooks import AddressFault, parts_of
from grid.interfaces.services.telling import locked, queue

PERMISSION = "interfaces.change_partner"
TOLD = ("name", "kind", "division_code", "org_code", "webhook_url", "events", "sends_photos", "modes", "is_active")
"""Fields that the trail tells of."""


@dataclass(frozen=True)
class PartnerData:
    """What is registered of a partner."""

    code: str
    name: str
    kind: str
    division_code: str
    account: str
    """Login name of its integration."""
    org_code: str = ""
    webhook_url: str = ""
    events: tuple[str, ...] = EVENTS
    sends_photos: bool = True
    modes: Mapping[str, str] | None = None
    is_active: bool = True


def save_partner(actor: User, data: PartnerData, partner: Partner | None = None) -> Partner:
    """Register a partner, or change one (its code and account stay).

    Raises NotAllowed without the permission; InvalidInput, with the field, for an address that is none, an account
    that is no integration or another partner's, an unknown organisation, division, event or mode.
    """
    if not actor.has_perm(PERMISSION):
        raise NotAllowed
    inside_scope(actor, data.division_code)
    values = _checked(actor, data)
    before = {} if partner is None else {name: getattr(partner, name) for name in TOLD}
    try:
        with transaction.atomic():
            if partner is None:
                partner = Partner(code=data.code, account=_account(actor, data.account))
            for name, value in values.items():
                setattr(partner, name, value)
            partner.save()
            audit.record(
                "partner.change" if before else "partner.new",
                kind="partner",
                key=partner.code,
                division_code=partner.division_code,
                before={name: value for name, value in before.items() if value != values[name]} or None,
                after={name: value for name, value in values.items() if before.get(name) != value},
            )
    except IntegrityError:
        raise _fault("code", _("代码 %s 已被使用。") % data.code) from None
    return partner


def _fault(name: str, told: str) -> InvalidInput:
    return field_fault(name, "invalid", told)


def _checked(actor: User, data: PartnerData) -> dict[str, Any]:
    if not Division.objects.current().filter(code=data.division_code).exists():
        raise _fault("division_code", _("没有区划 %s。") % data.division_code)
    if data.org_code and not Organisation.objects.active().visible_to(actor).filter(org_code=data.org_code).exists():
        raise _fault("org_code", _("没有机构 %s;请从机构列表中选择。") % data.org_code)
    if unknown := sorted(set(data.events) - set(EVENTS)):
        raise _fault("events", _("没有事件 %s。") % unknown[0])
    modes = dict(data.modes or {})
    if set(modes) - set(APPLICATIONS) or set(modes.values()) - {DIRECT, REPLY}:
        raise _fault("modes", _("申请方式只有 direct(直接生效)和 reply(需答复)。"))
    if data.webhook_url:
        check_url(data.webhook_url)
    return {
        "name": data.name.strip(),
        "kind": data.kind,
        "division_code": data.division_code,
        "org_code": data.org_code,
        "webhook_url": data.webhook_url.strip(),
        "events": sorted(data.events),
        "sends_photos": data.sends_photos,
        "modes": modes,
        "is_active": data.is_active,
    }


def check_url(url: str) -> None:
    """Raise InvalidInput for what is no address of webhooks; where its name leads is looked at when it is called."""
    try:
        scheme, host, _port, _path = parts_of(url.strip())
    except AddressFault as fault:
        raise _fault("webhook_url", why_address(str(fault))) from fault
    if scheme != "https" and not (host in ("localhost", "127.0.0.1", "::1") and settings.CITYOPS_PARTNER_NETWORKS):
        raise _fault("webhook_url", why_address("https"))


def why_address(word: str) -> str:
    """What is wrong with an address of webhooks, in words."""
    return {
        "url": _("推送地址应为完整的网址,如 https://district.example/hooks/city/。"),
        "credentials": _("推送地址中不能带用户名和密码。"),
        "https": _("推送地址须用 https(仅回环地址、且在 CITYOPS_PARTNER_NETWORKS 中列出时可用 http)。"),
        "private": _("推送地址指向内部网络;确属对接网络时,由运维在 CITYOPS_PARTNER_NETWORKS 中列出该网段。"),
        "unknown_host": _("推送地址的域名无法解析。"),
    }[word]


def _account(actor: User, username: str) -> User:
    found: User | None = User.objects.workable_by(actor).filter(username=username, is_integration=True).first()
    if found is None:
        raise _fault("account", _("没有对接账号 %s;请先在“人员”中建立对接系统账号,授予角色并签发令牌。") % username)
    if Partner.objects.filter(account=found).exists():
        raise _fault("account", _("账号 %s 已属于另一个对接系统;每个对接系统用自己的账号。") % username)
    return found


def send_test(actor: User, partner: Partner) -> WebhookDelivery:
    """Queue a test event. Raises Refused where nothing is sent to the partner."""
    if not partner.is_sent_to:
        raise Refused(_("这个对接系统没有推送地址,或已停用、停推;请先改正。"))
    with transaction.atomic():
        row = queue(locked(partner.pk), Event.TEST, {"text": "test", "by": settings.CITYOPS_NODE})
        audit.record("partner.test", kind="partner", key=partner.code, division_code=partner.division_code)
    if row is None:
        raise Refused(_("这个对接系统没有推送地址,或已停用、停推;请先改正。"))
    return row


def resume_sending(actor: User, partner: Partner) -> None:
    """Send webhooks again after they were stopped; what waits goes out at once."""
    with transaction.atomic():
        own = locked(partner.pk)
        if own.stopped_at is None:
            return
        own.stopped_at, own.stopped_why, own.failing_since = None, "", None
        own.save(update_fields=["stopped_at", "stopped_why", "failing_since"])
        WebhookDelivery.objects.filter(partner=own, state=WebhookDelivery.State.WAITING).update(
            next_try_at=timezone.now()
        )
        audit.record("partner.resume", kind="partner", key=own.code, division_code=own.division_code)


def send_again(actor: User, delivery: WebhookDelivery) -> None:
    """Send a delivery once more under the same id. Raises Refused where nothing is sent to the partner."""
    states = WebhookDelivery.State
    with transaction.atomic():
        row = WebhookDelivery.objects.select_for_update(of=("self",)).select_related("partner").get(pk=delivery.pk)
        if not row.partner.is_sent_to:
            raise Refused(_("这个对接系统没有推送地址,或已停用、停推;请先改正。"))
        if row.state == states.WAITING and row.attempts == 0:
            return
        row.state, row.attempts, row.next_try_at = states.WAITING, 0, timezone.now()
        row.save(update_fields=["state", "attempts", "next_try_at"])
        audit.record(
            "partner.send_again",
            kind="partner",
            key=row.partner.code,
            division_code=row.partner.division_code,
            after={"msg_id": row.msg_id},
        )


def settle_attention(actor: User, partner: Partner, pk: int) -> None:
    """Say that somebody has seen to what could not be done by itself. Raises NotThere."""
    with transaction.atomic():
        share = (
            PartnerCase.objects.select_for_update(of=("self",))
            .select_related("case")
            .filter(partner=partner, pk=pk)
            .first()
        )
        if share is None:
            raise NotThere
        before, share.attention = share.attention, ""
        share.save(update_fields=["attention"])
        audit.record(
            "partner.settle",
            kind="partner",
            key=partner.code,
            division_code=partner.division_code,
            before={"case_no": share.case.case_no, "attention": before},
        )
