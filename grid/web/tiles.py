"""Serves map tiles from the cache or the database, with an ETag; a person's scope is part of the cache key."""

import hashlib

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from cityops.accounts.guards import person_of
from cityops.accounts.models import User
from grid.selectors import tiles
from grid.selectors.case_list import narrow_cases
from grid.web import tile_pass
from grid.web.tile_pass import MIME, SECONDS, TURN, Kept, Place


@require_safe
def tile(request: HttpRequest, layer: str, z: int, x: int, y: int) -> HttpResponse:
    """One tile of one layer; filters of the case list (``?state=…``) narrow the cases."""
    wanted = tiles.Tile(z, x, y)
    if layer not in tiles.LAYERS or not wanted.exists:
        raise Http404
    person = person_of(request)
    if not _may_see(person, layer):
        raise PermissionDenied
    kept = _cached(request, person, layer, wanted)
    _leave_pass(request, person)
    return _answered(request, layer, kept)


def _answered(request: HttpRequest, layer: str, kept: Kept) -> HttpResponse:
    """The answer with a tile, or that the asker has it already."""
    etag = f'"{kept.digest}"'
    unchanged = get_conditional_response(request, etag=etag)
    answer: HttpResponse = unchanged or HttpResponse(kept.body, content_type=MIME, status=200 if kept.body else 204)
    answer["ETag"] = etag
    answer["Cache-Control"] = f"private, max-age={min(SECONDS[layer], 600)}"
    return answer


def _may_see(person: User, layer: str) -> bool:
    permission = tiles.PERMISSIONS[layer]
    return not permission or person.has_perm(permission)


def _cached(request: HttpRequest, person: User, layer: str, wanted: tiles.Tile) -> Kept:
    """The tile from the cache, or drawn and kept there."""
    narrowing = narrow_cases(request) if layer == "cases" else None
    place, scope = Place(layer, wanted.z, wanted.x, wanted.y), _scope(person, layer)
    if narrowing:  # what waits for somebody depends on the person
        scope += f":{person.pk}:{_digest(request.META['QUERY_STRING'])}"
    return tile_pass.read(place, scope) or tile_pass.keep(
        place, scope, tiles.tile_bytes(layer, wanted, person, narrowing)
    )


def _leave_pass(request: HttpRequest, person: User) -> None:
    """Let the next tiles of this session be served without all the questions of this one."""
    turn, session_key = request.META.get(TURN, ""), request.session.session_key
    if turn and session_key:
        scopes = {layer: _scope(person, layer) for layer in tiles.LAYERS if _may_see(person, layer)}
        tile_pass.give(request.session, session_key, turn, scopes)


def _scope(person: User, layer: str) -> str:
    """What the person may see, as text: people of the same scope share tiles."""
    if layer == "divisions":
        return "all"
    bound = _digest(",".join(sorted(person.organisation_codes))) if person.is_bound_to_organisation else "*"
    alone = person.pk if person.has_grants else "*"  # single grants are nobody else's
    return f"{person.scope_prefix}:{bound}:{alone}"


def _digest(text: str) -> str:
    return hashlib.blake2s(text.encode(), digest_size=10).hexdigest()
