"""The phone's actions coming in; its tasks, classes and answers going out."""

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from cityops.foundation.api.serializers import StrictInput
from grid.field.models import FieldAction
from grid.field.rules.envelopes import MOST_AT_ONCE
from grid.field.selectors.tasks import PhoneTask
from grid.models import CaseMedia

OUTCOMES = [*FieldAction.Outcome.choices, ("again", "again")]
TASK_KINDS = [(kind, kind) for kind in ("verify", "check", "handle")]


class PhoneSpot(StrictInput):
    """Where the phone was when the action was made: a claim."""

    longitude = serializers.FloatField(min_value=-180, max_value=180, help_text="Degrees, WGS-84 or CGCS2000")
    latitude = serializers.FloatField(min_value=-90, max_value=90)
    accuracy_m = serializers.IntegerField(min_value=0, max_value=100_000, required=False, allow_null=True)


class FieldEnvelopeInput(StrictInput):
    """One action. ``inputs`` are those of its move, as in the table of moves; of a report class_key, longitude,
    latitude and, if there are any, description, address, urgency."""

    action_id = serializers.UUIDField(help_text="The phone's own id of the action; sent again it is the same action")
    kind = serializers.ChoiceField(choices=FieldAction.Kind.choices)
    claimed_at = serializers.DateTimeField(help_text="When it was made, by the phone's clock")
    case_no = serializers.CharField(max_length=24, required=False, allow_blank=True, help_text="Not with a report")
    seen_step = serializers.IntegerField(
        min_value=0, max_value=32_767, required=False, allow_null=True, help_text="seen_step of the task acted on"
    )
    inputs = serializers.DictField(
        required=False, child=serializers.JSONField(allow_null=True), help_text="Inputs of the move"
    )
    media = serializers.ListField(
        child=serializers.UUIDField(), max_length=8, required=False, help_text="Photos, uploaded before to /media/"
    )
    spot = PhoneSpot(required=False, allow_null=True)


class FieldBatchInput(StrictInput):
    """Actions of one phone, in their order."""

    person = serializers.IntegerField(
        required=False, help_text="Whose queue it is (of /field/session/); refused where somebody else is signed in"
    )
    phone_now = serializers.DateTimeField(
        required=False, help_text="The phone's clock at sending, to know how far it is off"
    )
    actions = serializers.ListField(child=FieldEnvelopeInput(), max_length=MOST_AT_ONCE)


class FieldActionAnswer(serializers.Serializer[Any]):
    """What became of one action."""

    action_id = serializers.UUIDField()
    outcome = serializers.ChoiceField(
        choices=OUTCOMES, help_text="again: nothing was decided, send it again; every other answer stays as it is"
    )
    code = serializers.CharField(help_text="Stable code of the reason; empty where it was done")
    reason = serializers.CharField(help_text="In words; of a conflict with what the case is now")
    case_no = serializers.CharField()
    received_at = serializers.DateTimeField(source="row.received_at", default=None, allow_null=True)
    missing = serializers.ListField(child=serializers.UUIDField(), help_text="Photos to be sent first")


class FieldBatchAnswer(serializers.Serializer[Any]):
    """The answers, in the order of the actions."""

    answers = FieldActionAnswer(many=True)


class FieldActionRow(serializers.ModelSerializer[FieldAction]):
    """An action as it was taken. Time, place and accuracy are what the phone claimed."""

    longitude = serializers.FloatField(source="geom.x", default=None, read_only=True, allow_null=True)
    latitude = serializers.FloatField(source="geom.y", default=None, read_only=True, allow_null=True)
    photos: Any = serializers.PrimaryKeyRelatedField(many=True, read_only=True)
    is_late = serializers.BooleanField(read_only=True)
    is_clock_off = serializers.BooleanField(read_only=True)

    class Meta:
        model = FieldAction
        fields = [
            "action_id", "kind", "outcome", "code", "reason", "case_no", "step_seq", "seen_step", "claimed_at",
            "received_at", "clock_ahead_seconds", "is_late", "is_clock_off", "longitude", "latitude", "accuracy_m",
            "distance_m", "photos",
        ]  # fmt: skip
        read_only_fields = fields


class FieldTaskMove(serializers.Serializer[Any]):
    """Something that the person may do with the task."""

    action = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # the move's own field name
    inputs = serializers.ListField(child=serializers.CharField())
    photos = serializers.IntegerField(help_text="How many must come with it")


class FieldTaskPhoto(serializers.ModelSerializer[CaseMedia]):
    """A picture of the place, to be kept for the way."""

    thumbnail = serializers.SerializerMethodField()
    picture = serializers.SerializerMethodField()

    class Meta:
        model = CaseMedia
        fields = ["media_id", "usage", "taken_at", "thumbnail", "picture"]
        read_only_fields = fields

    def get_thumbnail(self, row: CaseMedia) -> str:
        """Address of the small picture."""
        return reverse("case-thumbnail", args=[self.context["case_no"], row.pk])

    def get_picture(self, row: CaseMedia) -> str:
        """Address of the picture."""
        return reverse("case-photo", args=[self.context["case_no"], row.pk])


class FieldTaskRow(serializers.Serializer[PhoneTask]):
    """A task with all that is needed to do it without a network."""

    kind = serializers.ChoiceField(choices=TASK_KINDS)
    case_no = serializers.CharField(source="case.case_no")
    title = serializers.CharField(source="case.matter_name")
    class_code = serializers.CharField(source="case.class_code")
    description = serializers.CharField(source="case.description")
    address = serializers.CharField(source="case.address")
    grid_code = serializers.CharField(source="case.grid_code")
    longitude = serializers.FloatField(source="case.geom.x")
    latitude = serializers.FloatField(source="case.geom.y")
    state = serializers.CharField(source="case.state")
    state_label = serializers.CharField(source="case.get_state_display")
    pending = serializers.CharField(source="case.pending")
    due_at = serializers.DateTimeField(allow_null=True)
    warn_at = serializers.DateTimeField(source="case.warn_at", allow_null=True)
    is_paused = serializers.BooleanField(source="case.is_paused")
    is_supervised = serializers.SerializerMethodField()
    rework_count = serializers.IntegerField(source="case.rework_count")
    is_own = serializers.BooleanField(help_text="False where it is for whoever is near")
    seen_step = serializers.IntegerField(help_text="Send it back with the action")
    moves = FieldTaskMove(many=True)
    photos = serializers.SerializerMethodField()
    address_of_page = serializers.SerializerMethodField()

    def get_is_supervised(self, task: PhoneTask) -> bool:
        """Whether a leader or superior asks about it."""
        return bool(task.case.is_supervised == "1")

    def get_photos(self, task: PhoneTask) -> list[dict[str, Any]]:
        """Before and after."""
        rows = FieldTaskPhoto(list(task.photos), many=True, context={"case_no": task.case.case_no})
        return list(rows.data)

    def get_address_of_page(self, task: PhoneTask) -> str:
        """Of the case's page."""
        return reverse("case-detail", args=[task.case.case_no])


class FieldTaskList(serializers.Serializer[Any]):
    """The tasks of one person, of one moment."""

    person = serializers.IntegerField()
    as_of = serializers.DateTimeField()
    tasks = FieldTaskRow(many=True)


class PhoneClassRow(serializers.Serializer[Any]):
    """A class with its spellings."""

    key = serializers.CharField(help_text="class_key of a report")
    code = serializers.CharField()
    kind = serializers.CharField()
    name = serializers.CharField()
    spelling = serializers.CharField()
    initials = serializers.CharField()
    may_self_handle = serializers.BooleanField()
    rank = serializers.IntegerField(allow_null=True, help_text="Place among those reported most around; null: not")


class FieldSessionAnswer(serializers.Serializer[Any]):
    """Who is signed in, and the token for writes of a page."""

    person = serializers.IntegerField()
    csrf = serializers.CharField()
