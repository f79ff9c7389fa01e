"""The API of components over time: history, new and moved ones, checks, completeness, conversions of codes."""

from typing import Any

from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cityops.accounts.api.permissions import HasPermission
from cityops.foundation.api.etag import Polled
from cityops.foundation.api.idempotency import IdempotentWrites
from cityops.foundation.paging import CursorPaging
from grid.api import inventory_serializers as shapes
from grid.api.ground import InDivision
from grid.api.ground_serializers import ComponentAnswer
from grid.models import CodeConversion, ComponentChange, ComponentCheck
from grid.selectors import ground
from grid.selectors import inventory as selectors
from grid.selectors.completeness import all_ticks, completeness
from grid.services import component_checks, inventory


class Latest(CursorPaging):
    """The latest first."""

    ordering = "-id"


class ComponentChanges(Polled, ListAPIView):
    """部件变更: the history of one component."""

    permission_classes: list[Any] = [HasPermission("grid.view_component")]
    serializer_class = shapes.ChangeRow
    pagination_class = Latest
    queryset = ComponentChange.objects.none()

    def get_queryset(self) -> Any:
        """The changes of a component the person may see."""
        if getattr(self, "swagger_fake_view", False):
            return ComponentChange.objects.none()
        component = ground.get_component(self.request.user, self.kwargs["obj_id"])  # type: ignore[arg-type]
        return selectors.changes_of(component).order_by("-id")


class ComponentAsOf(Polled, APIView):
    """A component on a day."""

    permission_classes: list[Any] = [HasPermission("grid.view_component")]

    @extend_schema(
        operation_id="components_as_of",
        parameters=[OpenApiParameter("day", str, required=True, description="Day as YYYY-MM-DD, at its end")],
        responses=shapes.AsOfAnswer,
    )
    def get(self, request: Request, obj_id: str) -> Response:
        """The record of today with every later change taken back."""
        component = ground.get_component(request.user, obj_id)  # type: ignore[arg-type]
        asked = shapes.DayAsked(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        return Response(shapes.AsOfAnswer(selectors.as_of(component, asked.validated_data["day"])).data)


class ComponentPlace(IdempotentWrites, APIView):
    """The place of a component."""

    permission_classes: list[Any] = [HasPermission("grid.view_component", write="grid.change_component")]

    @extend_schema(operation_id="components_move", request=shapes.PlaceChange, responses=ComponentAnswer)
    def post(self, request: Request, obj_id: str) -> Response:
        """Move it; grid, community and street follow. 409 where the place is in another county."""
        ground.component_to_change(request.user, obj_id)  # type: ignore[arg-type]
        asked = shapes.PlaceChange(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        if given["wkt"]:
            shape: Any = inventory.shape_of(given["wkt"])
        else:
            shape = inventory.point_at(given["longitude"], given["latitude"], given["coordinate_system"])
        moved = inventory.move(request.user, obj_id, shape, reason=given["reason"])  # type: ignore[arg-type]
        return Response(ComponentAnswer(moved).data)


class ComponentCreate(IdempotentWrites, APIView):
    """A new component."""

    permission_classes: list[Any] = [HasPermission("grid.change_component")]

    @extend_schema(operation_id="components_create", request=shapes.ComponentNew, responses={201: ComponentAnswer})
    def post(self, request: Request) -> Response:
        """Record it: the id is the next free one of county and class, the grid the one it stands in."""
        asked = shapes.ComponentNew(data=request.data)
        asked.is_valid(raise_exception=True)
        given = dict(asked.validated_data)
        case_no = given.pop("case_no", "")
        units = {name: given.pop(name) for name in list(given) if name.startswith("dept_")}
        new = inventory.NewComponent(units=units, **given)
        made = inventory.create(request.user, new, case_no=case_no)  # type: ignore[arg-type]
        return Response(ComponentAnswer(made).data, status=201)


class ComponentStates(IdempotentWrites, APIView):
    """The state of several components."""

    permission_classes: list[Any] = [HasPermission("grid.change_component_state")]

    @extend_schema(operation_id="components_states", request=shapes.StatesChange, responses={200: shapes.StatesChanged})
    def post(self, request: Request) -> Response:
        """Those that may change do; the others are told with the reason."""
        asked = shapes.StatesChange(data=request.data)
        asked.is_valid(raise_exception=True)
        found = inventory.change_states(request.user, **asked.validated_data)  # type: ignore[arg-type]
        return Response(shapes.StatesChanged(found).data)


class CheckFilter(InDivision):
    """What checks may be narrowed by."""

    state = filters.ChoiceFilter(choices=ComponentCheck.State.choices)
    finding = filters.ChoiceFilter(choices=ComponentCheck.Finding.choices)
    case_no = filters.CharFilter(help_text="The case that a check was raised from")

    class Meta:
        model = ComponentCheck
        fields: list[str] = []


class CheckList(IdempotentWrites, Polled, ListAPIView):
    """部件核对任务."""

    permission_classes: list[Any] = [HasPermission("grid.view_component", write="grid.raise_check")]
    serializer_class = shapes.CheckRow
    pagination_class = Latest
    filterset_class = CheckFilter
    queryset = ComponentCheck.objects.none()

    def get_queryset(self) -> Any:
        """The checks this person may see."""
        return selectors.visible_checks(self.request.user)  # type: ignore[arg-type]

    @extend_schema(
        operation_id="component_checks_raise",
        request=shapes.CheckNew,
        responses={201: shapes.CheckRow},
        filters=False,
    )
    def post(self, request: Request) -> Response:
        """Raise one; told again while it is open, the open one is the answer."""
        asked = shapes.CheckNew(data=request.data)
        asked.is_valid(raise_exception=True)
        given = dict(asked.validated_data)
        place = [given.pop(name, None) for name in ("longitude", "latitude", "coordinate_system")]
        spot = None if None in place[:2] else inventory.point_at(*place)
        seen = component_checks.Seen(values=given.pop("seen"), spot=spot, **given)
        check = component_checks.raise_check(request.user, seen)  # type: ignore[arg-type]
        return Response(shapes.CheckRow(check).data, status=201)


class CheckDetail(Polled, APIView):
    """One check."""

    permission_classes: list[Any] = [HasPermission("grid.view_component")]

    @extend_schema(operation_id="component_checks_retrieve", responses=shapes.CheckRow)
    def get(self, request: Request, pk: int) -> Response:
        """404 where the person may not see it."""
        return Response(shapes.CheckRow(selectors.get_check(request.user, pk)).data)  # type: ignore[arg-type]


class CheckAssign(IdempotentWrites, APIView):
    """Who looks at it."""

    permission_classes: list[Any] = [HasPermission("grid.view_component", write="grid.settle_check")]

    @extend_schema(operation_id="component_checks_assign", request=shapes.CheckAssigned, responses=shapes.CheckRow)
    def post(self, request: Request, pk: int) -> Response:
        """Give it to a person."""
        selectors.get_check(request.user, pk)  # type: ignore[arg-type]
        asked = shapes.CheckAssigned(data=request.data)
        asked.is_valid(raise_exception=True)
        check = component_checks.assign(request.user, pk, asked.validated_data["assignee"])  # type: ignore[arg-type]
        return Response(shapes.CheckRow(check).data)


class CheckSettle(IdempotentWrites, APIView):
    """How it ends."""

    permission_classes: list[Any] = [HasPermission("grid.view_component", write="grid.settle_check")]

    @extend_schema(operation_id="component_checks_settle", request=shapes.CheckSettled, responses=shapes.CheckRow)
    def post(self, request: Request, pk: int) -> Response:
        """Settle it, and bring the record in step where it was wrong."""
        selectors.get_check(request.user, pk)  # type: ignore[arg-type]
        asked = shapes.CheckSettled(data=request.data)
        asked.is_valid(raise_exception=True)
        check = component_checks.settle(request.user, pk, **asked.validated_data)  # type: ignore[arg-type]
        return Response(shapes.CheckRow(check).data)


class CompletenessReport(Polled, APIView):
    """How complete the components are."""

    permission_classes: list[Any] = [HasPermission("grid.view_component")]

    @extend_schema(
        operation_id="completeness_retrieve",
        parameters=[
            OpenApiParameter("division", str, description="Division code; everything under it counts"),
            OpenApiParameter("grids", bool, description="Check the grids' topology (D1), too; takes seconds"),
        ],
        responses=shapes.CompletenessAnswer,
    )
    def get(self, request: Request) -> Response:
        """Class by class, and the figures of the acceptance checklist with their queries."""
        user: Any = request.user
        division = request.query_params.get("division", "")[:12]
        found: dict[str, Any] = vars(completeness(user, division))
        if request.query_params.get("grids", "").lower() in ("1", "true"):
            found = {**found, "ticks": all_ticks(user, division)}
        return Response(shapes.CompletenessAnswer(found).data)


class ConversionList(Polled, ListAPIView):
    """编码换版: the runs and trials."""

    permission_classes: list[Any] = [HasPermission("grid.view_codeconversion")]
    serializer_class = shapes.ConversionRow
    pagination_class = Latest
    filterset_fields = ["state", "to_std"]
    queryset = CodeConversion.objects.none()

    def get_queryset(self) -> Any:
        """Those this person may see."""
        return selectors.visible_conversions(self.request.user)  # type: ignore[arg-type]


class ConversionDetail(Polled, APIView):
    """One run with its report."""

    permission_classes: list[Any] = [HasPermission("grid.view_codeconversion")]

    @extend_schema(operation_id="code_conversions_retrieve", responses=shapes.ConversionAnswer)
    def get(self, request: Request, pk: int) -> Response:
        """Class by class: converted, renumbered, restored, lost and why."""
        return Response(shapes.ConversionAnswer(selectors.get_conversion(request.user, pk)).data)  # type: ignore[arg-type]
