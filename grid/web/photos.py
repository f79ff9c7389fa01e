"""Pictures of cases, served by the application alone: who sees the case sees its photos."""

import uuid

from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from cityops.accounts.guards import person_of
from cityops.foundation.serving import serve_picture
from grid.selectors.media import case_media, loose_media
from grid.services.photos import file_name, stored_picture


@require_safe
def case_photo(request: HttpRequest, case_no: str, media_id: uuid.UUID) -> HttpResponseBase:
    """A photo of a case, as large as it is kept."""
    media = case_media(person_of(request), case_no, media_id)
    return serve_picture(request, stored_picture(media), file_name(media))


@require_safe
def case_thumbnail(request: HttpRequest, case_no: str, media_id: uuid.UUID) -> HttpResponseBase:
    """The small picture of it."""
    media = case_media(person_of(request), case_no, media_id)
    return serve_picture(request, stored_picture(media, is_small=True), file_name(media))


@require_safe
def loose_photo(request: HttpRequest, media_id: uuid.UUID) -> HttpResponseBase:
    """A photo that waits for its case, small, for who took it in."""
    media = loose_media(person_of(request), media_id)
    return serve_picture(request, stored_picture(media, is_small=True), file_name(media))
