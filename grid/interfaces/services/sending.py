"""Send webhooks: signed by Standard Webhooks, in order per case, again after failures, only to where they may go."""

import base64
import http.client
import json
import random
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from standardwebhooks.webhooks import Webhook

from cityops.foundation import audit
from grid.interfaces.models import Partner, PartnerCall, PartnerCase, PartnerSecret, WebhookDelivery
from grid.interfaces.rules.webhooks import LARGEST_MESSAGE, AddressFault, check_address, parts_of, wait_after
from grid.interfaces.services.partners import why_address
from grid.interfaces.services.secrets import valid_secrets
from grid.models import CaseMedia
from grid.services.photos import path_of

TIMEOUT_SECONDS = 15
LEASE = timedelta(minutes=2)
"""So long nobody else sends what one process has taken; longer than an attempt may last."""
MOST_AT_ONCE = 200
MOST_PHOTO_BYTES = 5 << 20
"""Of pictures in one message, before base64; what does not fit is named only."""
KEPT = timedelta(days=90)
MOST_ANSWER = 500
GONE = 410


@dataclass(frozen=True)
class Result:
    """What came of one attempt."""

    status: int | None
    answer: str
    retry_after: int = 0
    """Seconds that the receiver asked for."""

    @property
    def is_taken(self) -> bool:
        """Whether the receiver took the message."""
        return self.status is not None and 200 <= self.status < 300


def deliver_due(most: int = MOST_AT_ONCE) -> int:
    """Send what is due. Returns how many attempts were made."""
    made = 0
    while made < most:
        row = _take_one()
        if row is None:
            break
        _settle(row, _attempt(row))
        made += 1
    return made


def _due(now: datetime) -> Any:
    """What may be sent now: of each case the earliest that waits, of partners that are sent to."""
    waiting = WebhookDelivery.objects.filter(state=WebhookDelivery.State.WAITING)
    earlier = waiting.filter(partner=OuterRef("partner"), case=OuterRef("case"), pk__lt=OuterRef("pk"))
    sent_to = Q(partner__is_active=True, partner__stopped_at__isnull=True) & ~Q(partner__webhook_url="")
    return waiting.filter(sent_to, ~Exists(earlier), next_try_at__lte=now).order_by("next_try_at", "pk")


def _take_one() -> WebhookDelivery | None:
    """The next one to send, taken for this process."""
    now = timezone.now()
    with transaction.atomic():
        row: WebhookDelivery | None = (
            _due(now).select_for_update(of=("self",), skip_locked=True).select_related("partner").first()
        )
        if row is not None:
            row.attempts += 1
            row.next_try_at = now + LEASE
            row.save(update_fields=["attempts", "next_try_at"])
    return row


def _attempt(row: WebhookDelivery) -> Result:
    """Sign and send once; whatever goes wrong is a result."""
    secrets = valid_secrets(row.partner, PartnerSecret.Direction.OUT)
    if not secrets:
        return Result(None, _("没有有效的签名密钥;请在对接系统页面建立。"))
    body = message_of(row)
    if len(body) > LARGEST_MESSAGE:
        return Result(None, _("消息超过 %d MB。") % (LARGEST_MESSAGE >> 20))
    try:
        return post(row.partner.webhook_url, body, signed_headers(row.msg_id, body, secrets))
    except AddressFault as fault:
        return Result(None, why_address(str(fault)))
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        return Result(None, f"{type(error).__name__}: {error}"[:MOST_ANSWER])


def signed_headers(msg_id: str, body: bytes, secrets: list[str], at: datetime | None = None) -> dict[str, str]:
    """The headers of a message, with one signature per valid secret."""
    at = at or datetime.now(UTC)
    text = body.decode()
    return {
        "Content-Type": "application/json",
        "User-Agent": "CityOps-Webhooks/1",
        "webhook-id": msg_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(msg_id, at, text) for secret in secrets),
    }


def message_of(row: WebhookDelivery) -> bytes:
    """The body: the payload as it was written down, with the pictures that fit."""
    payload = json.loads(json.dumps(row.payload))
    room = MOST_PHOTO_BYTES if row.partner.sends_photos else 0
    named = {one["media_id"]: one for one in payload["data"].get("media") or []}
    for photo in CaseMedia.objects.filter(pk__in=named).exclude(file="").order_by("taken_at", "pk"):
        if photo.size <= room:
            with suppress(OSError):
                content = path_of(photo.file).read_bytes()
                named[str(photo.pk)]["content"] = base64.b64encode(content).decode()
                room -= len(content)
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


class _Checked(http.client.HTTPConnection):
    """A connection to the very address that was looked at; that its name leads elsewhere later changes nothing."""

    def __init__(self, host: str, port: int, address: str, *, with_tls: bool) -> None:
        super().__init__(host, port, timeout=TIMEOUT_SECONDS)
        self._address, self._with_tls = address, with_tls

    def connect(self) -> None:
        """Connect, and over TLS check the certificate against the name."""
        self.sock = socket.create_connection((self._address, self.port), TIMEOUT_SECONDS)
        if self._with_tls:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)


def resolved(host: str, port: int, scheme: str) -> str:
    """The address to connect to. Raises AddressFault where any address of the name is one that may not be called."""
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except OSError as error:
        raise AddressFault("unknown_host") from error
    checked = [check_address(str(one), scheme, settings.CITYOPS_PARTNER_NETWORKS) for one in sorted(map(str, found))]
    return str(checked[0])


def post(url: str, body: bytes, headers: dict[str, str]) -> Result:
    """One POST; a redirect is not followed. Raises AddressFault, OSError, HTTPException."""
    scheme, host, port, path = parts_of(url)
    connection = _Checked(host, port, resolved(host, port, scheme), with_tls=scheme == "https")
    try:
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        answer = response.read(4 * MOST_ANSWER).decode(errors="replace").replace("\0", "")[:MOST_ANSWER]
    finally:
        connection.close()
    wait = response.headers.get("Retry-After", "")
    return Result(response.status, answer, int(wait) if wait.isascii() and wait.isdigit() and len(wait) <= 6 else 0)


def _settle(row: WebhookDelivery, result: Result) -> None:
    """Write down what came of an attempt, and stop sending to a partner that failed for too long or is gone."""
    now, states = timezone.now(), WebhookDelivery.State
    with transaction.atomic():
        partner = Partner.objects.select_for_update(of=("self",)).get(pk=row.partner_id)
        row.status, row.answer = result.status, result.answer[:MOST_ANSWER]
        if result.is_taken:
            row.state, row.delivered_at, row.next_try_at = states.DELIVERED, now, None
            partner.failing_since = None
            PartnerCase.objects.filter(partner=partner, case=row.case_id).update(synced_at=now)
        else:
            _fail(row, result, now)
            partner.failing_since = partner.failing_since or now
            _stop_if_hopeless(partner, result, now)
        row.save(update_fields=["state", "status", "answer", "delivered_at", "next_try_at"])
        partner.save(update_fields=["failing_since", "stopped_at", "stopped_why"])


def _fail(row: WebhookDelivery, result: Result, now: datetime) -> None:
    wait = wait_after(row.attempts)
    if wait is None:
        row.state, row.next_try_at = WebhookDelivery.State.FAILED, None
        return
    asked = timedelta(seconds=min(result.retry_after, 24 * 3600)) if result.status in (429, 503) else timedelta()
    row.next_try_at = now + max(wait * random.uniform(1.0, 1.1), asked)  # noqa: S311 (spread, no secret)


def _stop_if_hopeless(partner: Partner, result: Result, now: datetime) -> None:
    days = settings.CITYOPS_PARTNER_FAIL_DAYS
    if result.status == GONE:
        partner.stopped_why = _("对方应答 410:不再接收推送。")
    elif days and partner.failing_since and partner.failing_since <= now - timedelta(days=days):
        partner.stopped_why = _("连续 %(days)d 天推送失败。最近:%(last)s") % {
            "days": days,
            "last": result.answer[:150] or result.status,
        }
    else:
        return
    partner.stopped_why = partner.stopped_why[:300]
    partner.stopped_at = partner.stopped_at or now
    audit.record(
        "partner.stop",
        kind="partner",
        key=partner.code,
        division_code=partner.division_code,
        after={"why": partner.stopped_why},
        succeeded=False,
    )


def drop_old() -> int:
    """Remove what was delivered, fetched or given up long ago. Returns how many."""
    before = timezone.now() - KEPT
    old = WebhookDelivery.objects.filter(created_at__lt=before).exclude(state=WebhookDelivery.State.WAITING)
    PartnerCall.objects.filter(received_at__lt=before).delete()  # too old to be repeated: its time alone is refused
    return int(old.exclude(Q(state=WebhookDelivery.State.FAILED) & Q(case__closed_at__isnull=True)).delete()[0])
