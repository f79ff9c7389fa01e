"""What partners send and read."""

from typing import Any

from rest_framework import serializers

from cityops.foundation.api.serializers import StrictInput
from grid.api.case_serializers import ReportInput
from grid.interfaces.models import PartnerNotice, WebhookDelivery
from grid.interfaces.rules.operations import FLAGS, Side
from grid.models import Case, CaseMedia


class PartnerReportInput(ReportInput):
    """A report of a partner; ``their_no`` is its own number of the case, and makes the report once."""

    rid = None  # type: ignore[assignment]
    source_no = None  # type: ignore[assignment]
    their_no = serializers.CharField(max_length=40, default="", allow_blank=True)
    flags = serializers.ListField(
        child=serializers.ChoiceField(choices=FLAGS),
        required=False,
        max_length=len(FLAGS),
        help_text="Kept as they are",
    )
    reporter_type = serializers.ChoiceField(choices=Case.ReporterType.choices, default=Case.ReporterType.DEPARTMENT)


class PartnerOperationInput(StrictInput):
    """What an operation is given; which fields it takes stands in docs/partners.md."""

    opinion = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    agreed = serializers.BooleanField(required=False, help_text="*_reply: whether the application is granted")
    passed = serializers.BooleanField(required=False, help_text="check_feedback: whether the check was passed")
    due_at = serializers.DateTimeField(required=False, help_text="supervise: when an answer is asked for")
    class_code = serializers.CharField(max_length=5, required=False, help_text="update")
    kind = serializers.ChoiceField(choices=Case.Kind.choices, required=False, help_text="update")
    description = serializers.CharField(max_length=2000, required=False, help_text="update")
    address = serializers.CharField(max_length=256, required=False, help_text="update")
    longitude = serializers.FloatField(required=False, help_text="update; degrees, CGCS2000")
    latitude = serializers.FloatField(required=False, help_text="update; degrees, CGCS2000")
    media = serializers.ListField(
        child=serializers.UUIDField(), required=False, max_length=20, help_text="Photos uploaded before"
    )


class PartnerFlags(serializers.Serializer[Any]):
    """The flags of the tier interface."""

    rollback = serializers.BooleanField(read_only=True)
    postpone = serializers.BooleanField(read_only=True)
    re_handle = serializers.BooleanField(read_only=True)
    public = serializers.BooleanField(read_only=True)
    urgency = serializers.ChoiceField(choices=Case.Urgency.choices, read_only=True)
    accident = serializers.BooleanField(read_only=True)
    unstable = serializers.BooleanField(read_only=True)
    repeat_call = serializers.BooleanField(read_only=True)
    return_visit = serializers.BooleanField(read_only=True)


class PartnerCaseRow(serializers.Serializer[Any]):
    """A shared case as a partner reads it."""

    case_no = serializers.CharField(read_only=True)
    their_no = serializers.CharField(read_only=True, help_text="The partner's own number")
    sides = serializers.ListField(
        child=serializers.ChoiceField(choices=[side.value for side in Side]),
        read_only=True,
        help_text="reported: the partner reported it; assigned: the partner has it to handle",
    )
    state = serializers.ChoiceField(choices=Case.State.choices, read_only=True)
    pending = serializers.CharField(read_only=True)
    kind = serializers.ChoiceField(choices=Case.Kind.choices, read_only=True)
    std_ref = serializers.CharField(read_only=True)
    class_code = serializers.CharField(read_only=True)
    matter_name = serializers.CharField(read_only=True)
    description = serializers.CharField(read_only=True)
    address = serializers.CharField(read_only=True)
    longitude = serializers.FloatField(read_only=True)
    latitude = serializers.FloatField(read_only=True)
    division_code = serializers.CharField(read_only=True)
    grid_code = serializers.CharField(read_only=True)
    duty_org = serializers.CharField(read_only=True)
    urgency = serializers.ChoiceField(choices=Case.Urgency.choices, read_only=True)
    reported_at = serializers.DateTimeField(read_only=True)
    filed_at = serializers.DateTimeField(read_only=True, allow_null=True)
    dispatched_at = serializers.DateTimeField(read_only=True, allow_null=True)
    dispose_deadline = serializers.DateTimeField(read_only=True, allow_null=True)
    disposed_at = serializers.DateTimeField(read_only=True, allow_null=True)
    close_deadline = serializers.DateTimeField(read_only=True, allow_null=True)
    closed_at = serializers.DateTimeField(read_only=True, allow_null=True)
    flags = PartnerFlags(read_only=True)
    version = serializers.IntegerField(read_only=True)


class PartnerStep(serializers.Serializer[Any]):
    """One step of a shared case."""

    seq = serializers.IntegerField(read_only=True)
    step_code = serializers.CharField(read_only=True, help_text="CL_ACTION")
    action = serializers.CharField(read_only=True)
    from_state = serializers.CharField(read_only=True, allow_blank=True)
    to_state = serializers.CharField(read_only=True)
    at = serializers.DateTimeField(read_only=True)
    deadline = serializers.DateTimeField(read_only=True, allow_null=True)
    opinion = serializers.CharField(read_only=True)
    by_partner = serializers.BooleanField(read_only=True, help_text="True where the partner itself caused it")
    due_at = serializers.DateTimeField(read_only=True, allow_null=True, help_text="Of a supervision")


class PartnerMediaAnswer(serializers.ModelSerializer[CaseMedia]):
    """A photo as it was taken in."""

    class Meta:
        model = CaseMedia
        fields = ["media_id", "usage", "taken_at", "sha256", "size"]
        read_only_fields = fields


class PartnerCaseAnswer(PartnerCaseRow):
    """A shared case with its steps and photos."""

    steps = PartnerStep(many=True, read_only=True)
    media = PartnerMediaAnswer(many=True, read_only=True)


class PartnerChange(serializers.ModelSerializer[WebhookDelivery]):
    """One event, as a webhook would have brought it."""

    cursor = serializers.IntegerField(source="pk", read_only=True)
    data = serializers.JSONField(source="payload.data", read_only=True)  # type: ignore[assignment]  # the event's own name

    class Meta:
        model = WebhookDelivery
        fields = ["cursor", "msg_id", "type", "seq", "created_at", "data"]
        read_only_fields = fields


class PartnerChanges(serializers.Serializer[Any]):
    """What happened since a cursor, in order."""

    results = PartnerChange(many=True, read_only=True)
    cursor = serializers.IntegerField(read_only=True, help_text="Ask with this one the next time")
    has_more = serializers.BooleanField(read_only=True, help_text="True: ask again at once")


class PartnerMediaInput(StrictInput):
    """A photo of a partner."""

    media_id = serializers.UUIDField(help_text="The sender's own id; sent again it is the same photo")
    usage = serializers.ChoiceField(choices=CaseMedia.Usage.choices)
    case_no = serializers.CharField(
        max_length=24, required=False, help_text="Ties it to the case; without it the next operation names it in media"
    )
    taken_at = serializers.DateTimeField(required=False)
    longitude = serializers.FloatField(required=False, help_text="Degrees, CGCS2000")
    latitude = serializers.FloatField(required=False, help_text="Degrees, CGCS2000")
    photo = serializers.FileField()


class PartnerNoticeRow(serializers.ModelSerializer[PartnerNotice]):
    """A notice to a partner."""

    class Meta:
        model = PartnerNotice
        fields = ["id", "title", "text", "issued_at", "signed_at", "signed_by"]
        read_only_fields = fields


class NoticeSignInput(StrictInput):
    """Who signs."""

    signed_by = serializers.CharField(max_length=60, required=False, allow_blank=True)
