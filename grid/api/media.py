"""The API of photos: take one in, list those of a case, fetch one."""

import uuid
from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cityops.accounts.api.permissions import HasPermission
from cityops.foundation.api.etag import Polled
from cityops.foundation.api.idempotency import IdempotentWrites
from cityops.foundation.serving import JPEG, serve_picture
from grid.api.media_serializers import MediaInput, MediaRow
from grid.selectors.cases import get_case
from grid.selectors.media import case_media, media_of
from grid.services.media import store
from grid.services.photos import LARGEST_FILE, file_name, stored_picture

LARGEST_REQUEST = LARGEST_FILE + (1 << 20)
"""Bytes of a photo with what a form adds."""
PICTURE = {(200, JPEG): OpenApiResponse(OpenApiTypes.BINARY)}
"""What the schema says of an answer that is a picture."""


class MediaNew(IdempotentWrites, APIView):
    """Take a photo in."""

    permission_classes: list[Any] = [HasPermission("grid.add_media")]
    parser_classes = [MultiPartParser]

    @extend_schema(operation_id="media_create", request={"multipart/form-data": MediaInput}, responses={201: MediaRow})
    def post(self, request: Request) -> Response:
        """The photo is drawn anew and loses its metadata; with ``case_no`` it is tied to the case at once."""
        asked = MediaInput(data=request.data)
        asked.is_valid(raise_exception=True)
        given = dict(asked.validated_data)
        photo, case_no = given.pop("photo"), given.pop("case_no", None)
        row = store(request.user, photo, case=case_no, **given)  # type: ignore[arg-type]
        return Response(MediaRow(row).data, status=201)


class CaseMediaList(Polled, APIView):
    """Photos of a case."""

    permission_classes: list[Any] = [HasPermission("grid.view_case")]

    @extend_schema(operation_id="cases_media_list", responses=MediaRow(many=True))
    def get(self, request: Request, case_no: str) -> Response:
        """All photos, oldest first; 404 where the person may not see the case."""
        case = get_case(request.user, case_no)  # type: ignore[arg-type]
        return Response(MediaRow(media_of(case), many=True).data)


class CaseMediaFile(APIView):
    """One photo."""

    is_polled = True
    permission_classes: list[Any] = [HasPermission("grid.view_case")]

    @extend_schema(operation_id="cases_media_file", responses=PICTURE)
    def get(self, request: Request, case_no: str, media_id: uuid.UUID) -> HttpResponseBase:
        """The picture as it is kept (JPEG); 404 where the person may not see the case, or another node has it."""
        media = case_media(request.user, case_no, media_id)  # type: ignore[arg-type]
        return serve_picture(request, stored_picture(media), file_name(media))
