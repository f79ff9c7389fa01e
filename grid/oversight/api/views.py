"""The API of oversight: list, issue, look at and take back supervisions."""

from typing import Any

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cityops.accounts.api.permissions import HasPermission
from cityops.accounts.guards import person_of
from cityops.foundation.api.etag import Polled
from cityops.foundation.api.idempotency import IdempotentWrites
from cityops.foundation.paging import CursorPaging
from grid.oversight import selectors
from grid.oversight.api.serializers import (
    SupervisionInput,
    SupervisionRecord,
    SupervisionRow,
    SupervisionWithdrawal,
)
from grid.oversight.models import SupervisionTask, TaskState
from grid.oversight.services import issuing

VIEW, ISSUE = "oversight.view_supervisiontask", "oversight.issue_supervision"


class ByIssue(CursorPaging):
    """The newest first."""

    ordering = ("-issued_at", "-task_no")


class SupervisionFilterSet(filters.FilterSet):
    """What supervisions may be narrowed by."""

    state = filters.ChoiceFilter(choices=TaskState.choices)
    case_no = filters.CharFilter(field_name="source_ref")

    class Meta:
        model = SupervisionTask
        fields: list[str] = []


class SupervisionList(IdempotentWrites, Polled, ListAPIView):
    """对下督办."""

    permission_classes: list[Any] = [HasPermission(VIEW, write=ISSUE)]
    serializer_class = SupervisionRow
    pagination_class = ByIssue
    filterset_class = SupervisionFilterSet
    queryset = SupervisionTask.objects.none()

    def get_queryset(self) -> Any:
        """Those whose city the person may see."""
        return selectors.tasks_of(person_of(self.request))

    @extend_schema(
        operation_id="supervisions_create", request=SupervisionInput, responses={201: SupervisionRecord}, filters=False
    )
    def post(self, request: Request) -> Response:
        """Supervise a city's case; it travels to the city at once."""
        asked = SupervisionInput(data=request.data)
        asked.is_valid(raise_exception=True)
        task = issuing.issue(person_of(request), **asked.validated_data)
        return Response(SupervisionRecord(task).data, status=201)


class SupervisionOne(Polled, APIView):
    """One supervision."""

    permission_classes: list[Any] = [HasPermission(VIEW)]

    @extend_schema(operation_id="supervisions_retrieve", responses=SupervisionRecord)
    def get(self, request: Request, task_no: str) -> Response:
        """With what the city did about it; 404 where the person may not see it."""
        return Response(SupervisionRecord(selectors.get_task(person_of(request), task_no)).data)


class SupervisionWithdraw(IdempotentWrites, APIView):
    """Taking back."""

    permission_classes: list[Any] = [HasPermission(ISSUE)]

    @extend_schema(operation_id="supervisions_withdraw", request=SupervisionWithdrawal, responses=SupervisionRecord)
    def post(self, request: Request, task_no: str) -> Response:
        """The city is told why; 409 where it was answered."""
        selectors.get_task(person_of(request), task_no)
        asked = SupervisionWithdrawal(data=request.data)
        asked.is_valid(raise_exception=True)
        task = issuing.withdraw(person_of(request), task_no, reason=asked.validated_data["reason"])
        return Response(SupervisionRecord(task).data)
