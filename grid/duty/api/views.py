"""The API of duty: responsibility grids, roster, visits, coverage."""

import datetime as dt
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cityops.accounts.api.permissions import HasPermission
from cityops.accounts.guards import person_of
from cityops.foundation.api.etag import Polled
from cityops.foundation.api.idempotency import IdempotentWrites
from cityops.foundation.errors import field_fault
from cityops.foundation.paging import CursorPaging
from grid.duty.api import serializers as answers
from grid.duty.models import Assignment, DutyGrid, EvaluationGrid, Shift
from grid.duty.rules.coverage import total
from grid.duty.selectors import areas as ask_areas
from grid.duty.selectors import roster as ask_roster
from grid.duty.selectors.coverage import Asked, coverage_rows
from grid.duty.services import areas, roster
from grid.duty.services.visits import Tap, make_visit
from grid.selectors.ground import division_prefix

LONGEST = dt.timedelta(days=92)


class ByCode(CursorPaging):
    """In the order of the codes."""

    ordering = "grid_code"


class ByEvaluationCode(CursorPaging):
    """The newest year first."""

    ordering = ("-eval_year", "grid_code")


class ByTime(CursorPaging):
    """In the order of time."""

    ordering = ("starts_at", "pk")


class DutyGridFilterSet(filters.FilterSet):
    """What responsibility grids may be narrowed by."""

    q = filters.CharFilter(method="narrowed", help_text="Beginning of the code, or part of the name")
    division = filters.CharFilter(method="narrowed", help_text="Division code; everything under it counts")
    kind = filters.ChoiceFilter(choices=DutyGrid.Kind.choices, method="narrowed")
    state = filters.ChoiceFilter(choices=[("current", "current"), ("retired", "retired")], method="narrowed")

    class Meta:
        model = DutyGrid
        fields: list[str] = []

    def narrowed(self, rows: Any, name: str, value: str) -> Any:
        """As the page does it."""
        return ask_areas.filter_duty_grids(rows, **{name: value})


class DutyGridList(Polled, IdempotentWrites, ListAPIView[DutyGrid]):
    """责任网格."""

    permission_classes: list[Any] = [HasPermission("duty.view_dutygrid", write="duty.change_dutygrid")]
    serializer_class = answers.DutyGridRow
    pagination_class = ByCode
    filterset_class = DutyGridFilterSet
    queryset = DutyGrid.objects.none()

    def get_queryset(self) -> Any:
        """The grids this person may see."""
        return ask_areas.visible_duty_grids(person_of(self.request))

    @extend_schema(
        operation_id="duty_grids_create", request=answers.DutyGridInput, responses={201: answers.DutyGridAnswer}
    )
    def post(self, request: Request) -> Response:
        """Make one; 400 names unit grids that are unknown, apart, or belong to another grid of the kind."""
        asked = answers.DutyGridInput(data=request.data)
        asked.is_valid(raise_exception=True)
        given = dict(asked.validated_data)
        drawn = areas.Drawn(codes=tuple(given.pop("unit_grids")), kind=given.pop("grid_kind"), **given)
        made = areas.create_duty_grid(person_of(request), drawn)
        return Response(answers.DutyGridAnswer(made).data, status=201)


class DutyGridDetail(Polled, APIView):
    """One responsibility grid."""

    permission_classes: list[Any] = [HasPermission("duty.view_dutygrid")]

    @extend_schema(operation_id="duty_grids_retrieve", responses=answers.DutyGridAnswer)
    def get(self, request: Request, grid_code: str) -> Response:
        """Facts, unit grids and outline; 404 where the person may not see it."""
        return Response(answers.DutyGridAnswer(ask_areas.get_duty_grid(person_of(request), grid_code)).data)


class EvaluationGridList(Polled, ListAPIView[EvaluationGrid]):
    """评价网格."""

    permission_classes: list[Any] = [HasPermission("duty.view_dutygrid")]
    serializer_class = answers.EvaluationGridRow
    pagination_class = ByEvaluationCode
    queryset = EvaluationGrid.objects.none()

    def get_queryset(self) -> Any:
        """The grids this person may see."""
        return ask_areas.visible_evaluation_grids(person_of(self.request))


class AssignmentFilterSet(filters.FilterSet):
    """What the roster may be narrowed by."""

    day_from = filters.DateFilter(field_name="day", lookup_expr="gte")
    day_to = filters.DateFilter(field_name="day", lookup_expr="lte")
    grid = filters.CharFilter(field_name="duty_grid__grid_code")

    class Meta:
        model = Assignment
        fields: list[str] = []


class AssignmentList(Polled, IdempotentWrites, ListAPIView[Assignment]):
    """排班."""

    permission_classes: list[Any] = [HasPermission("duty.view_roster", write="duty.change_roster")]
    serializer_class = answers.AssignmentAnswer
    pagination_class = ByTime
    filterset_class = AssignmentFilterSet
    queryset = Assignment.objects.none()

    def get_queryset(self) -> Any:
        """The entries this person may see."""
        return ask_roster.visible_assignments(person_of(self.request))

    @extend_schema(
        operation_id="duty_assignments_create",
        request=answers.AssignmentInput,
        responses={201: answers.AssignmentAnswer},
    )
    def post(self, request: Request) -> Response:
        """Put somebody on the roster; the same again changes nothing; 400 says why it cannot be."""
        asked = answers.AssignmentInput(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        shift = Shift.objects.filter(name=given["shift"]).first()
        if shift is None:
            told = _("没有名为“%s”的班次。") % given["shift"]
            raise field_fault("shift", "unknown", told)
        entry = roster.assign(
            person_of(request),
            day=given["day"],
            shift=shift,
            grid_code=given["grid_code"],
            username=given["supervisor"],
        )
        return Response(answers.AssignmentAnswer(entry).data, status=201)


class OwnDuty(Polled, APIView):
    """What the caller patrols today."""

    permission_classes: list[Any] = [HasPermission("duty.view_roster")]

    @extend_schema(operation_id="duty_own_retrieve", responses=answers.OwnDutyAnswer)
    def get(self, request: Request) -> Response:
        """The own entries of today, and the union of their unit grids."""
        person, today = person_of(request), timezone.localdate()
        entries = ask_roster.visible_assignments(person).filter(on_duty=person, day=today)
        body = {"assignments": entries, "patrol_area": sorted(ask_roster.patrol_area_of(person, today))}
        return Response(answers.OwnDutyAnswer(body).data)


class VisitCreate(IdempotentWrites, APIView):
    """巡查到访."""

    permission_classes: list[Any] = [HasPermission("duty.make_visit")]

    @extend_schema(
        operation_id="duty_visits_create",
        request=answers.VisitInput,
        responses={200: answers.VisitAnswer, 201: answers.VisitAnswer},
    )
    def post(self, request: Request) -> Response:
        """Write a visit down: 201; one that is there under its id already: 200. The position is not kept."""
        asked = answers.VisitInput(data=request.data)
        asked.is_valid(raise_exception=True)
        visit, is_new = make_visit(person_of(request), Tap(**asked.validated_data))
        return Response(answers.VisitAnswer(visit).data, status=201 if is_new else 200)


class CoverageView(Polled, APIView):
    """巡查覆盖."""

    permission_classes: list[Any] = [HasPermission("duty.view_coverage")]

    @extend_schema(
        operation_id="duty_coverage_retrieve",
        parameters=[
            OpenApiParameter("first", dt.date, description="First day; six days before the last if left out"),
            OpenApiParameter("last", dt.date, description="Last day; today if left out. At most 92 days on"),
            OpenApiParameter("division", str, description="Division code; everything under it counts"),
        ],
        responses=answers.CoverageReport,
    )
    def get(self, request: Request) -> Response:
        """By day, shift and responsibility grid; never by person."""
        person = person_of(request)
        last = self._day(request, "last", timezone.localdate())
        first = self._day(request, "first", last - dt.timedelta(days=6))
        if not dt.timedelta(0) <= last - first <= LONGEST:
            told = _("起止日期应先后有序,且不超过 92 天。")
            raise field_fault("first", "range", told)
        division = request.query_params.get("division", "")
        prefix = division_prefix(division) if division else ""
        rows = coverage_rows(Asked(first, last, prefix, person.scope_prefix))
        whole = total(row.coverage for row in rows)
        grids = DutyGrid.objects.in_bulk({row.duty_grid_id for row in rows})
        shifts = Shift.objects.in_bulk({row.shift_id for row in rows})
        body = {
            "first": first,
            "last": last,
            "scheduled": whole.scheduled,
            "visited": whole.visited,
            "rate_percent": whole.rate_percent,
            "rows": [
                {
                    "day": row.day,
                    "shift": shifts[row.shift_id].name,
                    "grid_code": grids[row.duty_grid_id].grid_code,
                    "grid_name": grids[row.duty_grid_id].name,
                    "coverage": row.coverage,
                }
                for row in rows
            ],
        }
        return Response(answers.CoverageReport(body).data)

    def _day(self, request: Request, name: str, usual: dt.date) -> dt.date:
        text = request.query_params.get(name)
        if not text:
            return usual
        try:
            return dt.date.fromisoformat(text)
        except ValueError as error:
            told = _("日期应写作 2026-11-24。")
            raise field_fault(name, "date", told) from error
