"""The road for third parties: records of one dataset as NDJSON, with an answer to every line."""

from io import BytesIO
from typing import Any, cast

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.views import APIView

from cityops.accounts.api.permissions import HasPermission
from cityops.accounts.models import User
from cityops.foundation.patience import patience
from sync.exchange.services import intake

NDJSON = "application/x-ndjson"
LARGEST_REQUEST = 256 << 20
"""Bytes of one request; it is read piece by piece."""


class NdjsonParser(BaseParser):
    """Hands the stream on: lines are read as they are needed."""

    media_type = NDJSON

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """The stream itself."""
        return stream


class RecordPush(APIView):
    """报送记录: records that a third party hands in; they become this node's own and travel like any other."""

    permission_classes: Any = [HasPermission("exchange.push_records")]
    parser_classes: Any = [NdjsonParser]

    @extend_schema(
        operation_id="exchange_records_push",
        parameters=[OpenApiParameter("dataset", str, required=True, description="Dataset code, as GL01")],
        request={NDJSON: OpenApiTypes.BINARY},
        responses={(200, NDJSON): OpenApiResponse(OpenApiTypes.BINARY, description="One line per line, in order")},
    )
    def post(self, request: Request) -> StreamingHttpResponse:
        """Take up to 100,000 lines ``{"rid", "rev", "op": "U" or "D", …fields of the dataset}``.

        A request is stored whole before it is answered; a line at fault is refused alone, with field, code and how to
        mend it. The same rid and rev again change nothing.
        """
        with patience():
            given: Any = request.data
            read = given.read if hasattr(given, "read") else BytesIO().read  # an empty request is parsed by nobody
            done = intake.push(cast("User", request.user), request.query_params.get("dataset", ""), read)
        headers = {"X-Accepted": done.accepted + done.unchanged, "X-Refused": done.refused}
        return StreamingHttpResponse(done.answer, content_type=NDJSON, headers=headers)
