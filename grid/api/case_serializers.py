"""What goes out about cases, and what comes in: a report, and the inputs of a move."""

from typing import Any

from rest_framework import serializers

from cityops.foundation.api.serializers import StrictInput
from cityops.foundation.coordinates import CoordinateSystem
from grid.models import Case, CaseStep
from grid.rules.clock import Light
from grid.rules.codes import CURRENT
from grid.rules.transitions import Action
from grid.selectors.cases import CaseDetail
from grid.selectors.moves import REASONS, SUSPENSION_WORDS

ROW_FIELDS = [
    "rid",
    "case_no",
    "kind",
    "std_ref",
    "class_code",
    "matter_name",
    "source",
    "state",
    "light",
    "due_at",
    "urgency",
    "address",
    "description",
    "longitude",
    "latitude",
    "grid_code",
    "division_code",
    "duty_org",
    "reported_at",
    "filed_at",
    "dispatched_at",
    "dispose_deadline",
    "disposed_at",
    "close_deadline",
    "closed_at",
    "rework_count",
    "is_simulated",
    "origin_code",
    "updated_at",
    "version",
]
DETAIL_FIELDS = [
    *ROW_FIELDS,
    "task_no",
    "matter_code",
    "ext_class",
    "dept_code1",
    "dept_name1",
    "component_id",
    "source_no",
    "reporter_type",
    "accepted_at",
    "rejected_at",
    "reject_reason",
    "filing_condition",
    "limit_value",
    "limit_unit",
    "checked_at",
    "close_type",
    "return_count",
    "postpone_count",
    "is_hung",
    "is_void",
    "is_supervised",
    "satisfaction",
    "pending",
    "previous_round",
    "merged_into",
    "district_code",
    "appeal",
    "steps",
    "moves",
]


class CaseRow(serializers.ModelSerializer[Case]):
    """A case in a list."""

    light = serializers.ChoiceField(choices=[light.value for light in Light], read_only=True)
    due_at = serializers.DateTimeField(read_only=True, allow_null=True)
    longitude = serializers.FloatField(source="geom.x", read_only=True, help_text="Degrees, CGCS2000")
    latitude = serializers.FloatField(source="geom.y", read_only=True, help_text="Degrees, CGCS2000")

    class Meta:
        model = Case
        fields = ROW_FIELDS
        read_only_fields = ROW_FIELDS


class StepAnswer(serializers.ModelSerializer[CaseStep]):
    """One step of a case, as the city recorded it; who operated stays in the city."""

    class Meta:
        model = CaseStep
        fields = [
            "seq",
            "action",
            "from_state",
            "to_state",
            "operator_role",
            "operator_org",
            "operated_at",
            "deadline",
            "opinion",
        ]
        read_only_fields = fields


class MoveAnswer(serializers.Serializer[Any]):
    """A move that this person may make now, with the fields it asks for."""

    action = serializers.ChoiceField(choices=[a.value for a in Action if a is not Action.REPORT], read_only=True)
    label = serializers.CharField(read_only=True)  # type: ignore[assignment]
    inputs = serializers.ListField(child=serializers.CharField(), read_only=True)
    optional = serializers.ListField(child=serializers.CharField(), read_only=True)
    photos = serializers.IntegerField(read_only=True, help_text="How many photos must come with it")


class CaseAnswer(CaseRow):
    """A case with its steps and the moves open to this person; made of a ``CaseDetail``."""

    steps = StepAnswer(many=True, read_only=True)
    moves = MoveAnswer(many=True, read_only=True)

    class Meta(CaseRow.Meta):
        fields = DETAIL_FIELDS
        read_only_fields = [name for name in DETAIL_FIELDS if name not in {"steps", "moves"}]

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """The case's own fields, its steps, its moves."""
        detail: CaseDetail = instance
        own = {
            name: field.to_representation(value) if (value := field.get_attribute(detail.case)) is not None else None
            for name, field in self.fields.items()
            if name not in {"steps", "moves"}
        }
        steps, moves = StepAnswer(detail.steps, many=True).data, MoveAnswer(detail.moves, many=True).data
        return {**own, "steps": steps, "moves": moves}


class ReportInput(StrictInput):
    """A report. Longitude and latitude in degrees of ``coordinate_system``."""

    rid = serializers.UUIDField(
        required=False, help_text="The sender's own id of the report; sent again it is the same"
    )
    kind = serializers.ChoiceField(choices=Case.Kind.choices, default=Case.Kind.MATTER)
    std_ref = serializers.CharField(max_length=20, default=CURRENT)
    class_code = serializers.CharField(max_length=5)
    component_id = serializers.CharField(max_length=17, default="", allow_blank=True)
    longitude = serializers.FloatField()
    latitude = serializers.FloatField()
    coordinate_system = serializers.ChoiceField(
        choices=[system.value for system in CoordinateSystem], default=CoordinateSystem.CGCS2000.value
    )
    description = serializers.CharField(max_length=2000)
    address = serializers.CharField(max_length=256)
    source = serializers.ChoiceField(  # type: ignore[assignment]
        choices=Case.Source.choices, default=Case.Source.DEPARTMENT
    )
    source_no = serializers.CharField(max_length=40, default="", allow_blank=True)
    reporter_type = serializers.ChoiceField(choices=Case.ReporterType.choices, default=Case.ReporterType.SYSTEM)
    reporter = serializers.CharField(
        max_length=100, default="", allow_blank=True, help_text="Kept as a keyed hash, but for a collector's number"
    )
    urgency = serializers.ChoiceField(choices=Case.Urgency.choices, default=Case.Urgency.ORDINARY)
    media = serializers.ListField(
        child=serializers.UUIDField(), required=False, max_length=20, help_text="Photos uploaded before"
    )
    reporter_name = serializers.CharField(
        max_length=60, required=False, allow_blank=True, help_text="Kept encrypted in the city; no answer repeats it"
    )
    reporter_phone = serializers.CharField(max_length=20, required=False, allow_blank=True)
    reporter_email = serializers.EmailField(max_length=100, required=False, allow_blank=True)
    reporter_address = serializers.CharField(max_length=200, required=False, allow_blank=True)


class RegisteredAnswer(serializers.Serializer[Any]):
    """Where the reported case lies and what it is called."""

    rid = serializers.UUIDField(read_only=True)
    case_no = serializers.CharField(read_only=True)
    grid_code = serializers.CharField(read_only=True, allow_blank=True, help_text="Empty where it lies in no unit grid")
    division_code = serializers.CharField(read_only=True)
    stage_due_at = serializers.DateTimeField(read_only=True, help_text="When it must be accepted")
    is_new = serializers.BooleanField(read_only=True, help_text="False where it had been registered before")


class MoveInput(StrictInput):
    """The inputs of a move; which ones it asks for stands in ``moves`` of the case."""

    opinion = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    reason = serializers.ChoiceField(choices=list(REASONS.items()), required=False, help_text="CL_REJECT")
    rule = serializers.IntegerField(required=False, help_text="Disposal rule; without it the first of the class")
    duty_org = serializers.CharField(max_length=18, required=False)
    assist_orgs = serializers.ListField(
        child=serializers.CharField(max_length=18), required=False, help_text="Assisting departments"
    )
    handler = serializers.CharField(max_length=150, required=False, help_text="Username of a person of the department")
    assignee = serializers.CharField(max_length=150, required=False, help_text="Username of a collector")
    main_case = serializers.CharField(max_length=24, required=False, help_text="Number of the case it is joined to")
    why = serializers.ChoiceField(choices=list(SUSPENSION_WORDS.items()), required=False, help_text="Why suspended")
    until = serializers.DateField(required=False, help_text="Last day of the suspension")
    due_at = serializers.DateTimeField(required=False, help_text="When the supervision is to be answered")
    satisfaction = serializers.ChoiceField(choices=["1", "2", "3", "4", "5"], required=False, help_text="CL_SATIS")
    class_code = serializers.CharField(max_length=5, required=False, help_text="Correction: the right class")
    kind = serializers.ChoiceField(choices=Case.Kind.choices, required=False)
    description = serializers.CharField(max_length=2000, required=False)
    address = serializers.CharField(max_length=256, required=False)
    longitude = serializers.FloatField(required=False, help_text="Degrees, CGCS2000")
    latitude = serializers.FloatField(required=False, help_text="Degrees, CGCS2000")
    media = serializers.ListField(
        child=serializers.UUIDField(), required=False, max_length=20, help_text="Photos uploaded before"
    )
    version = serializers.IntegerField(required=False, help_text="Refuse the move if the case has changed since")
