"""Pictures of cases, served by the application alone: who sees the case sees its photos."""

import uuid

from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cityops.accounts.guards import person_of
from cityops.foundation.errors import NotThere
from grid.models import CaseMedia
from grid.selectors.media import case_media, loose_media
from grid.services.photos import path_of, thumbnail_name

CACHE = "private, max-age=600"
"""A browser may keep a picture for ten minutes, nobody between may; then it asks again with the ETag."""


@require_safe
def case_photo(request: HttpRequest, case_no: str, media_id: uuid.UUID) -> HttpResponseBase:
    """A photo of a case, as large as it is kept."""
    return _served(request, case_media(person_of(request), case_no, media_id))


@require_safe
def case_thumbnail(request: HttpRequest, case_no: str, media_id: uuid.UUID) -> HttpResponseBase:
    """The small picture of it."""
    return _served(request, case_media(person_of(request), case_no, media_id), is_small=True)


@require_safe
def loose_photo(request: HttpRequest, media_id: uuid.UUID) -> HttpResponseBase:
    """A photo that waits for its case, small, for who took it in."""
    return _served(request, loose_media(person_of(request), media_id), is_small=True)


def _served(request: HttpRequest, media: CaseMedia, *, is_small: bool = False) -> HttpResponseBase:
    """The file as it lies here. Raises NotThere where it does not: pictures stay in the city that took them."""
    name = thumbnail_name(media.file) if is_small else media.file
    etag = f'"{media.pk.hex}-{"s" if is_small else "l"}"'
    answer: HttpResponseBase = get_conditional_response(request, etag=etag) or _file(media, name)
    answer.headers["ETag"] = etag
    answer.headers["Cache-Control"] = CACHE
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def _file(media: CaseMedia, name: str) -> FileResponse:
    try:
        stream = path_of(name).open("rb") if media.file else None
    except FileNotFoundError:
        stream = None
    if stream is None:
        raise NotThere(_("照片原件只保存在拍摄它的城市，这里没有；需要时请向该市调阅。"))
    return FileResponse(stream, content_type="image/jpeg", filename=f"{media.pk.hex}.jpg")
