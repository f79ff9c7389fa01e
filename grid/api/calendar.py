"""The API of the working calendar: what deadlines are counted with."""

from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cityops.accounts.api.permissions import HasPermission
from cityops.foundation.api.etag import Polled
from cityops.foundation.errors import InvalidInput
from grid.models import CalendarDay
from grid.selectors.calendar import FIRST_YEAR, LAST_YEAR, days_of, read_desk
from sync.standard.models import DisposalRule


class DayAnswer(serializers.ModelSerializer[CalendarDay]):
    """A day that differs from its weekday."""

    is_local = serializers.BooleanField(help_text="Changed by the city itself, against the notice", read_only=True)

    class Meta:
        model = CalendarDay
        fields = ("day", "is_workday", "name", "source", "is_local")
        read_only_fields = fields


class PeriodAnswer(serializers.Serializer[Any]):
    """A span of hours within a working day."""

    starts_at = serializers.TimeField()
    ends_at = serializers.TimeField()


class HoursAnswer(serializers.Serializer[Any]):
    """The working hours from a day on."""

    valid_from = serializers.DateField(allow_null=True, help_text="null: from the beginning")
    is_yearly = serializers.BooleanField(help_text="Begins anew on this day of each year")
    periods = PeriodAnswer(many=True)


class LimitAnswer(serializers.Serializer[Any]):
    """The time that a stage may take."""

    stage = serializers.CharField()
    area_class = serializers.CharField(
        allow_blank=True, help_text="A, B or C; empty: areas without a limit of their own"
    )
    value = serializers.DecimalField(max_digits=6, decimal_places=1)
    unit = serializers.ChoiceField(choices=DisposalRule.Unit.choices)


class CalendarAnswer(serializers.Serializer[Any]):
    """One year: the days that differ from their weekday; hours and limits as they are now."""

    year = serializers.IntegerField()
    time_zone = serializers.CharField()
    is_official = serializers.BooleanField(help_text="False: no notice is known for the year; weekends count")
    days = DayAnswer(many=True)
    hours = HoursAnswer(many=True)
    yellow_percent = serializers.IntegerField(help_text="Share of a limit after which its light turns yellow")
    stage_limits = LimitAnswer(many=True)


class WorkCalendarYear(Polled, APIView):
    """工作日历: days, hours, limits of the stages."""

    permission_classes: Any = [HasPermission("grid.view_calendar")]

    @extend_schema(
        operation_id="calendar_retrieve",
        parameters=[OpenApiParameter("year", int, description=f"{FIRST_YEAR} to {LAST_YEAR}; this year if left out")],
        responses=CalendarAnswer,
    )
    def get(self, request: Request) -> Response:
        """One year."""
        year, desk = self._year(request.query_params.get("year")), read_desk()
        body = {
            "year": year,
            "time_zone": str(desk.calendar.zone),
            "is_official": year in desk.calendar.official_years,
            "days": days_of(year),
            "hours": [
                {
                    "valid_from": hours.valid_from if hours.valid_from > date.min else None,
                    "is_yearly": hours.is_yearly,
                    "periods": [{"starts_at": start, "ends_at": end} for start, end in hours.periods],
                }
                for hours in desk.calendar.hours
            ],
            "yellow_percent": round(desk.calendar.yellow_share * 100),
            "stage_limits": [
                {"stage": stage, "area_class": area, "value": value, "unit": unit}
                for (stage, area), (value, unit) in (
                    *(((stage, ""), limit) for stage, limit in desk.limits.items()),
                    *desk.area_limits.items(),
                )
            ],
        }
        return Response(CalendarAnswer(body).data)

    def _year(self, text: str | None) -> int:
        if text is None:
            return timezone.localdate().year
        if not (text.isascii() and text.isdigit() and FIRST_YEAR <= int(text) <= LAST_YEAR):
            raise InvalidInput(
                _("year 应为 %(first)s 到 %(last)s 的年份。") % {"first": FIRST_YEAR, "last": LAST_YEAR},
                errors=[{"field": "year", "code": "invalid_year"}],
            )
        return int(text)
