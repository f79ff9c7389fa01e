"""What people change about themselves: password, sessions and language."""

import secrets

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cityops.accounts.models import FormerPassword, User
from cityops.accounts.passwords import KEPT
from cityops.foundation import audit
from cityops.foundation.errors import InvalidInput


def set_password(user: User, password: str, *, by_owner: bool, reason: str = "") -> None:
    """Give a person a new password; one that somebody else chose must be changed at the next sign-in.

    All other sessions of the person end with it. Raises InvalidInput when the rules refuse the password.
    """
    try:
        validate_password(password, user)
    except ValidationError as error:
        errors = [{"field": "password", "code": e.code, "detail": m} for e, m in _told(error)]
        raise InvalidInput(" ".join(str(e["detail"]) for e in errors), errors=errors) from error
    with transaction.atomic():
        if user.has_usable_password():
            FormerPassword.objects.create(user=user, encoded=user.password)
        kept = FormerPassword.objects.filter(user=user).values_list("pk", flat=True)[: KEPT - 1]
        FormerPassword.objects.filter(user=user).exclude(pk__in=list(kept)).delete()
        user.set_password(password)
        user.must_change_password = not by_owner
        user.password_changed_at = timezone.now()
        user.save(update_fields=["password", "must_change_password", "password_changed_at"])
        audit.record(
            "person.password",
            kind="person",
            key=user.username,
            division_code=user.division_code,
            after={"must_change_password": user.must_change_password},
            reason=reason or str(_("本人修改")),
        )


def _told(error: ValidationError) -> list[tuple[ValidationError, str]]:
    return [(single, " ".join(single.messages)) for single in error.error_list]


def end_sessions(user: User) -> None:
    """End every session of a person with its next request; who calls it in one of them marks that one anew."""
    user.session_mark = secrets.token_hex(16)
    user.save(update_fields=["session_mark"])


def end_other_sessions(user: User) -> None:
    """End every session of a person but the one that is marked anew, and write it down."""
    with transaction.atomic():
        end_sessions(user)
        audit.record(
            "person.end_sessions",
            kind="person",
            key=user.username,
            division_code=user.division_code,
            reason=str(_("本人退出其他设备")),
        )


def set_language(user: User, language: str) -> None:
    """Remember the language of the pages for the person; no audit entry, it changes nothing of the platform."""
    if user.language != language:
        user.language = language
        user.save(update_fields=["language"])
