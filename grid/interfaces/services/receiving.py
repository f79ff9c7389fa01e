"""Take webhooks of partners in: signed by Standard Webhooks, each once, and carried out under the partner's account."""

import base64
import hashlib
import io
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from cityops.foundation.context import become, current_actor
from cityops.foundation.errors import CityOpsError, InvalidInput, Refused
from grid.interfaces.models import Partner, PartnerCall, PartnerCase, PartnerSecret
from grid.interfaces.rules.operations import Event, Reaction, Side, reaction_to
from grid.interfaces.rules.webhooks import MESSAGE_ID, TOLERANCE_SECONDS
from grid.interfaces.selectors.partners import share_of_message, sides_of
from grid.interfaces.services.operating import bring, perform, report, take_media
from grid.interfaces.services.secrets import valid_secrets
from grid.interfaces.services.telling import locked
from grid.models import Case, CaseMedia
from grid.rules.stages import FINAL_STAGES, Stage
from grid.rules.transitions import Action
from grid.services.acting import act
from grid.services.cases import Report

MOST_PHOTOS = 12


class HookRefused(CityOpsError):
    """A webhook is not from whom it says to be, or not of now."""

    code = "webhook_refused"
    status = 401
    title = gettext_lazy("推送被拒绝")


class HookReplayed(Refused):
    """A message that was taken before came again as it was, or its id with another content."""

    code = "webhook_replayed"
    title = gettext_lazy("消息已经收过")


@dataclass(frozen=True)
class Message:
    """A message whose signature was checked."""

    msg_id: str
    sent_at: datetime
    body: bytes

    @property
    def sha(self) -> bytes:
        """SHA-256 of the body."""
        return hashlib.sha256(self.body).digest()


def sender_of(code: str, headers: Mapping[str, str]) -> tuple[Partner, str, datetime]:
    """The partner that a message says to be from, its id and time; looked at before the body is read.

    Raises HookRefused.
    """
    partner = Partner.objects.active().select_related("account").filter(code=code).first()
    msg_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if partner is None or not partner.account.is_active:
        raise HookRefused(_("没有登记这个对接系统,或对接已停用。"))
    if not MESSAGE_ID.fullmatch(msg_id) or not headers.get("webhook-signature"):
        raise HookRefused(_("缺少 webhook-id、webhook-timestamp 或 webhook-signature(见 Standard Webhooks)。"))
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 11):
        raise HookRefused(_("webhook-timestamp 应为 Unix 秒数。"))
    sent_at = datetime.fromtimestamp(int(stamp), UTC)
    if abs((timezone.now() - sent_at).total_seconds()) > TOLERANCE_SECONDS:
        raise HookRefused(_("消息时间与本平台相差超过 5 分钟;请校准时钟,重发时用新的时间重新签名。"))
    return partner, msg_id, sent_at


def check_signature(partner: Partner, headers: Mapping[str, str], body: bytes) -> None:
    """Raise HookRefused where no valid secret of the partner signed this message; the partner's page shows it."""
    secrets = valid_secrets(partner, PartnerSecret.Direction.IN)
    told = _("签名不符:请核对双方的密钥,并对收到的原始字节签名。") if secrets else _("还没有登记对方的签名密钥。")
    given = {name: headers.get(name, "") for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}
    for secret in secrets:
        try:
            Webhook(secret).verify(body, given, json_parse=False)
        except (WebhookVerificationError, ValueError):
            continue
        return
    Partner.objects.filter(pk=partner.pk).update(refused_at=timezone.now(), refused_why=told)
    raise HookRefused(told)


def receive(partner: Partner, message: Message) -> dict[str, Any]:
    """Carry a checked message out, once; returns the answer.

    Sent again under the same id (with a new time) it gets the answer of the first time. Raises HookReplayed for a
    message that is repeated as it was or whose id had another content; InvalidInput for one that is none; what
    ``register`` raises for a case that cannot be taken over, so that the sender tries again.
    """
    become(replace(current_actor(), user_id=partner.account_id, name=partner.code, channel="peer"))
    with transaction.atomic():
        locked(partner.pk)
        known = PartnerCall.objects.filter(partner=partner, msg_id=message.msg_id).first()
        if known is not None:
            return _answer_again(known, message)
        kind, data = _parsed(message.body)
        done = _carry_out(partner, kind, data)
        PartnerCall.objects.create(
            partner=partner,
            msg_id=message.msg_id,
            sent_at=message.sent_at,
            sha=message.sha,
            type=kind[:40],
            case_id=done.case_pk,
            was_done=done.was_done,
            answer=done.answer(),
        )
    return done.answer()


def _answer_again(known: PartnerCall, message: Message) -> dict[str, Any]:
    if bytes(known.sha) != message.sha:
        raise HookReplayed(_("消息标识 %s 已用于另一内容;每条消息请用新的标识。") % message.msg_id)
    if message.sent_at <= known.sent_at:
        raise HookReplayed(_("消息 %s 已经收过;重发请用新的时间重新签名。") % message.msg_id)
    known.sent_at = message.sent_at
    known.save(update_fields=["sent_at"])
    answer: dict[str, Any] = known.answer
    return answer


def _parsed(body: bytes) -> tuple[str, dict[str, Any]]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not (isinstance(found, dict) and isinstance(found.get("type"), str) and isinstance(found.get("data"), dict)):
        raise InvalidInput(_("消息应为 JSON 对象,含 type、timestamp 和 data。"))
    return found["type"], found["data"]


@dataclass(frozen=True)
class Done:
    """What came of a message."""

    was_done: bool
    why: str = ""
    case_pk: uuid.UUID | None = None
    case_no: str = ""

    def answer(self) -> dict[str, Any]:
        """What the sender is told."""
        return {"done": self.was_done, "why": self.why, "case_no": self.case_no}


def _carry_out(partner: Partner, kind: str, data: dict[str, Any]) -> Done:
    handler = _HANDLERS.get(kind)
    return Done(was_done=False, why=_("本平台不处理这类事件。")) if handler is None else handler(partner, data)


def _pong(partner: Partner, data: dict[str, Any]) -> Done:
    return Done(was_done=True)


def _take_over(partner: Partner, data: dict[str, Any]) -> Done:
    """Register a case that the partner gives to us, with its photos."""
    facts = _facts(data)
    photos = _photos(partner, data, CaseMedia.Usage.REPORT)
    try:
        sent = Report(
            class_code=str(facts["class_code"]),
            kind=str(facts.get("kind", Case.Kind.MATTER)),
            std_ref=str(facts["std_ref"])[:20],
            longitude=float(facts["longitude"]),
            latitude=float(facts["latitude"]),
            description=str(facts["description"]),
            address=str(facts["address"]),
            urgency=str(facts.get("urgency") or Case.Urgency.ORDINARY)[:1],
            source=Case.Source.SUPERIOR if partner.kind == Partner.Kind.SUPERIOR else Case.Source.DEPARTMENT,
            reporter_type=Case.ReporterType.DEPARTMENT,
            media=tuple(photo.pk for photo in photos),
        )
        theirs = str(facts["case_no"])[:40]
    except (KeyError, TypeError, ValueError) as fault:
        raise InvalidInput(_("案件内容不完整:%s。") % fault) from fault
    done = report(partner, sent, their_no=theirs, turn=_turn(partner, theirs))
    return Done(was_done=True, case_pk=done.registered.rid, case_no=done.registered.case_no)


def _turn(partner: Partner, theirs: str) -> int:
    """How often the partner gave us this case before and ours ended; the last one where it is still open."""
    known = PartnerCase.objects.filter(partner=partner, their_no=theirs).select_related("case").order_by("pk")
    cases = [share.case for share in known]
    return len(cases) if not cases or not cases[-1].is_open else len(cases) - 1


def _follow(partner: Partner, data: dict[str, Any]) -> Done:
    """A move of the other platform: noted, and answered by our own move where the tier interface has one."""
    facts, step = _facts(data), data.get("step")
    share = share_of_message(partner, facts)
    if share is None:
        return Done(was_done=False, why=_("这里没有对应的案件。"))
    step = step if isinstance(step, dict) else {}
    _note(share, facts)
    case = Done(was_done=False, case_pk=share.case_id, case_no=share.case.case_no)
    if step.get("by_partner"):  # the echo of what we did there ourselves
        return case
    sides = sides_of(share)
    found = next((one for side in sides if (one := reaction_to(str(step.get("action")), Side(side)))), None)
    if found is None:
        return case
    try:
        with transaction.atomic():
            _react(partner, share, found, step, data)
    except CityOpsError as refused:
        share.attention = f"{step.get('action')}: {refused.detail}"[:300]
        share.save(update_fields=["attention"])
        return replace(case, why=refused.detail)
    return replace(case, was_done=True)


def _withdrawn(partner: Partner, data: dict[str, Any]) -> Done:
    """The partner gave the case to somebody else: people here decide what becomes of ours."""
    share = share_of_message(partner, _facts(data))
    if share is None:
        return Done(was_done=False, why=_("这里没有对应的案件。"))
    if share.case.is_open:
        share.attention = _("对方已收回此案件;请决定本平台的案件是否作废。")
        share.save(update_fields=["attention"])
    return Done(was_done=True, case_pk=share.case_id, case_no=share.case.case_no)


_HANDLERS: dict[str, Callable[[Partner, dict[str, Any]], Done]] = {
    Event.TEST: _pong,
    Event.ASSIGNED: _take_over,
    Event.MOVED: _follow,
    Event.REGISTERED: _follow,
    Event.WITHDRAWN: _withdrawn,
}


def _facts(data: dict[str, Any]) -> dict[str, Any]:
    facts = data.get("case")
    if not isinstance(facts, dict):
        raise InvalidInput(_("消息的 data 中缺少 case。"))
    return facts


def _note(share: PartnerCase, facts: dict[str, Any]) -> None:
    """Keep the number and the state that the case has over there."""
    share.their_no = share.their_no or str(facts.get("case_no") or "")[:40]
    state = str(facts.get("state") or "")
    share.their_state = state if state in Case.State.values else share.their_state
    share.synced_at = timezone.now()
    share.save(update_fields=["their_no", "their_state", "synced_at"])


def _react(partner: Partner, share: PartnerCase, found: Reaction, step: dict[str, Any], data: dict[str, Any]) -> None:
    opinion = str(step.get("opinion") or "").strip() or _("据%s通报。") % partner.name
    if found.operation == "take":
        bring(partner, share, Stage.DISPATCHED)
    elif found.operation == "again":
        _again(partner, share, opinion)
    else:
        given: dict[str, Any] = {"opinion": opinion[:2000]}
        if found.operation == "supervise":
            given["due_at"] = parse_datetime(str(step.get("due_at") or "")) or ""
        photos = _photos(partner, data, CaseMedia.Usage.HANDLE) if found.takes_photos else []
        perform(partner, share, found.operation, given, media=[photo.pk for photo in photos])


def _again(partner: Partner, share: PartnerCase, opinion: str) -> None:
    """The one who gave us the case is not content: rework while it is with us, a new round after it was closed."""
    case = share.case
    if Stage(case.state) not in FINAL_STAGES:
        act(partner.account, case, Action.REWORK, opinion=opinion)
        return
    act(partner.account, case, Action.REOPEN, opinion=opinion)
    following = Case.objects.get(previous_round=case.pk)
    PartnerCase.objects.get_or_create(
        partner=partner,
        case=following,
        defaults={"their_no": share.their_no, "flags": share.flags, "reported_at": timezone.now()},
    )


def _photos(partner: Partner, data: dict[str, Any], usage: str) -> list[CaseMedia]:
    """The photos of a message, taken in. Raises InvalidInput for what is no photo."""
    named = data.get("media")
    found = []
    for one in (named if isinstance(named, list) else [])[:MOST_PHOTOS]:
        if not isinstance(one, dict) or not one.get("content"):
            continue
        try:
            content = base64.b64decode(str(one["content"]), validate=True)
            media_id = uuid.UUID(str(one.get("media_id")))
            taken_at = parse_datetime(str(one.get("taken_at") or ""))
        except ValueError as fault:
            raise InvalidInput(_("照片的 media_id、taken_at 或 content(base64)有误。")) from fault
        if taken_at is not None and timezone.is_naive(taken_at):
            taken_at = timezone.make_aware(taken_at)
        found.append(take_media(partner, None, io.BytesIO(content), media_id=media_id, usage=usage, taken_at=taken_at))
    return found
