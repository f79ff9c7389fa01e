"""What the API of oversight says and takes."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from grid.oversight.models import SupervisionAction, SupervisionTask
from grid.oversight.selectors import actions_of
from grid.oversight.services.issuing import LONGEST


class SupervisionActionRow(serializers.ModelSerializer[SupervisionAction]):
    """One thing that the city did."""

    class Meta:
        model = SupervisionAction
        fields = ("action", "content", "progress", "acted_at")


class SupervisionRow(serializers.ModelSerializer[SupervisionTask]):
    """A supervision of this node."""

    case_no = serializers.CharField(source="source_ref")
    opinion = serializers.CharField(source="content")
    due_at = serializers.DateTimeField(source="deadline")
    target = serializers.CharField(help_text="Code of the node that answers")
    is_overdue = serializers.BooleanField()

    class Meta:
        model = SupervisionTask
        fields = (
            "task_no", "case_no", "title", "task_type", "opinion", "target", "division_code", "issued_at", "due_at",
            "state", "closed_at", "urgency", "is_overdue",
        )  # fmt: skip


class SupervisionRecord(SupervisionRow):
    """The same with what the city did about it."""

    actions = serializers.SerializerMethodField()

    class Meta(SupervisionRow.Meta):
        fields = (*SupervisionRow.Meta.fields, "actions")  # type: ignore[assignment]

    @extend_schema_field(SupervisionActionRow(many=True))
    def get_actions(self, task: SupervisionTask) -> object:
        """In the order of time."""
        return SupervisionActionRow(actions_of(task), many=True).data


class SupervisionInput(serializers.Serializer[None]):
    """What is asked about a case."""

    case_no = serializers.CharField(max_length=24)
    opinion = serializers.CharField(max_length=LONGEST)
    due_at = serializers.DateTimeField()
    task_type = serializers.ChoiceField(choices=SupervisionTask.Type.choices, default=SupervisionTask.Type.ONLINE)


class SupervisionWithdrawal(serializers.Serializer[None]):
    """Why it is taken back."""

    reason = serializers.CharField(max_length=LONGEST)
