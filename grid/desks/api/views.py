"""The API of desks: queues, presence, bulk acts, saved views, exports in the background."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import FileResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cityops.accounts.api.permissions import HasPermission
from cityops.accounts.guards import person_of
from cityops.foundation.api.etag import Polled
from cityops.foundation.api.idempotency import IdempotentWrites
from cityops.foundation.errors import NotThere, field_fault
from grid.desks.api import serializers as io
from grid.desks.models import CaseExport, SavedView
from grid.desks.rules.desks import DESKS, desks_of
from grid.desks.selectors.queues import FILTERS, MOST_ROWS, ROWS, asked_of, queue, tab_counts
from grid.desks.selectors.words import DESK_WORDS
from grid.desks.services import bulk, exports, presence, views
from grid.desks.tasks import wake_exports
from grid.selectors.cases import get_case

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _read(serializer: type[Any], data: Any) -> dict[str, Any]:
    asked = serializer(data=data)
    asked.is_valid(raise_exception=True)
    given: dict[str, Any] = asked.validated_data
    return given


class DeskList(Polled, APIView):
    """工作台."""

    permission_classes = [HasPermission("desks.use_desk")]  # type: ignore[list-item]

    @extend_schema(operation_id="desks_list", responses=io.DeskAnswer(many=True))
    def get(self, request: Request) -> Response:
        """The desks that the caller may open, with their tabs and counts."""
        user = person_of(request)
        told = [
            {"key": desk.key, "name": str(DESK_WORDS[desk.key]), "tabs": tab_counts(asked_of(user, desk, {}))}
            for desk in desks_of(user.permission_codes)
        ]
        return Response(io.DeskAnswer(told, many=True).data)


class DeskQueue(Polled, APIView):
    """The queue of a desk."""

    permission_classes = [HasPermission("grid.view_case")]  # type: ignore[list-item]

    @extend_schema(
        operation_id="desks_queue",
        parameters=[
            OpenApiParameter("desk", str, OpenApiParameter.PATH, enum=list(DESKS)),
            OpenApiParameter("tab", str, description="Key of a tab; without it the first one"),
            OpenApiParameter("cursor", str, description="As the answer before gave it in next"),
            OpenApiParameter("limit", int, description=f"Rows, 1 to {MOST_ROWS}; {ROWS} without it"),
            *(OpenApiParameter(name, str, description="As in the list of cases") for name in FILTERS),
        ],
        responses=io.DeskQueueAnswer,
    )
    def get(self, request: Request, desk: str) -> Response:
        """Cases the caller may work on, in the order of the desk; 404 for a desk that there is not."""
        if desk not in DESKS:
            raise NotThere
        wanted = request.query_params.get("limit", str(ROWS))
        if not (wanted.isascii() and wanted.isdigit() and 1 <= int(wanted[:6]) <= MOST_ROWS):
            told = _("limit 应为 1 到 %s 的整数。") % MOST_ROWS
            raise field_fault("limit", "range", told)
        asked = asked_of(person_of(request), DESKS[desk], request.query_params)
        page = queue(asked, cursor=request.query_params.get("cursor", ""), limit=int(wanted))
        return Response(io.DeskQueueAnswer({"tab": asked.tab.key, "rows": page.rows, "next": page.cursor}).data)


class DeskPresence(APIView):
    """同看一案."""

    permission_classes = [HasPermission("grid.view_case")]  # type: ignore[list-item]

    @extend_schema(operation_id="desks_presence", request=None, responses=io.DeskPresentAnswer(many=True))
    def post(self, request: Request, case_no: str) -> Response:
        """Say that the caller has the case open, for 30 seconds; answers who else has."""
        user = person_of(request)
        return Response(io.DeskPresentAnswer(presence.beat(user, get_case(user, case_no)), many=True).data)


class DeskBulk(IdempotentWrites, APIView):
    """批量办理."""

    permission_classes = [HasPermission("grid.view_case")]  # type: ignore[list-item]

    @extend_schema(operation_id="desks_bulk", request=io.BulkActInput, responses=io.BulkActOutcome(many=True))
    def post(self, request: Request) -> Response:
        """One move with several cases, each for itself; what is refused with one does not hold up the others."""
        given = _read(io.BulkActInput, request.data)
        wishes = [
            bulk.Wish(row["case_no"], row.get("version"), {k: row[k] for k in ("duty_org", "rule") if k in row})
            for row in given["cases"]
        ]
        common: dict[str, Any] = {name: given[name] for name in ("opinion", "due_at") if name in given}
        make = bulk.preview if given["dry_run"] else bulk.carry_out
        return Response(io.BulkActOutcome(make(person_of(request), given["action"], wishes, common), many=True).data)


class SavedViewList(IdempotentWrites, Polled, APIView):
    """常用视图."""

    permission_classes = [HasPermission("grid.view_case")]  # type: ignore[list-item]

    @extend_schema(operation_id="desks_views_list", responses=io.SavedViewAnswer(many=True))
    def get(self, request: Request) -> Response:
        """The caller's own and those shared with the post."""
        rows = SavedView.objects.visible_to(person_of(request)).select_related("owner")
        return Response(io.SavedViewAnswer(rows, many=True).data)

    @extend_schema(operation_id="desks_views_save", request=io.SavedViewInput, responses={201: io.SavedViewAnswer})
    def post(self, request: Request) -> Response:
        """Keep a view; one of the same name is written anew."""
        view = views.save_view(person_of(request), **_read(io.SavedViewInput, request.data))
        return Response(io.SavedViewAnswer(view).data, status=201)


class SavedViewOne(IdempotentWrites, APIView):
    """One view."""

    permission_classes = [HasPermission("grid.view_case")]  # type: ignore[list-item]

    @extend_schema(operation_id="desks_views_drop", responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Remove an own view."""
        views.drop_view(person_of(request), pk)
        return Response(status=204)


class CaseExportList(IdempotentWrites, Polled, APIView):
    """后台导出."""

    permission_classes = [HasPermission("grid.export_case")]  # type: ignore[list-item]

    @extend_schema(operation_id="desks_exports_list", responses=io.CaseExportAnswer(many=True))
    def get(self, request: Request) -> Response:
        """The caller's exports, newest first."""
        rows = CaseExport.objects.visible_to(person_of(request))[:50]
        return Response(io.CaseExportAnswer(rows, many=True).data)

    @extend_schema(operation_id="desks_exports_order", request=io.CaseExportInput, responses={202: io.CaseExportAnswer})
    def post(self, request: Request) -> Response:
        """Order an export; a worker writes it."""
        made = exports.order_export(person_of(request), **_read(io.CaseExportInput, request.data))
        transaction.on_commit(wake_exports)
        return Response(io.CaseExportAnswer(made).data, status=202)


class CaseExportOne(Polled, APIView):
    """One export."""

    permission_classes = [HasPermission("grid.export_case")]  # type: ignore[list-item]

    @extend_schema(operation_id="desks_exports_retrieve", responses=io.CaseExportAnswer)
    def get(self, request: Request, pk: UUID) -> Response:
        """How far it is."""
        return Response(io.CaseExportAnswer(exports.get_export(person_of(request), pk)).data)


class CaseExportFile(APIView):
    """The file of an export."""

    permission_classes = [HasPermission("grid.export_case")]  # type: ignore[list-item]

    @extend_schema(
        operation_id="desks_exports_file",
        responses={(200, XLSX): OpenApiResponse(OpenApiTypes.BINARY)},
    )
    def get(self, request: Request, pk: UUID) -> FileResponse:
        """The workbook, for who ordered it; 409 while it is not ready or no longer kept."""
        export, path = exports.file_of(person_of(request), pk)
        return FileResponse(path.open("rb"), as_attachment=True, filename=export.file_name, content_type=XLSX)
