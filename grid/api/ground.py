"""The API of unit grids and components."""

from typing import Any

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cityops.accounts.api.permissions import HasPermission
from cityops.foundation.api.etag import Polled
from cityops.foundation.api.idempotency import IdempotentWrites
from cityops.foundation.paging import CursorPaging
from grid.api.ground_serializers import (
    ComponentAnswer,
    ComponentEdit,
    ComponentRow,
    GridAnswer,
    GridRow,
    StateChange,
)
from grid.models import AreaClass, Component, UnitGrid
from grid.models.ground import CodeState
from grid.selectors import ground
from grid.services import components


class ByCode(CursorPaging):
    """Grids in the order of their codes."""

    ordering = "grid_code"


class ById(CursorPaging):
    """Components in the order of their ids."""

    ordering = "obj_id"


class InDivision(filters.FilterSet):
    """A division and everything under it."""

    division = filters.CharFilter(method="in_division", help_text="Division code; everything under it counts")

    def in_division(self, rows: Any, name: str, value: str) -> Any:
        """Rows whose community lies in the division."""
        return rows.filter(division_code__startswith=ground.division_prefix(value))


class GridFilterSet(InDivision):
    """What grids may be narrowed by."""

    q = filters.CharFilter(method="search", help_text="Beginning of the code, or part of the name")
    status = filters.ChoiceFilter(choices=CodeState.choices)
    area_class = filters.ChoiceFilter(choices=AreaClass.choices, help_text="Class of area: limits may differ by it")

    class Meta:
        model = UnitGrid
        fields: list[str] = []

    def search(self, rows: Any, name: str, value: str) -> Any:
        """By code or name."""
        return ground.filter_grids(rows, q=value)


class ComponentFilterSet(InDivision):
    """What components may be narrowed by."""

    q = filters.CharFilter(method="search", help_text="Beginning of the id, or part of the name")
    class_code = filters.CharFilter(lookup_expr="startswith", help_text="Class, or its first digits")
    state = filters.ChoiceFilter(choices=Component.State.choices)
    grid = filters.CharFilter(field_name="grid_code", help_text="Code of the unit grid")

    class Meta:
        model = Component
        fields: list[str] = []

    def search(self, rows: Any, name: str, value: str) -> Any:
        """By id or name."""
        return ground.filter_components(rows, q=value)


class GridList(Polled, ListAPIView):
    """单元网格."""

    permission_classes: list[Any] = [HasPermission("grid.view_unitgrid")]
    serializer_class = GridRow
    pagination_class = ByCode
    filterset_class = GridFilterSet
    queryset = UnitGrid.objects.none()

    def get_queryset(self) -> Any:
        """The grids this person may see."""
        return ground.visible_grids(self.request.user)  # type: ignore[arg-type]


class GridDetail(Polled, APIView):
    """One unit grid with its outline."""

    permission_classes: list[Any] = [HasPermission("grid.view_unitgrid")]

    @extend_schema(operation_id="grids_retrieve", responses=GridAnswer)
    def get(self, request: Request, grid_code: str) -> Response:
        """Facts and outline; 404 where the person may not see it."""
        return Response(GridAnswer(ground.get_grid(request.user, grid_code)).data)  # type: ignore[arg-type]


class ComponentList(Polled, ListAPIView):
    """管理部件."""

    permission_classes: list[Any] = [HasPermission("grid.view_component")]
    serializer_class = ComponentRow
    pagination_class = ById
    filterset_class = ComponentFilterSet
    queryset = Component.objects.none()

    def get_queryset(self) -> Any:
        """The components this person may see."""
        return ground.visible_components(self.request.user)  # type: ignore[arg-type]


class ComponentDetail(Polled, APIView):
    """One component with its shape."""

    permission_classes: list[Any] = [HasPermission("grid.view_component")]

    @extend_schema(operation_id="components_retrieve", responses=ComponentAnswer)
    def get(self, request: Request, obj_id: str) -> Response:
        """Facts and shape; 404 where the person may not see it."""
        return Response(ComponentAnswer(ground.get_component(request.user, obj_id)).data)  # type: ignore[arg-type]


class ComponentFields(IdempotentWrites, APIView):
    """The descriptive fields of a component."""

    permission_classes: list[Any] = [HasPermission("grid.view_component", write="grid.change_component")]

    @extend_schema(operation_id="components_edit", request=ComponentEdit, responses=ComponentAnswer)
    def patch(self, request: Request, obj_id: str) -> Response:
        """Change what is given; codes, class and place come with an import."""
        ground.component_to_change(request.user, obj_id)  # type: ignore[arg-type]
        asked = ComponentEdit(data=request.data)
        asked.is_valid(raise_exception=True)
        changed = components.edit(user=request.user, obj_id=obj_id, values=asked.validated_data)  # type: ignore[arg-type]
        return Response(ComponentAnswer(changed).data)


class ComponentState(IdempotentWrites, APIView):
    """The state of a component."""

    permission_classes: list[Any] = [HasPermission("grid.view_component", write="grid.change_component_state")]

    @extend_schema(operation_id="components_state", request=StateChange, responses=ComponentAnswer)
    def post(self, request: Request, obj_id: str) -> Response:
        """Change the state; 409 names the states that are open from here."""
        ground.component_to_change(request.user, obj_id)  # type: ignore[arg-type]
        asked = StateChange(data=request.data)
        asked.is_valid(raise_exception=True)
        changed = components.change_state(user=request.user, obj_id=obj_id, **asked.validated_data)  # type: ignore[arg-type]
        return Response(ComponentAnswer(changed).data)
