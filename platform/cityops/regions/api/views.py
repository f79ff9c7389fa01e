"""The API of divisions. Permissions are set where the routes are (``cityops.web.division_api_urls``)."""

import datetime as dt
from typing import Any

from django.db.models import QuerySet
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cityops.foundation.api.etag import Polled
from cityops.foundation.errors import NotThere, field_fault
from cityops.foundation.paging import CursorPaging
from cityops.regions.api.serializers import DivisionAnswer, DivisionRow
from cityops.regions.models import Division, DivisionQuerySet
from cityops.regions.rules import NotACode, pad_code
from cityops.regions.selectors import division_with_history

ON = OpenApiParameter("on", OpenApiTypes.DATE, description="The day that is asked for; today if left out")


class ByCode(CursorPaging):
    """Divisions in the order of their codes, a code's periods in the order of time."""

    ordering = ("code", "valid_from")


class DivisionFilterSet(filters.FilterSet):
    """What divisions may be narrowed by."""

    q = filters.CharFilter(method="search", help_text="Beginning of the code, or part of the name")
    level = filters.ChoiceFilter(choices=Division.Levels.choices)
    parent = filters.CharFilter(method="below", help_text="Code of the division directly above")
    retired = filters.BooleanFilter(method="by_validity", help_text="true: retired ones only; false: current ones only")
    on = filters.DateFilter(method="by_day", help_text="Valid on this day, as 2020-12-31")

    class Meta:
        model = Division
        fields: list[str] = []

    def search(self, rows: QuerySet[Division], name: str, value: str) -> QuerySet[Division]:
        """By code or name."""
        return rows.filter(code__startswith=value) if value.isdigit() else rows.filter(full_name__contains=value)

    def below(self, rows: QuerySet[Division], name: str, value: str) -> QuerySet[Division]:
        """By parent; codes may be given short."""
        return rows.filter(parent_code=padded(value, "parent"))

    def by_validity(self, rows: DivisionQuerySet, name: str, value: bool) -> DivisionQuerySet:
        """Current or retired."""
        return rows.retired() if value else rows.current()

    def by_day(self, rows: DivisionQuerySet, name: str, value: dt.date) -> DivisionQuerySet:
        """Valid on a day."""
        return rows.valid_on(value)


def padded(code: str, field: str) -> str:
    """The stored code. Raises InvalidInput that names the parameter."""
    try:
        return pad_code(code)
    except NotACode as fault:
        told = _("「%(text)s」不是区划代码：应为 2、4、6、9 或 12 位数字。") % {"text": fault.text}
        raise field_fault(field, "division_code", told) from fault


def _day(request: Request) -> dt.date | None:
    """The day that ``on`` names. Raises InvalidInput for what is none."""
    text = request.query_params.get("on", "")
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if text and day is None:
        told = _("“%(value)s”不是有效的日期或时间。") % {"value": text}
        raise field_fault("on", "bad_date", told)
    return day


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

    @extend_schema(responses=DivisionAnswer, parameters=[ON])
    def get(self, request: Request, code: str) -> Response:
        """The current period of a code, or its last one; with ``on`` the period of that day."""
        try:
            periods = division_with_history(request.user, pad_code(code), _day(request))
        except NotACode as fault:
            raise NotThere from fault
        if not periods:
            raise NotThere
        body: Any = DivisionAnswer(periods[0]).data
        return Response(body)
