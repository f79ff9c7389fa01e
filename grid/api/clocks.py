"""The API of the clocks: how the deadline of a case comes about; the class of area of unit grids."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cityops.accounts.api.permissions import HasPermission
from cityops.foundation.api.etag import Polled
from cityops.foundation.api.idempotency import IdempotentWrites
from cityops.foundation.api.serializers import StrictInput
from grid.models import AreaClass, DeadlineRecount
from grid.rules.runs import LineKind
from grid.selectors.clock_story import ClockStory, StoryLine, case_story
from grid.services.clocks import set_area_class
from sync.standard.models import DisposalRule


class CountedSpanAnswer(serializers.Serializer[Any]):
    """Hours that were counted."""

    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


class ClockLineAnswer(serializers.Serializer[Any]):
    """One line: a counted day, a pause, a delay. Lengths in seconds, of working time where the limit runs in it."""

    kind = serializers.ChoiceField(choices=[kind.value for kind in LineKind])
    day = serializers.DateField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(allow_null=True, help_text="null: a pause that lasts")
    spans = CountedSpanAnswer(many=True)
    counted_seconds = serializers.IntegerField(help_text="What was counted; for a delay what it added")
    left_seconds = serializers.IntegerField()
    is_official = serializers.BooleanField(help_text="False: no notice is known for the year; weekends count")
    reason = serializers.CharField(allow_blank=True)


class RecountAnswer(serializers.ModelSerializer[DeadlineRecount]):
    """A deadline that a change of the calendar moved."""

    class Meta:
        model = DeadlineRecount
        fields = ("field", "old", "new", "because", "recounted_at")
        read_only_fields = fields


class ClockAnswer(serializers.Serializer[Any]):
    """How the disposal deadline of a case comes about."""

    case_no = serializers.CharField()
    area_class = serializers.CharField(allow_blank=True)
    limit_value = serializers.DecimalField(max_digits=6, decimal_places=1, allow_null=True)
    limit_unit = serializers.ChoiceField(choices=DisposalRule.Unit.choices, allow_blank=True)
    started_at = serializers.DateTimeField(allow_null=True)
    paused_since = serializers.DateTimeField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True, help_text="As counted here; null while the clock stands still")
    recorded_due_at = serializers.DateTimeField(allow_null=True, help_text="The deadline on record; it is what counts")
    used_seconds = serializers.IntegerField()
    left_seconds = serializers.IntegerField(help_text="Negative beyond the limit")
    is_finished = serializers.BooleanField()
    note = serializers.CharField(allow_blank=True, help_text="Why nothing can be told, or why the two deadlines differ")
    lines = ClockLineAnswer(many=True)
    recounts = RecountAnswer(many=True)


def _line(row: StoryLine) -> dict[str, Any]:
    line = row.line
    return {
        "kind": line.kind.value,
        "day": line.day,
        "starts_at": line.starts_at,
        "ends_at": line.ends_at,
        "spans": [{"starts_at": opens, "ends_at": closes} for opens, closes in line.spans],
        "counted_seconds": round(line.counted.total_seconds()),
        "left_seconds": round(line.left.total_seconds()),
        "is_official": line.is_official,
        "reason": line.why,
    }


def _answer(story: ClockStory) -> dict[str, Any]:
    case = story.case
    return {
        "case_no": case.case_no,
        "area_class": case.deadline_class,
        "limit_value": case.limit_value,
        "limit_unit": case.limit_unit,
        "started_at": story.run and story.run.started_at,
        "paused_since": story.run and story.run.paused_since,
        "due_at": story.due,
        "recorded_due_at": case.dispose_deadline,
        "used_seconds": round(story.used.total_seconds()),
        "left_seconds": round(story.left.total_seconds()),
        "is_finished": story.is_finished,
        "note": story.note,
        "lines": [_line(row) for row in story.lines],
        "recounts": story.recounts,
    }


class CaseClock(Polled, APIView):
    """The disposal clock of a case, step by step."""

    permission_classes: Any = [HasPermission("grid.view_case")]

    @extend_schema(operation_id="cases_clock", responses=ClockAnswer)
    def get(self, request: Request, case_no: str) -> Response:
        """Which hours were counted, what paused it, what lengthened it; 404 where the person may not see the case."""
        return Response(ClockAnswer(_answer(case_story(request.user, case_no))).data)  # type: ignore[arg-type]


class AreaInput(StrictInput):
    """Which grids get which class of area: those of a division, or those named; one of both."""

    area_class = serializers.ChoiceField(choices=AreaClass.choices)
    division = serializers.CharField(required=False, default="", max_length=12)
    grid_codes = serializers.ListField(child=serializers.CharField(max_length=15), required=False, default=list)


class AreaAnswer(serializers.Serializer[Any]):
    """How many grids had another class."""

    changed = serializers.IntegerField()


class AreaClasses(IdempotentWrites, APIView):
    """The class of area of unit grids."""

    permission_classes: Any = [HasPermission("grid.change_unitgrid")]

    @extend_schema(operation_id="grids_set_area_class", request=AreaInput, responses=AreaAnswer)
    def post(self, request: Request) -> Response:
        """Give grids a class of area; cases keep the one they were registered with."""
        asked = AreaInput(data=request.data)
        asked.is_valid(raise_exception=True)
        changed = set_area_class(request.user, **asked.validated_data)  # type: ignore[arg-type]
        return Response(AreaAnswer({"changed": changed}).data)
