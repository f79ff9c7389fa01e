"""The API of imports: upload a file, follow it, read its faults."""

from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cityops.accounts.api.permissions import HasPermission
from cityops.foundation.api.etag import Polled
from cityops.foundation.api.idempotency import IdempotentWrites
from cityops.foundation.paging import CursorPaging
from cityops.foundation.patience import patience
from grid.api.ground_serializers import ImportAnswer, ImportUpload, IssueAnswer
from grid.models import ImportIssue, ImportRun
from grid.selectors import ground
from grid.services.imports.uploads import take_upload
from grid.tasks import wake_imports


class Newest(CursorPaging):
    """Imports, newest first."""

    ordering = "-id"


class ByRow(CursorPaging):
    """Faults in the order of the file."""

    ordering = ("row_no", "id")


class ImportList(IdempotentWrites, Polled, ListAPIView):
    """导入: the runs, and the upload of a new file."""

    permission_classes: list[Any] = [HasPermission("grid.import_data")]
    serializer_class = ImportAnswer
    pagination_class = Newest
    parser_classes = [MultiPartParser]
    filterset_fields = ["kind", "state"]
    queryset = ImportRun.objects.none()

    def get_queryset(self) -> Any:
        """The imports this person may see."""
        return ground.visible_runs(self.request.user)  # type: ignore[arg-type]

    @extend_schema(
        operation_id="imports_create",
        request={"multipart/form-data": ImportUpload},
        responses={201: ImportAnswer},
        filters=False,
    )
    def post(self, request: Request) -> Response:
        """Take a file. Up to 1 MB it is imported before the answer; a larger one waits for a worker: ask again."""
        asked = ImportUpload(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        options = {name: given[name] for name in ("dry_run", "skip_refused", "repair")}
        kind, file, mapping = given["kind"], given["file"], given["mapping"]
        with patience():
            run = take_upload(kind, file, user=request.user, mapping=mapping, options=options)  # type: ignore[arg-type]
        if run.is_under_way:
            transaction.on_commit(wake_imports)  # a worker that looks before the commit finds nothing
        return Response(ImportAnswer(run).data, status=201)


class ImportDetail(Polled, APIView):
    """One import."""

    permission_classes: list[Any] = [HasPermission("grid.import_data")]

    @extend_schema(operation_id="imports_retrieve", responses=ImportAnswer)
    def get(self, request: Request, pk: int) -> Response:
        """State, counts and summary."""
        return Response(ImportAnswer(ground.get_run(request.user, pk)).data)  # type: ignore[arg-type]


class ImportIssues(Polled, ListAPIView):
    """The faults of an import, row by row."""

    permission_classes: list[Any] = [HasPermission("grid.import_data")]
    serializer_class = IssueAnswer
    pagination_class = ByRow
    filterset_fields = ["code", "is_fatal"]
    queryset = ImportIssue.objects.none()

    def get_queryset(self) -> Any:
        """The faults of one import the person may see."""
        if getattr(self, "swagger_fake_view", False):
            return ImportIssue.objects.none()
        return ground.get_run(self.request.user, self.kwargs["pk"]).issues.all()  # type: ignore[arg-type]
