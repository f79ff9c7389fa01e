"""Puts the acting person of a request where the audit trail finds it; turns away addresses that nothing can have."""

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse

from cityops.foundation.context import Actor, acting, new_request_id
from cityops.foundation.denials import note_denied


class NoNullCharacters:
    """The database stores no NUL: in a path it names nothing (404), in a query it is bad input (400)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:  # noqa: D102
        if "\0" in request.path_info:
            raise Http404
        if "%00" in request.META.get("QUERY_STRING", ""):
            raise BadRequest("NUL in the query")
        return self.get_response(request)


class AuditContextMiddleware:
    """Names the actor for everything a request does, notes what was denied; answers with the request's id."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:  # noqa: D102
        request_id = new_request_id()
        request.request_id = request_id  # type: ignore[attr-defined]
        user = getattr(request, "user", None)
        actor = Actor(
            user_id=user.pk if user is not None and user.is_authenticated else None,
            name=user.get_username() if user is not None and user.is_authenticated else "anonymous",
            channel="api" if request.path.startswith("/api/") else "page",
            address=request.META.get("REMOTE_ADDR", ""),
            session=(request.session.session_key or "")[:8] if hasattr(request, "session") else "",
            request_id=request_id,
        )
        with acting(actor):
            response = self.get_response(request)
            note_denied(request, response)
        response.headers["X-Request-ID"] = request_id
        return response
