"""Secrets that sign webhooks: made here or given by the partner, encrypted, two valid while one replaces the other."""

import base64
import os
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.foundation import audit
from cityops.foundation.errors import NotThere, Refused, field_fault
from grid.interfaces.models import Partner, PartnerSecret
from grid.interfaces.rules.webhooks import SECRET
from grid.reporters.services.keys import cipher

BYTES = 32
OVERLAP = timedelta(hours=24)
"""So long the former secret stays valid beside the new one."""
MOST_VALID = 2


def make_secret(actor: User, partner: Partner) -> str:
    """A new secret with which we sign; its text is returned this once. The former one ends after a day.

    Raises Refused while two are valid.
    """
    text = "whsec_" + base64.b64encode(os.urandom(BYTES)).decode()
    _keep(partner, PartnerSecret.Direction.OUT, text)
    return text


def take_secret(actor: User, partner: Partner, text: str) -> None:
    """Keep the secret with which the partner signs. Raises InvalidInput for no secret, Refused while two are valid."""
    text = text.strip()
    if not SECRET.fullmatch(text) or not _is_base64(text.removeprefix("whsec_")):
        told = _("密钥应为对方给出的 whsec_ 开头的文本(24 至 64 字节的 base64)。")
        raise field_fault("secret", "secret", told)
    _keep(partner, PartnerSecret.Direction.IN, text)


def _is_base64(text: str) -> bool:
    try:
        return 24 <= len(base64.b64decode(text, validate=True)) <= 64
    except ValueError:
        return False


def _keep(partner: Partner, direction: str, text: str) -> None:
    now = timezone.now()
    with transaction.atomic():
        Partner.objects.select_for_update().get(pk=partner.pk)
        valid = list(PartnerSecret.objects.filter(partner=partner).valid(direction, now))
        if len(valid) >= MOST_VALID:
            raise Refused(_("正在更换密钥:新旧两个都还有效;请先停用旧的,再建立新的。"))
        PartnerSecret.objects.filter(pk__in=[one.pk for one in valid], ends_at__isnull=True).update(
            ends_at=now + OVERLAP
        )
        row = PartnerSecret(partner=partner, direction=direction, hint=text[-4:])
        row.closed = cipher().close(text, row.place)
        row.save()
        audit.record(
            "partner.secret_new",
            kind="partner",
            key=partner.code,
            division_code=partner.division_code,
            after={"direction": str(direction), "hint": row.hint},
        )


def end_secret(actor: User, partner: Partner, pk: int) -> None:
    """End a secret at once. Raises NotThere."""
    now = timezone.now()
    with transaction.atomic():
        row = PartnerSecret.objects.select_for_update().filter(partner=partner, pk=pk).first()
        if row is None:
            raise NotThere(_("没有这个密钥。"))
        if row.ends_at is not None and row.ends_at <= now:
            return
        row.ends_at = now
        row.save(update_fields=["ends_at"])
        audit.record(
            "partner.secret_end",
            kind="partner",
            key=partner.code,
            division_code=partner.division_code,
            before={"direction": row.direction, "hint": row.hint},
        )


def valid_secrets(partner: Partner, direction: str) -> list[str]:
    """The texts of the secrets that are valid now, the newest first."""
    keys = cipher()
    rows = PartnerSecret.objects.filter(partner=partner).valid(direction, timezone.now())
    return [keys.open(bytes(row.closed), row.place) for row in rows]


def close_anew() -> set[str]:
    """Close all secrets under the newest key; returns the names of the keys in use (see ``reporters.rotate_keys``)."""
    keys = cipher()
    with transaction.atomic():
        rows = list(PartnerSecret.objects.select_for_update().order_by("pk"))
        for row in rows:
            row.closed = keys.close(keys.open(bytes(row.closed), row.place), row.place)
        PartnerSecret.objects.bulk_update(rows, ["closed"])
    return {keys.newest} if rows else set()
