"""The API of divisions. Permissions are set where the routes are (``cityops.web.division_api_urls``)."""

from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cityops.foundation.api.etag import Polled
from cityops.foundation.errors import InvalidInput, NotThere
from cityops.foundation.paging import CursorPaging
from cityops.regions.api.serializers import DivisionAnswer, DivisionRow
from cityops.regions.models import Division
from cityops.regions.rules import pad_code
from cityops.regions.selectors import division_with_history


class ByCode(CursorPaging):
    """Divisions in the order of their codes, a code's periods in the order of time."""

    ordering = ("code", "valid_from")


class DivisionFilterSet(filters.FilterSet):
    """What divisions may be narrowed by."""

    q = filters.CharFilter(method="search", help_text="Beginning of the code, or part of the name")
    level = filters.ChoiceFilter(choices=Division.Levels.choices)
    parent = filters.CharFilter(method="below", help_text="Code of the division directly above")
    retired = filters.BooleanFilter(method="by_validity", help_text="true: retired ones only; false: current ones only")

    class Meta:
        model = Division
        fields: list[str] = []

    def search(self, rows: QuerySet[Division], name: str, value: str) -> QuerySet[Division]:
        """By code or name."""
        return rows.filter(code__startswith=value) if value.isdigit() else rows.filter(full_name__contains=value)

    def below(self, rows: QuerySet[Division], name: str, value: str) -> QuerySet[Division]:
        """By parent; codes may be given short."""
        return rows.filter(parent_code=padded(value, "parent"))

    def by_validity(self, rows: QuerySet[Division], name: str, value: bool) -> QuerySet[Division]:
        """Current or retired."""
        return rows.filter(valid_to__isnull=not value)


def padded(code: str, field: str) -> str:
    """The stored code. Raises InvalidInput that names the parameter."""
    try:
        return pad_code(code)
    except ValueError as error:
        raise InvalidInput(
            str(error), errors=[{"field": field, "code": "division_code", "detail": str(error)}]
        ) from error


class DivisionList(Polled, ListAPIView):
    """行政区划, without outlines."""

    serializer_class = DivisionRow
    pagination_class = ByCode
    filterset_class = DivisionFilterSet

    def get_queryset(self) -> QuerySet[Division]:
        """Every division: the list is public to who is signed in."""
        return Division.objects.visible_to(self.request.user).defer("boundary", "boundary_3857", "center")


class DivisionDetail(Polled, APIView):
    """One division with its outline."""

    @extend_schema(responses=DivisionAnswer)
    def get(self, request: Request, code: str) -> Response:
        """The current period of a code, or its last one."""
        periods = division_with_history(request.user, code.ljust(12, "0")) if code.isdigit() else []
        if not periods:
            raise NotThere
        body: Any = DivisionAnswer(periods[0]).data
        return Response(body)
