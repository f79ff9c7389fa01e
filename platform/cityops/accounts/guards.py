"""The guard of a page: who is not signed in signs in first; who lacks the permission gets the 403 page."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url
from rest_framework.request import Request

from cityops.accounts.models import User

View = Callable[..., HttpResponseBase]


def requires(*codenames: str) -> Callable[[View], View]:
    """Let only signed-in people with every permission of ``codenames`` in; without one, any signed-in person.

    For a class: ``requires("grid.view_case")(CaseList.as_view())`` in the URL table.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _to_sign_in(request)
            if not request.user.has_perms(codenames):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.required_permissions = codenames  # type: ignore[attr-defined]
        return guarded

    return guard


def person_of(request: HttpRequest | Request) -> User:
    """The signed-in person behind a request, where a guard has let nobody else through."""
    person: User = request.user  # type: ignore[assignment]
    return person


def _to_sign_in(request: HttpRequest) -> HttpResponseBase:
    """Send to the sign-in page; a request of htmx makes the whole page go there, not the part."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=401, headers={"HX-Redirect": resolve_url("sign-in")})
    return redirect_to_login(request.get_full_path())
