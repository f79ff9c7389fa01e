"""The API of cases: lists, one case with its steps, register, move along."""

from typing import Any

import django_filters
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cityops.accounts.api.permissions import HasPermission
from cityops.foundation.api.etag import Polled
from cityops.foundation.api.idempotency import IdempotentWrites
from cityops.foundation.errors import InvalidInput
from cityops.foundation.paging import CursorPaging
from grid.api.case_serializers import CaseAnswer, CaseRow, MoveInput, RegisteredAnswer, ReportInput
from grid.models import Case
from grid.models.cases import CaseQuerySet
from grid.rules.transitions import Action
from grid.selectors.case_filters import CaseFilter
from grid.selectors.cases import case_detail, get_case, visible_cases
from grid.selectors.classes import find_classes
from grid.services.cases import Report, act, register
from grid.services.reporting_hooks import keep_reporter
from sync.standard.api.serializers import ClassRow

ORDERS: dict[str, tuple[str, ...]] = {
    "newest": ("-reported_at", "-rid"),
    "oldest": ("reported_at", "rid"),
    "changed": ("updated_at", "rid"),
    "due": ("due_now", "rid"),
}


class CaseApiFilter(CaseFilter):
    """The filters of cases, and the order of the list."""

    order = django_filters.ChoiceFilter(
        choices=[(name, name) for name in ORDERS],
        method="by_order",
        help_text="By report, the newest (default) or the oldest first; by change, the oldest first (with "
        "updated_since: what is new since then); by the limit that runs now, the earliest first (due: open cases only)",
    )

    class Meta(CaseFilter.Meta):
        pass

    def by_order(self, queryset: CaseQuerySet, _name: str, value: str) -> Any:
        """What can be put in the order; the pages of the list are cut in it (``Ordered``)."""
        if value == "due":
            return queryset.open().with_light(timezone.now()).filter(due_now__isnull=False)
        return queryset


class Ordered(CursorPaging):
    """Cases in the order asked for; without one by the time of their report, the newest first."""

    ordering = ORDERS["newest"]

    def get_ordering(self, request: Request, queryset: Any, view: Any) -> tuple[str, ...]:
        """One of the list; the filter has refused every other."""
        return ORDERS[request.query_params.get("order") or "newest"]


class CaseList(Polled, ListAPIView[Case]):
    """案件."""

    permission_classes = [HasPermission("grid.view_case")]  # type: ignore[list-item]
    serializer_class = CaseRow
    pagination_class = Ordered
    filterset_class = CaseApiFilter
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


class ClassSearch(Polled, APIView):
    """Find the class of a report."""

    permission_classes = [HasPermission("grid.register_case")]  # type: ignore[list-item]

    @extend_schema(
        operation_id="classes_search",
        parameters=[
            OpenApiParameter(
                "words",
                str,
                required=True,
                description="Words of the name or plain words, as 井盖; or the beginning of the code",
            )
        ],
        responses=ClassRow(many=True),
    )
    def get(self, request: Request) -> Response:
        """The few classes in force that fit best, the best first."""
        words = request.query_params.get("words", "").strip()
        if not words:
            raise InvalidInput(
                _("请给出 words:分类的名称、俗称或代码开头。"), errors=[{"field": "words", "code": "required"}]
            )
        return Response(ClassRow(find_classes(words), many=True).data)


class CaseRegister(IdempotentWrites, APIView):
    """Register a report."""

    permission_classes = [HasPermission("grid.register_case")]  # type: ignore[list-item]

    @extend_schema(operation_id="cases_register", request=ReportInput, responses={201: RegisteredAnswer})
    def post(self, request: Request) -> Response:
        """Find grid, class and limit; the case waits for acceptance."""
        asked = ReportInput(data=request.data)
        asked.is_valid(raise_exception=True)
        given = dict(asked.validated_data)
        person = {name: given.pop(f"reporter_{name}", "") for name in ("name", "phone", "email", "address")}
        with transaction.atomic():
            answer = register(request.user, Report(**given))  # type: ignore[arg-type]
            if answer.is_new:
                keep_reporter(answer.rid, **person)
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
