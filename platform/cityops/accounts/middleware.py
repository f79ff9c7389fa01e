"""The limits of a session: idle, absolute, ended from elsewhere, and a password that must be changed first."""

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.passwords import PASSWORD_EXPIRED, PASSWORD_GIVEN
from cityops.accounts.rules.sessions import BEGAN, MARK, SEEN
from cityops.foundation.problem import plain_problem

NOTED_EVERY = 60
"""Seconds between two writes of when a person was last seen."""
OPEN_WITH_OLD_PASSWORD = frozenset({"password-change", "sign-out", "set-language", "sign-in"})
"""Pages for somebody whose password must be changed."""
REFRESH_HEADER, REFRESH_MARK = "X-CityOps-Refresh", "refresh"
"""What a timer of a page sends with its requests: a header, or where a whole page loads itself again, a parameter."""
STAYS_OPEN = frozenset({"wall", "tile"})
"""What the wall shows: it hangs where nobody touches it, and goes on by itself until the session's longest life."""


class SessionLimits:
    """Ends a session that was idle or open too long, or was ended from elsewhere; leads to a password that is due."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:  # noqa: D102
        if request.user.is_authenticated and BEGAN in request.session:
            self._keep_time(request)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        """Send somebody with a password that is due to the page where it is changed."""
        user = request.user
        if not user.is_authenticated or BEGAN not in request.session or request.resolver_match is None:
            return None
        due = password_due(user)
        if not due or request.resolver_match.url_name in OPEN_WITH_OLD_PASSWORD:
            return None
        if request.path.startswith("/api/"):
            return plain_problem(403, "password_due", due)
        if request.headers.get("HX-Request"):
            return HttpResponse(status=403, headers={"HX-Redirect": resolve_url("password-change")})
        return redirect("password-change")

    def _keep_time(self, request: HttpRequest) -> None:
        if request.session.get(MARK, "") != request.user.session_mark:  # type: ignore[union-attr]
            logout(request)
            messages.info(request, _("这次登录已被结束:您在别处重新登录或退出了其他设备,或由管理员结束。"))
            return
        now = int(timezone.now().timestamp())
        seen, began = int(request.session.get(SEEN, 0)), int(request.session[BEGAN])
        if now - began >= settings.SESSION_COOKIE_AGE:
            logout(request)
            messages.info(request, _("登录已满最长时限,请重新登录。"))
        elif now - seen >= settings.CITYOPS_SESSION_IDLE_SECONDS:
            if _is_refresh(request) and _stays_open(request.path_info):
                return
            logout(request)
            messages.info(request, _("因长时间没有操作,已退出登录。"))
        elif now - seen >= NOTED_EVERY and not _is_refresh(request):
            request.session[SEEN] = now


def _is_refresh(request: HttpRequest) -> bool:
    """Whether a timer asks, not the person."""
    return REFRESH_HEADER in request.headers or REFRESH_MARK in request.GET


def _stays_open(path: str) -> bool:
    try:
        return resolve(path).url_name in STAYS_OPEN
    except Resolver404:
        return False


def password_due(user: object) -> str:
    """Why the person must choose a new password now; empty where not."""
    if getattr(user, "must_change_password", False):
        return str(PASSWORD_GIVEN)
    days = settings.CITYOPS_PASSWORD_DAYS
    changed = getattr(user, "password_changed_at", None)
    if days and changed and timezone.now() - changed >= timedelta(days=days):
        return str(PASSWORD_EXPIRED)
    return ""
