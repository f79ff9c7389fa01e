"""What goes in and out of intake."""

from typing import Any

from rest_framework import serializers

from cityops.foundation.api.serializers import StrictInput
from grid.api.case_serializers import ReportInput
from grid.intake.models import Answer, DutyRule
from grid.intake.rules.sources import NextStep
from grid.models import Case


class ContactInput(StrictInput):
    """Who waits for the answer; kept apart from the case, never exchanged."""

    name = serializers.CharField(max_length=60, default="", allow_blank=True)
    phone = serializers.CharField(max_length=30, default="", allow_blank=True)


class IntakeInput(ReportInput):
    """A report of any source, with what its source adds."""

    urgency = serializers.ChoiceField(
        choices=Case.Urgency.choices, default="", allow_blank=True, help_text="Empty: the default of the source"
    )
    media = serializers.ListField(
        child=serializers.UUIDField(), max_length=20, default=list, help_text="Photos that were uploaded before"
    )
    device = serializers.CharField(max_length=64, default="", allow_blank=True, help_text="Camera or sensor")
    model_name = serializers.CharField(max_length=60, default="", allow_blank=True, help_text="What recognised it")
    confidence = serializers.DecimalField(
        max_digits=4, decimal_places=3, min_value=0, max_value=1, required=False, allow_null=True
    )
    contact = ContactInput(required=False)


class SimilarAnswer(serializers.Serializer[Any]):
    """A case that may be the same matter."""

    case_no = serializers.CharField(source="case.case_no", read_only=True)
    matter_name = serializers.CharField(source="case.matter_name", read_only=True)
    address = serializers.CharField(source="case.address", read_only=True)
    state = serializers.ChoiceField(source="case.state", choices=Case.State.choices, read_only=True)
    metres = serializers.IntegerField(read_only=True)
    hours = serializers.FloatField(read_only=True)
    score = serializers.IntegerField(read_only=True, help_text="0 to 100")
    kinship = serializers.ChoiceField(choices=["same", "confusable", "other"], read_only=True)
    may_be_joined_to = serializers.BooleanField(read_only=True)


class TakenInAnswer(serializers.Serializer[Any]):
    """What came of a report."""

    rid = serializers.UUIDField(source="registered.rid", read_only=True)
    case_no = serializers.CharField(source="registered.case_no", read_only=True)
    grid_code = serializers.CharField(source="registered.grid_code", read_only=True, allow_blank=True)
    division_code = serializers.CharField(source="registered.division_code", read_only=True)
    is_new = serializers.BooleanField(
        source="registered.is_new", read_only=True, help_text="False where it had been taken in before"
    )
    state = serializers.ChoiceField(choices=Case.State.choices, read_only=True)
    next_step = serializers.ChoiceField(
        choices=[step.value for step in NextStep],
        read_only=True,
        help_text="What the rule of the source said, and was done",
    )
    similar = SimilarAnswer(many=True, read_only=True)


class SourceInput(StrictInput):
    """The city's own rule of a source; what is not given stays."""

    verify_first = serializers.BooleanField(required=False)
    auto_accept = serializers.BooleanField(required=False)
    needs_photo = serializers.BooleanField(required=False)
    needs_reporter = serializers.BooleanField(required=False)
    may_file_directly = serializers.BooleanField(required=False)
    number_is_unique = serializers.BooleanField(required=False)
    min_confidence = serializers.DecimalField(
        max_digits=3, decimal_places=2, min_value=0, max_value=1, required=False, allow_null=True
    )
    default_urgency = serializers.ChoiceField(choices=Case.Urgency.choices, required=False)
    roles = serializers.ListField(child=serializers.CharField(max_length=30), max_length=40, required=False)


class SourceAnswer(serializers.Serializer[Any]):
    """The rule of a source as it holds."""

    source = serializers.CharField(read_only=True)  # type: ignore[assignment]
    title = serializers.CharField(read_only=True)
    is_sample = serializers.BooleanField(read_only=True, help_text="The city has not written its own")
    verify_first = serializers.BooleanField(source="terms.verify_first", read_only=True)
    auto_accept = serializers.BooleanField(source="terms.auto_accept", read_only=True)
    needs_photo = serializers.BooleanField(source="terms.needs_photo", read_only=True)
    needs_reporter = serializers.BooleanField(source="terms.needs_reporter", read_only=True)
    may_file_directly = serializers.BooleanField(source="terms.may_file_directly", read_only=True)
    number_is_unique = serializers.BooleanField(source="terms.number_is_unique", read_only=True)
    min_confidence = serializers.DecimalField(
        source="terms.min_confidence", max_digits=3, decimal_places=2, read_only=True, allow_null=True
    )
    default_urgency = serializers.ChoiceField(
        source="terms.default_urgency", choices=Case.Urgency.choices, read_only=True
    )
    roles = serializers.ListField(source="terms.roles", child=serializers.CharField(), read_only=True)


class SimilarityInput(StrictInput):
    """How near similar cases are."""

    metres = serializers.IntegerField(min_value=1, max_value=2000)
    hours = serializers.IntegerField(min_value=1, max_value=2160)
    with_confusable = serializers.BooleanField(default=True)


class SimilarityAnswer(serializers.Serializer[Any]):
    """How near similar cases are."""

    metres = serializers.IntegerField(read_only=True)
    hours = serializers.IntegerField(read_only=True)
    with_confusable = serializers.BooleanField(read_only=True)


class SuggestedClassAnswer(serializers.Serializer[Any]):
    """A class that fits the words."""

    kind = serializers.ChoiceField(source="entry.kind", choices=Case.Kind.choices, read_only=True)
    class_code = serializers.CharField(source="entry.class_code", read_only=True)
    class_name = serializers.CharField(source="entry.class_name", read_only=True)
    share = serializers.IntegerField(read_only=True, help_text="Percent of what all suggestions weigh")
    because = serializers.CharField(read_only=True, allow_blank=True)
    hint = serializers.CharField(read_only=True, allow_blank=True, help_text="How it differs from its neighbours")


class SuggestedDepartmentAnswer(serializers.Serializer[Any]):
    """An organisation that a case may go to."""

    org_code = serializers.CharField(read_only=True)
    name = serializers.CharField(read_only=True)
    reason = serializers.CharField(read_only=True)
    source = serializers.ChoiceField(  # type: ignore[assignment]
        choices=["duty_table", "maintenance", "owner", "authority", "territory"], read_only=True
    )


class CaseSuggestionsAnswer(serializers.Serializer[Any]):
    """What is suggested for a case."""

    departments = SuggestedDepartmentAnswer(many=True, read_only=True)
    classes = SuggestedClassAnswer(many=True, read_only=True)
    similar = SimilarAnswer(many=True, read_only=True)


class DutyAnswer(serializers.ModelSerializer[DutyRule]):
    """A row of the duty table."""

    class Meta:
        model = DutyRule
        fields = [
            "id", "kind", "class_code", "area", "weekdays", "starts_at", "ends_at", "valid_from", "valid_to",
            "org_code", "source",
        ]  # fmt: skip
        read_only_fields = fields


class DutyInput(StrictInput):
    """A row of the duty table; empty parts mean any."""

    kind = serializers.ChoiceField(choices=Case.Kind.choices, default="", allow_blank=True)
    class_code = serializers.CharField(max_length=5, default="", allow_blank=True, help_text="Major (2) or small class")
    area = serializers.CharField(max_length=15, default="", allow_blank=True, help_text="4, 6, 9, 12 or 15 digits")
    weekdays = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=7), max_length=7, default=list
    )
    starts_at = serializers.TimeField(default=None, allow_null=True)
    ends_at = serializers.TimeField(default=None, allow_null=True)
    valid_from = serializers.DateField()
    valid_to = serializers.DateField(default=None, allow_null=True)
    org_code = serializers.CharField(max_length=18)
    source = serializers.CharField(max_length=200, default="", allow_blank=True)  # type: ignore[assignment]


class DutyTableCoverageAnswer(serializers.Serializer[Any]):
    """责任主体覆盖."""

    classes = serializers.IntegerField(read_only=True)
    covered = serializers.IntegerField(read_only=True)
    percent = serializers.FloatField(read_only=True, allow_null=True)
    missing = serializers.ListField(child=serializers.CharField(), read_only=True, help_text="kind-code")


class AnswerAnswer(serializers.ModelSerializer[Answer]):
    """An answer to a reporter; who the reporter is stands elsewhere."""

    case_no = serializers.CharField(source="case.case_no", read_only=True)
    main_case_no = serializers.CharField(source="main.case_no", read_only=True)

    class Meta:
        model = Answer
        fields = [
            "id", "case_no", "main_case_no", "outcome", "channel", "text", "state", "made_at", "told_at", "note",
            "attempts", "satisfaction", "visited_at", "visit_note",
        ]  # fmt: skip
        read_only_fields = [name for name in fields if name not in ("case_no", "main_case_no")]


class TellInput(StrictInput):
    """That a reporter was told, or could not be reached."""

    reached = serializers.BooleanField()
    note = serializers.CharField(max_length=200, default="", allow_blank=True)
    text = serializers.CharField(max_length=1000, default="", allow_blank=True, help_text="Where it differs")


class ReturnVisitInput(StrictInput):
    """A return visit."""

    satisfaction = serializers.ChoiceField(choices=Answer.Satisfaction.choices)
    note = serializers.CharField(max_length=500, default="", allow_blank=True)
