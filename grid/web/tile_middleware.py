"""Serves a kept tile to whoever holds a tile pass, before session, person and the rest are asked for."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import ResolverMatch, resolve
from django.utils.cache import patch_vary_headers

from cityops.foundation.context import new_request_id
from grid.web import tile_pass
from grid.web.tiles import answered


class TilePasses:
    """Stands right behind the security headers; what it cannot answer goes the whole way."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:  # noqa: D102
        if not request.path_info.startswith("/tiles/"):
            return self.get_response(request)
        return _kept(request) or self.get_response(request)


def _kept(request: HttpRequest) -> HttpResponse | None:
    """The answer from the cache; None where the view has to check. Filters are always checked by the view."""
    place = tile_pass.place_of(request.path_info)
    session_key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    if place is None or not session_key or request.method not in ("GET", "HEAD"):
        return None
    turn, kept = tile_pass.find(session_key, place)
    request.tile_turn = turn  # type: ignore[attr-defined]
    if kept is None or (place.layer == "cases" and request.META["QUERY_STRING"]):
        return None
    request.get_host()  # refuses a name that is not ours, as CommonMiddleware does
    request.resolver_match = _route(request.path_info, place.layer)
    answer = answered(request, place.layer, kept)
    answer["X-Frame-Options"] = settings.X_FRAME_OPTIONS
    answer["X-Request-ID"] = new_request_id()
    patch_vary_headers(answer, ("Accept-Language", "Cookie"))
    return answer


_routes: dict[str, ResolverMatch] = {}


def _route(path: str, layer: str) -> ResolverMatch:
    """The route by which the answer is counted; looked up once."""
    if layer not in _routes:
        _routes[layer] = resolve(path)
    return _routes[layer]
