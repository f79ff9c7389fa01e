"""Stored pictures over HTTP: served by the application alone, so that who may not see them gets nothing."""

from pathlib import Path

from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.utils.cache import get_conditional_response

CACHE = "private, max-age=600"
"""A client may keep a picture for ten minutes, nobody between may; then it asks again with the ETag."""
JPEG = "image/jpeg"


def serve_picture(request: HttpRequest, path: Path, name: str) -> HttpResponseBase:
    """A stored JPEG under ``name``, or 304 where the client has it. The file's own name is its ETag: it is never
    written again.
    """
    etag = f'"{path.stem}"'
    answer: HttpResponseBase = get_conditional_response(request, etag=etag) or FileResponse(
        path.open("rb"), content_type=JPEG, filename=name
    )
    answer.headers["ETag"] = etag
    answer.headers["Cache-Control"] = CACHE
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
