"""The API of cases: lists, one case with its steps, register, move along."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cityops.accounts.api.permissions import HasPermission
from cityops.foundation.api.etag import Polled
from cityops.foundation.api.idempotency import IdempotentWrites
from cityops.foundation.paging import CursorPaging
from grid.api.case_serializers import CaseAnswer, CaseRow, MoveInput, RegisteredAnswer, ReportInput
from grid.models import Case
from grid.rules.transitions import Action
from grid.selectors.case_filters import CaseFilter
from grid.selectors.cases import case_detail, get_case, visible_cases
from grid.services.cases import Report, act, register


class NewestFirst(CursorPaging):
    """Cases by the time of their report, the newest first."""

    ordering = ("-reported_at", "-rid")


class CaseList(Polled, ListAPIView[Case]):
    """案件."""

    permission_classes = [HasPermission("grid.view_case")]  # type: ignore[list-item]
    serializer_class = CaseRow
    pagination_class = NewestFirst
    filterset_class = CaseFilter
    queryset = Case.objects.none()

    def get_queryset(self) -> Any:
        """The cases this person may see."""
        return visible_cases(self.request.user)  # type: ignore[arg-type]


class CaseOne(Polled, APIView):
    """One case with its steps."""

    permission_classes = [HasPermission("grid.view_case")]  # type: ignore[list-item]

    @extend_schema(operation_id="cases_retrieve", responses=CaseAnswer)
    def get(self, request: Request, case_no: str) -> Response:
        """Fields, steps, and the moves open to this person; 404 where the person may not see it."""
        return Response(CaseAnswer(case_detail(request.user, case_no)).data)  # type: ignore[arg-type]


class CaseRegister(IdempotentWrites, APIView):
    """Register a report."""

    permission_classes = [HasPermission("grid.register_case")]  # type: ignore[list-item]

    @extend_schema(operation_id="cases_register", request=ReportInput, responses={201: RegisteredAnswer})
    def post(self, request: Request) -> Response:
        """Find grid, class and limit; the case waits for acceptance."""
        asked = ReportInput(data=request.data)
        asked.is_valid(raise_exception=True)
        answer = register(request.user, Report(**asked.validated_data))  # type: ignore[arg-type]
        return Response(RegisteredAnswer(answer).data, status=201)


class CaseMove(IdempotentWrites, APIView):
    """Move a case along."""

    permission_classes = [HasPermission("grid.view_case")]  # type: ignore[list-item]

    @extend_schema(
        operation_id="cases_act",
        request=MoveInput,
        responses=CaseAnswer,
        parameters=[
            OpenApiParameter(
                "action", str, OpenApiParameter.PATH, enum=[a.value for a in Action if a is not Action.REPORT]
            )
        ],
    )
    def post(self, request: Request, case_no: str, action: str) -> Response:
        """One move; 409 tells where the case stands, 403 what permission is missing."""
        get_case(request.user, case_no)  # type: ignore[arg-type]
        asked = MoveInput(data=request.data)
        asked.is_valid(raise_exception=True)
        act(request.user, case_no, action, **asked.validated_data)  # type: ignore[arg-type]
        return Response(CaseAnswer(case_detail(request.user, case_no)).data)  # type: ignore[arg-type]
