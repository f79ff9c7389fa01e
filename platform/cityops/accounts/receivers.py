"""Signing in, out, and failing to: written into the audit trail. No entry, no sign-in."""

from dataclasses import replace
from typing import Any

from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from cityops.accounts.models import User
from cityops.accounts.rules.sessions import BEGAN, MARK, SEEN
from cityops.accounts.services import attempts, limits, own
from cityops.foundation import audit
from cityops.foundation.context import become, current_actor


@receiver(user_logged_in, dispatch_uid="accounts.signed_in")
def signed_in(request: HttpRequest, user: User, **_kwargs: Any) -> None:
    """Start the clocks of the session, name the actor, write the entry. An administrator's other sessions end."""
    now = int(timezone.now().timestamp())
    request.session[BEGAN] = request.session[SEEN] = now
    session = (request.session.session_key or "")[:8]
    become(replace(current_actor(), user_id=user.pk, name=user.username, session=session))
    attempts.note_success(current_actor().address, user.username)
    with transaction.atomic():
        if limits.is_administrator(user):
            own.end_sessions(user)
        request.session[MARK] = user.session_mark
        audit.record("session.sign_in", kind="person", key=user.username, division_code=user.division_code)


@receiver(user_logged_out, dispatch_uid="accounts.signed_out")
def signed_out(request: HttpRequest, user: User | None, **_kwargs: Any) -> None:
    """Write the entry; nothing for somebody who was not signed in."""
    if user is not None:
        with transaction.atomic():
            audit.record("session.sign_out", kind="person", key=user.username, division_code=user.division_code)


@receiver(user_login_failed, dispatch_uid="accounts.failed")
def failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_kwargs: Any) -> None:
    """Write that somebody tried a name, or signed in already, the own present password; never what was typed as the
    password. Counts it for address and name."""
    action = "person.password" if request is not None and request.user.is_authenticated else "session.sign_in"
    attempts.note_failure(current_actor().address, str(credentials.get("username") or ""))
    with transaction.atomic():
        audit.record(action, kind="person", key=_named(credentials.get("username")), succeeded=False)


@receiver(user_locked_out, dispatch_uid="accounts.locked")
def locked(username: str = "", **_kwargs: Any) -> None:
    """Write that a name is locked for an address."""
    with transaction.atomic():
        audit.record("session.lock", kind="person", key=_named(username), succeeded=False)


def _named(username: object) -> str:
    return str(username or "")[:64]
