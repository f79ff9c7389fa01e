"""Issue and revoke API tokens."""

import datetime as dt
import secrets
from collections.abc import Collection

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.authentication import digest_of
from cityops.accounts.models import ApiToken, User
from cityops.accounts.services import limits
from cityops.foundation import audit
from cityops.foundation.errors import NotThere, Refused, field_fault

SCOPES = ("read", "write")
LONGEST_DAYS = 366
BEGINNING = "cityops_"


def issue_token(
    actor: User | None, integration: User, name: str, scopes: Collection[str], days: int
) -> tuple[ApiToken, str]:
    """A new token and its text, which is shown this once and stored nowhere.

    Raises Refused for a person (only integrations come with tokens), InvalidInput for scopes or a time that are not
    offered. ``actor`` is empty on the command line.
    """
    if actor is not None:
        limits.inside_scope(actor, integration.division_code)
    if not integration.is_integration:
        raise Refused(_("令牌只签发给对接系统,不签发给个人。"))
    if not scopes or set(scopes) - set(SCOPES):
        told = _("授权范围只有 %s,至少选一项。") % "、".join(SCOPES)
        raise field_fault("scopes", "invalid_choice", told)
    if not 1 <= days <= LONGEST_DAYS:
        told = _("有效期为 1 至 %s 天。") % LONGEST_DAYS
        raise field_fault("days", "out_of_range", told)
    text = BEGINNING + secrets.token_urlsafe(32)
    with transaction.atomic():
        token = ApiToken.objects.create(
            user=integration,
            name=name,
            prefix=text.removeprefix(BEGINNING)[:8],
            digest=digest_of(text),
            scopes=sorted(set(scopes)),
            expires_at=timezone.now() + dt.timedelta(days=days),
        )
        audit.record(
            "token.issue",
            kind="token",
            key=token.pk,
            division_code=integration.division_code,
            after={"integration": integration.username, "name": name, "scopes": token.scopes, "days": days},
        )
    return token, text


def revoke_token(actor: User, pk: int, *, reason: str) -> None:
    """Make a token invalid at once. Raises NotThere for one that the actor cannot see."""
    reason = limits.reason_given(reason)
    token = ApiToken.objects.workable_by(actor).select_related("user").filter(pk=pk).first()
    if token is None:
        raise NotThere(_("没有这个令牌。"))
    if token.revoked_at is not None:
        return
    with transaction.atomic():
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
        audit.record(
            "token.revoke",
            kind="token",
            key=token.pk,
            division_code=token.user.division_code,
            before={"integration": token.user.username, "name": token.name},
            reason=reason,
        )
