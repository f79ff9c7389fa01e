"""Signing in and out, the own password, the language."""

from datetime import UTC, datetime, timedelta
from typing import Any

from axes.helpers import get_cool_off
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.i18n import set_language as django_set_language

from cityops.accounts.guards import person_of
from cityops.accounts.middleware import password_due
from cityops.accounts.rules.sessions import BEGAN, MARK
from cityops.accounts.selectors.sign_ins import sign_ins_of
from cityops.accounts.services import attempts, own
from cityops.accounts.web.forms import PasswordForm, SignInForm
from cityops.foundation.context import current_actor
from cityops.foundation.errors import InvalidInput
from cityops.regions.models import Division


@method_decorator(never_cache, name="dispatch")
class SignIn(LoginView):
    """登录."""

    template_name = "web/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Try the name and password, unless address or name failed too often."""
        if wait := attempts.seconds_to_wait(current_actor().address, request.POST.get("username", "")):
            return _must_wait(request, wait)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        """Sign in, in the person's own language."""
        response = super().form_valid(form)
        language = form.get_user().language
        if language:
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME,
                language,
                max_age=365 * 86400,
                secure=settings.LANGUAGE_COOKIE_SECURE,
                samesite="Lax",
                httponly=True,
            )
        return response


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session; nothing of it stays at the server."""
    logout(request)
    messages.success(request, _("已退出登录。"))
    return redirect("sign-in")


@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """我的账号: who one is here, what one sees, since when and from where one was signed in."""
    user, began = person_of(request), _moment(request.session.get(BEGAN))
    days = settings.CITYOPS_PASSWORD_DAYS
    facts = {
        "division": Division.objects.current().filter(code=user.division_code).only("name").first(),
        "password_until": user.password_changed_at + timedelta(days=days) if days else None,
        "began": began,
        "ends": began + timedelta(seconds=settings.SESSION_COOKIE_AGE) if began else None,
        "sign_ins": sign_ins_of(user)[:10],
    }
    return render(request, "accounts/account.html", facts)


def _moment(seconds: Any) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(int(seconds), tz=UTC)


@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """End every session of oneself but this one."""
    user = person_of(request)
    own.end_other_sessions(user)
    request.session[MARK] = user.session_mark
    messages.success(request, _("其他设备上的登录已失效。"))
    return redirect("account")


@require_http_methods(["GET", "POST"])
def change_password(request: HttpRequest) -> HttpResponse:
    """修改密码: all other sessions of the person end; too many wrong present passwords end this one, too."""
    form = PasswordForm(request, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            own.set_password(form.user, form.cleaned_data["new_password"], by_owner=True)
        except InvalidInput as error:
            form.add_error("new_password", [e["detail"] for e in error.facts["errors"]])
        else:
            update_session_auth_hash(request, form.user)
            messages.success(request, _("密码已修改,其他设备上的登录已失效。"))
            return redirect("home")
    if getattr(request, "axes_locked_out", False):
        logout(request)  # the middleware of axes answers with the page of a locked sign-in
    status = 400 if form.errors else 200
    return render(
        request, "accounts/password_change.html", {"form": form, "due": password_due(request.user)}, status=status
    )


@require_POST
def set_language(request: HttpRequest) -> HttpResponseBase:
    """Change the language of the pages, and remember it for the person."""
    response = django_set_language(request)
    language = request.POST.get("language", "")
    if request.user.is_authenticated and language in dict(settings.LANGUAGES):
        own.set_language(request.user, language)
    return response


def locked_out(request: HttpRequest, *_response: Any, **_credentials: Any) -> HttpResponse:
    """The page after too many wrong passwords; says how long and who can help."""
    wait = get_cool_off(request)
    return _must_wait(request, int(wait.total_seconds()) if wait else 0)


def _must_wait(request: HttpRequest, seconds: int) -> HttpResponse:
    minutes = seconds // 60
    facts = {
        "status": 429,
        "title": _("登录已锁定"),
        "detail": _("密码连续错误次数过多。") + (_("请 %(minutes)s 分钟后再试。") % {"minutes": minutes}),
        "remedy": _("急用时请安全管理员解除锁定。"),
        "home": resolve_url("sign-in"),
    }
    response = render(request, "web/error.html", facts, status=429)
    if minutes:
        response.headers["Retry-After"] = str(minutes * 60)
    return response
