"""Serves map tiles from the cache or the database, with an ETag; a person's scope is part of the cache key."""

import hashlib
from typing import Any

from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from grid.selectors import tiles
from grid.web.filters import narrow_cases

SECONDS = {"divisions": 3600, "grids": 120, "components": 120, "load": 20, "cases": 10}
"""How long a tile may be served from the cache: what changes by the minute is drawn anew by the minute."""
DRAWING = 2
"""Number of the way tiles are drawn; a change of it lets go of those in the cache."""
MIME = "application/vnd.mapbox-vector-tile"


@require_safe
def tile(request: HttpRequest, layer: str, z: int, x: int, y: int) -> HttpResponse:
    """One tile of one layer; filters of the case list (``?state=…``) narrow the cases."""
    wanted = tiles.Tile(z, x, y)
    if layer not in tiles.LAYERS or not wanted.exists:
        raise Http404
    permission = tiles.PERMISSIONS[layer]
    if permission and not request.user.has_perm(permission):
        raise PermissionDenied
    return _conditional(request, layer, *_cached(request, layer, wanted))


def _cached(request: HttpRequest, layer: str, wanted: tiles.Tile) -> tuple[bytes, str]:
    """The tile's bytes and their ETag."""
    narrowing = narrow_cases(request) if layer == "cases" else None
    asked = request.META["QUERY_STRING"] if narrowing else ""
    place = f"{layer}:{wanted.z}:{wanted.x}:{wanted.y}"
    key = f"tile:{DRAWING}:{place}:{_scope(request.user, layer)}:{_digest(asked.encode())}"
    found: tuple[bytes, str] | None = cache.get(key)
    if found is None:
        body = tiles.tile_bytes(layer, wanted, request.user, narrowing)
        found = (body, f'"{_digest(body)}"')
        cache.set(key, found, SECONDS[layer])
    return found


def _scope(user: Any, layer: str) -> str:
    """What the person may see, as text: people of the same scope share tiles."""
    if layer == "divisions":
        return "all"
    bound = ",".join(sorted(user.organisation_codes)) if user.is_bound_to_organisation else "*"
    alone = user.pk if user.has_grants else "*"  # single grants are nobody else's
    return f"{user.scope_prefix}:{_digest(bound.encode())}:{alone}"


def _digest(text: bytes) -> str:
    return hashlib.blake2s(text, digest_size=10).hexdigest()


def _conditional(request: HttpRequest, layer: str, body: bytes, etag: str) -> HttpResponse:
    unchanged = get_conditional_response(request, etag=etag)
    answer: HttpResponse = unchanged or HttpResponse(body, content_type=MIME, status=200 if body else 204)
    answer["ETag"] = etag
    answer["Cache-Control"] = f"private, max-age={min(SECONDS[layer], 600)}"
    return answer
