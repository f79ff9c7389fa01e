"""Serves a tile to whoever holds a tile pass, before Django makes a request of what was asked.

A WSGI application around the platform's: a map asks for twenty tiles at once, and the frame of a request (signals,
middleware, session, person) costs several times what a tile from the cache does. What it cannot answer goes on.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.signals import request_finished, request_started
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, parse_cookie
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.security import SecurityMiddleware

from cityops.foundation.context import new_request_id
from cityops.foundation.numbers import requests_total
from grid.selectors import tiles
from grid.web import tile_pass
from grid.web.tile_pass import MIME, SECONDS, TURN, Found, Kept, Place

Environ = dict[str, Any]
Start = Callable[[str, list[tuple[str, str]]], object]
Headers = tuple[tuple[str, str], ...]
ROUTE = "tiles/<slug:layer>/<int:z>/<int:x>/<int:y>.mvt"
"""The route under which answers are counted, as those of the view."""


class TileDoor:
    """The door for tiles."""

    def __init__(self, application: Callable[[Environ, Any], Iterable[bytes]]) -> None:
        self._application = application

    def __call__(self, environ: Environ, start_response: Start) -> Iterable[bytes]:  # noqa: D102
        if environ["PATH_INFO"].startswith("/tiles/"):
            answer = _answer(environ)
            if answer is not None:
                status, headers, body = answer
                start_response(status, headers)
                return [body] if environ["REQUEST_METHOD"] == "GET" else []
        return self._application(environ, start_response)


def _answer(environ: Environ) -> tuple[str, list[tuple[str, str]], bytes] | None:
    """Status, headers and body from the cache; None where the view has to check."""
    place = tile_pass.place_of(environ["PATH_INFO"])
    session_key = parse_cookie(environ.get("HTTP_COOKIE", "")).get(settings.SESSION_COOKIE_NAME)
    frame = _frame(environ.get("HTTP_HOST", ""), environ["wsgi.url_scheme"], _forwarded(environ))
    if place is None or not session_key or frame is None or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        return None
    found = tile_pass.find(session_key, place)
    environ[TURN] = found.turn
    if place.layer == "cases" and environ.get("QUERY_STRING"):
        return None  # filters are always checked by the view
    kept = found.kept or _drawn(place, found)
    if kept is None:
        return None
    status, headers, body = _told(kept, environ.get("HTTP_IF_NONE_MATCH", ""))
    requests_total.labels(environ["REQUEST_METHOD"], ROUTE, int(status[:3])).inc()
    seconds = f"private, max-age={min(SECONDS[place.layer], 600)}"
    headers += [("ETag", f'"{kept.digest}"'), ("Cache-Control", seconds), ("X-Request-ID", new_request_id()), *frame]
    return status, headers, body


@dataclass(frozen=True)
class Viewer:
    """Stands for a person without single grants and not bound to an organisation: the region says it all."""

    scope_prefix: str
    is_authenticated: bool = True
    is_active: bool = True
    is_bound_to_organisation: bool = False
    has_grants: bool = False


def _drawn(place: Place, found: Found) -> Kept | None:
    """The tile, drawn for a scope that is a region and nothing else; None where the view has to."""
    wanted = tiles.Tile(place.z, place.x, place.y)
    prefix, _, rest = found.scope.partition(":")
    if rest != "*:*" or not wanted.exists:
        return None
    request_started.send(sender=TileDoor)  # as around every request: no connection to the database is used too long
    try:
        return tile_pass.keep(place, found.scope, tiles.tile_bytes(place.layer, wanted, Viewer(prefix)))
    except DatabaseError:  # the view meets it again, inside what reports it
        return None
    finally:
        request_finished.send(sender=TileDoor)


def _told(kept: Kept, known: str) -> tuple[str, list[tuple[str, str]], bytes]:
    if kept.digest in known or known == "*":
        return "304 Not Modified", [], b""
    if not kept.body:
        return "204 No Content", [], b""
    return "200 OK", [("Content-Type", MIME), ("Content-Length", str(len(kept.body)))], kept.body


def _forwarded(environ: Environ) -> str:
    """What the proxy says of the browser's side, where one is trusted."""
    header = settings.SECURE_PROXY_SSL_HEADER
    return str(environ.get(header[0], "")) if header else ""


@lru_cache(maxsize=64)
def _frame(host: str, scheme: str, forwarded: str) -> Headers | None:
    """The headers that every answer has; None for a host that is not ours or an address that must be secure."""
    request: Any = HttpRequest()
    request.path = request.path_info = "/tiles/"
    request.META = {"HTTP_HOST": host, "wsgi.url_scheme": scheme}
    request._get_scheme = lambda: scheme
    if settings.SECURE_PROXY_SSL_HEADER:
        request.META[settings.SECURE_PROXY_SSL_HEADER[0]] = forwarded
    try:
        request.get_host()
    except DisallowedHost:
        return None
    answer: Any = SecurityMiddleware(XFrameOptionsMiddleware(lambda _: HttpResponse()))(request)
    if answer.status_code != 200:
        return None
    del answer["Content-Type"]
    return (*answer.items(), ("Vary", "Accept-Language, Cookie"))
